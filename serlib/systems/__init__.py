"""What the systems are: front ends, models, how they are trained, on what they are scored."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["networks"],
    submod_attrs={
        "ensemble": ["LEAST", "AtSpeed", "Ensemble", "EnsembleScaler", "geometric_mean"],
        "keys": ["Key", "keys_for", "keys_of", "members_of"],
        "networks": ["join"],
        "pretrained": ["INGREDIENTS"],
        "system": ["System", "Training"],
        "table": ["SYSTEMS", "chosen", "get", "of"],
        "voice": ["Followed", "Voice"],
    },
)
