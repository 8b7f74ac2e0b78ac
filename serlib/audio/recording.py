"""A recording -> mono float32 at one rate, or an AudioError that says why."""

import warnings
from numbers import Real
from typing import BinaryIO

import numpy as np
import soundfile as sf

from ..errors import AudioError, AudioWarning
from . import container
from .canonical import unclipped
from .source import Recording, Source, name_of, opened, plain
from .spectrum import resample

SR = 22050  # Hz, librosa's default and that of every system here
_LOUDEST, _NO_FLOAT = 2.0**32, 100.0  # no sample is louder; whole numbers that nobody divided
_QUIET = 1e-4  # of full scale: 80 dB below it; no clip of RAVDESS or TESS peaks below 0.0045
_SR_RANGE = 4_000, 384_000  # Hz; outside, the header is wrong rather than the microphone
_CUT_S = 0.1  # s; less is missing of many whole files
# A mean of channels that keeps less than this of what unrelated ones would leave: they cancel out
_CANCELLED = 0.1


def decode(source: Source) -> Recording:
    """Decode a clip whole, at its own rate, with its channels; errors are those of `load`.

    Of a file that is cut short `missing` says how much is not there, and nothing is warned of.
    """
    name = name_of(source)
    y, sr, missing = _read(plain(source), name, 0.0, None)
    return Recording(y, sr, name, missing)


def load(
    source: Source,
    *,
    sr: int = SR,
    offset: float = 0.0,
    duration: float | None = None,
    unclip: bool = False,
) -> np.ndarray:
    """Load a clip, or a window of it, as `librosa.load` does.

    The window is cut at the native rate and resampled afterwards (soxr HQ), so that
    the samples equal those of ``librosa.load(path, sr=sr, offset=..., duration=...)``;
    an hour of audio costs no more than the window. Channels are averaged, as there; where they
    cancel each other out (one is the other, turned round) the loudest is taken.

    Parameters
    ----------
    source : path, open binary file, bytes, (y, sr) with y of shape (n,), (n, channels) or
        (channels, n), or a dict as `datasets` of Hugging Face has it
        Any format that libsndfile or FFmpeg reads, whatever the file is called.
    sr : int, Hz, the rate wanted
    offset, duration : float, s, the window; None is to the end
    unclip : bool, mend peaks that were cut off: `serlib.audio.unclipped`

    Returns
    -------
    y : np.ndarray [shape=(n,)], float32, mono

    Raises
    ------
    AudioError
        Missing, empty, unreadable, silent, not finite, or ending before the window begins.

    Warns
    -----
    AudioWarning
        If the file is to be loaded whole, and ends before its header says.
    """
    name = name_of(source)
    y, native, missing = _read(plain(source), name, offset, duration)
    if missing and not isinstance(source, Recording):  # who decodes, knows
        warn_of(Recording(y, native, name, missing))
    y = mono(y)
    _check(y, name, offset)
    y = unclipped(y, native) if unclip else y
    return np.ascontiguousarray(resample(y, orig_sr=native, target_sr=sr), dtype=np.float32)


def mono(y: np.ndarray) -> np.ndarray:
    """Return one channel of a signal: the mean, or the loudest where they cancel each other out.

    Parameters
    ----------
    y : np.ndarray [shape=(n,) or (n, channels)]

    Returns
    -------
    np.ndarray [shape=(n,)], float32
    """
    if y.ndim == 1:
        return y
    mean = y.mean(axis=1, dtype=np.float32)
    power = np.einsum("nc,nc->c", y, y, dtype=np.float64)
    if np.vdot(mean, mean) < _CANCELLED * power.sum() / y.shape[1] ** 2:
        return y[:, np.argmax(power)]
    return mean


def cut_short(missing: float, whole: float) -> str:
    """Return a sentence that says how much is missing of a recording, s; empty if nothing is."""
    if not missing:
        return ""
    return f"It is cut short: {missing:.1f} s of {whole:.1f} s are missing at its end."


def warn_of(recording: Recording) -> None:
    """Warn where a recording is cut short."""
    if said := cut_short(recording.missing, recording.promised):
        warnings.warn(f"{recording.name}: {said}", AudioWarning, stacklevel=3)


def _read(
    source: Source, name: str, offset: float, duration: float | None
) -> tuple[np.ndarray, int, float]:
    """Return samples, rate, and how many seconds are missing; of a window nobody asks."""
    if isinstance(source, tuple):
        return _from_array(source, name, offset, duration)
    whole = not offset and duration is None
    with opened(source) as file:
        share = container.beyond(file) if whole else 0.0
        try:
            y, native, missing = _from_libsndfile(file, offset, duration)
        except (sf.SoundFileError, OSError, TypeError, ValueError, MemoryError) as refused:
            y, native, missing = _from_container(file, name, (offset, duration), refused)
    missing = max(missing, share * len(y) / native)
    return y, check_rate(native, name), missing if whole and missing > _CUT_S else 0.0


def _from_libsndfile(
    file: BinaryIO, offset: float, duration: float | None
) -> tuple[np.ndarray, int, float]:
    with sound_file(file) as sound:
        native = sound.samplerate
        sound.seek(min(int(offset * native), sound.frames))
        y = sound.read(-1 if duration is None else int(duration * native), dtype="float32")
        return y, native, (sound.frames - len(y)) / native


def sound_file(file: BinaryIO) -> sf.SoundFile:
    """Open a file with libsndfile.

    Raises
    ------
    OSError or soundfile.SoundFileError
        If it cannot be read so; FFmpeg may.
    """
    sound = sf.SoundFile(file)
    if not sound.frames:  # it may have some: a recorder that died wrote no length
        raise OSError("it holds no samples")
    if not sound.seekable():  # GSM 6.10
        raise OSError("it cannot be sought")
    return sound


def _from_container(
    file: BinaryIO, name: str, window: tuple[float, float | None], refused: Exception
) -> tuple[np.ndarray, int, float]:
    """Let FFmpeg try what libsndfile refused."""
    try:
        file.seek(0)
        return container.decode_container(file, *window)
    except (OSError, TypeError) as error:
        raise unreadable(name, refused, error) from error


def unreadable(name: str, refused: Exception, error: Exception) -> AudioError:
    """Return the error of a file that libsndfile refused, and FFmpeg too."""
    why = getattr(refused, "error_string", str(refused)).rstrip(".")
    return AudioError(
        f"{name}: cannot be read as audio ({why}; {getattr(error, 'strerror', 0) or error}); "
        "expected WAV, FLAC, OGG, MP3, M4A, WebM or another format of libsndfile or FFmpeg. "
        "Convert it, or fetch it again."
    )


def _from_array(
    source: tuple, name: str, offset: float, duration: float | None
) -> tuple[np.ndarray, int, float]:
    if not (len(source) == 2 or isinstance(source, Recording)) or not isinstance(source[1], Real):
        raise AudioError(
            "tuple: expected (y, sr), an array and its rate in Hz; many clips are a list"
        )
    native = check_rate(source[1], name)
    try:
        y = np.asarray(source[0])
    except ValueError as error:  # rows of unlike lengths
        raise AudioError(f"{name}: its samples are no array ({error})") from error
    if y.ndim not in (1, 2) or y.dtype.kind not in "fiu":
        raise AudioError(
            f"{name}: shape {y.shape} of {y.dtype}, expected numbers of shape (n,) or (n, channels)"
        )
    if y.ndim == 2 and not y.size:
        raise AudioError(f"{name}: holds no samples, of shape {y.shape}. A longer one is needed.")
    if y.ndim == 2 and y.shape[0] < y.shape[1]:  # soundfile has (n, channels), librosa the other
        y = y.T
    if y.dtype.kind in "iu":  # full scale becomes 1, as soundfile does; unsigned is 8-bit WAV
        middle = 0 if y.dtype.kind == "i" else (int(np.iinfo(y.dtype).max) + 1) // 2
        y = (y.astype(np.float64) - middle) / (_full_scale(y) - middle)
    start = int(offset * native)
    missing = source.missing if isinstance(source, Recording) else 0.0
    stop = None if duration is None else start + int(duration * native)
    with np.errstate(over="ignore"):  # what no float32 holds is refused as infinite
        return y[start:stop].astype(np.float32), native, missing


def _full_scale(y: np.ndarray) -> int:
    """Return what whole numbers count as full scale: their type's most, and one.

    Samples of 16 bits in a wider type, as a list of them becomes, are still of 16 bits; those of 24
    bits in 32 have nothing in the last 8.
    """
    peak = max(int(y.max(initial=0)), -int(y.min(initial=0)))
    narrow = y.dtype.kind == "i" and y.dtype.itemsize > 2 and peak <= 2**15 and np.any(y & 255)
    return 2**15 if narrow else int(np.iinfo(y.dtype).max) + 1


def check_rate(native: float, name: str) -> int:
    """Return a rate, Hz, as a whole number.

    Raises
    ------
    AudioError
        If no recorder has it.
    """
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
    peak = np.abs(y).max()
    if peak > _LOUDEST:
        raise AudioError(
            f"{name}: has samples up to {peak:.3g}, expected -1 to 1. Export the recording again."
        )
    if peak > _NO_FLOAT:
        said = f"has samples up to {peak:.0f}, expected -1 to 1; give whole numbers as such (int16)"
        warnings.warn(f"{name}: {said}", AudioWarning, stacklevel=3)
    if peak < _QUIET:
        raise AudioError(f"{name}: is silent throughout. Check the microphone or the export.")
