"""Systems with an encoder that has heard other speech: a board of their own."""

from ..audio import WAYS
from ..corpora import PROTOCOLS
from ..features import Whisper
from . import classical
from .system import System, Training

_ALONE = ("ravdess", "cremad", "emodb", "nemo", "emovo", "tess", "own")
_NEVER_HEARD = [name for name, protocol in PROTOCOLS.items() if protocol.fits == "corpora"]

PRETRAINED: tuple[System, ...] = (
    System(
        "any_voice",
        "moments of five layers of Whisper's encoder, of five corpora and of copies as they arrive "
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
        test_time_variants=("speed_090", "speed_110"),
        training=Training(epochs=1),
        estimator=True,
        anywhere=True,
        train_on_validation=True,
        shipped=True,
    ),
)
