"""EMOVO: six Italian actors say fourteen sentences in seven emotions (Costantini et al. 2014)."""

import re

from ..corpus import Corpus, facts, on_github, one_each

CODES = dict(dis="disgust", gio="happy", neu="neutral", pau="fear", rab="angry", sor="surprise")
CODES |= {"tri": "sad"}


def _parse(match: re.Match) -> dict[str, str]:
    speaker, emotion = match["speaker"], CODES[match["emotion"]]
    gender = "female" if speaker.startswith("f") else "male"
    return facts(match[0], speaker, gender, emotion, "normal", match["sentence"])


EMOVO = Corpus(
    name="emovo",
    title="EMOVO, Italian emotional speech",
    pattern=re.compile(
        r"(?P<emotion>dis|gio|neu|pau|rab|sor|tri)-(?P<speaker>[fm][123])-"
        r"(?P<sentence>b[123]|d[12]|l[1-4]|n[1-5])"
    ),
    parse=_parse,
    clips={"speech": 588},
    speakers=6,
    licence="none stated: score on it, ship nothing trained on it",
    citation="Costantini, Iaderola, Paoloni & Todisco (2014), LREC, 3501-3504",
    home="http://voice.fub.it/activities/corpora/emovo/index.html",
    # A copy: the publisher's own page lists no checksums
    source=on_github(
        "fp1acm8/SER",
        "c13834136874dbf9404f077fd977890605ac90bd",
        r"data/EMOVO/.+\.wav",
        least=588,
    ),
    folds=one_each,
    trains=False,
)
