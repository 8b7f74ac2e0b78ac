"""A recording block by block: what lasts hours is never held whole."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

import numpy as np
import soundfile as sf
import soxr

from ..audio import (
    Source,
    check_rate,
    container,
    decode,
    mono,
    name_of,
    opened,
    plain,
    sound_file,
    unreadable,
)
from ..errors import AudioError

_FINEST = 160  # of its samples, of a part of a picture: 10 ms, so that hours of them fit
_COARSE = 16_000  # Hz, of a look at a whole recording


def blocks(source: Source, sr: int, *, seconds: float = 4.0) -> Iterator[np.ndarray]:
    """Yield the samples of a recording in order, mono, at one rate.

    Joined they are those of `serlib.audio.load` (soxr HQ, with what it remembers carried from
    block to block).

    Parameters
    ----------
    source : path, open binary file, or (y, sr), as `serlib.audio.load` takes them
    sr : int, Hz, the rate wanted
    seconds : float, of a block, about

    Yields
    ------
    np.ndarray [shape=(n,)], float32

    Raises
    ------
    AudioError
        Missing, empty, unreadable or not finite; silence is no error here.
    """
    name, fit, some = name_of(source), None, False
    for y, native in _native(source, name, seconds):
        if not np.isfinite(y).all():
            raise AudioError(f"{name}: holds NaN or infinite samples. Export the recording again.")
        some = some or y.size > 0
        fit = fit or resampler(native, sr)
        yield fit(mono(y))
    if not some:
        raise AudioError(f"{name}: holds no samples. A longer recording is needed.")
    yield fit(np.zeros(0, np.float32), last=True)


def resampler(native: int, sr: int) -> Callable[..., np.ndarray]:
    """Return what resamples a signal that comes in parts: a function of a part, and of `last`."""
    if native == sr:
        return lambda y, last=False: np.ascontiguousarray(y, dtype=np.float32)
    stream = soxr.ResampleStream(native, sr, 1, dtype="float32", quality="HQ")
    return lambda y, last=False: stream.resample_chunk(
        np.ascontiguousarray(y, dtype=np.float32), last=last
    )


def lasts(source: Source) -> float:
    """Return how long a recording lasts, s, by its header, or by reading it where that is mute.

    Raises
    ------
    AudioError
        As `blocks`.
    """
    source = plain(source)
    if isinstance(source, tuple):
        return decode(source).promised
    with opened(source) as file:
        found = _header(file)
    return found or sum(map(len, blocks(source, _COARSE))) / _COARSE


def _header(file: BinaryIO) -> float:
    """Return what a header says of the length, s; 0 where it says nothing."""
    with (
        suppress(sf.SoundFileError, OSError, TypeError, ValueError),
        sound_file(file) as sound,
    ):
        return sound.frames / sound.samplerate
    import av

    file.seek(0)
    with suppress(av.FFmpegError, ValueError, OSError, TypeError), av.open(file) as container:
        return (container.duration or 0) / av.time_base
    return 0.0


def envelope(source: Source, *, points: int = 2000) -> tuple[np.ndarray, float]:
    """Return how far a recording swings, for a picture of it.

    Returns
    -------
    swings : np.ndarray [shape=(2, n)], the least and the greatest sample of each part
    step : float, s, how long a part lasts
    """
    parts, rest = [], np.zeros(0, np.float32)
    for y in blocks(source, _COARSE):
        y = np.concatenate([rest, y])
        whole = len(y) // _FINEST * _FINEST
        parts.append(_swings(y[:whole], _FINEST))
        rest = y[whole:]
    least, greatest = np.concatenate([*parts, _swings(rest, _FINEST)], axis=1)
    several = max(len(least) // points, 1)  # of what was read: a header may promise more
    swings = _swings(least, several)[0], _swings(greatest, several)[1]
    return np.stack(swings), several * _FINEST / _COARSE


def _swings(y: np.ndarray, size: int) -> np.ndarray:
    """Return the least and the greatest of every `size` numbers [shape=(2, ceil(n / size))]."""
    y = np.pad(y, (0, -len(y) % size), "edge" if len(y) else "constant").reshape(-1, size)
    return np.stack([y.min(axis=1), y.max(axis=1)])


def _native(source: Source, name: str, seconds: float) -> Iterator[tuple[np.ndarray, int]]:
    """Yield parts of a recording [shape=(n,) or (n, channels)] at its own rate, and that rate."""
    source = plain(source)
    if isinstance(source, tuple):
        y, native, *_ = decode(source)
        step = int(seconds * native)
        yield from ((y[k : k + step], native) for k in range(0, len(y), step))
        return
    with opened(source) as file:
        try:
            sound = sound_file(file)
        except (sf.SoundFileError, OSError, TypeError, ValueError) as refused:
            file.seek(0)
            yield from _frames(file, name, seconds, refused)
            return
        native, given = check_rate(sound.samplerate, name), 0
        try:
            with sound:
                # Not its `blocks`, which go on as long as the header says, with what is no sound
                while len(y := sound.read(int(seconds * native), dtype="float32")):
                    yield y, native
                    given += len(y)
        except (sf.SoundFileError, OSError) as refused:  # in the midst of it
            file.seek(0)
            yield from _after(given, _frames(file, name, seconds, refused))


def _after(given: int, parts: Iterator[tuple[np.ndarray, int]]) -> Iterator[tuple[np.ndarray, int]]:
    """Yield parts without the samples that were given before."""
    for y, native in parts:
        yield y[given:], native
        given = max(given - len(y), 0)


def _frames(
    file: BinaryIO, name: str, seconds: float, refused: Exception
) -> Iterator[tuple[np.ndarray, int]]:
    """Let FFmpeg try what libsndfile refused."""
    held, native = [], 0
    try:
        for part, native in container.parts_of(file):
            held.append(part)
            if sum(map(len, held)) >= seconds * check_rate(native, name):
                yield container.joined(held), native
                held = []
    except (OSError, TypeError) as error:
        raise unreadable(name, refused, error) from error
    if held:
        yield container.joined(held), native
