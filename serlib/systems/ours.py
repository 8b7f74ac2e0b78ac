"""What the published systems are compared with: baselines, controls, and the best system."""

from dataclasses import replace

from ..corpora import PROTOCOLS
from ..features import (
    Descriptors,
    DurationLoudness,
    FrontEnd,
    Functionals,
    Means,
    Statistics,
    VoiceStatistics,
)
from . import classical, networks
from .system import ELSEWHERE, SHORT, THREE_SPEEDS, System, Training

_ENROLLED = [name for name, of in PROTOCOLS.items() if of.enrolment and of.fits == "speakers"]
_BOTH = (("ravdess", "clips"), ("ravdess", "speakers"))
_NEW_SPEAKERS = (
    *(("ravdess", name) for name in ("speakers+statements", *_ENROLLED)),
    ("tess", "speakers"),
    ("tess", "speakers+enrolment"),
    *((name, "corpora") for name in ("ravdess7", "tess", "savee", *ELSEWHERE)),
)
_NEXT_DOOR = tuple((name, "speakers") for name in ELSEWHERE)
_ANYWHERE = (  # a baseline on the data of every system
    *_BOTH,
    *_NEW_SPEAKERS,
    *_NEXT_DOOR,
    *(
        (data, protocol)
        for data in ("ravdess7", "ravdess5", "ravdess_song", "ravdess_tess")
        for protocol in ("clips", "speakers")
    ),
)
# Each corpus alone, and with the other as further training data
_TOGETHER = (("ravdess7", "speakers"), ("ravdess_tess", "speakers"))
_SETTINGS = (("ravdess", "validation"),)
# At three speeds, in training and use
_AT_SPEEDS = dict(variants=THREE_SPEEDS, test_time_variants=THREE_SPEEDS[1:])


def _baseline(
    name: str, about: str, network, front_end: FrontEnd, scored: tuple = _BOTH, **how
) -> System:
    plain = dict(variants=("original",), training=Training(epochs=1), estimator=True)
    plain |= dict(train_on_validation=True, shipped=True)
    return System(name, about, "baseline", network, scored, front_end, **plain | how)


_STATISTICS = _baseline(
    "statistics_lda",
    "statistics of 56 descriptors, their correlations among them; discriminant analysis",
    classical.discriminant,
    Statistics(),
    _BOTH + _NEW_SPEAKERS + _TOGETHER + _NEXT_DOOR,
    **_AT_SPEEDS,
)

OURS: tuple[System, ...] = (
    _baseline(
        "majority",
        "the most frequent emotion, whatever the clip",
        classical.majority,
        DurationLoudness(),
    ),
    _baseline(
        "duration_loudness",
        "a control: how long and how loud a clip is; logistic regression",
        classical.logistic,
        DurationLoudness(),
    ),
    _baseline("means_logreg", "S2's 162 means; logistic regression", classical.logistic, Means()),
    _baseline("means_svm", "S2's 162 means; support vector machine", classical.svm, Means()),
    _baseline(
        "functionals_logreg",
        "functionals of 56 descriptors; logistic regression",
        classical.regularised,
        Functionals(),
        _ANYWHERE,
    ),
    _baseline(
        "functionals_shuffled",
        "a control: the same, fitted to shuffled emotions",
        classical.shuffled,
        Functionals(),
        _BOTH[1:],
    ),
    _STATISTICS,
    System(
        "descriptors_net",
        "56 descriptors frame by frame; convolutions, a BiGRU and attention",
        "ours",
        networks.bigru_attention,
        _BOTH[1:] + _SETTINGS,
        Descriptors(),
        training=SHORT,
        train_on_validation=True,
        shipped=True,
        **_AT_SPEEDS,
    ),
    replace(
        _STATISTICS,
        name="voice_lda",
        about="statistics of 67 descriptors, those of the voice too; song beside speech",
        scored=_BOTH + _NEW_SPEAKERS + _SETTINGS,
        front_end=VoiceStatistics(),
        auxiliary_channel="song",
    ),
    System(
        "best",
        "the mean of `voice_lda` and two seeds of `descriptors_net`, each kind with one say",
        "ours",
        None,
        _BOTH + _NEW_SPEAKERS + _SETTINGS,
        members=(("voice_lda", 2), ("descriptors_net", 2)),
        temperature=1.5,  # fitted on its validation speakers
        shipped=True,
        plain="four listeners who vote; of those taught by the same 24 actors it errs least",
    ),
)
