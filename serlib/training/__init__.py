"""From a plan to fits: what is fitted, how, in which process, and what it leaves."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "fold": ["FittedFold"],
        "histories": ["History", "merge_histories", "read_histories"],
        "inputs": ["Inputs", "prepare", "told_apart"],
        "kinds": ["kind_of"],
        "run": ["run_keys"],
    },
)
