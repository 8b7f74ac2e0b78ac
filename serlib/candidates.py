"""What was tried on the way to the best system, scored on validation speakers alone.

Each differs from its neighbour, or from `try_statistics` or `try_network`, in what its name says;
the last is made as `best` is, the two before it as `best_before`, with one network and with two. A
network's five folds take some ten minutes of one core.
"""

from dataclasses import replace

from .augment import SPEEDS
from .descriptors import Descriptors
from .functionals import Functionals, Statistics
from .recipes import SHORT, THREE_SPEEDS, System, Training
from .voice import VoiceDescriptors, VoiceStatistics

_FUNCTIONALS = System(
    "try_functionals",
    "regularised",
    (("ravdess", "validation"),),
    "07",
    Functionals(),
    variants=("original",),
    training=Training(epochs=1),
    baseline=True,
    whole=True,
)
_STATISTICS = replace(
    _FUNCTIONALS,
    name="try_statistics",
    network="discriminant",
    front_end=Statistics(),
    variants=THREE_SPEEDS,
    also_heard=THREE_SPEEDS[1:],
)
_NETWORK = replace(
    _STATISTICS,
    name="try_network",
    network="bigru_attention",
    front_end=Descriptors(),
    training=SHORT,
    baseline=False,
)
_AT_RANDOM = replace(SHORT, like_lengths=False)
_WITHOUT = {
    "mixup": replace(SHORT, mixup=0.0),
    "stretch": replace(SHORT, stretch=0.0),
    "masks": replace(SHORT, masks=0),
    "smoothing": replace(SHORT, label_smoothing=0.0),
}
_OTHERWISE = {
    "shrunk_10": dict(network="discriminant_10"),
    "shrunk_85": dict(network="discriminant_85"),
    "five_speeds": dict(variants=("original", *SPEEDS), also_heard=SPEEDS),
    "noise": dict(variants=(*THREE_SPEEDS, "noise")),
    "23_ms": dict(front_end=Statistics(n_fft=512)),
    "93_ms": dict(front_end=Statistics(n_fft=2048)),
    "song": dict(beside="song"),
    "voice": dict(front_end=VoiceStatistics()),
    "voice_song": dict(front_end=VoiceStatistics(), beside="song"),
}
_DENSE = Training(batch_size=64, epochs=30, label_smoothing=0.1, cosine=True, weight_decay=1e-2)
_AVERAGE = System(
    "try_average",
    "",
    _NETWORK.scored,
    "07",
    members=(("try_statistics", 1), ("try_network", 1)),
)

CANDIDATES: tuple[System, ...] = (
    _FUNCTIONALS,
    replace(_FUNCTIONALS, name="try_functionals_speeds", variants=THREE_SPEEDS),
    replace(_STATISTICS, name="try_functionals_discriminant", front_end=Functionals()),
    replace(_STATISTICS, name="try_statistics_no_speeds", variants=("original",), also_heard=()),
    replace(_STATISTICS, name="try_statistics_heard_once", also_heard=()),
    _STATISTICS,
    *(replace(_STATISTICS, name=f"try_statistics_{k}", **how) for k, how in _OTHERWISE.items()),
    replace(_STATISTICS, name="try_mlp", network="mlp", training=_DENSE, baseline=False),
    replace(_NETWORK, name="try_descriptors", training=_AT_RANDOM, also_heard=()),
    *(replace(_NETWORK, name=f"try_network_no_{k}", training=t) for k, t in _WITHOUT.items()),
    _NETWORK,
    replace(_NETWORK, name="try_network_voice", front_end=VoiceDescriptors()),
    _AVERAGE,
    replace(_AVERAGE, name="try_average_two", members=(("try_statistics", 1), ("try_network", 2))),
    replace(
        _AVERAGE,
        name="try_average_voice",
        members=(("try_statistics_voice_song", 2), ("try_network", 2)),
    ),
)
