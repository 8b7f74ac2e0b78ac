"""A bundle that needs no pickle, `.serlib`: a zip of JSON, arrays and the exported network.

`bundle.json` holds the dict of a bundle as a tree. What JSON does not know is written as
``{"is": kind, "of": content}``: a tuple, a number of NumPy, an array or bytes with the name of
the member that holds them, and what `serlib.restore` builds, with its state. Nothing else comes
out of one, so that reading one runs no code of whoever wrote it.
"""

import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import serlib

from ..errors import BundleError
from ..files import replacing
from .inspection import inspect_bundle, inspect_state

_TREE = "bundle.json"
_NUMBERS = {"float32": float, "float64": float, "int32": int, "int64": int}
_ARRAYS = {f"<{code}" for code in ("f4", "f8", "i4", "i8")}
_MOST, _TEXT, _DIRECTORY = 1 << 28, 1 << 22, 1 << 20  # bytes: of all members, of JSON, of names
_END, _BEFORE = b"PK\5\6", b"PK\6\7"  # of a zip's last record; of the one of 64 bits before it


def write_archive(bundle: dict, path: Path) -> None:
    """Write a bundle; equal content is equal bytes.

    Raises
    ------
    BundleError
        If it holds what `read_archive` would refuse; nothing is written.
    """
    members: dict[str, bytes] = {}
    tree = _plain({k: v for k, v in bundle.items() if k != "unchecked"}, (), members)
    text = json.dumps(tree | {"verified": False}, allow_nan=False, separators=(",", ":"))
    with replacing(path) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, content in {_TREE: text.encode(), **members}.items():
                info = zipfile.ZipInfo(name)  # of 1980, the first day of ZIP
                info.create_system, info.external_attr = 3, 0o644 << 16  # on every machine
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
        read_archive(temporary)


def read_archive(path: Path) -> dict:
    """Read a bundle, which may be a stranger's, but do not ask it anything.

    Its members are no more, no larger and named no other than a bundle's; its arrays are of
    finite numbers, in the shapes that front end, classes and network ask for; its kinds are those
    of `serlib.restore`, and `serlib.inference.inspection` has looked at each.

    Raises
    ------
    BundleError
        If it is damaged, or anything in it is not as it must be.
    """
    try:
        _look_at_end(path)
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
        used = {_TREE}
        tree = json.loads(members[_TREE], parse_constant=_refuse)
        bundle = _restored(tree, members, used)
        if unknown := set(members) - used:
            raise BundleError(f"holds {sorted(unknown)[:3]}, which no bundle does")
        inspect_bundle(bundle)
        return bundle
    except BundleError:
        raise
    except Exception as error:  # what is read may raise anything
        raise BundleError(f"damaged, or not a bundle ({error!r:.200})") from error


def _plain(thing: Any, place: tuple[str, ...], members: dict[str, bytes]) -> Any:
    """Return a thing as JSON holds it; arrays and bytes go to members named by their place."""
    if thing is None or type(thing) in (bool, int, float, str):
        return thing
    if type(thing) is dict:
        if "is" in thing or not all(isinstance(key, str) for key in thing):
            raise BundleError(f"holds a dict of {[*thing]!r:.80}, which JSON cannot tell apart")
        return {key: _plain(value, (*place, key), members) for key, value in thing.items()}
    if type(thing) in (list, tuple):
        parts = [_plain(part, (*place, str(k)), members) for k, part in enumerate(thing)]
        return parts if type(thing) is list else {"is": "tuple", "of": parts}
    if isinstance(thing, np.generic):
        return {"is": thing.dtype.name, "of": thing.item()}
    if isinstance(thing, bytes):
        return {"is": "bytes", "of": _member(thing, ".".join(place), members)}
    if isinstance(thing, np.ndarray):
        file = io.BytesIO()
        np.lib.format.write_array(file, thing, (1, 0), allow_pickle=False)
        return {"is": "array", "of": _member(file.getvalue(), ".".join(place) + ".npy", members)}
    made_by, parts, *_ = thing.__reduce__()
    if made_by is not serlib.restore:
        raise BundleError(f"holds a {type(thing).__name__}, which only a pickle can hold")
    name, state = parts
    return {"is": name, "of": _plain(state, place, members)}


def _member(content: bytes, name: str, members: dict[str, bytes]) -> str:
    """Return the name of the member that holds this content, which is there once."""
    for known, other in members.items():
        if content == other:
            return known
    if name in members:
        raise BundleError(f"has two places that are called {name}")
    members[name] = content
    return name


def _look_at_end(path: Path) -> None:
    """Refuse a zip whose list of members is long, before it is read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 42))
        end = file.read()
    if size > _MOST or len(end) < 42 or end[20:24] != _END or end[:4] == _BEFORE:
        raise BundleError("truncated, too large, or not a bundle")
    if int.from_bytes(end[32:36], "little") > _DIRECTORY:
        raise BundleError("lists more members than a bundle has")


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the content of all members; their sizes are looked at before anything is unpacked."""
    infos = archive.infolist()
    sizes = {info.filename: info.file_size for info in infos}
    if len(sizes) < len(infos):
        raise BundleError("holds a member twice")
    for info in infos:
        if not info.filename.replace("_", "").replace(".", "").isalnum():
            raise BundleError(f"holds {info.filename!r:.80}, which no bundle does")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, 8):
            raise BundleError(f"{info.filename} is packed as no bundle is")
    if sum(sizes.values()) > _MOST or sizes.get(_TREE, 0) > _TEXT:
        raise BundleError(f"unpacked it would have {sum(sizes.values())} bytes: no bundle is so")
    return {info.filename: archive.read(info) for info in infos}


def _restored(thing: Any, members: dict[str, bytes], used: set[str]) -> Any:
    """Undo `_plain`; `used` gathers the members that it names."""
    if isinstance(thing, list):
        return [_restored(part, members, used) for part in thing]
    if not isinstance(thing, dict):
        return _harmless(thing)
    if "is" not in thing:
        return {_harmless(k): _restored(part, members, used) for k, part in thing.items()}
    kind, of = thing["is"], thing["of"]
    if kind in ("array", "bytes"):
        used.add(of)
        return _array(members[of], of) if kind == "array" else members[of]
    content = _restored(of, members, used)
    if kind == "tuple":
        return tuple(content)
    if kind in _NUMBERS:
        return np.dtype(kind).type(_NUMBERS[kind](content))
    inspect_state(kind, content)
    return serlib.restore(kind, content)


def _array(content: bytes, name: str) -> np.ndarray:
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise BundleError(f"{name} is not an array as bundles have them")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.str not in _ARRAYS or min(shape, default=0) < 0:
        raise BundleError(f"{name} is an array of {dtype} {shape}: no bundle has one")
    x = np.frombuffer(content, dtype, offset=file.tell())
    if x.size != math.prod(shape) or not np.isfinite(x).all():
        raise BundleError(f"{name} is cut off, or holds what is no number")
    return x.reshape(shape, order="F" if fortran else "C").copy(order="K")


def _harmless(thing: Any) -> Any:
    """Return a string, number or None as it is, if a terminal shows it and it is finite."""
    if isinstance(thing, str) and not thing.isprintable():
        raise BundleError(f"holds a text that cannot be shown: {thing!r:.80}")
    if isinstance(thing, float) and not math.isfinite(thing):
        raise BundleError("holds a number that is not finite")
    return thing


def _refuse(name: str) -> None:
    raise BundleError(f"holds {name} as a number")
