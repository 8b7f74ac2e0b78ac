"""nEMO: nine Polish speakers read ninety sentences in six emotions (Christop 2024)."""

import re

from ..corpus import Corpus, facts, on_github, one_each

CODES = dict(anger="angry", fear="fear", happiness="happy", neutral="neutral", sadness="sad")
CODES |= {"surprised": "surprise"}
_WOMEN = {"EB0", "IC0", "KD0", "MK0"}  # its data.tsv


def _parse(match: re.Match) -> dict[str, str]:
    speaker, emotion = match["speaker"], CODES[match["emotion"]]
    gender = "female" if speaker in _WOMEN else "male"
    return facts(match[0], speaker, gender, emotion, "normal", match["sentence"])


NEMO = Corpus(
    name="nemo",
    title="nEMO, Polish emotional speech",
    pattern=re.compile(
        r"(?P<speaker>EB0|IC0|KD0|KS0|MK0|MP0|SM0|TP0|WR0)_"
        r"(?P<emotion>anger|fear|happiness|neutral|sadness|surprised)_(?P<sentence>[1-9]\d?)"
    ),
    parse=_parse,
    clips={"speech": 4481},
    speakers=9,
    licence="CC BY-NC-SA 4.0 (non-commercial)",
    citation="Christop (2024), LREC-COLING, 12111-12116",
    home="https://github.com/amu-cai/nEMO",
    source=on_github(
        "amu-cai/nEMO",
        "66de9999a8f2f605eb5f64841790aa5cb0877782",
        r"samples/.+\.wav",
        least=4481,
    ),
    folds=one_each,
)
