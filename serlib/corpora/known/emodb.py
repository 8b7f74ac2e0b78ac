"""EMO-DB: ten German speakers, seven emotions, boredom among them (Burkhardt et al. 2005)."""

import re

from ..corpus import Corpus, Publisher, facts, one_each

CODES = dict(W="angry", L="boredom", E="disgust", A="fear", F="happy", T="sad", N="neutral")
_MEN = {"03", "10", "11", "12", "15"}  # its documentation's list of speakers


def _parse(match: re.Match) -> dict[str, str]:
    speaker, text, emotion = match["speaker"], match["text"], match["emotion"]
    gender = "male" if speaker in _MEN else "female"
    return facts(match[0], speaker, gender, CODES[emotion], "normal", text)


EMODB = Corpus(
    name="emodb",
    title="EMO-DB, the Berlin Database of Emotional Speech",
    pattern=re.compile(
        r"(?P<speaker>03|08|09|1[0-6])(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])[a-z]"
    ),
    parse=_parse,
    clips={"speech": 535},
    speakers=10,
    licence="CC0 1.0 (its Zenodo record says CC BY 4.0)",
    citation="Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss (2005), Interspeech, 1517-1520",
    home="https://doi.org/10.5281/zenodo.7447302",
    source=Publisher("zenodo", "/api/records/7447302", r"emodb\.zip"),
    folds=one_each,
)
