"""The shelf: which bundles are here, and what makes one that is missing."""

from pathlib import Path

from ..errors import BundleError, SerlibError
from ..paths import Project
from .bundle import Bundle, load_bundle

_DEFAULT = "any_voice"  # the one that answers where none is named


def offered(project: Project | None = None) -> dict[str, Path | None]:
    """Return the systems that predict, and the bundle of each; None where it is missing."""
    from ..systems import SYSTEMS

    names = [name for name, system in SYSTEMS.items() if system.offered]
    names = sorted(names, key=lambda name: name != _DEFAULT)
    return {name: find_bundle(name, project) for name in names}


def named_bundle(
    system: str = "", path: str | Path = "", *, project: Project | None = None
) -> Path:
    """Return the bundle of a system: the one named, else the shipped one, else one made here.

    Parameters
    ----------
    system : str, by default that of the bundle named, else `any_voice`
    path : str or Path, a bundle; by default the system's own
    project : Project, by default the one that this code is of

    Raises
    ------
    SerlibError
        For a system that does not exist or is for measuring only; the message lists the others.
    BundleError
        If there is no bundle.
    """
    wanted = system or _DEFAULT
    found = Path(path) if path else find_bundle(wanted, project)
    if not found:
        raise _missing(wanted, offered(project))
    if not found.is_file():
        raise BundleError(f"{found}: no such bundle. Name a file that `serlib run` has made")
    return found


def open_bundle(
    system: str = "", path: str | Path = "", *, project: Project | None = None
) -> Bundle:
    """Load the bundle that `named_bundle` finds.

    Raises
    ------
    SerlibError
        As `named_bundle`.
    BundleError
        If it is another system's, or `serlib.load_bundle` refuses it.
    """
    found = named_bundle(system, path, project=project)
    bundle = load_bundle(found)
    name = bundle.get("card", {}).get("name", system)
    if system and name != system:
        raise BundleError(f"{found}: is a bundle of {name!r}, expected one of {system!r}")
    return bundle


def _missing(wanted: str, here: dict[str, Path | None]) -> SerlibError:
    if wanted not in here:
        return SerlibError(f"Bad system {wanted!r}, expected one of {[*here]}")
    return BundleError(
        f"{wanted}: there is no bundle of it here. Make it: serlib run --system {wanted}. "
        f"Ready to predict: {[name for name, bundle in here.items() if bundle]}"
    )


def bundle_place(system: str) -> str:
    """Return where the bundle of a system lies, within a run's folder or `artifacts`.

    Beside it lie the same as `.joblib` and its card.
    """
    return "emotion_preprocessing.serlib" if system == "conv1d" else f"bundles/{system}.serlib"


def find_bundle(system: str, project: Project | None = None) -> Path | None:
    """Return the shipped bundle, else the one that the user's own run has made, else None.

    One that needs no pickle comes before the same as `.joblib`.
    """
    project = project or Project.here()
    folders = project.artifacts, project.runs / "default"
    places = [folder / bundle_place(system) for folder in folders]
    either = [place.with_suffix(end) for place in places for end in (".serlib", ".joblib")]
    return next((path for path in either if path.is_file()), None)
