"""What a system is: front end, model, training, and what it is scored on."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from ..audio import S2_VARIANTS
from ..corpora import PROTOCOLS
from ..features import FrontEnd, Means


@dataclass(frozen=True)
class Training:
    """How a network is fitted; the defaults are S2's."""

    batch_size: int = 64
    epochs: int = 100
    stop_patience: int = 7  # epochs without a better validation loss
    slow_patience: int = 3
    slow_factor: float = 0.5
    slowest: float = 1e-6
    keep: str = "val_accuracy"  # the epoch whose weights are kept: best val_accuracy or val_loss
    learning_rate: float = 1e-3
    label_smoothing: float = 0.0
    balanced: bool = False  # weigh clips so that every emotion counts the same
    emphasis: tuple[tuple[str, float], ...] = ()  # times these
    cosine: bool = False  # AdamW, the rate falls along a cosine over all epochs, the last is kept
    weight_decay: float = 0.0
    time_warp: float = 0.0  # on the fly: most change of speed
    time_masks: int = 0  # on the fly: silenced stretches
    bucket_by_length: bool = False  # on the fly: clips of like length share a batch
    mixup: float = 0.0  # on the fly: parameter of the Beta distribution

    @property
    def augments(self) -> bool:
        """Whether batches are changed on the fly."""
        return bool(self.time_warp or self.time_masks or self.mixup)

    def kept(self, history: dict[str, list[float]]) -> int:
        """Return the index of the epoch whose weights a fit keeps."""
        if self.cosine:
            return len(history["loss"]) - 1
        values = history[self.keep]
        return values.index(min(values) if self.keep == "val_loss" else max(values))


@dataclass(frozen=True)
class System:
    """A system: front end, model, how it is trained, and on what it is scored.

    Parameters
    ----------
    name : str
    about : str, what the name stands for, in a line
    source : str, the published system that it is of ("S0" to "S4"); "baseline", which is measured
        and not offered; "ours"; "pretrained", which has an encoder that heard other speech
    network : callable or None
        Takes the shape of its input and the number of classes and returns a model of Keras, or of
        scikit-learn where `estimator`; None for what averages members.
    scored : tuple of (data, protocol), its own first
    front_end : FrontEnd
    variants : tuple of str, of `serlib.audio.VARIANTS`: those of the training clips
    copies : callable or None, takes scaled features and a generator: more training examples
    training : Training
    published : bool, validates as its source did, on what is scored or seen
    estimator : bool, its model is one of scikit-learn
    members : tuple of (system, how many seeds), what it averages
    temperature : float, of an average: what makes it as sure as it is often right
    test_time_variants : tuple of str, variants of a clip to answer too; answers are averaged
    auxiliary_channel : str, a channel that is trained on too, as classes of its own; the model's
        `fit` must take `others`
    train_on_validation : bool, its recipe is fixed, epochs too: nothing watches validation
    anywhere : bool, for recordings from anywhere: where nobody speaks it says so, and a speaker's
        own clips shift its answers instead of its features
    folds : tuple of str or int, the folds that are fitted, by their names; () for all
    shipped : bool, its predictions, and its bundle if it is `offered`, are in the repository
    plain : str, what the page says of it, to whom the field is new; of those `offered`
    """

    name: str
    about: str
    source: str
    network: Callable | None
    scored: tuple[tuple[str, str], ...]
    front_end: FrontEnd = field(default_factory=Means)
    variants: tuple[str, ...] = S2_VARIANTS
    copies: Callable[..., np.ndarray] | None = None
    training: Training = Training()
    published: bool = False
    estimator: bool = False
    members: tuple[tuple[str, int], ...] = ()
    temperature: float = 1.0
    test_time_variants: tuple[str, ...] = ()
    auxiliary_channel: str = ""
    train_on_validation: bool = False
    anywhere: bool = False
    folds: tuple[str | int, ...] = ()
    shipped: bool = False
    plain: str = ""

    @property
    def offered(self) -> bool:
        """Whether it has a bundle, which holds its `clips` model: others are for measuring only."""
        bundled = any(PROTOCOLS[protocol].bundled for _, protocol in self.scored)
        return bundled and not self.published and self.source != "baseline"

    def settings(self) -> dict:
        """Return everything a fit depends on besides data and model, as a dict that JSON holds."""
        fit_by = ("variants", "published", "test_time_variants", "auxiliary_channel")
        chosen = {name: getattr(self, name) for name in (*fit_by, "train_on_validation")}
        copies = self.copies and self.copies.__name__
        training = asdict(self.training)
        return chosen | dict(copies=copies, training=training, front_end=self.front_end.settings())


ELSEWHERE = ("emodb", "cremad", "nemo", "emovo")  # no published system was made for them
THREE_SPEEDS = ("original", "speed_090", "speed_110")
# On the fly, and without a look at validation: for recipes that are fixed.
FLY = Training(
    batch_size=32,
    epochs=100,
    label_smoothing=0.1,
    cosine=True,
    weight_decay=1e-3,
    time_warp=0.15,
    time_masks=2,
    mixup=0.3,
)
# The same in a fifth of the time.
SHORT = replace(FLY, batch_size=64, epochs=24, learning_rate=2e-3, bucket_by_length=True)
