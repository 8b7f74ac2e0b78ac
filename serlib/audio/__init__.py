"""Signals in, signals out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "recording": ["SR", "SUFFIXES", "Recording", "Source", "decode", "load", "name_of"],
        "blocks": ["blocks", "envelope", "lasts", "resampler"],
        "augment": ["SPEEDS", "VARIANTS", "WAYS", "S2_VARIANTS", "noisy_or_masked", "variant"],
        "canonical": ["CANONICAL_SR", "canonical"],
        "corruptions": ["on_the_way", "speed"],
        "live": ["Live", "microphone", "simulated"],
        "levels": ["f0", "measure"],
        "speech": ["NO_SPEECH", "PAUSE", "Detector", "Stretches", "speaks", "speech"],
        "synthesis": ["SENTENCES", "WORDS", "synthesise"],
        "windows": ["SHORTEST_WINDOW", "Stretch", "Window", "Windows"],
    },
)
