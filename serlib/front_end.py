"""What every front end has: one object serves training, prediction and the bundle."""

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import ClassVar

import librosa
import numpy as np
from sklearn.preprocessing import StandardScaler

from .audio import Source, load, name_of
from .errors import AudioError

SHORTEST = 0.4  # s of sound; of less every system answers something, and it means nothing


class FrontEnd(ABC):
    """What turns a clip into the numbers a network sees.

    A front end is a frozen dataclass of its settings, with a `name`, the `shape` of a clip's
    features, `load` and `extract_features`.
    """

    name: ClassVar[str]
    sr: int
    shape: tuple[int, ...]

    def settings(self) -> dict:
        """Return the settings as a dict that JSON holds."""
        return {"front_end": self.name, **asdict(self)}

    def scaler(self) -> StandardScaler:
        """Return what standardises the features, not yet fitted."""
        return StandardScaler()

    def as_input(self, X: np.ndarray) -> np.ndarray:
        """Return scaled features as a network takes them."""
        return X

    @abstractmethod
    def load(self, source: Source) -> np.ndarray:
        """Load what the front end looks at of a clip [shape=(n,)]."""

    @abstractmethod
    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a signal [shape=`shape`], float32.

        Parameters
        ----------
        data : np.ndarray [shape=(n,)]
        sr : int, Hz; the front end's own where None
        """

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
            y, _ = librosa.effects.trim(y, top_db=self.trim_db)
        return long_enough(y, source, self.sr)


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
