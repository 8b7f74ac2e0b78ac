"""Whisper's encoder (Radford et al. 2023, ICML): the network, its published weights, its export.

What systems use is the exported file, ``artifacts/encoder/``, which `serlib.features.Whisper`
runs; this module made it, and makes it again. The weights are those of Whisper-base as CTranslate2
keeps them (Systran/faster-whisper-base, MIT licence), 145 MB in one file, ``model.bin``::

    python -c "from serlib.systems.whisper import export; export('model.bin')"
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np

from ..errors import SerlibError
from ..features import ENCODER
from ..files import replacing, sha256
from ..paths import Project

CHECKSUM = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"  # of model.bin
DEPTH = 5  # of its six layers: the last serves words, and emotions least
BANDS, WIDTH, HEADS, LONGEST = 80, 512, 8, 1500  # of Whisper-base; LONGEST frames are 30 s
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_VERSION = 6  # of CTranslate2's file

Variables = dict[str, np.ndarray]


def encoder(depth: int = DEPTH, width: int = WIDTH, heads: int = HEADS) -> keras.Model:
    """Build the encoder's first layers: transformers over log-mel frames, two to a position.

    Returns
    -------
    keras.Model
        Takes log-mel spectrograms [shape=(n, frames, 80)], an even number of frames, at most 3000;
        returns what the layers say [shape=(n, depth, frames / 2, width)].
    """
    inputs = x = keras.Input((None, BANDS))
    for stride in (1, 2):
        x = keras.layers.ZeroPadding1D(1)(x)
        x = _gelu(keras.layers.Conv1D(width, 3, strides=stride, name=f"conv{stride}")(x))
    places = keras.ops.cumsum(keras.ops.ones_like(x[..., 0], dtype="int32"), axis=1) - 1
    x = x + keras.layers.Embedding(LONGEST, width, name="position_encodings")(places)
    said = []
    for k in range(depth):
        y = keras.layers.LayerNormalization(epsilon=1e-5, name=f"attention_norm{k}")(x)
        attention = keras.layers.MultiHeadAttention(heads, width // heads, name=f"attention{k}")
        x = x + attention(y, y)
        y = keras.layers.LayerNormalization(epsilon=1e-5, name=f"norm{k}")(x)
        y = _gelu(keras.layers.Dense(4 * width, name=f"wider{k}")(y))
        x = x + keras.layers.Dense(width, name=f"narrower{k}")(y)
        said.append(x)
    return keras.Model(inputs, keras.ops.stack(said, axis=1), name="whisper_encoder")


def _gelu(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return the exact GELU, of operators that every runtime has."""
    return 0.5 * x * (1 + keras.ops.erf(x * 0.5**0.5))


def set_weights(model: keras.Model, variables: Variables, heads: int = HEADS) -> None:
    """Give an encoder the variables of `read`."""

    def put(layer: str, *weights: np.ndarray) -> None:
        model.get_layer(layer).set_weights(weights)

    for stride in (1, 2):
        weight, bias = (variables[f"conv{stride}/{part}"] for part in ("weight", "bias"))
        put(f"conv{stride}", weight.transpose(2, 1, 0), bias)
    put("position_encodings", variables["position_encodings/encodings"])
    for k in range(sum(layer.name.startswith("wider") for layer in model.layers)):
        layer = {n.split("/", 1)[1]: v for n, v in variables.items() if n.startswith(f"layer_{k}/")}
        put(f"attention{k}", *_attention(layer, heads))
        for name, part in (("attention_norm", "self_attention"), ("norm", "ffn")):
            norm = (layer[f"{part}/layer_norm/{which}"] for which in ("gamma", "beta"))
            put(f"{name}{k}", *norm)
        for name, part in (("wider", "linear_0"), ("narrower", "linear_1")):
            put(f"{name}{k}", layer[f"ffn/{part}/weight"].T, layer[f"ffn/{part}/bias"])


def _attention(layer: Variables, heads: int) -> Iterator[np.ndarray]:
    """Yield weight and bias of query, key, value and output, as Keras has them, head by head."""
    weight, bias = (layer[f"self_attention/linear_0/{part}"] for part in ("weight", "bias"))
    width = len(bias) // 3
    for w, b in zip(np.split(weight, 3), np.split(bias, 3), strict=True):
        yield w.T.reshape(width, heads, -1)
        yield b.reshape(heads, -1)
    yield layer["self_attention/linear_1/weight"].T.reshape(heads, -1, width)
    yield layer["self_attention/linear_1/bias"]


def read(path: Path) -> Variables:
    """Read the encoder's variables of a CTranslate2 file.

    Raises
    ------
    SerlibError
        If the file is not of version 6, or ends too early.
    """
    with Path(path).open("rb") as file:
        try:
            (version,) = _numbers(file, "I")
            if version != _VERSION:
                raise SerlibError(f"{path}: version {version}, expected {_VERSION} of CTranslate2")
            _text(file)
            _, count = _numbers(file, "II")
            variables = dict(_variable(file) for _ in range(count))
        except (struct.error, ValueError) as error:
            raise SerlibError(
                f"{path}: is no file of CTranslate2, or not whole: {error}"
            ) from error
    own = {name: v for name, v in variables.items() if name.startswith("encoder/")}
    return {name.removeprefix("encoder/"): v.astype(np.float32) for name, v in own.items()}


def _numbers(file: BinaryIO, kinds: str) -> tuple[int, ...]:
    return struct.unpack(f"<{kinds}", file.read(struct.calcsize(f"<{kinds}")))


def _text(file: BinaryIO) -> str:
    (length,) = _numbers(file, "H")
    return file.read(length)[:-1].decode()


def _variable(file: BinaryIO) -> tuple[str, np.ndarray]:
    name, (rank,) = _text(file), _numbers(file, "B")
    shape, (kind, size) = _numbers(file, "I" * rank), _numbers(file, "BI")
    return name, np.frombuffer(file.read(size), _TYPES[kind]).reshape(shape)


def export(path: str | Path, target: Path | None = None) -> Path:
    """Write the encoder of a published file for LiteRT, its weights in 8 bits each.

    Parameters
    ----------
    path : path, of ``model.bin``
    target : Path, by default where `serlib.features.Whisper` looks for it

    Raises
    ------
    SerlibError
        If the file is another one than that of `CHECKSUM`.
    """
    if sha256(Path(path)) != CHECKSUM:
        raise SerlibError(f"{path}: expected the model.bin of Whisper-base with sha256 {CHECKSUM}")
    model = encoder()
    set_weights(model, read(Path(path)))
    target = target or Project.here().artifacts / ENCODER
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as temporary:
        temporary.write_bytes(lite(model))
    return target


def lite(model: keras.Model) -> bytes:
    """Return an encoder for LiteRT: weights of 8 bits, numbers between them as before."""
    import tensorflow as tf

    signature = tf.TensorSpec((1, None, BANDS), tf.float32)
    concrete = tf.function(model).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()
