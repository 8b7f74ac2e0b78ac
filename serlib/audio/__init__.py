"""Signals in, signals out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["shape", "spectrum"],
    submod_attrs={
        "recording": ["SR", "SUFFIXES", "Recording", "Source", "decode", "load", "name_of"],
        "augment": ["SPEEDS", "VARIANTS", "WAYS", "S2_VARIANTS", "noisy_or_masked", "variant"],
        "canonical": ["CANONICAL_SR", "canonical"],
        "corruptions": ["on_the_way", "speed"],
        "levels": ["f0", "measure"],
        "pitch": ["chroma_filters", "tuning", "yin"],
        "speech": ["speaks", "speech"],
        "synthesis": ["SENTENCES", "WORDS", "synthesise"],
    },
)
