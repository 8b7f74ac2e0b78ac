"""Which systems can predict here: where their bundles lie, and what makes one that is missing."""

from pathlib import Path

from .bundle import Bundle, load_bundle
from .errors import BundleError, SerlibError
from .project import ARTIFACTS, RUNS
from .systems import SYSTEMS, System, get

FIRST = "best"  # the one that answers where none is named


def offered() -> dict[str, Path | None]:
    """Return the systems that predict, and the bundle of each; None where it is missing."""
    names = sorted((name for name, s in SYSTEMS.items() if s.offered), key=lambda n: n != FIRST)
    return {name: _find(get(name)) for name in names}


def open_bundle(system: str = "", path: str | Path = "") -> Bundle:
    """Load the bundle of a system: the one named, else the shipped one, else one made here.

    Parameters
    ----------
    system : str, by default that of the bundle named, else `FIRST`
    path : str or Path, a bundle; by default the system's own

    Raises
    ------
    SerlibError
        For a system that does not exist or is for measuring only; the message lists the others.
    BundleError
        If there is no bundle, it is another system's, or `serlib.load_bundle` refuses it.
    """
    if system and system not in offered():
        raise SerlibError(f"Bad system {system!r}, expected one of {[*offered()]}")
    wanted = get(system or FIRST)
    found = Path(path) if path else _find(wanted)
    if not found:
        made = [name for name, bundle in offered().items() if bundle]
        raise BundleError(
            f"{wanted.name}: there is no bundle of it here. Make it: {wanted.command}. "
            f"Ready to predict: {made}"
        )
    bundle = load_bundle(found)
    name = bundle.get("card", {}).get("name", system)
    if system and name != system:
        raise BundleError(f"{found}: is a bundle of {name!r}, expected one of {system!r}")
    return bundle


def place(system: str) -> str:
    """Return where the bundle of a system lies, within a run's folder or `artifacts`."""
    return "emotion_preprocessing.joblib" if system == "conv1d" else f"bundles/{system}.joblib"


def _find(system: System) -> Path | None:
    """Return the shipped bundle, else the one that the user's own run has made."""
    places = (folder / place(system.name) for folder in (ARTIFACTS, RUNS / "default"))
    return next((path for path in places if path.is_file()), None)
