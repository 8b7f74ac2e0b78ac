"""A path, an open file or an array -> mono float32 at one rate, or an AudioError that says why."""

from numbers import Real
from os import PathLike
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import soundfile as sf

from ..errors import AudioError
from . import container
from .spectrum import resample

SR = 22050  # Hz, librosa's default and that of every system here
_QUIET = 1e-4  # of full scale: 80 dB below it; no clip of RAVDESS or TESS peaks below 0.0045
_SR_RANGE = 4_000, 384_000  # Hz; outside, the header is wrong rather than the microphone
# What libsndfile and FFmpeg read; other files beside the clips (RAVDESS has videos of the same
# names) are no business of ours.
SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf"}
SUFFIXES |= container.SUFFIXES


class Recording(NamedTuple):
    """A clip that is decoded: whoever needs it several times decodes it once."""

    y: np.ndarray  # [shape=(n,) or (n, channels)]
    sr: int  # Hz
    name: str = "array"  # how messages call it


Source = str | PathLike | BinaryIO | tuple[np.ndarray, int] | Recording


def decode(source: Source) -> Recording:
    """Decode a clip whole, at its own rate, with its channels; errors are those of `load`."""
    name = name_of(source)
    return Recording(*_read(source, name, 0.0, None), name)


def load(
    source: Source, *, sr: int = SR, offset: float = 0.0, duration: float | None = None
) -> np.ndarray:
    """Load a clip, or a window of it, as `librosa.load` does.

    The window is cut at the native rate and resampled afterwards (soxr HQ), so that
    the samples equal those of ``librosa.load(path, sr=sr, offset=..., duration=...)``;
    an hour of audio costs no more than the window.

    Parameters
    ----------
    source : path, open binary file, or (y, sr) with y of shape (n,), (n, channels) or (channels, n)
        Any format libsndfile reads, whatever the file is called.
    sr : int, Hz, the rate wanted
    offset, duration : float, s, the window; None is to the end

    Returns
    -------
    y : np.ndarray [shape=(n,)], float32, mono

    Raises
    ------
    AudioError
        Missing, empty, unreadable, silent, not finite, or ending before the window begins.
    """
    name = name_of(source)
    y, native = _read(source, name, offset, duration)
    y = y.mean(axis=1, dtype=np.float32) if y.ndim > 1 else y
    _check(y, name, offset)
    return np.ascontiguousarray(resample(y, orig_sr=native, target_sr=sr), dtype=np.float32)


def name_of(source: Source) -> str:
    """Return how messages call a source: its path, its file's name, or "array"."""
    if isinstance(source, tuple):
        return getattr(source, "name", "array")
    if isinstance(source, str | PathLike):
        return str(source)
    return str(getattr(source, "name", "file"))


def _read(
    source: Source, name: str, offset: float, duration: float | None
) -> tuple[np.ndarray, int]:
    if isinstance(source, tuple):
        return _from_array(source, name, offset, duration)
    try:
        if isinstance(source, str | PathLike):
            _check_path(Path(source))
        if hasattr(source, "seek"):
            source.seek(0)
        with sf.SoundFile(source) as file:
            native = _check_rate(file.samplerate, name)
            file.seek(min(int(offset * native), file.frames))
            frames = -1 if duration is None else int(duration * native)
            return file.read(frames, dtype="float32"), native
    except (sf.LibsndfileError, OSError, TypeError) as error:
        return _from_container(source, name, (offset, duration), error)


def _from_container(
    source: str | PathLike | BinaryIO,
    name: str,
    window: tuple[float, float | None],
    refused: Exception,
) -> tuple[np.ndarray, int]:
    """Let FFmpeg try what libsndfile refused."""
    try:
        if hasattr(source, "seek"):
            source.seek(0)
        y, native = container.decode_container(source, *window)
        return y, _check_rate(native, name)
    except (OSError, TypeError) as error:
        raise AudioError(
            f"{name}: cannot be read as audio ({refused}; {error}); expected WAV, FLAC, OGG, MP3, "
            "M4A, WebM or another format of libsndfile or FFmpeg. Convert it, or fetch it again."
        ) from error


def _from_array(
    source: tuple, name: str, offset: float, duration: float | None
) -> tuple[np.ndarray, int]:
    if not (len(source) == 2 or isinstance(source, Recording)) or not isinstance(source[1], Real):
        raise AudioError(
            "tuple: expected (y, sr), an array and its rate in Hz; many clips are a list"
        )
    y, native = np.asarray(source[0]), _check_rate(source[1], name)
    if y.ndim not in (1, 2) or y.dtype.kind not in "fiu":
        raise AudioError(
            f"{name}: shape {y.shape} of {y.dtype}, expected numbers of shape (n,) or (n, channels)"
        )
    if y.ndim == 2 and y.shape[0] < y.shape[1]:  # soundfile has (n, channels), librosa the other
        y = y.T
    if y.dtype.kind in "iu":  # full scale becomes 1, as soundfile does; unsigned is 8-bit WAV
        info = np.iinfo(y.dtype)
        middle = 0 if y.dtype.kind == "i" else (int(info.max) + 1) // 2
        y = (y.astype(np.float64) - middle) / (int(info.max) + 1 - middle)
    start = int(offset * native)
    stop = None if duration is None else start + int(duration * native)
    return y[start:stop].astype(np.float32), native


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise AudioError(f"{path}: is a folder, expected an audio file")
    if not path.exists():
        raise AudioError(f"{path}: no such file. Check the path; it is relative to {Path.cwd()}")
    if path.stat().st_size == 0:
        raise AudioError(f"{path}: the file is empty (0 bytes). Fetch or record it again.")


def _check_rate(native: float, name: str) -> int:
    low, high = _SR_RANGE
    if not low <= native <= high:
        raise AudioError(f"{name}: sampling rate {native} Hz, expected {low} to {high} Hz")
    return int(native)


def _check(y: np.ndarray, name: str, offset: float) -> None:
    if y.size == 0:
        after = f" after {offset} s, where the front end starts" if offset else ""
        raise AudioError(f"{name}: holds no samples{after}. A longer recording is needed.")
    if not np.isfinite(y).all():
        raise AudioError(f"{name}: holds NaN or infinite samples. Export the recording again.")
    if np.abs(y).max() < _QUIET:
        raise AudioError(f"{name}: is silent throughout. Check the microphone or the export.")
