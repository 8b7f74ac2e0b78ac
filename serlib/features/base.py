"""What every front end has: one object serves training, prediction and the bundle."""

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import ClassVar

import numpy as np

import serlib

from ..audio import CANONICAL_SR, Source, canonical, load, name_of, spectrum
from ..errors import AudioError
from .scaling import FrameScaler, Scaler

SHORTEST = 0.4  # s of sound; of less every system answers something, and it means nothing


class FrontEnd(ABC):
    """What turns a clip into the numbers a network sees.

    A front end is a frozen dataclass of its settings, with a `name`, the `shape` of a clip's
    features, `load` and `extract_features`. Whoever changes the numbers that it gives raises its
    `version`: what caches and tables hold of older ones is then made anew.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    sr: int
    shape: tuple[int, ...]

    @classmethod
    def from_state(cls, state: dict) -> "FrontEnd":
        """Build a front end from what a pickle holds, its settings."""
        return cls(**state)

    def __reduce__(self) -> tuple:
        return serlib.restore, (self.name, self._state())

    def settings(self) -> dict:
        """Return name, version and settings as a dict that JSON holds."""
        return {"front_end": self.name, "version": self.version, **self._state()}

    def _state(self) -> dict:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def scaler(self) -> Scaler:
        """Return what standardises the features, not yet fitted."""
        return Scaler()

    def as_input(self, X: np.ndarray) -> np.ndarray:
        """Return scaled features as a network takes them."""
        return X

    @abstractmethod
    def load(self, source: Source) -> np.ndarray:
        """Load what the front end looks at of a clip [shape=(n,)]."""

    def heard(self, source: Source) -> np.ndarray:
        """Return what is looked at of a clip, for a picture of it [shape=(n,)]."""
        return self.load(source)

    @abstractmethod
    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a signal [shape=`shape`], float32.

        Parameters
        ----------
        data : np.ndarray [shape=(n,)]
        sr : int, Hz; the front end's own where None
        """

    def at_its_rate(self, data: np.ndarray, sr: int | None) -> np.ndarray:
        """Return a signal [shape=(n,)] of `sr` Hz, or None for its own, at the front end's rate."""
        return spectrum.resample(data, orig_sr=sr or self.sr, target_sr=self.sr)

    def get_predict_feat(self, path: Source) -> np.ndarray:
        """Return the features of a clip [shape=`shape`], as S2's users call it."""
        return self.extract_features(self.load(path))


class Trimmed(FrontEnd):
    """A front end that looks at a clip between the silences around it.

    Its settings hold `trim_db`, how far below the peak silence is, or None for no trimming.
    """

    trim_db: float | None

    def load(self, source: Source) -> np.ndarray:
        """Load a clip, its ends cut where they are `trim_db` below the peak [shape=(n,)].

        Raises
        ------
        AudioError
            As `serlib.audio.load`, or if less than `SHORTEST` is left.
        """
        y = load(source, sr=self.sr)
        if self.trim_db is not None:
            y = spectrum.trim(y, top_db=self.trim_db)
        return long_enough(y, source, self.sr)


class Anywhere(FrontEnd):
    """A front end that looks at what is left of a clip wherever it was recorded.

    Its rate is `serlib.audio.CANONICAL_SR`. It loads a clip whole, since copies of it are made as
    they would arrive; what it extracts is of `serlib.audio.canonical` of them.
    """

    def load(self, source: Source) -> np.ndarray:
        """Load a clip whole [shape=(n,)].

        Raises
        ------
        AudioError
            As `serlib.audio.load`, or if less than `SHORTEST` would be left of it.
        """
        y = load(source, sr=CANONICAL_SR)
        long_enough(canonical(y), source, self.sr)
        return y

    def heard(self, source: Source) -> np.ndarray:
        """Return what is looked at of a clip [shape=(n,)]; errors are those of `load`.

        Peaks that were cut off are mended; what is learnt from stays as it is, that cut copies of
        it teach something.
        """
        y = load(source, sr=CANONICAL_SR, unclip=True)
        return long_enough(canonical(y), source, self.sr)

    @abstractmethod
    def measure(self, y: np.ndarray) -> np.ndarray:
        """Return the features [shape=`shape`], float32, of a canonical signal [shape=(n,)]."""

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a signal [shape=`shape`], float32."""
        return self.measure(canonical(self.at_its_rate(data, sr)))

    def get_predict_feat(self, path: Source) -> np.ndarray:
        """Return the features of a clip [shape=`shape`], which is made canonical once."""
        return self.measure(self.heard(path))


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
        data = self.at_its_rate(data, sr)[: int(self.duration * self.sr)]
        x = self.measure(data, self.sr)
        x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
        return np.pad(x, ((0, self.shape[0] - len(x)), (0, 0))).astype(np.float32)


def long_enough(y: np.ndarray, source: Source, sr: int, *, offset: float = 0.0) -> np.ndarray:
    """Return the samples of a clip, which begin at `offset` [s], as they are.

    Raises
    ------
    AudioError
        If they last less than `SHORTEST`.
    """
    if len(y) < SHORTEST * sr:
        after = f" from {offset} s on" if offset else ""
        raise AudioError(
            f"{name_of(source)}: too short: {len(y) / sr:.2f} s of sound{after}. Record at least "
            f"{offset + SHORTEST:.1f} s, better 3 s."
        )
    return y
