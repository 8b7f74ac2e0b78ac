"""Speech emotion recognition, measured honestly."""

import lazy_loader

# Nothing is imported before it is used: `import serlib` costs milliseconds.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "audio",
        "corpora",
        "features",
        "systems",
        "evaluation",
        "training",
        "inference",
        "recordings",
        "workflow",
    ],
    submod_attrs={
        "inference": [
            "EnrolledSpeaker",
            "get_predictions",
            "load_bundle",
            "predict_proba",
        ],
        "recordings": ["predict_timeline"],
    },
)


def restore(name: str, state: dict) -> object:
    """Build a part of a bundle anew.

    The pickles of front ends and scalers name this function and no other code of ours, so that
    code may move without breaking one.

    Parameters
    ----------
    name : str, of a front end, scaler or network, as a room's `STORED` has it
    state : dict, what its `from_state` takes

    Raises
    ------
    BundleError
        For a name that this version of serlib does not know.
    """
    from importlib import import_module

    for room in ("features.front_ends", "systems.ensemble", "inference.stored"):
        stored = import_module(f"{__name__}.{room}").STORED
        if name in stored:
            return stored[name].from_state(state)
    from .errors import BundleError

    raise BundleError(f"holds a {name!r}, which this version of serlib does not know: update it")
