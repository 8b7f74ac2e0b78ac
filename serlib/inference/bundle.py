"""A bundle: the dict that predicts, as `.serlib`, which needs no pickle, and as `.joblib`.

`emotion_preprocessing.joblib` is what other people's code loads and predicts with.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from ..errors import BundleError, SerlibError
from ..features import FrontEnd
from ..files import replacing, sha256, write_json
from ..paths import Project
from .archive import read_archive, write_archive
from .inspection import try_network
from .stored import Encoder, Network

if TYPE_CHECKING:
    import keras

_VERSIONS = ("keras", "librosa", "scikit-learn")  # what stored parts and features depend on
_TOLERANCE = 1e-3  # of probabilities; machines differ by about 1e-5 in float32
# With the encoder of 8 bits, a last bit of whose input moves .002 in the median of 120 real clips
# and .006 at most: processors have kernels of their own
_TOLERANCE_8_BITS = 0.02
_REMAKE = "Fetch it again, or remake it: serlib run --system NAME, as conv1d"

Bundle = dict[str, Any]


def save_bundle(
    path: Path,
    *,
    model: "keras.Model | Network",
    scaler,
    classes: Sequence[str],
    extractor: FrontEnd,
    reference: np.ndarray,
    card: dict,
    anywhere: bool = False,
) -> Bundle:
    """Write a bundle twice, `.serlib` and `.joblib`, and its model card with the latter's checksum.

    Parameters
    ----------
    path : Path; the three files have its name, each with its own suffix
    model : keras.Model or Network, over scaled features as `extractor.as_input` gives them
    scaler : what `extractor.scaler` returned, fitted on the training part, or an `EnsembleScaler`
    classes : sequence of str, in the order of the model's outputs; the bundle's encoder is of them
    extractor : FrontEnd
    reference : np.ndarray [shape=(n,)], a clip at the front end's rate; its features and
        probabilities travel along, so that a machine can tell whether it computes the same
    card : dict, that JSON holds: data, licences, intended use, figures by protocol
    anywhere : bool, the system is for recordings from anywhere, as `System` has it

    Returns
    -------
    dict, the bundle as `load_bundle` would give it, but for its `verified`
    """
    features = extractor.get_predict_feat((reference, extractor.sr))
    shape = extractor.as_input(scaler.transform(features[None])).shape[1:]
    bundle = dict(
        model=Network.of(model, shape),
        scaler=scaler,
        encoder=Encoder(list(classes)),
        extractor=extractor,
        classes=list(classes),
        settings=extractor.settings(),
        versions=_versions(),
        card=card,
        verified=False,
        **(dict(anywhere=True) if anywhere else {}),
    )
    bundle["reference"] = dict(
        y=reference.astype(np.float32),
        features=features,
        probabilities=probabilities(bundle, features[None])[0],
    )
    write_archive(bundle, path.with_suffix(".serlib"))
    pickle = path.with_suffix(".joblib")
    with replacing(pickle) as temporary:
        joblib.dump(bundle, temporary, compress=0)
    about = dict(classes=bundle["classes"], settings=bundle["settings"], versions=_versions())
    write_json(path.with_suffix(".json"), card | about | {"sha256": sha256(pickle)})
    return bundle


def load_bundle(path: str | Path) -> Bundle:
    """Load a bundle, `.serlib` or `.joblib`, and check its versions and its reference clip.

    A `.serlib` file may come from anybody: reading one runs no code from it. What that covers is
    said in `serlib.inference.inspection`.

    A joblib file is a pickle: loading one runs code from it. Its checksum tells an altered file,
    not a malicious author: load those of people you trust only. Of one without its card the
    checksum is not checked, and every answer says so.

    Raises
    ------
    BundleError
        Missing, truncated, altered, made with other versions, or diverging on this machine.
    """
    if not isinstance(path, str | PathLike):
        raise BundleError(f"{type(path).__name__}: expected the path of a bundle")
    path = Path(path)
    if not path.is_file():
        raise BundleError(f"{path}: no such bundle. {_REMAKE}")
    if path.suffix == ".json":
        raise BundleError(f"{path}: is a card; the bundle beside it ends in .serlib or .joblib")
    plain = path.suffix.lower() == ".serlib"
    unchecked = "" if plain else _checksum(path)
    try:
        bundle = read_archive(path) if plain else joblib.load(path)
        lite = plain and bundle["model"].state["lite"]
        if lite and not path.resolve().is_relative_to(Project.here().artifacts):
            try_network(lite)
    except BundleError as error:
        raise BundleError(f"{path}: {error}. {_REMAKE}") from error
    except Exception as error:  # a pickle may raise anything
        raise BundleError(f"{path}: cannot be loaded ({error!r}). {_REMAKE}") from error
    try:
        verify(bundle)
    except SerlibError as error:
        raise BundleError(f"{path}: {error}") from error
    except Exception as error:  # as may what strangers have put into a file
        raise BundleError(f"{path}: cannot answer ({error!r:.200}). {_REMAKE}") from error
    return bundle | dict(unchecked=unchecked) if unchecked else bundle


def _checksum(path: Path) -> str:
    """Compare a file with its card; return what to say where there is none."""
    card = path.with_suffix(".json")
    if not card.exists():
        return f"The bundle has no card {card.name}: its checksum is not checked."
    try:
        expected = json.loads(card.read_text())["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(
            f"{path}: its card {card.name}, which holds the checksum, is damaged. {_REMAKE}"
        ) from error
    if sha256(path) != expected:
        raise BundleError(f"{path}: truncated or altered: its checksum differs. {_REMAKE}")
    return ""


def verify(bundle: Bundle) -> None:
    """Check versions and the reference clip, once a bundle."""
    if not isinstance(bundle, dict):
        found = f"{bundle!r:.80}" if isinstance(bundle, str | Path) else type(bundle).__name__
        raise BundleError(f"{found}: no bundle, expected what serlib.load_bundle(path) gives")
    needed = ("model", "scaler", "encoder", "extractor", "reference", "versions")
    missing = [key for key in needed if key not in bundle]
    if missing:
        raise BundleError(f"not a bundle of serlib: lacks {missing}. {_REMAKE}")
    if bundle.get("verified"):
        return
    if bundle["versions"] != _versions():
        raise BundleError(
            f"made with {bundle['versions']}, here are {_versions()}. Install the former "
            "(pip install -r requirements.txt). " + _REMAKE
        )
    reference = bundle["reference"]
    extractor = bundle["extractor"]
    features = extractor.get_predict_feat((reference["y"], extractor.sr))
    found = probabilities(bundle | dict(voice=None), features[None])[0]
    gap = float(np.max(np.abs(found - reference["probabilities"])))
    allowed = _TOLERANCE_8_BITS if bundle.get("anywhere") else _TOLERANCE
    if not gap <= allowed:
        raise BundleError(
            f"its reference clip gives other probabilities here (by {gap:.2g}, allowed "
            f"{allowed}): this machine's libraries compute something else. {_REMAKE}"
        )
    bundle["verified"] = True


def probabilities(bundle: Bundle, features: np.ndarray) -> np.ndarray:
    """Return the probabilities of clips [shape=(n, classes)] from their features [shape=(n, ...)].

    They are shifted by the speaker's `Voice`, where the bundle knows one.
    """
    X = bundle["extractor"].as_input(bundle["scaler"].transform(features))
    proba = np.asarray(bundle["model"].predict_on_batch(X))
    voice = bundle.get("voice")
    return voice.without(proba) if voice else proba


def _versions() -> dict[str, str]:
    return {name: version(name) for name in _VERSIONS}
