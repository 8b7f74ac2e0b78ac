"""RAVDESS: 24 actors speak and sing two sentences, eight emotions (Livingstone & Russo 2018)."""

import re
from collections.abc import Sequence

from ..corpus import Corpus, Publisher, facts
from ..emotions import EMOTIONS

CODES = {f"{number:02d}": emotion for number, emotion in enumerate(EMOTIONS[:8], 1)}
# The five folds used by several papers (Luna-Jiménez et al. 2021, Sensors 21(22): 7665).
FOLDS = (
    (2, 5, 14, 15, 16),
    (3, 6, 7, 13, 18),
    (10, 11, 12, 19, 20),
    (8, 17, 21, 23, 24),
    (1, 4, 9, 22),
)


def _parse(match: re.Match) -> dict[str, str]:
    _, channel, emotion, intensity, statement, _, actor = match[0].split("-")
    return facts(
        match[0],
        actor,
        "male" if int(actor) % 2 else "female",
        CODES[emotion],
        {"01": "normal", "02": "strong"}[intensity],
        {"01": "kids", "02": "dogs"}[statement],
        channel={"01": "speech", "02": "song"}[channel],
    )


def _folds(speakers: Sequence[str], alone: bool) -> list[int]:
    fold_of = {actor: k for k, actors in enumerate(FOLDS) for actor in actors}
    return [fold_of[int(speaker)] for speaker in speakers]


RAVDESS = Corpus(
    name="ravdess",
    title="RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song",
    pattern=re.compile(r"03-0[12]-0[1-8]-0[12]-0[12]-0[12]-(0[1-9]|1\d|2[0-4])"),
    parse=_parse,
    clips={"speech": 1440, "song": 1012},
    speakers=24,
    licence="CC BY-NC-SA 4.0 (non-commercial)",
    citation="Livingstone & Russo (2018), PLoS ONE 13(5): e0196391",
    home="https://doi.org/10.5281/zenodo.1188976",
    source=Publisher(
        "zenodo", "/api/records/1188976", r"Audio_(Speech|Song)_Actors_01-24\.zip", least=2
    ),
    folds=_folds,
)
