"""TESS: two women say two hundred words in seven emotions (Pichora-Fuller & Dupuis 2020)."""

import re
from collections.abc import Sequence

import pandas as pd

from ..corpus import Corpus, Publisher, facts

CODES = {e: e for e in ("angry", "disgust", "fear", "happy", "neutral", "sad")}
CODES |= {"ps": "surprise"}  # pleasant surprise


def _parse(match: re.Match) -> dict[str, str]:
    word, emotion = match["word"].lower(), match["emotion"].lower()
    speaker = "YAF" if match["speaker"].upper() == "YAF" else "OAF"
    # The publisher's archive has one file under OA_ instead of OAF_: that is its canonical stem.
    prefix = "OA" if (word, emotion) == ("bite", "neutral") and speaker == "OAF" else speaker
    return facts(f"{prefix}_{word}_{emotion}", speaker, "female", CODES[emotion], "normal", word)


def _folds(speakers: Sequence[str], alone: bool) -> list[int]:
    """One woman each; beside others OAF with the first fold, YAF with the third."""
    if alone:
        return list(range(len(speakers)))
    return [{"OAF": 0, "YAF": 2}[speaker] for speaker in speakers]


def _words(clip_ids: pd.Series) -> pd.Series:
    """Two speakers are too few to draw from: words are drawn."""
    return clip_ids.str.split("_").str[1]


TESS = Corpus(
    name="tess",
    title="TESS, the Toronto Emotional Speech Set",
    pattern=re.compile(
        r"(?P<speaker>OAF|OA|YAF)_(?P<word>[a-z]+)_"
        r"(?P<emotion>angry|disgust|fear|happy|neutral|ps|sad)",
        re.IGNORECASE,
    ),
    parse=_parse,
    clips={"speech": 2800},
    speakers=2,
    licence="CC BY-NC-ND 4.0 (non-commercial)",
    citation="Pichora-Fuller & Dupuis (2020), Borealis, doi 10.5683/SP2/E8H2MF",
    home="https://doi.org/10.5683/SP2/E8H2MF",
    source=Publisher(
        "dataverse",
        "/api/datasets/:persistentId/?persistentId=doi:10.5683/SP2/E8H2MF",
        r"(?i).+\.(wav|zip)",
    ),
    folds=_folds,
    units=_words,
)
