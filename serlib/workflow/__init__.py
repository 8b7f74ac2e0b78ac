"""The notebooks: how they are run, what they show, and what is published of them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["outcome", "reliability", "speed"],
    submod_attrs={
        "notebooks": ["about"],
        "pipeline": ["run_notebooks"],
    },
)
