"""The built-in corpus: synthetic clips under RAVDESS and TESS names, read by the same loaders."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

from ..audio import SENTENCES, SR, WORDS, synthesise
from ..files import replacing, write_json
from ..workers import each
from .known import ravdess, tess

NOTICE = "synthetic demo corpus: these figures say nothing about real speech"
_VERSION = 1  # raise it when clips change: older demos are then rewritten
MARK = "demo.json"  # beside the clips; written last, so that a half-written corpus has none
ACTORS = (5, 2, 3, 6, 11, 10, 17, 8, 1, 4)  # a man and a woman of each of the five RAVDESS folds


def write_demo(
    root: Path,
    *,
    seed: int = 0,
    actors: Sequence[int] = ACTORS,
    words: Sequence[str] = tuple(WORDS),
) -> Path:
    """Write the demo corpus, or complete what is there of it.

    Ten RAVDESS actors speak two statements twice in eight emotions (the second time with strong
    intensity), the two women of TESS six words in seven: 404 clips.

    Parameters
    ----------
    root : Path, the folder to write to
    seed : int, of another corpus with the same names
    actors : sequence of int, of RAVDESS
    words : sequence of str, of `serlib.audio.WORDS`, which both women of TESS say

    Returns
    -------
    root : Path
    """
    made = dict(notice=NOTICE, seed=seed, version=_VERSION)
    made |= dict(actors=list(actors), words=list(words))
    if (root / MARK).exists() and json.loads((root / MARK).read_text()) == made:
        return root
    clips = [(root / path, how) for path, how in _clips(seed, actors, words)]
    for _ in each(write_demo_clip, clips, desc="demo corpus"):
        pass
    write_json(root / MARK, made)
    return root


def is_demo(root: Path) -> bool:
    """Say whether a folder holds the demo corpus."""
    return (root / MARK).exists()


def _clips(seed: int, actors: Sequence[int], words: Sequence[str]) -> Iterator[tuple[str, dict]]:
    """Yield path and voice of every clip; a clip's generator depends on its place alone."""
    for actor in actors:
        for code, emotion in ravdess.CODES.items():
            for statement, sentence in enumerate(SENTENCES, 1):
                for take in (1, 2):
                    level = 1 if emotion == "neutral" else take
                    stem = f"03-01-{code}-{level:02d}-{statement:02d}-{take:02d}-{actor:02d}"
                    who = dict(speaker=f"{actor:02d}", sentence=sentence, intensity=level)
                    key = (seed, actor, int(code), statement, take)
                    path = f"RAVDESS/Actor_{actor:02d}/{stem}.wav"
                    yield path, dict(emotion=emotion, key=key) | who
    for woman, speaker in enumerate(("OAF", "YAF")):
        for number, (code, emotion) in enumerate(tess.CODES.items()):
            for w, word in enumerate(words):
                path = f"TESS/{speaker}_{emotion}/{speaker}_{word}_{code}.wav"
                who = dict(speaker=speaker, sentence=word)
                yield path, dict(emotion=emotion, key=(seed, 100 + woman, number, w)) | who


def write_demo_clip(path: Path, how: dict) -> None:
    """Write a synthetic clip: `how` is what `synthesise` takes, and the `key` of its generator."""
    voice = {k: v for k, v in how.items() if k != "key"}
    y = synthesise(**voice, rng=np.random.default_rng(how["key"]))
    with replacing(path) as temporary:
        sf.write(temporary, y, SR, subtype="PCM_16")
