"""One table of the systems."""

from dataclasses import replace

from .augment import VARIANTS
from .candidates import CANDIDATES
from .datasets import DATA
from .descriptors import Descriptors, DurationLoudness
from .errors import SerlibError
from .features import Means
from .front_end import FrontEnd
from .functionals import Functionals, Statistics
from .recipes import FLY, SHORT, THREE_SPEEDS, System, Training
from .sequences import LogMel, MfccDeltas
from .splits import ENROLMENTS
from .voice import VoiceStatistics

_S2 = (("ravdess_tess", "rows"), ("ravdess_tess", "clips"), ("ravdess7", "speakers"))
_S2 += (("tess", "speakers"),)
_PLAIN = MfccDeltas()
_TRIMMED = MfccDeltas(duration=3.5, padded=3.5, trim_db=35)
_FRAMES = Training(batch_size=32, stop_patience=12, slow_patience=5, keep="val_loss")
_S4 = Training(
    batch_size=32,
    epochs=50,
    stop_patience=5,
    keep="val_loss",
    label_smoothing=0.1,
    balanced=True,
    emphasis=(("surprise", 1.5),),
)
_PATIENT = Training(stop_patience=28, slow_patience=12)

_BOTH = (("ravdess", "clips"), ("ravdess", "speakers"))
_NEW_SPEAKERS = tuple(("ravdess", name) for name in ("speakers+statements", *ENROLMENTS))
_NEW_SPEAKERS += (("tess", "speakers"), ("tess", "speakers+enrolment"))
_NEW_SPEAKERS += tuple(
    (name, "corpora") for name in ("ravdess7", "tess", "emodb", "savee", "cremad")
)
# A baseline on the data of every system
_ANYWHERE = _BOTH + _NEW_SPEAKERS
_ANYWHERE += tuple(
    (data, protocol)
    for data in ("ravdess7", "ravdess5", "ravdess_song", "ravdess_tess")
    for protocol in ("clips", "speakers")
)
# Each corpus alone, and with the other as further training data
_TOGETHER = (("ravdess7", "speakers"), ("ravdess_tess", "speakers"))


def _baseline(name: str, network: str, front_end: FrontEnd, scored: tuple = _BOTH, **how) -> System:
    """A baseline of notebook 07, on the data of S0."""
    plain = dict(variants=("original",), training=Training(epochs=1), baseline=True, whole=True)
    return System(name, network, scored, "07", front_end, **plain | how)


def _sequences(name: str, network: str, data: str, *more: tuple[str, str], **how) -> System:
    """A system of notebook 05, scored under `clips` and `speakers`."""
    scored = ((data, "clips"), (data, "speakers"), *more)
    plain = dict(front_end=_PLAIN, variants=("original",), training=_FRAMES)
    return System(name, network, scored, "05", **plain | how)


_AUGMENTED = dict(front_end=_TRIMMED, variants=THREE_SPEEDS, training=FLY, whole=True)
_SHORTER = dict(training=replace(FLY, epochs=40, balanced=True))  # three times the clips
_HEARD = dict(
    variants=THREE_SPEEDS, also_heard=THREE_SPEEDS[1:]
)  # at three speeds, in training and use
_BALANCED = dict(variants=VARIANTS, training=replace(_FRAMES, balanced=True))
_PICTURES = dict(front_end=LogMel(), variants=("original",), training=_S4, copies="noisy_or_masked")
_SONG = (("ravdess_song", "clips"), ("ravdess_song", "speakers"))

_BEST = System(
    "best",
    "",
    _BOTH + _NEW_SPEAKERS,
    "07",
    members=(("voice_lda", 2), ("descriptors_net", 2)),  # each kind has the same say
    temperature=1.5,  # fitted on validation speakers: `calibration` of `try_average_voice`
)

SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        # S2
        System("conv1d", "conv1d", _S2, "04"),
        System("conv1d_published", "conv1d", _S2[:1], "04", published=True),
        # S2's patience is counted in epochs. A fold of `speakers` has a quarter of the rows of
        # `clips`, so a quarter of the steps, and stops before batch normalisation has settled.
        # This one waits as many steps as S2 does under `clips`.
        System("conv1d_patient", "conv1d", _S2[2:3], "04", training=_PATIENT),
        # S0
        _sequences("cnn_lstm", "cnn_lstm", "ravdess", ("emodb", "speakers")),
        _sequences("cnn_lstm_augmented", "cnn_lstm", "ravdess", **_AUGMENTED),
        # S1
        _sequences("mfcc_lstm", "mfcc_lstm", "ravdess5"),
        _sequences("mfcc_cnn", "mfcc_cnn", "ravdess5"),
        _sequences("mfcc_lstm_augmented", "cnn_lstm", "ravdess5", **_AUGMENTED),
        # S3
        _sequences("cnn_lstm_tess", "cnn_lstm", "ravdess_tess", **_BALANCED),
        _sequences("cnn_lstm_tess_augmented", "cnn_lstm", "ravdess_tess", **_AUGMENTED | _SHORTER),
        # S4
        System("bilstm_attention", "bilstm_attention", _SONG, "06", **_PICTURES),
        System(
            "bilstm_attention_published",
            "bilstm_attention",
            _SONG[:1],
            "06",
            **_PICTURES,
            published=True,
        ),
        System("bilstm_attention_augmented", "bigru_attention", _SONG, "06", **_AUGMENTED),
        # Baselines
        _baseline("majority", "majority", DurationLoudness()),
        _baseline("duration_loudness", "logistic", DurationLoudness()),
        _baseline("means_logreg", "logistic", Means()),
        _baseline("means_svm", "svm", Means()),
        _baseline("functionals_logreg", "regularised", Functionals(), _ANYWHERE),
        _baseline("functionals_shuffled", "shuffled", Functionals(), _BOTH[1:]),
        # The best system, and what it averages
        _baseline(
            "statistics_lda",
            "discriminant",
            Statistics(),
            _BOTH + _NEW_SPEAKERS + _TOGETHER,
            **_HEARD,
        ),
        System(
            "descriptors_net",
            "bigru_attention",
            _BOTH[1:],
            "07",
            Descriptors(),
            training=SHORT,
            whole=True,
            **_HEARD,
        ),
        _baseline(
            "voice_lda",
            "discriminant",
            VoiceStatistics(),
            _BOTH + _NEW_SPEAKERS,
            beside="song",
            **_HEARD,
        ),
        _BEST,
        # What it was before there were descriptors of the voice, and song
        replace(
            _BEST,
            name="best_before",
            members=(("statistics_lda", 1), ("descriptors_net", 2)),
            temperature=1.0,
            superseded=True,
        ),
        # What was tried on the way to the best system
        *CANDIDATES,
    )
}


def get(name: str) -> System:
    """Return a system by its name.

    Raises
    ------
    SerlibError
        For a name that is not in `SYSTEMS`; the message lists those that are.
    """
    if name not in SYSTEMS:
        raise SerlibError(f"Bad system {name!r}, expected one of {list(SYSTEMS)}")
    return SYSTEMS[name]


def about(name: str) -> dict:
    """Return what the card of a system says of it, as `serlib.bundle.card` takes it."""
    system = get(name)
    data = DATA[system.scored[0][0]]
    average = " + ".join(f"{n} × {member}" for member, n in system.members)
    channels = {get(name).beside for name, _ in system.members} | {system.beside}
    title = " and ".join([data.title, *sorted(channels - {""})])
    return dict(network=system.network or average, data=title, corpora=data.corpora)


def chosen(names: str, notebook: str) -> list[str]:
    """Return the systems of a notebook: those named, as "mfcc_cnn cnn_lstm", "all" or "none".

    Raises
    ------
    SerlibError
        For a name that does not exist, or if none of those named is the notebook's.
    """
    if names == "none":
        return []
    mine = [name for name, system in SYSTEMS.items() if system.notebook == notebook]
    asked = mine if names == "all" else [get(name).name for name in names.split()]
    found = [name for name in mine if name in asked]
    if not found:
        raise SerlibError(f"SYSTEM: notebook {notebook} fits none of {asked}, expected of {mine}")
    return found
