"""What a corpus is: how its files are named, what they say, its licence, citation and size.

Corpora are recognised by their file names, in whatever folders the files lie.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from .emotions import EMOTIONS

_SIX = ("angry", "disgust", "fear", "happy", "neutral", "sad")
RAVDESS_EMOTIONS = {f"{number:02d}": e for number, e in enumerate(EMOTIONS[:8], 1)}
TESS_EMOTIONS = {e: e for e in _SIX} | {"ps": "surprise"}
_CREMAD = {e[:3].upper(): e for e in _SIX}
_SAVEE = {e[0]: e for e in _SIX[:5]} | {"sa": "sad", "su": "surprise"}
_EMODB = dict(W="angry", L="boredom", E="disgust", A="fear", F="happy", T="sad", N="neutral")
_EMODB_MEN = {"03", "10", "11", "12", "15"}  # its documentation's list of speakers
# VideoDemographics.csv of CREMA-D: 43 women, 48 men.
_CREMAD_WOMEN = {
    f"1{n:03d}"
    for n in (
        *(2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49),
        *(52, 53, 54, 55, 56, 58, 60, 61, 63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91),
    )
}


@dataclass(frozen=True)
class Corpus:
    """A published corpus.

    `parse` takes the match of `pattern` on a file's stem (for SAVEE's nested layout, on
    ``folder/stem``) and returns the clip's facts: stem (canonical), speaker, gender,
    emotion, intensity, statement, channel.
    """

    name: str
    title: str
    pattern: re.Pattern
    parse: Callable[[re.Match], dict[str, str]]
    clips: dict[str, int]  # canonical number of clips by channel
    speakers: int
    licence: str
    citation: str
    home: str


_FACTS = ("stem", "speaker", "gender", "emotion", "intensity", "statement", "channel")


def _facts(*values: str, channel: str = "speech") -> dict[str, str]:
    return dict(zip(_FACTS, (*values, channel), strict=True))


def _ravdess(match: re.Match) -> dict[str, str]:
    _, channel, emotion, intensity, statement, _, actor = match[0].split("-")
    return _facts(
        match[0],
        actor,
        "male" if int(actor) % 2 else "female",
        RAVDESS_EMOTIONS[emotion],
        {"01": "normal", "02": "strong"}[intensity],
        {"01": "kids", "02": "dogs"}[statement],
        channel={"01": "speech", "02": "song"}[channel],
    )


def _tess(match: re.Match) -> dict[str, str]:
    word, emotion = match["word"].lower(), match["emotion"].lower()
    speaker = "YAF" if match["speaker"].upper() == "YAF" else "OAF"
    # The publisher's archive has one file under OA_ instead of OAF_: that is its canonical stem.
    prefix = "OA" if (word, emotion) == ("bite", "neutral") and speaker == "OAF" else speaker
    stem = f"{prefix}_{word}_{emotion}"
    return _facts(stem, speaker, "female", TESS_EMOTIONS[emotion], "normal", word)


def _emodb(match: re.Match) -> dict[str, str]:
    speaker, text, emotion = match["speaker"], match["text"], match["emotion"]
    gender = "male" if speaker in _EMODB_MEN else "female"
    return _facts(match[0], speaker, gender, _EMODB[emotion], "normal", text)


def _savee(match: re.Match) -> dict[str, str]:
    speaker, emotion, number = match["speaker"], match["emotion"], match["number"]
    stem = f"{speaker}_{emotion}{number}"
    return _facts(stem, speaker, "male", _SAVEE[emotion], "normal", f"{emotion}{number}")


def _cremad(match: re.Match) -> dict[str, str]:
    actor, statement, emotion, level = match[0].split("_")
    gender = "female" if actor in _CREMAD_WOMEN else "male"
    levels = {"LO": "low", "MD": "medium", "HI": "strong"}
    intensity = levels.get(level, "normal")
    return _facts(match[0], actor, gender, _CREMAD[emotion], intensity, statement)


CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "ravdess",
            "RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song",
            re.compile(r"03-0[12]-0[1-8]-0[12]-0[12]-0[12]-(0[1-9]|1\d|2[0-4])"),
            _ravdess,
            {"speech": 1440, "song": 1012},
            24,
            "CC BY-NC-SA 4.0 (non-commercial)",
            "Livingstone & Russo (2018), PLoS ONE 13(5): e0196391",
            "https://doi.org/10.5281/zenodo.1188976",
        ),
        Corpus(
            "tess",
            "TESS, the Toronto Emotional Speech Set",
            re.compile(
                r"(?P<speaker>OAF|OA|YAF)_(?P<word>[a-z]+)_"
                r"(?P<emotion>angry|disgust|fear|happy|neutral|ps|sad)",
                re.IGNORECASE,
            ),
            _tess,
            {"speech": 2800},
            2,
            "CC BY-NC-ND 4.0 (non-commercial)",
            "Pichora-Fuller & Dupuis (2020), Borealis, doi 10.5683/SP2/E8H2MF",
            "https://doi.org/10.5683/SP2/E8H2MF",
        ),
        Corpus(
            "emodb",
            "EMO-DB, the Berlin Database of Emotional Speech",
            re.compile(
                r"(?P<speaker>03|08|09|1[0-6])(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])[a-z]"
            ),
            _emodb,
            {"speech": 535},
            10,
            "CC0 1.0 (its Zenodo record says CC BY 4.0)",
            "Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss (2005), Interspeech, 1517-1520",
            "https://doi.org/10.5281/zenodo.7447302",
        ),
        Corpus(
            "savee",
            "SAVEE, Surrey Audio-Visual Expressed Emotion",
            re.compile(r"(?P<speaker>DC|JE|JK|KL)[_/](?P<emotion>sa|su|a|d|f|h|n)(?P<number>\d\d)"),
            _savee,
            {"speech": 480},
            4,
            "research use, by registration with the publisher",
            "Haq & Jackson (2010), Machine Audition, IGI Global, 398-423",
            "http://kahlan.eps.surrey.ac.uk/savee/",
        ),
        Corpus(
            "cremad",
            "CREMA-D, Crowd-sourced Emotional Multimodal Actors Dataset",
            re.compile(
                r"10(0[1-9]|[1-8]\d|9[01])_[A-Z]{3}_(ANG|DIS|FEA|HAP|NEU|SAD)_(XX|LO|MD|HI|X)"
            ),
            _cremad,
            {"speech": 7442},
            91,
            "ODbL 1.0",
            "Cao, Cooper, Keutmann, Gur, Nenkova & Verma (2014), IEEE Trans. Affect. Comput. 5(4)",
            "https://github.com/CheyneyComputerScience/CREMA-D",
        ),
    )
}


def parse(path: str | PurePosixPath) -> dict[str, str] | None:
    """Return what a file's name says about its clip, or None for a name no corpus has.

    Parameters
    ----------
    path : str, relative to the data root, with forward slashes

    Returns
    -------
    dict with corpus, clip_id, speaker (``corpus:id``), gender, emotion, intensity,
    statement, channel; or None
    """
    path = PurePosixPath(path)
    for corpus in CORPORA.values():
        for name in (path.stem, f"{path.parent.name}/{path.stem}"):
            if match := corpus.pattern.fullmatch(name):
                facts = corpus.parse(match)
                facts["speaker"] = f"{corpus.name}:{facts['speaker']}"
                clip_id = f"{corpus.name}:{facts.pop('stem')}"
                return dict(corpus=corpus.name, clip_id=clip_id) | facts
    return None
