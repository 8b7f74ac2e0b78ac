"""CREMA-D: 91 actors, twelve sentences, six emotions (Cao et al. 2014)."""

import re

from ..corpus import Corpus, facts, on_github

CODES = {e[:3].upper(): e for e in ("angry", "disgust", "fear", "happy", "neutral", "sad")}
_LEVELS = {"LO": "low", "MD": "medium", "HI": "strong"}
# Its VideoDemographics.csv: 43 women, 48 men.
_WOMEN = {
    f"1{n:03d}"
    for n in (
        *(2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49),
        *(52, 53, 54, 55, 56, 58, 60, 61, 63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91),
    )
}


def _parse(match: re.Match) -> dict[str, str]:
    actor, statement, emotion, level = match[0].split("_")
    gender = "female" if actor in _WOMEN else "male"
    intensity = _LEVELS.get(level, "normal")
    return facts(match[0], actor, gender, CODES[emotion], intensity, statement)


CREMAD = Corpus(
    name="cremad",
    title="CREMA-D, Crowd-sourced Emotional Multimodal Actors Dataset",
    pattern=re.compile(
        r"10(0[1-9]|[1-8]\d|9[01])_[A-Z]{3}_(ANG|DIS|FEA|HAP|NEU|SAD)_(XX|LO|MD|HI|X)"
    ),
    parse=_parse,
    clips={"speech": 7442},
    speakers=91,
    licence="ODbL 1.0",
    citation="Cao, Cooper, Keutmann, Gur, Nenkova & Verma (2014), IEEE Trans. Affect. Comput. 5(4)",
    home="https://github.com/CheyneyComputerScience/CREMA-D",
    # A copy at 11,025 Hz: the publisher's own is in Git LFS, without a list of checksums
    source=on_github(
        "JakubSmid/Speech-Emotion-Recognition",
        "e918246405efcb062e10a27ea0ae1b905cd644bd",
        r"datasets/crema-d/.+\.wav",
        least=7442,
    ),
    # The man and the woman whose numbers are lowest: the examples of the page are theirs
    kept_out=("1001", "1002"),
)
