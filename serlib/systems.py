"""One table of the systems, one of the data they are trained and scored on."""

from dataclasses import asdict, dataclass, field

import pandas as pd

from .augment import VARIANTS
from .emotions import classes, to_label_set
from .features import Means

# name: corpora, channels, label set
DATA: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "ravdess": (("ravdess",), ("speech",), "eight"),
    "ravdess7": (("ravdess",), ("speech",), "seven"),
    "ravdess5": (("ravdess",), ("speech",), "five"),
    "ravdess_song": (("ravdess",), ("speech", "song"), "eight"),
    "ravdess_tess": (("ravdess", "tess"), ("speech",), "seven"),
    "tess": (("tess",), ("speech",), "seven"),
    "emodb": (("emodb",), ("speech",), "emodb"),
}


@dataclass(frozen=True)
class Training:
    """How a network is fitted; the defaults are S2's."""

    batch_size: int = 64
    epochs: int = 100
    stop_patience: int = 7  # epochs without a better validation loss
    slow_patience: int = 3
    slow_factor: float = 0.5
    slowest: float = 1e-6


@dataclass(frozen=True)
class System:
    """A system: front end, network and how it is trained."""

    name: str
    network: str  # a function of `serlib.models`
    front_end: Means = field(default_factory=Means)
    variants: tuple[str, ...] = VARIANTS  # of the training clips
    training: Training = Training()
    published: bool = False  # validates on the test part, as its source did

    def settings(self) -> dict:
        """Return everything a fit depends on besides its data, as a dict that JSON holds."""
        return asdict(self) | {"front_end": self.front_end.settings()}


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System("conv1d", "conv1d"),
        System("conv1d_published", "conv1d", published=True),
        # S2's patience is counted in epochs. A fold of `speakers` has a quarter of the rows of
        # `clips`, so a quarter of the steps, and stops before batch normalisation has settled.
        # This one waits as many steps as S2 does under `clips`.
        System("conv1d_patient", "conv1d", training=Training(stop_patience=28, slow_patience=12)),
    )
}


def select(clips: pd.DataFrame, data: str) -> pd.DataFrame:
    """Return the clips of a data set, their emotions in its label set.

    Raises
    ------
    ValueError
        For a data set that is not in `DATA`.
    """
    corpora, channels, label_set = _data(data)
    chosen = clips[clips.corpus.isin(corpora) & clips.channel.isin(channels)]
    chosen = chosen.assign(emotion=to_label_set(chosen.emotion, label_set))
    return chosen[chosen.emotion.notna()].reset_index(drop=True)


def classes_of(data: str) -> tuple[str, ...]:
    """Return the classes of a data set, in the order of a network's outputs."""
    return classes(_data(data)[2])


def _data(name: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    if name not in DATA:
        raise ValueError(f"Bad data {name!r}, expected one of {list(DATA)}")
    return DATA[name]
