"""MFCC with their deltas, frame by frame: the front end of S0, S1 and S3."""

from dataclasses import dataclass

import numpy as np

from ..audio import SR, spectrum
from .base import Frames


@dataclass(frozen=True)
class MfccDeltas(Frames):
    """MFCC and their deltas, frame by frame [shape=(frames, coefficients + 1)].

    Parameters
    ----------
    sr : int, Hz
    duration, padded : float, s, as `Frames`
    n_mfcc : int
    order : int, 1: deltas, 2: delta-deltas too
    n_fft, hop_length : int, samples, librosa's defaults
    trim_db : float or None, as `Trimmed`
    """

    sr: int = SR
    duration: float = 4.0
    padded: float = 4.0
    n_mfcc: int = 40
    order: int = 1
    n_fft: int = 2048
    hop_length: int = 512
    trim_db: float | None = None

    name = "mfcc_deltas"

    @property
    def width(self) -> int:
        """How many numbers are measured in a frame."""
        return self.n_mfcc * (1 + self.order)

    def measure(self, y: np.ndarray, sr: int) -> np.ndarray:
        """Return `librosa.feature.mfcc` and its `.delta` (mode "nearest", since the default
        needs nine frames, which a word may not have) of each frame [shape=(frames, width)].
        """
        S = np.abs(spectrum.stft(y, n_fft=self.n_fft, hop_length=self.hop_length))
        mel = spectrum.mel_filters(sr, self.n_fft) @ S**2
        mfcc = spectrum.mfcc(spectrum.power_to_db(mel), n_mfcc=self.n_mfcc)
        deltas = [spectrum.delta(mfcc, order=k) for k in range(1, self.order + 1)]
        return np.concatenate([mfcc, *deltas]).T
