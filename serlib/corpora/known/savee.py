"""SAVEE: four Englishmen, seven emotions (Haq & Jackson 2010)."""

import re

from ..corpus import Corpus, facts, one_each

CODES = dict(a="angry", d="disgust", f="fear", h="happy", n="neutral", sa="sad", su="surprise")


def _parse(match: re.Match) -> dict[str, str]:
    speaker, emotion, number = match["speaker"], match["emotion"], match["number"]
    sentence = f"{emotion}{number}"
    return facts(f"{speaker}_{sentence}", speaker, "male", CODES[emotion], "normal", sentence)


SAVEE = Corpus(
    name="savee",
    title="SAVEE, Surrey Audio-Visual Expressed Emotion",
    pattern=re.compile(r"(?P<speaker>DC|JE|JK|KL)[_/](?P<emotion>sa|su|a|d|f|h|n)(?P<number>\d\d)"),
    parse=_parse,
    clips={"speech": 480},
    speakers=4,
    licence="research use, by registration with the publisher",
    citation="Haq & Jackson (2010), Machine Audition, IGI Global, 398-423",
    home="http://kahlan.eps.surrey.ac.uk/savee/",
    by_hand="its publisher asks for a registration",
    folds=one_each,
    trains=False,
)
