"""Signals in, signals out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["container", "corruptions", "spectrum"],
    submod_attrs={
        "source": [
            "STDIN",
            "Recording",
            "Source",
            "check_path",
            "held",
            "is_pipe",
            "name_of",
            "opened",
            "plain",
        ],
        "recording": [
            "SR",
            "check_rate",
            "cut_short",
            "decode",
            "load",
            "mono",
            "sound_file",
            "unreadable",
            "warn_of",
        ],
        "augment": ["SPEEDS", "VARIANTS", "WAYS", "S2_VARIANTS", "noisy_or_masked", "variant"],
        "canonical": [
            "CANONICAL_SR",
            "CUT_OFF",
            "at_peak",
            "canonical",
            "unclipped",
            "without_waiting",
        ],
        "corruptions": ["coloured_noise"],
        "folder": ["SUFFIXES", "recordings", "recordings_below"],
        "pitch": ["chroma_filters", "tuning", "yin"],
        "speech": ["NO_SPEECH", "PAUSE", "Detector", "Stretches", "speaks"],
        "synthesis": ["SENTENCES", "WORDS", "synthesise"],
    },
)
