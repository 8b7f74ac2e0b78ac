"""What was tried on the way to the best system, scored on validation speakers alone.

Each differs from `try_descriptors` in what its name says. Small networks on few clips: a fit
of the five folds takes some ten minutes of one core.
"""

from dataclasses import replace

from .descriptors import Descriptors
from .functionals import Functionals, Statistics
from .recipes import FLY, SPEEDS, System, Training
from .sequences import MfccDeltas

_FIVE = ("original", "speed_080", "speed_090", "speed_110", "speed_120")
_TRAINING = replace(FLY, batch_size=64, epochs=24, learning_rate=2e-3)
_BASE = System(
    "try_descriptors",
    "bigru_attention",
    (("ravdess", "validation"),),
    "07",
    Descriptors(),
    variants=SPEEDS,
    training=_TRAINING,
    whole=True,
)
_FUNCTIONALS = replace(
    _BASE,
    name="try_functionals",
    network="regularised",
    front_end=Functionals(),
    variants=("original",),
    training=replace(_TRAINING, epochs=1),
    baseline=True,
)

_STATISTICS = replace(
    _FUNCTIONALS,
    name="try_statistics",
    network="discriminant",
    front_end=Statistics(),
    variants=SPEEDS,
    also_heard=SPEEDS[1:],
)
_DENSE = Training(batch_size=64, epochs=30, label_smoothing=0.1, cosine=True, weight_decay=1e-2)

CANDIDATES: tuple[System, ...] = (
    _BASE,
    replace(_BASE, name="try_mfcc", front_end=MfccDeltas(duration=3.5, padded=3.5, trim_db=35)),
    replace(_BASE, name="try_no_speeds", variants=("original",)),
    replace(_BASE, name="try_five_speeds", variants=_FIVE),
    replace(_BASE, name="try_longer", training=replace(_TRAINING, epochs=60)),
    replace(_BASE, name="try_no_mixup", training=replace(_TRAINING, mixup=0.0)),
    _FUNCTIONALS,
    replace(_FUNCTIONALS, name="try_functionals_speeds", variants=SPEEDS),
    replace(_STATISTICS, name="try_functionals_discriminant", front_end=Functionals()),
    _STATISTICS,
    replace(_STATISTICS, name="try_mlp", network="mlp", training=_DENSE, baseline=False),
    replace(_STATISTICS, name="try_statistics_no_speeds", variants=("original",), also_heard=()),
    replace(_STATISTICS, name="try_statistics_heard_once", also_heard=()),
)
