"""One table of the systems."""

from ..errors import SerlibError
from .ours import OURS
from .pretrained import INGREDIENTS, PRETRAINED
from .published import PUBLISHED
from .system import System

SYSTEMS: dict[str, System] = {system.name: system for system in (*PUBLISHED, *OURS, *PRETRAINED)}


def get(name: str) -> System:
    """Return a system by its name; one of `INGREDIENTS` too.

    Raises
    ------
    SerlibError
        For a name that is not in `SYSTEMS`; the message lists those that are.
    """
    if name not in SYSTEMS | INGREDIENTS:
        raise SerlibError(f"Bad system {name!r}, expected one of {list(SYSTEMS)}")
    return (SYSTEMS | INGREDIENTS)[name]


def of(*sources: str) -> list[str]:
    """Return the names of the systems of these sources, as "S0", "baseline", "ours"."""
    return [name for name, system in SYSTEMS.items() if system.source in sources]


def chosen(names: str, among: list[str]) -> list[str]:
    """Return those that are named, as "mfcc_cnn cnn_lstm", "all" or "none", in order.

    Raises
    ------
    SerlibError
        For a name that does not exist, or is not among these.
    """
    whole = {"all": among, "none": []}
    asked = whole[names] if names in whole else [get(name).name for name in names.split() or [""]]
    if strange := [name for name in asked if name not in among]:
        raise SerlibError(f"SYSTEM: {strange[0]!r} is not fitted here, expected of {among}")
    return [name for name in among if name in asked]
