"""The clip index: which clips lie under a data root, whole or broken, each once."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from ..audio import decode, load, recordings_below
from ..errors import AudioError, CorpusError
from ..workers import each
from .clips import CLIP_COLUMNS
from .known import CORPORA
from .own import LABELS, UNKNOWN, by_folder, composed, labels_in, of_two_labels

_OF_NOTHING = "its name is of no known corpus, and no folder above it is called as an emotion"

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
    found, known, problems = walk(root)
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
            rows.append({"path": path} | known[path] | result)
        problems += [(other, _of_one_name(path, known[path])) for other in others]
    if not rows:
        has_corpus(root)  # what its labels.csv lists may not be there
        raise CorpusError(
            f"{root}: holds no clip of a known corpus, no folder called as an emotion and no "
            f"{LABELS}. Put a corpus there, or fetch one with `serlib download ravdess tess`, or "
            "name another folder with --data or SER_DATA."
        )
    clips = pd.DataFrame(sorted(rows, key=lambda row: os.fsencode(row["path"])))[CLIP_COLUMNS]
    doubtful = of_two_labels(clips)
    for path, emotion in zip(doubtful.path, doubtful.emotion, strict=True):
        problems.append((path, f"the same recording is there as another emotion than {emotion}"))
    clips = clips.drop(doubtful.index).reset_index(drop=True)
    return clips, pd.DataFrame(problems, columns=PROBLEM_COLUMNS)


def _of_one_name(first: str, facts: dict) -> str:
    if facts["corpus"] == "own":
        return f"its name is that of {first}, of which it is taken for a copy: else rename it"
    return f"a second copy of {first}"


def parse(path: str | PurePosixPath) -> dict[str, str] | None:
    """Return what a file's name says about its clip, or its folder's; None where neither does.

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
                return _of(corpus.name, corpus.parse(match))
    mine = by_folder(str(path))
    return mine and _of("own", mine)


def _of(corpus: str, facts: dict[str, str]) -> dict[str, str]:
    """Return facts of a clip with its corpus, in speaker and id too."""
    speaker, clip_id = f"{corpus}:{facts['speaker']}", f"{corpus}:{facts['stem']}"
    rest = {name: fact for name, fact in facts.items() if name != "stem"}
    return dict(corpus=corpus, clip_id=clip_id) | rest | dict(speaker=speaker)


def has_corpus(root: Path) -> bool:
    """Tell whether a folder holds a clip of a known corpus, or one of your own.

    Raises
    ------
    CorpusError
        If it has a ``labels.csv`` that lists none of its files.
    """
    listed, found = labels_in(root), _audio(root, lambda _: None)
    if listed is None:
        return any(map(parse, found))
    if any(composed(path) in listed for path in found):
        return True
    example = f", as {next(iter(listed))}" if listed else ""
    raise CorpusError(
        f"{root / LABELS}: none of the {len(listed)} files that it lists is there{example}. Paths "
        f"are relative to {root}, with their endings, in the same letters"
    )


def completeness(clips: pd.DataFrame) -> list[str]:
    """Say in one line per corpus and channel how much of it is here, and what is not."""
    lines = []
    for (name, channel), group in clips.groupby(["corpus", "channel"]):
        corpus = CORPORA[name]
        if name == "own":
            lines.append(_own(group))
            continue
        line = f"{corpus.title}, {channel}: {len(group)} of {corpus.clips[channel]} clips"
        if len(group) < corpus.clips[channel]:
            here = group.speaker.nunique()
            line += f", {here} of {corpus.speakers} speakers: incomplete, used as it is"
        lines.append(line)
    return lines


def _own(clips: pd.DataFrame) -> str:
    """Say how many of your own recordings there are, and what cannot be measured with them."""
    speakers, emotions = set(clips.speaker) - {f"own:{UNKNOWN}"}, sorted(set(clips.emotion))
    line = f"Your own recordings: {len(clips)} clips of {', '.join(emotions)}; "
    line += f"{len(speakers)} speakers known"
    if len(speakers) < 2:
        line += ". What a system is worth on a new speaker cannot be measured with them: two "
        line += "speakers or more are needed, in folders (anna/happy/x.wav) or in labels.csv"
    return line


def walk(root: Path) -> tuple[list[list[str]], dict[str, dict], list[tuple[str, str]]]:
    """Find the clips below a folder.

    Returns
    -------
    copies : list of list of str, the paths of each clip, in byte order
    known : dict, path -> what is known of the clip
    problems : list of (path, problem), what else is there
    """
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder. Give the data root with --data or SER_DATA.")
    copies, known, problems = {}, {}, []
    listed = labels_in(root)

    def unreadable(error: OSError) -> None:
        place = Path(error.filename).relative_to(root).as_posix()
        problems.append((place, f"folder cannot be read: {error.strerror}"))

    for path in sorted(_audio(root, unreadable), key=os.fsencode):
        if not _is_text(path):
            shown = os.fsencode(path).decode("utf-8", "backslashreplace")
            problems.append((shown, "its name is not UTF-8, as tables are: rename it"))
            continue
        mine = listed and listed.get(composed(path))
        facts = parse(path) if listed is None else mine and _of("own", mine)
        if not facts:
            where = f"it is not in {LABELS}" if listed is not None else _OF_NOTHING
            problems.append((path, where))
        else:
            known[path] = facts
            copies.setdefault(facts["clip_id"], []).append(path)
    problems += [
        (path, f"is in {LABELS}, and not here")
        for path in sorted({*(listed or {})} - {*map(composed, known)})
    ]
    return list(copies.values()), known, problems


def _is_text(path: str) -> bool:
    """Tell whether a path can be written into a table."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _audio(root: Path, unreadable: Callable[[OSError], None]) -> Iterator[str]:
    """Yield the paths of audio files below a folder, relative to it."""
    for path in recordings_below(root, unreadable):
        yield Path(path).relative_to(root).as_posix()


def _decode(path: Path) -> dict | str:
    """Return the facts that need the audio, or what is wrong with it.

    The checksum is of the mono samples at the native rate, so that a change of file
    format is no change and a second recording under another name shows.
    """
    try:
        recording = decode(path)
        y = load(recording, sr=recording.sr)
    except AudioError as error:
        return str(error)
    samples = np.ascontiguousarray(y, dtype="<f4").tobytes()
    seconds = round(len(y) / recording.sr, 3)
    return dict(duration_s=seconds, audio_md5=hashlib.md5(samples).hexdigest())
