"""Descriptors: what a phonetician would measure, frame by frame; as a sequence, and as functionals.

The choice follows the sets of the field, ComParE (Weninger et al. 2013, Front. Psychol. 4: 292)
and eGeMAPS (Eyben et al. 2016, IEEE Trans. Affect. Comput. 7: 190), computed as librosa does.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..audio import SR, spectrum, yin
from .base import Frames, Trimmed

F0_RANGE = 60, 700  # Hz: a man's low voice, a woman's cry
VOICED = 0.5  # of a frame's energy that repeats after one period
_LONGEST = 2048  # samples, the frames of F0


class Described(Trimmed):
    """A front end that looks at descriptors, whose numbers its settings hold."""

    n_fft: int
    hop_length: int
    n_mfcc: int
    n_bands: int

    @property
    def count(self) -> int:
        """How many descriptors there are."""
        return self.n_mfcc + self.n_bands + 16

    def describe(self, y: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the descriptors of a signal, frame by frame.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)]
        sr : int, Hz; the front end's own where None

        Returns
        -------
        np.ndarray [shape=(frames, count)]
            MFCC; log-mel bands; level in dB; zero-crossing rate; log2 of spectral centroid,
            bandwidth and roll-off; log flatness; seven spectral contrasts; log flux; then F0 in
            semitones above 60 Hz (0 where unvoiced) and how periodic the frame is (0 to 1).
        """
        sr, n_fft, hop_length = sr or self.sr, self.n_fft, self.hop_length
        S = np.abs(spectrum.stft(y, n_fft=n_fft, hop_length=hop_length)) + 1e-8
        mel = spectrum.mel_filters(sr, n_fft, 64, 8000) @ S**2
        bands = spectrum.mel_filters(sr, n_fft, self.n_bands, 8000) @ S**2
        centroid, bandwidth = spectrum.centroid_and_bandwidth(S, sr=sr)
        flux = np.maximum(np.diff(S, axis=1, prepend=S[:, :1]), 0).sum(axis=0)
        pitch = Pitch.of(y, sr, hop_length)
        periodic = pitch.periodic
        rows = [
            *self.more(y, sr, pitch),
            spectrum.mfcc(spectrum.power_to_db(mel), n_mfcc=self.n_mfcc),
            spectrum.power_to_db(bands),
            spectrum.amplitude_to_db(spectrum.level(S)),
            spectrum.zero_crossing_rate(y, frame_length=n_fft, hop_length=hop_length),
            np.log2(centroid),
            np.log2(bandwidth),
            np.log2(spectrum.rolloff(S, sr=sr) + 1),
            np.log(spectrum.flatness(S)),
            spectrum.contrast(S, sr=sr),
            np.log(flux + 1e-5),
            12 * np.log2(pitch.f0 / F0_RANGE[0]) * (periodic > VOICED),
            periodic,
        ]
        rows = [_long(np.atleast_2d(row), S.shape[1]) for row in rows]
        return np.concatenate(rows).T.astype(np.float32)

    def more(self, y: np.ndarray, sr: int, pitch: "Pitch") -> list[np.ndarray]:
        """Return further descriptors, which stand before the others; here none."""
        return []


@dataclass(frozen=True)
class Pitch:
    """F0 of each frame of a signal, and how periodic it is.

    Parameters
    ----------
    f0 : np.ndarray [shape=(frames,)], Hz, `serlib.audio.yin`
    framed : np.ndarray [shape=(frames, _LONGEST)], under a window
    lag : np.ndarray [shape=(frames,)], the period in samples
    """

    f0: np.ndarray
    framed: np.ndarray
    lag: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, sr: int, hop_length: int) -> "Pitch":
        """Find the pitch of a signal [shape=(n,)]."""
        low, high = F0_RANGE
        steps = dict(frame_length=_LONGEST, hop_length=hop_length)
        f0 = yin(y, fmin=low, fmax=high, sr=sr, **steps)
        framed = spectrum.frames(np.pad(y, _LONGEST // 2), **steps) * np.hanning(_LONGEST)
        return cls(f0, framed, np.rint(sr / f0).astype(int))

    @property
    def power(self) -> np.ndarray:
        """The power spectrum, zero-padded [shape=(frames, _LONGEST + 1)], computed once."""
        # `cached_property` has a lock in Python 3.11, which a fork would leave taken
        if "_power" not in vars(self):
            spectra = np.fft.rfft(self.framed, 2 * _LONGEST)
            vars(self)["_power"] = spectra.real**2 + spectra.imag**2
        return vars(self)["_power"]

    @property
    def periodic(self) -> np.ndarray:
        """The autocorrelation at the period [shape=(frames,)], 0 to 1."""
        repeated = [x[:-n] @ x[n:] for x, n in zip(self.framed, self.lag, strict=True)]
        return self.share(np.array(repeated), np.einsum("ij,ij->i", self.framed, self.framed))

    def share(self, repeated: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Return which share of an energy repeats after one period [shape=(frames,)].

        The window's own autocorrelation is divided out (Boersma 1993, IFA Proc. 17: 97).
        """
        window = _repeats_of_window()
        return np.clip(repeated / (whole + 1e-9) * window[0] / window[self.lag], 0, 1)


@cache
def _repeats_of_window() -> np.ndarray:
    return np.fft.irfft(np.abs(np.fft.rfft(np.hanning(_LONGEST), 2 * _LONGEST)) ** 2)


@dataclass(frozen=True)
class Descriptors(Described, Frames):
    """Descriptors and their slopes, frame by frame [shape=(frames, 2 * descriptors + 1)].

    Parameters
    ----------
    sr : int, Hz
    duration, padded : float, s, as `serlib.features.base.Frames`
    n_mfcc, n_bands : int
    n_fft, hop_length : int, samples
    trim_db : float or None, as `serlib.features.base.Trimmed`
    """

    sr: int = SR
    duration: float = 3.5
    padded: float = 3.5
    n_mfcc: int = 24
    n_bands: int = 16
    n_fft: int = 1024
    hop_length: int = 512
    trim_db: float | None = 35

    name = "descriptors"

    @property
    def width(self) -> int:
        """How many numbers are measured in a frame."""
        return 2 * self.count

    def measure(self, y: np.ndarray, sr: int) -> np.ndarray:
        """Return descriptors and slopes of each frame [shape=(frames, width)]."""
        x = self.describe(y, sr)
        return np.concatenate([x, np.gradient(x, axis=0)], axis=1)


@dataclass(frozen=True)
class DurationLoudness(Trimmed):
    """How long and how loud a clip is [shape=(3,)]: what says nothing about the voice.

    Parameters
    ----------
    sr : int, Hz
    n_fft, hop_length : int, samples
    trim_db : float or None, as `serlib.features.base.Trimmed`
    """

    sr: int = SR
    n_fft: int = 2048
    hop_length: int = 512
    trim_db: float | None = 35

    name = "duration_loudness"
    shape = (3,)

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return duration in s, mean and highest level in dB of a signal [shape=(3,)]."""
        level = spectrum.amplitude_to_db(
            spectrum.rms(data, frame_length=self.n_fft, hop_length=self.hop_length)
        )
        times = len(data) / (sr or self.sr)
        return np.array([times, level.mean(), level.max()], dtype=np.float32)


def _long(rows: np.ndarray, n: int) -> np.ndarray:
    """Return rows of n frames: cut, or their last frame repeated."""
    lacks = n - rows.shape[1]
    return np.pad(rows, ((0, 0), (0, lacks)), mode="edge") if lacks > 0 else rows[:, :n]
