"""What people have: files and folders, recordings of hours, a microphone, the web page."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["answers", "app", "told"],
    submod_attrs={
        "blocks": ["blocks", "envelope"],
        "live": ["Live", "microphone", "simulated"],
        "stress": ["STRESSES", "Stress", "stress"],
        "timeline": ["Timeline", "overview", "predict_timeline"],
    },
)
