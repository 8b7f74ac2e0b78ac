"""Front ends that keep time: MFCC with deltas, frame by frame, and the log-mel picture of S4."""

from dataclasses import dataclass

import librosa
import numpy as np

from .audio import SR, Source, load, name_of
from .errors import AudioError
from .features import FrontEnd
from .scaling import CellScaler, FrameScaler


@dataclass(frozen=True)
class MfccDeltas(FrontEnd):
    """MFCC and their deltas [shape=(frames, coefficients + 1)]; the last column is the mask.

    The mask is 1 in frames of the clip and 0 in the padding behind it, so that a network may
    tell the two apart; the padding holds zeros everywhere.

    Parameters
    ----------
    sr : int, Hz
    duration : float, s, a longer clip is cut after it
    padded : float, s, what every clip is padded to; at least `duration`
    n_mfcc : int
    order : int, 1: deltas, 2: delta-deltas too
    n_fft, hop_length : int, samples, librosa's defaults
    trim_db : float or None, cut silence this far below the peak from both ends
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
    def shape(self) -> tuple[int, int]:
        """Shape of the features: frames, coefficients and mask."""
        frames = 1 + int(self.padded * self.sr) // self.hop_length
        return frames, self.n_mfcc * (1 + self.order) + 1

    @property
    def span(self) -> float:
        """Time that the frames cover, s."""
        return self.shape[0] * self.hop_length / self.sr

    def scaler(self) -> FrameScaler:
        """Return what standardises the features, not yet fitted."""
        return FrameScaler()

    def load(self, source: Source) -> np.ndarray:
        """Load a clip, trimmed if so set, at most `duration` long [shape=(n,)].

        Raises
        ------
        AudioError
            As `serlib.audio.load`, or if less than one frame is left.
        """
        y = load_trimmed(source, self.sr, self.n_fft, self.trim_db)
        return y[: int(self.duration * self.sr)]

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return MFCC, deltas and mask of a signal, as `librosa.feature.mfcc` and `.delta`.

        Parameters
        ----------
        data : np.ndarray [shape=(n,)]
        sr : int, Hz; the front end's own where None

        Returns
        -------
        np.ndarray [shape=`shape`], float32
        """
        data = data[: int(self.duration * self.sr)]
        steps = dict(n_fft=self.n_fft, hop_length=self.hop_length)
        mfcc = librosa.feature.mfcc(y=data, sr=sr or self.sr, n_mfcc=self.n_mfcc, **steps)
        # "nearest": the default needs nine frames, which a word may not have
        deltas = [
            librosa.feature.delta(mfcc, order=k, mode="nearest") for k in range(1, self.order + 1)
        ]
        x = np.concatenate([mfcc, *deltas, np.ones((1, mfcc.shape[1]))]).T
        padding = self.shape[0] - len(x)
        return np.pad(x, ((0, padding), (0, 0))).astype(np.float32)


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
        """Load the first seconds of a clip [shape=(n,)]; errors as those of `MfccDeltas.load`."""
        y = load(source, sr=self.sr, duration=self.duration)
        return _long_enough(y, source, self.sr, self.n_fft)

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


def load_trimmed(source: Source, sr: int, n_fft: int, trim_db: float | None) -> np.ndarray:
    """Load a clip, its ends cut where they are `trim_db` below the peak [shape=(n,)].

    Raises
    ------
    AudioError
        As `serlib.audio.load`, or if less than one frame of `n_fft` samples is left.
    """
    y = load(source, sr=sr)
    if trim_db is not None:
        y, _ = librosa.effects.trim(y, top_db=trim_db)
    return _long_enough(y, source, sr, n_fft)


def _long_enough(y: np.ndarray, source: Source, sr: int, n_fft: int) -> np.ndarray:
    if len(y) < n_fft:
        raise AudioError(
            f"{name_of(source)}: too short: {len(y) / sr:.2f} s of sound. Record at least "
            f"{n_fft / sr:.1f} s, better 3 s."
        )
    return y
