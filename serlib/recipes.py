"""What a system is: front end, network, training, and what it is scored on."""

from dataclasses import asdict, dataclass, field, replace

from .augment import VARIANTS
from .features import Means
from .front_end import FrontEnd


@dataclass(frozen=True)
class Training:
    """How a network is fitted; the defaults are S2's."""

    batch_size: int = 64
    epochs: int = 100
    stop_patience: int = 7  # epochs without a better validation loss
    slow_patience: int = 3
    slow_factor: float = 0.5
    slowest: float = 1e-6
    keep: str = (
        "val_accuracy"  # the epoch whose weights are kept: the best of val_accuracy, val_loss
    )
    learning_rate: float = 1e-3
    label_smoothing: float = 0.0
    balanced: bool = False  # weigh clips so that every emotion counts the same
    emphasis: tuple[tuple[str, float], ...] = ()  # times these
    cosine: bool = False  # AdamW, the rate falls along a cosine over all epochs, the last is kept
    weight_decay: float = 0.0
    stretch: float = 0.0  # on the fly: most change of speed
    masks: int = 0  # on the fly: silenced stretches
    like_lengths: bool = False  # on the fly: a batch is of clips of like length, not padded further
    mixup: float = 0.0  # on the fly: parameter of the Beta distribution

    @property
    def augments(self) -> bool:
        """Whether batches are changed on the fly."""
        return bool(self.stretch or self.masks or self.mixup)

    def kept(self, history: dict[str, list[float]]) -> int:
        """Return the index of the epoch whose weights a fit keeps."""
        if self.cosine:
            return len(history["loss"]) - 1
        values = history[self.keep]
        return values.index(min(values) if self.keep == "val_loss" else max(values))


@dataclass(frozen=True)
class System:
    """A system: front end, network, how it is trained, and on what it is scored."""

    name: str
    network: str  # a function of `serlib.models`; of a baseline, of `serlib.baselines`
    scored: tuple[tuple[str, str], ...]  # (data, protocol), its own first
    notebook: str  # the number of the one that fits it
    front_end: FrontEnd = field(default_factory=Means)
    variants: tuple[str, ...] = VARIANTS  # of the training clips
    copies: str = ""  # a function of `serlib.augment` on scaled features: more training examples
    training: Training = Training()
    published: bool = False  # validates as its source did, on what is scored or seen
    baseline: bool = False  # `network` is one of `serlib.baselines`; measured, not offered
    members: tuple[tuple[str, int], ...] = ()  # systems that it averages, and how many of each
    temperature: float = 1.0  # of an average: what makes it as sure as it is often right
    superseded: bool = False  # a recipe that another one has replaced: kept for its figures
    also_heard: tuple[str, ...] = ()  # variants of a clip to answer too; answers are averaged
    beside: str = ""  # a channel that a discriminant is trained on too, as classes of its own
    whole: bool = False  # its recipe is fixed, epochs too: the validation part is trained on

    @property
    def command(self) -> str:
        """The command that fits the system and saves its bundle."""
        once = "-p PROTOCOLS clips -p SEEDS 1"
        how = {"04": "", "07": f" -p RETRAIN True -p SYSTEMS {self.name} {once}"}  # 04 holds one
        return f"serlib run --only {self.notebook}" + how.get(
            self.notebook, f" -p SYSTEM {self.name}"
        )

    @property
    def offered(self) -> bool:
        """Whether it has a bundle, which holds its `clips` model: others are for measuring only."""
        measured = self.published or self.baseline or self.superseded
        return not measured and any(protocol == "clips" for _, protocol in self.scored)

    def settings(self) -> dict:
        """Return everything a fit depends on besides its data, as a dict that JSON holds.

        What is off is left out, so that a setting added later changes no hash of older fits.
        """
        apart = "scored", "notebook", "temperature"  # no fit depends on them
        on = {k: v for k, v in asdict(self).items() if v and k not in apart}
        on["training"] = {k: v for k, v in on["training"].items() if v}
        return on | {"front_end": self.front_end.settings()}


THREE_SPEEDS = ("original", "speed_090", "speed_110")
# On the fly, and without a look at validation: for recipes that are fixed.
FLY = Training(
    batch_size=32,
    epochs=100,
    label_smoothing=0.1,
    cosine=True,
    weight_decay=1e-3,
    stretch=0.15,
    masks=2,
    mixup=0.3,
)
# The same in a fifth of the time.
SHORT = replace(FLY, batch_size=64, epochs=24, learning_rate=2e-3, like_lengths=True)
