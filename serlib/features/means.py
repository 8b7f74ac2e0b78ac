"""The front end of S2: 162 means over time of librosa's features."""

from dataclasses import dataclass
from functools import lru_cache

import librosa
import numpy as np

from ..audio import SR, Source, load
from .base import FrontEnd, long_enough

FEATURE_COLUMNS = (
    ["zcr"]
    + [f"chroma_{i:02d}" for i in range(12)]
    + [f"mfcc_{i:02d}" for i in range(20)]
    + ["rms"]
    + [f"mel_{i:03d}" for i in range(128)]
)


@dataclass(frozen=True)
class Means(FrontEnd):
    """The 162-number front end of S2.

    Parameters
    ----------
    sr : int, Hz
    offset, duration : float, s, the window of the clip that is looked at
    n_fft, hop_length : int, samples, librosa's defaults
    trim_db : float or None, cut silence this far below the peak from both ends
    normalise : bool, scale the window to a peak of 1

    The last two are promised by S2's description and applied nowhere in its code:
    off by default.
    """

    sr: int = SR
    offset: float = 0.6
    duration: float = 2.5
    n_fft: int = 2048
    hop_length: int = 512
    trim_db: float | None = None
    normalise: bool = False

    name = "means"
    shape = (len(FEATURE_COLUMNS),)

    def as_input(self, X: np.ndarray) -> np.ndarray:
        """Return scaled features as S2's network takes them [shape=(n, 162, 1)], float32."""
        return X[..., None].astype(np.float32)

    def load(self, source: Source) -> np.ndarray:
        """Load the window of a clip that the front end looks at.

        Returns
        -------
        y : np.ndarray [shape=(n,)], float32

        Raises
        ------
        AudioError
            As `serlib.audio.load`, or if less than `SHORTEST` lies in the window.
        """
        y = load(source, sr=self.sr, offset=self.offset, duration=self.duration)
        if self.trim_db is not None:
            y, _ = librosa.effects.trim(y, top_db=self.trim_db)
        y = long_enough(y, source, self.sr, offset=self.offset)
        return y / np.max(np.abs(y)) if self.normalise else y

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the 162 features of a signal (the name is that of S2's published extractor).

        Zero-crossing rate, chroma of the magnitude STFT, MFCC, RMS, mel power: the means
        over time of librosa's functions, from one STFT instead of three.

        Parameters
        ----------
        data : np.ndarray [shape=(n,)]
        sr : int, Hz; the front end's own where None

        Returns
        -------
        np.ndarray [shape=(162,)], float32, in the order of `FEATURE_COLUMNS`
        """
        sr = sr or self.sr
        frames = dict(frame_length=self.n_fft, hop_length=self.hop_length)
        magnitude = np.abs(librosa.stft(data, n_fft=self.n_fft, hop_length=self.hop_length))
        mel = _mel_filters(sr, self.n_fft) @ magnitude**2
        features = (
            librosa.feature.zero_crossing_rate(data, **frames),
            _chroma(magnitude, sr, self.n_fft),
            librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20),
            librosa.feature.rms(y=data, **frames),
            mel,
        )
        return np.concatenate([f.mean(axis=1) for f in features]).astype(np.float32)


def _chroma(magnitude: np.ndarray, sr: int, n_fft: int) -> np.ndarray:
    """`librosa.feature.chroma_stft` of a magnitude STFT, with a cached filter bank."""
    tuning = librosa.estimate_tuning(S=magnitude, sr=sr, bins_per_octave=12)
    return librosa.util.normalize(_chroma_filters(sr, n_fft, tuning) @ magnitude, axis=-2)


@lru_cache(maxsize=8)
def _mel_filters(sr: int, n_fft: int) -> np.ndarray:
    return librosa.filters.mel(sr=sr, n_fft=n_fft)


@lru_cache(maxsize=128)  # the tuning is a multiple of 0.01 in [-0.5, 0.5)
def _chroma_filters(sr: int, n_fft: int, tuning: float) -> np.ndarray:
    return librosa.filters.chroma(sr=sr, n_fft=n_fft, tuning=tuning)
