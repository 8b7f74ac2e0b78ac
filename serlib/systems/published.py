"""The published systems S0 to S4, each as its source has it, and each as we would train it."""

from dataclasses import replace
from itertools import product

from ..audio import S2_VARIANTS, noisy_or_masked
from ..features import LogMel, MfccDeltas
from . import networks
from .system import ELSEWHERE, FLY, THREE_SPEEDS, System, Training

_S2 = (
    ("ravdess_tess", "rows"),
    ("ravdess_tess", "clips"),
    ("ravdess7", "speakers"),
    ("tess", "speakers"),
)
_SONG = (("ravdess_song", "clips"), ("ravdess_song", "speakers"))
_PLAIN = MfccDeltas()
_TRIMMED = MfccDeltas(duration=3.5, padded=3.5, trim_db=35)
_FRAMES = Training(batch_size=32, stop_patience=12, slow_patience=5, keep="val_loss")
_PICTURES = Training(
    batch_size=32,
    epochs=50,
    stop_patience=5,
    keep="val_loss",
    label_smoothing=0.1,
    balanced=True,
    emphasis=(("surprise", 1.5),),
)
_AUGMENTED = dict(front_end=_TRIMMED, variants=THREE_SPEEDS, training=FLY, train_on_validation=True)
_SHORTER = dict(training=replace(FLY, epochs=40, balanced=True))  # three times the clips
_BALANCED = dict(variants=S2_VARIANTS, training=replace(_FRAMES, balanced=True))


def _sequences(
    name: str, about: str, source: str, network, data: str, *more: tuple[str, str], **how
) -> System:
    """A system over sequences of frames, scored under `clips` and `speakers`."""
    scored = ((data, "clips"), (data, "speakers"), *more)
    plain = dict(front_end=_PLAIN, variants=("original",), training=_FRAMES, shipped=True)
    return System(name, about, source, network, scored, **plain | how)


def _pictures(name: str, about: str, scored: tuple = _SONG, **how) -> System:
    """A system over log-mel pictures of speech and song."""
    pictures = dict(front_end=LogMel(), variants=("original",), training=_PICTURES)
    pictures |= dict(network=networks.bilstm_attention, copies=noisy_or_masked, shipped=True)
    return System(name, about, "S4", scored=scored, **pictures | how)


PUBLISHED: tuple[System, ...] = (
    System(
        "conv1d",
        "S2: convolutions over 162 means of a clip; RAVDESS + TESS",
        "S2",
        networks.conv1d,
        (*_S2, *product(ELSEWHERE, ("corpora", "speakers"))),
        shipped=True,
        plain="hears a clip as one average sound; learnt from 26 actors, seven emotions",
    ),
    System(
        "conv1d_published",
        "the same, validated as its source did: on the test rows",
        "S2",
        networks.conv1d,
        _S2[:1],
        published=True,
        shipped=True,
    ),
    # S2's patience is counted in epochs. A fold of `speakers` has a quarter of the rows of
    # `clips`, so a quarter of the steps, and stops before batch normalisation has settled.
    # This one waits as many steps as S2 does under `clips`.
    System(
        "conv1d_patient",
        "a control: S2 with patience counted in steps",
        "S2",
        networks.conv1d,
        _S2[2:3],
        training=Training(stop_patience=28, slow_patience=12),
        shipped=True,
    ),
    _sequences(
        "cnn_lstm",
        "S0: convolutions and an LSTM over frames of MFCC",
        "S0",
        networks.cnn_lstm,
        "ravdess",
        ("emodb", "speakers"),
        plain="follows the sound through the clip; learnt from 24 actors, eight emotions",
    ),
    _sequences(
        "cnn_lstm_augmented",
        "S0's network, trained as we would: silence cut, three speeds, frames warped and mixed",
        "S0",
        networks.cnn_lstm,
        "ravdess",
        **_AUGMENTED,
        plain="as cnn_lstm, but heard every actor slower and faster too while it learnt",
    ),
    _sequences(
        "mfcc_lstm",
        "S1's first: two LSTM layers over frames of MFCC, five emotions",
        "S1",
        networks.mfcc_lstm,
        "ravdess5",
        plain="follows the sound through the clip; five emotions alone",
    ),
    _sequences(
        "mfcc_cnn",
        "S1's second: convolutions over frames of MFCC, five emotions",
        "S1",
        networks.mfcc_cnn,
        "ravdess5",
        plain="looks for short patterns in the sound; five emotions alone",
    ),
    _sequences(
        "mfcc_lstm_augmented",
        "S0's network on S1's five emotions, trained as we would",
        "S1",
        networks.cnn_lstm,
        "ravdess5",
        **_AUGMENTED,
        plain="five emotions alone; heard every actor slower and faster too while it learnt",
    ),
    _sequences(
        "cnn_lstm_tess",
        "S3: S0's network on RAVDESS + TESS, noisy and stretched copies, balanced",
        "S3",
        networks.cnn_lstm,
        "ravdess_tess",
        **_BALANCED,
        plain="follows the sound through the clip; learnt from 26 actors, seven emotions",
    ),
    _sequences(
        "cnn_lstm_tess_augmented",
        "the same data, trained as we would",
        "S3",
        networks.cnn_lstm,
        "ravdess_tess",
        **_AUGMENTED | _SHORTER,
        plain="as cnn_lstm_tess, but heard every actor slower and faster too while it learnt",
    ),
    _pictures(
        "bilstm_attention",
        "S4: convolutions, a BiLSTM and attention over log-mel pictures, speech and song",
        plain="looks at a picture of the sound; learnt from speech and song of 24 actors",
    ),
    _pictures(
        "bilstm_attention_published",
        "the same, validated as its source did: on copies of training clips",
        _SONG[:1],
        published=True,
    ),
    _pictures(
        "bilstm_attention_augmented",
        "convolutions, a BiGRU and attention over frames of MFCC, trained as we would",
        network=networks.bigru_attention,
        copies=None,
        **_AUGMENTED,
        plain="follows the sound through speech and song, and shows where it listened",
    ),
)
