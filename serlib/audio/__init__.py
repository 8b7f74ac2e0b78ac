"""Signals in, signals out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "recording": ["SR", "SUFFIXES", "Recording", "Source", "decode", "load", "name_of"],
        "augment": ["SPEEDS", "VARIANTS", "S2_VARIANTS", "noisy_or_masked", "speed", "variant"],
        "levels": ["f0", "measure"],
        "synthesis": ["SENTENCES", "WORDS", "synthesise"],
    },
)
