"""The clip index: which clips lie under a data root, whole or broken, each once."""

import hashlib
import os
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from ..audio import SUFFIXES, load
from ..errors import AudioError, CorpusError
from ..workers import each
from .clips import CLIP_COLUMNS
from .known import CORPORA

PROBLEM_COLUMNS = ["path", "problem"]


def index_clips(root: Path, *, n_jobs: int = -1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find, name and decode every clip below a folder.

    Of several files of one clip (re-uploads nest a second copy of a corpus in the first)
    the first path in byte order counts that can be read.

    Parameters
    ----------
    root : Path, the data root
    n_jobs : int, worker processes, as joblib counts them

    Returns
    -------
    clips : DataFrame with `CLIP_COLUMNS`, sorted by path
    problems : DataFrame with `PROBLEM_COLUMNS`: files that were passed over, and why

    Raises
    ------
    CorpusError
        If the folder does not exist or holds no usable clip.
    """
    found, problems = walk(root)
    firsts = [(root / copies[0],) for copies in found]
    decoded = each(_decode, firsts, n_jobs=n_jobs, desc="reading clips")
    rows = []
    for (path, *others), result in zip(found, decoded, strict=True):
        while isinstance(result, str):
            problems.append((path, result.replace(str(root / path), path)))
            if not others:
                break
            path = others.pop(0)
            result = _decode(root / path)
        else:
            rows.append({"path": path} | parse(path) | result)
        problems += [(other, f"a second copy of {path}") for other in others]
    if not rows:
        raise CorpusError(
            f"{root}: holds no clip of {', '.join(CORPORA)}. Put a corpus there, or fetch one with "
            "`serlib download ravdess tess`, or name another folder with --data or SER_DATA."
        )
    clips = pd.DataFrame(sorted(rows, key=lambda row: os.fsencode(row["path"])))[CLIP_COLUMNS]
    return clips, pd.DataFrame(problems, columns=PROBLEM_COLUMNS)


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


def has_corpus(root: Path) -> bool:
    """Tell whether a folder holds at least one file with the name of a known clip."""
    return any(
        parse(path.relative_to(root).as_posix())
        for path in root.rglob("*.*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )


def completeness(clips: pd.DataFrame) -> list[str]:
    """Say in one line per corpus and channel how much of it is here, and what is not."""
    lines = []
    for (name, channel), group in clips.groupby(["corpus", "channel"]):
        corpus = CORPORA[name]
        line = f"{corpus.title}, {channel}: {len(group)} of {corpus.clips[channel]} clips"
        if len(group) < corpus.clips[channel]:
            here = group.speaker.nunique()
            line += f", {here} of {corpus.speakers} speakers: incomplete, used as it is"
        lines.append(line)
    return lines


def walk(root: Path) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Return the paths of each clip, its copies together, in byte order; and what else is there."""
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder. Give the data root with --data or SER_DATA.")
    copies, problems = {}, []

    def unreadable(error: OSError) -> None:
        place = Path(error.filename).relative_to(root).as_posix()
        problems.append((place, f"folder cannot be read: {error.strerror}"))

    paths = [
        Path(folder, file).relative_to(root).as_posix()
        for folder, _, files in os.walk(root, onerror=unreadable)
        for file in files
        if Path(file).suffix.lower() in SUFFIXES and not file.startswith(".")
    ]
    for path in sorted(paths, key=os.fsencode):
        facts = parse(path)
        if facts is None:
            problems.append((path, "its name is of no known corpus"))
        else:
            copies.setdefault(facts["clip_id"], []).append(path)
    return list(copies.values()), problems


def _decode(path: Path) -> dict | str:
    """Return the facts that need the audio, or what is wrong with it.

    The checksum is of the mono samples at the native rate, so that a change of file
    format is no change and a second recording under another name shows.
    """
    import soundfile as sf

    try:
        native = sf.info(path).samplerate if path.stat().st_size else 0
        y = load(path, sr=native)
    except AudioError as error:
        return str(error)
    except (OSError, sf.LibsndfileError) as error:
        return f"{path}: cannot be read ({error})"
    samples = np.ascontiguousarray(y, dtype="<f4").tobytes()
    return dict(duration_s=round(len(y) / native, 3), audio_md5=hashlib.md5(samples).hexdigest())
