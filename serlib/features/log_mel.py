"""The log-mel picture of S4."""

from dataclasses import dataclass

import librosa
import numpy as np

from ..audio import SR, Source, load
from .base import FrontEnd, long_enough
from .scaling import CellScaler


@dataclass(frozen=True)
class LogMel(FrontEnd):
    """The log-mel spectrogram of S4: the first 3 s, 128 bands in dB below the maximum.

    Parameters
    ----------
    sr : int, Hz
    duration : float, s, cut or padded with zeros to it
    n_mels, frames : int, height and width of the picture; further frames are cut
    n_fft, hop_length : int, samples, librosa's defaults
    """

    sr: int = SR
    duration: float = 3.0
    n_mels: int = 128
    frames: int = 128
    n_fft: int = 2048
    hop_length: int = 512

    name = "log_mel"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the features: bands, frames."""
        return self.n_mels, self.frames

    @property
    def span(self) -> float:
        """Time that the frames cover, s."""
        return self.frames * self.hop_length / self.sr

    def scaler(self) -> CellScaler:
        """Return what standardises the features, not yet fitted."""
        return CellScaler()

    def as_input(self, X: np.ndarray) -> np.ndarray:
        """Return scaled features as a network takes them: with an axis for channels."""
        return X[..., None]

    def load(self, source: Source) -> np.ndarray:
        """Load the first seconds of a clip [shape=(n,)]; errors as those of `Trimmed`."""
        y = load(source, sr=self.sr, duration=self.duration)
        return long_enough(y, source, self.sr)

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the spectrogram of a signal [shape=(n_mels, frames)], float32, dB.

        `librosa.feature.melspectrogram`, then `librosa.power_to_db` relative to its maximum.
        """
        data = librosa.util.fix_length(data, size=int(self.duration * self.sr))
        steps = dict(n_fft=self.n_fft, hop_length=self.hop_length, n_mels=self.n_mels)
        mel = librosa.feature.melspectrogram(y=data, sr=sr or self.sr, **steps)
        db = librosa.power_to_db(mel, ref=np.max)
        # Padding as dark as the darkest cell; at S4's settings there is none, 130 frames are cut.
        dark = float(db.min())
        return librosa.util.fix_length(db, size=self.frames, axis=1, constant_values=dark).astype(
            np.float32
        )
