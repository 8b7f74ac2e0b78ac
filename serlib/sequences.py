"""Front ends that keep time: MFCC with deltas, frame by frame, and the log-mel picture of S4."""

from abc import abstractmethod
from dataclasses import dataclass

import librosa
import numpy as np

from .audio import SR, Source, load
from .front_end import FrontEnd, Trimmed, long_enough
from .scaling import CellScaler, FrameScaler


class Frames(Trimmed):
    """A front end that keeps time: a row per frame, what is measured in it, and the mask.

    The mask, the last column, is 1 in frames of the clip and 0 in the padding behind it, so
    that a network may tell the two apart; the padding holds zeros everywhere. The settings
    further hold `duration` [s], after which a longer clip is cut, `padded` [s], what every clip
    is padded to, at least `duration`, and `hop_length` [samples].
    """

    duration: float
    padded: float
    hop_length: int

    @property
    @abstractmethod
    def width(self) -> int:
        """How many numbers are measured in a frame."""

    @abstractmethod
    def measure(self, y: np.ndarray, sr: int) -> np.ndarray:
        """Return what is measured in each frame of a signal [shape=(frames, width)]."""

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the features: frames; what is measured, and the mask."""
        return 1 + int(self.padded * self.sr) // self.hop_length, self.width + 1

    @property
    def span(self) -> float:
        """Time that the frames cover, s."""
        return self.shape[0] * self.hop_length / self.sr

    def scaler(self) -> FrameScaler:
        """Return what standardises the features, not yet fitted."""
        return FrameScaler()

    def load(self, source: Source) -> np.ndarray:
        """Load a clip as `Trimmed` does, at most `duration` long [shape=(n,)]."""
        return super().load(source)[: int(self.duration * self.sr)]

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a signal [shape=`shape`], float32."""
        x = self.measure(data[: int(self.duration * self.sr)], sr or self.sr)
        x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
        return np.pad(x, ((0, self.shape[0] - len(x)), (0, 0))).astype(np.float32)


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
        """Return `librosa.feature.mfcc` and its `.delta` of each frame [shape=(frames, width)]."""
        steps = dict(n_fft=self.n_fft, hop_length=self.hop_length)
        mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=self.n_mfcc, **steps)
        # "nearest": the default needs nine frames, which a word may not have
        deltas = [
            librosa.feature.delta(mfcc, order=k, mode="nearest") for k in range(1, self.order + 1)
        ]
        return np.concatenate([mfcc, *deltas]).T


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
