"""The emotions, in one order everywhere, and the label sets that systems use."""

from collections.abc import Iterable

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise", "boredom")

_SEVEN = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
_MERGED = {"calm": "neutral"}

# How people write them, in small letters: English words, the codes of corpora
_SPELLINGS = {
    "neutral": "neutral neu neutrality none",
    "calm": "calm calmness relaxed",
    "happy": "happy happiness hap joy joyful happily glad",
    "sad": "sad sadness",
    "angry": "angry anger ang mad",
    "fear": "fear fearful fea afraid scared anxious anxiety",
    "disgust": "disgust disgusted dis",
    "surprise": "surprise surprised sur ps pleasant_surprise pleasant_surprised",
    "boredom": "boredom bored",
}
WORDS = {word: emotion for emotion, words in _SPELLINGS.items() for word in words.split()}

# Per label set: its classes in the order of the networks' outputs, and what is merged into what.
_LABEL_SETS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "eight": (EMOTIONS[:8], {}),
    "seven": (_SEVEN, _MERGED),
    "five": (EMOTIONS[:5], {}),
    "emodb": (("neutral", "happy", "sad", "angry", "fear", "disgust", "boredom"), _MERGED),
    "cremad": (("angry", "disgust", "fear", "happy", "neutral", "sad"), _MERGED),
    "own": (EMOTIONS, {}),
    "nemo": (("angry", "fear", "happy", "neutral", "sad", "surprise"), _MERGED),
}


def emotion_of(word: str) -> str | None:
    """Return the emotion that a word means, in any case, or None: "Fearful", "ANG", "ps"."""
    return WORDS.get(word.strip().lower().replace(" ", "_").replace("-", "_"))


def classes(label_set: str) -> tuple[str, ...]:
    """Return the classes of a label set, in output order."""
    return _lookup(label_set)[0]


def to_label_set(emotions: Iterable[str], label_set: str) -> list[str | None]:
    """Map emotions into a label set.

    Parameters
    ----------
    emotions : iterable of str, each one of `EMOTIONS`
    label_set : str, a key of the table of label sets

    Returns
    -------
    list of str or None
        None where the label set has no place for the emotion.

    Raises
    ------
    ValueError
        For an unknown label set or emotion.
    """
    names, merged = _lookup(label_set)
    emotions = list(emotions)
    if unknown := sorted({str(e) for e in emotions if e not in EMOTIONS}):
        raise ValueError(f"Bad emotion {unknown[0]!r}, expected one of {list(EMOTIONS)}")
    mapped = (merged.get(emotion, emotion) for emotion in emotions)
    return [emotion if emotion in names else None for emotion in mapped]


def _lookup(label_set: str) -> tuple[tuple[str, ...], dict[str, str]]:
    if label_set not in _LABEL_SETS:
        raise ValueError(f"Bad label set {label_set!r}, expected one of {sorted(_LABEL_SETS)}")
    return _LABEL_SETS[label_set]
