"""The corpora that are known: a module and a row each."""

from ..corpus import Corpus
from .cremad import CREMAD
from .emodb import EMODB
from .emovo import EMOVO
from .nemo import NEMO
from .own import OWN
from .ravdess import RAVDESS
from .savee import SAVEE
from .tess import TESS

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        RAVDESS,
        TESS,
        EMODB,
        SAVEE,
        CREMAD,
        NEMO,
        EMOVO,
        OWN,
    )
}
