"""The numbers of a clip: front ends, how they are scaled, and the tables of them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "base": ["SHORTEST", "FrontEnd"],
        "descriptors": ["Descriptors", "DurationLoudness"],
        "extraction": ["extract", "extract_arrays"],
        "front_ends": ["FRONT_ENDS"],
        "log_mel": ["LogMel"],
        "means": ["FEATURE_COLUMNS", "Means"],
        "mfcc": ["MfccDeltas"],
        "scaling": ["SCALERS", "Scaler"],
        "statistics": ["Functionals", "Statistics"],
        "table": ["KEY_COLUMNS", "read_features", "tables_of", "write_features"],
        "voice": ["VoiceStatistics"],
        "whisper": ["ENCODER", "Whisper"],
    },
)
