"""Systems with an encoder that has heard other speech: a board of their own."""

from dataclasses import replace

import numpy as np

from ..audio import WAYS
from ..corpora import OTHERS, PROTOCOLS
from ..features import Whisper
from . import classical
from .discriminant import VoiceDiscriminant
from .system import System, Training

_ALONE = ("ravdess", "cremad", "emodb", "nemo", "emovo", "tess", "own")
_NEVER_HEARD = [name for name, protocol in PROTOCOLS.items() if protocol.fits == "corpora"]

PRETRAINED: tuple[System, ...] = (
    System(
        "any_voice",
        "moments of five layers of Whisper's encoder, of clips and of copies as they arrive "
        "from rooms, telephones and codecs; discriminant analysis that discounts voice and corpus",
        "pretrained",
        classical.voices,
        (
            ("anywhere", "clips"),
            ("own", "clips"),
            ("anywhere", "speakers"),
            ("ravdess", "speakers+enrolment"),
            *((data, "speakers") for data in _ALONE),
            *(("unheard", protocol) for protocol in _NEVER_HEARD),
        ),
        Whisper(),
        variants=("original", *WAYS),
        training=Training(epochs=1),
        estimator=True,
        anywhere=True,
        train_on_validation=True,
        shipped=True,
        plain="meant for any voice: learnt from actors of three languages; tells if nobody speaks",
    ),
)
PRETRAINED += (
    replace(
        PRETRAINED[0],
        name="any_voice_tuned",
        about="the shipped any_voice, drawn towards your own recordings, or others it did not hear",
        network=classical.tuned,
        scored=(("own", "clips"), ("own", "speakers"), ("emovo", "speakers")),
        shipped=False,
        plain="any_voice, once it has learnt from recordings of yours",
    ),
)


class _Shuffled(VoiceDiscriminant):
    """Learns from emotions exchanged at random."""

    def fit(self, X: np.ndarray, y: np.ndarray, speakers: np.ndarray) -> VoiceDiscriminant:
        """Fit to a permutation of y, the same every time."""
        return super().fit(X, np.random.default_rng(0).permutation(y), speakers)


def _without(
    name: str,
    about: str,
    *,
    network: type = VoiceDiscriminant,
    variants: tuple[str, ...] = PRETRAINED[0].variants,
    **how: object,
) -> System:
    """Return `any_voice` with one ingredient changed, scored on corpora never heard."""
    return replace(
        PRETRAINED[0],
        name=f"any_voice_{name}",
        about=about,
        network=lambda *_: network(**how),
        scored=(("unheard", "corpora"),),
        folds=(OTHERS,),
        variants=variants,
        shipped=False,
    )


# What is left of it without one of its ingredients: for the figure of what each brings
INGREDIENTS: dict[str, System] = {
    system.name: system
    for system in (
        _without("clean", "without copies by rooms and codecs", variants=("original",)),
        _without("one_pool", "all corpora together alone", apart=0.0),
        _without("each", "a discriminant of each corpus alone", apart=1.0),
        _without("voiced", "clips learnt once, with their voice", centred=0.0),
        _without("offsets", "corpora's differences count once", offsets=1.0),
        _without("clips", "every clip weighs the same", by_speakers=False),
        _without("layer_3", "layer 3 alone", uses=(2,)),
        _without("layer_5", "layer 5 alone", uses=(4,)),
        _without("frames", "all frames alike, loud or not", views=((1.0, (0, 1)),)),
        _without("loud", "without deviations", views=((1.0, (0, 2)),)),
        _without("shuffled", "learnt from shuffled emotions: a control", network=_Shuffled),
    )
}
