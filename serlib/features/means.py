"""The front end of S2: 162 means over time of librosa's features."""

from dataclasses import dataclass

import numpy as np

from ..audio import SR, Source, chroma_filters, load, spectrum, tuning
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
            y = spectrum.trim(y, top_db=self.trim_db)
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
        S = np.abs(spectrum.stft(data, n_fft=self.n_fft, hop_length=self.hop_length))
        mel = spectrum.mel(S**2, sr=sr)
        features = (
            spectrum.zero_crossing_rate(data, **frames)[None],
            _chroma(S, sr),
            spectrum.mfcc(spectrum.power_to_db(mel), n_mfcc=20),
            spectrum.rms(data, **frames)[None],
            mel,
        )
        return np.concatenate([f.mean(axis=1) for f in features]).astype(np.float32)


def _chroma(S: np.ndarray, sr: int) -> np.ndarray:
    """Return `librosa.feature.chroma_stft` of magnitudes S [shape=(12, frames)]."""
    filters = chroma_filters(sr, 2 * (len(S) - 1), tuning(S, sr=sr))
    chroma = (S.T @ filters.T).T  # the faster way, since frames lie one after the other
    highest = chroma.max(axis=0)
    return chroma / np.where(highest > 0, highest, 1)
