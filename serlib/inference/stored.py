"""How a network lies in a bundle: as its own archive, the same bytes whenever it is saved."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import serlib

from ..files import repack

if TYPE_CHECKING:
    import keras

_METADATA = "metadata.json"


def write_network(model: "keras.Model", path: Path) -> None:
    """Write a network as ``.keras``, without the time of writing: equal content is equal bytes."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read(_METADATA))
    metadata.pop("date_saved", None)
    repack(path, {_METADATA: json.dumps(metadata, sort_keys=True).encode()})


class StoredNetwork:
    """A network on its way into a pickle, out of which it comes as the network itself."""

    name = "network"

    def __init__(self, model: "keras.Model"):
        self.model = model

    def __reduce__(self) -> tuple:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            write_network(self.model, path)
            return serlib.restore, (self.name, dict(archive=path.read_bytes()))

    @classmethod
    def from_state(cls, state: dict) -> "keras.Model":
        """Return the network of an archive, not compiled."""
        import keras

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            path.write_bytes(state["archive"])
            return keras.saving.load_model(path, compile=False)


STORED = {StoredNetwork.name: StoredNetwork}  # what `serlib.restore` builds anew
