"""How a network and an encoder lie in a bundle, and what they are when it is loaded.

A network lies there once, as the file that LiteRT runs, with what Keras needs to build it anew:
its configuration, and where in that file its weights are.
"""

import json
import tempfile
import warnings
import zipfile
from collections.abc import Iterable
from functools import cached_property
from itertools import permutations
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import serlib

from ..files import repack
from ..workers import interpreter, lock_across_forks

if TYPE_CHECKING:
    import keras
    from sklearn.preprocessing import OneHotEncoder

_METADATA = "metadata.json"
_SMALL = 64  # numbers: shorter weights are kept as they are
_Place = tuple[int, tuple[int, ...], tuple[int, ...]]  # offset, shape there, its axes in order


def write_network(model: "keras.Model", path: Path) -> None:
    """Write a network as ``.keras``, without the time of writing: equal content is equal bytes."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read(_METADATA))
    metadata.pop("date_saved", None)
    repack(path, {_METADATA: json.dumps(metadata, sort_keys=True).encode()})


class Network:
    """A network that predicts without TensorFlow, and is Keras's for everything else.

    `predict` and `predict_on_batch` are answered by LiteRT. Any other attribute is that of the
    network of Keras, which is built when the first is asked for. Who asks may change it: from then
    on it answers itself. It answers too what LiteRT does not take: inputs of another shape, and
    networks that its converter refuses.

    Parameters
    ----------
    lite : bytes, the file of LiteRT, of one input at a time; empty where it cannot be made
    config : str, what Keras builds the network from
    weights : list of np.ndarray, or of where they lie in `lite`
    shape : tuple of int, of an input of `lite`, without the first axis
    """

    name = "network"

    def __init__(self, lite: bytes, config: str, weights: list, shape: tuple[int, ...]):
        self._state = dict(lite=lite, config=config, weights=weights, shape=shape)
        self._lock = lock_across_forks()  # an interpreter serves one thread at a time

    @classmethod
    def of(cls, model: "keras.Model | Network", shape: Iterable[int]) -> "Network":
        """Return a network as bundles hold it; one that comes from a bundle is not made anew.

        Parameters
        ----------
        model : keras.Model or Network
        shape : of an input, without the first axis
        """
        if isinstance(model, cls):
            return cls.of(model.keras, shape) if model._built else model
        from ..systems import networks

        try:
            return cls._holding(model, networks.lite(model, shape := tuple(map(int, shape))), shape)
        except Exception as error:  # the converter raises anything
            warnings.warn(f"{model.name}: Keras will answer, not LiteRT: {error}", stacklevel=2)
            return cls._holding(model, b"", shape)

    @classmethod
    def _holding(cls, model: "keras.Model", lite: bytes, shape: tuple[int, ...]) -> "Network":
        import keras

        config = keras.saving.serialize_keras_object(model)
        config.pop("compile_config", None)
        weights = [_place(lite, weight) or weight for weight in model.get_weights()]
        return cls(lite, json.dumps(config, sort_keys=True), weights, shape)

    @classmethod
    def from_state(cls, state: dict) -> "Network":
        """Return the network that a pickle holds; older ones hold Keras's archive alone."""
        if "archive" in state:
            return cls._holding(_from_archive(state["archive"]), b"", ())
        return cls(**state)

    @property
    def state(self) -> dict:
        """What a bundle holds of it."""
        return Network.of(self, self._state["shape"])._state

    def __reduce__(self) -> tuple:
        return serlib.restore, (self.name, self.state)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copies and notebooks look for, and Keras does not have
            raise AttributeError(name)
        return getattr(self.keras, name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = name.startswith("_")
        super().__setattr__(name, value) if own else setattr(self.keras, name, value)

    def __call__(self, *inputs: Any, **how: Any) -> Any:
        """Return what the network of Keras does: tensors."""
        return self.keras(*inputs, **how)

    def predict(self, x: Any, *arguments: Any, **how: Any) -> np.ndarray:
        """Return the answers to inputs [shape=(n, classes)]; arguments are those of Keras."""
        if not self._answers(x):
            return self.keras.predict(x, *arguments, **how)
        return self._run(x)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """Return the answers to inputs [shape=(n, classes)]."""
        return self._run(x) if self._answers(x) else self.keras.predict_on_batch(x)

    @cached_property
    def keras(self) -> "keras.Model":
        """The network of Keras, not compiled."""
        import keras

        lite, weights = self._state["lite"], self._state["weights"]
        model = keras.saving.deserialize_keras_object(json.loads(self._state["config"]))
        model.set_weights([w if isinstance(w, np.ndarray) else weight_at(lite, w) for w in weights])
        return model

    @property
    def has_attention(self) -> bool:
        """Whether it has a layer of attention; Keras is not asked."""
        layers = json.loads(self._state["config"])["config"]["layers"]
        return "attention" in [layer["config"].get("name") for layer in layers]

    @property
    def _built(self) -> bool:
        return "keras" in vars(self)

    @cached_property
    def _interpreter(self):
        return interpreter(self._state["lite"])

    def _answers(self, x: Any) -> bool:
        able = self._state["lite"] and not self._built and isinstance(x, np.ndarray)
        return bool(able) and x.shape[1:] == self._state["shape"]

    def _run(self, x: np.ndarray) -> np.ndarray:
        with self._lock:
            net = self._interpreter
            (into,), (out,) = net.get_input_details(), net.get_output_details()
            answers = np.empty((len(x), out["shape"][-1]), np.float32)
            for one, answer in zip(np.asarray(x, np.float32)[:, None], answers, strict=True):
                net.set_tensor(into["index"], one)
                net.invoke()
                answer[:] = net.get_tensor(out["index"])[0]
        return answers


class Encoder:
    """The classes of a bundle: scikit-learn's encoder, built when an attribute is asked for.

    Parameters
    ----------
    classes : list of str
    """

    name = "encoder"

    def __init__(self, classes: list[str]):
        self._classes = classes

    @classmethod
    def from_state(cls, state: dict) -> "Encoder":
        """Return the encoder that a pickle holds."""
        return cls(**state)

    @property
    def state(self) -> dict:
        """What a bundle holds of it."""
        return dict(classes=self._classes)

    def __reduce__(self) -> tuple:
        return serlib.restore, (self.name, self.state)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._fitted, name)

    @cached_property
    def _fitted(self) -> "OneHotEncoder":
        from sklearn.preprocessing import OneHotEncoder  # slow, and no prediction needs it

        encoder = OneHotEncoder(categories=[self._classes], sparse_output=False)
        return encoder.fit(np.array(self._classes, dtype=object)[:, None])


def _place(lite: bytes, weight: np.ndarray) -> _Place | None:
    """Return where a weight lies in a file, its axes in whichever order; None if nowhere."""
    for axes in permutations(range(weight.ndim)) if weight.size > _SMALL else ():
        there = weight.transpose(axes)
        if (offset := lite.find(np.ascontiguousarray(there, "<f4").tobytes())) >= 0:
            return offset, there.shape, tuple(map(int, np.argsort(axes)))
    return None


def weight_at(lite: bytes, place: _Place) -> np.ndarray:
    """Return the weight that lies in a file at an offset, of a shape there, its axes in order."""
    offset, shape, axes = place
    return np.frombuffer(lite, "<f4", prod(shape), offset).reshape(shape).transpose(axes)


def _from_archive(content: bytes) -> "keras.Model":
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        return keras.saving.load_model(path, compile=False)


STORED = {kind.name: kind for kind in (Network, Encoder)}  # what `serlib.restore` builds anew
