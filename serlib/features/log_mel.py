"""The log-mel picture of S4."""

from dataclasses import dataclass

import numpy as np

from ..audio import SR, Source, load, spectrum
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
        data = _long(self.at_its_rate(data, sr), int(self.duration * self.sr))
        S = np.abs(spectrum.stft(data, n_fft=self.n_fft, hop_length=self.hop_length))
        mel = spectrum.mel_filters(self.sr, self.n_fft, self.n_mels) @ S**2
        db = spectrum.power_to_db(mel, ref=mel.max())
        # Padding as dark as the darkest cell; at S4's settings there is none, 130 frames are cut.
        return _long(db, self.frames, float(db.min())).astype(np.float32)


def _long(x: np.ndarray, n: int, value: float = 0.0) -> np.ndarray:
    """Return x, cut or padded to n along the last axis."""
    x = x[..., :n]
    more = [(0, 0)] * (x.ndim - 1) + [(0, n - x.shape[-1])]
    return np.pad(x, more, constant_values=value)
