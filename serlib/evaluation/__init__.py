"""From predictions to figures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "calibration",
        "findings",
        "levels",
        "pictures",
        "plots",
        "portrait",
        "predictions",
        "probes",
        "unheard",
    ],
    submod_attrs={
        "predictions": ["Predictions", "average"],
        "scores": ["by", "by_part", "compare", "holm", "per_emotion", "score", "uar"],
        "seconds": ["by_second", "joined", "joined_by_speaker", "score_seconds"],
        "tables": ["ordered", "readable", "summarise", "table_in", "table_of", "with_interval"],
    },
)
