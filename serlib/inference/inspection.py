"""What a bundle without pickles may hold; it is looked at before any of it is used.

**What safe means.** Nothing of its author's is run: front ends, scalers and layers are this
library's, LiteRT's and Keras's own, from lists below. Sizes and settings are bounded, all weights
are finite, shapes fit each other, each table of the network's file lies within it, each index in
it points at something, and it holds only operations that networks here are made of. LiteRT is
written in C++ and does not check all that a file says of its operations: one may end the process,
or ask for loops that do not end. So another process is the first to ask a network that is not of
this checkout. **What it does not mean.** That process has no fewer rights than this one, and its
input is silence. And answers may be wrong: the reference clip tells another machine, not another
intention.
"""

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import BundleError
from ..features import SCALERS, FrontEnd, Scaler
from ..systems import EnsembleScaler
from .stored import Encoder, Network, weight_at

_KEYS = "model scaler encoder extractor classes settings versions card verified reference"
_SETTINGS = {  # from, to; of all others 0 to 1000
    "sr": (8000, 96_000),
    "n_fft": (64, 16_384),
    "hop_length": (32, 16_384),
    "duration": (0.1, 60),
    "padded": (0.1, 60),
    "frames": (1, 4096),
    "layers": (1, 5),
}
_LONGEST = 60 * 96_000  # samples of a reference clip
_CLASSES = 100
_TENSOR, _TENSORS = 1 << 26, 1 << 28  # numbers: of one, of all
_PATIENCE = 60  # s, of who tries a network; it takes less than one
_TRIAL = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
net = Interpreter(model_content=sys.stdin.buffer.read(), num_threads=1)
net.allocate_tensors()
(into,) = net.get_input_details()
net.set_tensor(into["index"], np.zeros(into["shape"], np.float32))
net.invoke()
"""
_TYPES = {0: np.dtype("<f4"), 2: np.dtype("<i4"), 6: np.dtype(bool)}  # of LiteRT's tensors
_OPERATIONS = """
ABS ADD AVERAGE_POOL_2D BATCH_MATMUL BROADCAST_TO CAST CONCATENATION CONV_2D DEPTHWISE_CONV_2D DIV
ELU EQUAL EXP EXPAND_DIMS FILL FLOOR FULLY_CONNECTED GATHER GELU GREATER GREATER_EQUAL HARD_SWISH
L2_NORMALIZATION LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC MAXIMUM
MAX_POOL_2D MEAN MINIMUM MUL NEG NOT_EQUAL PACK PAD PADV2 POW REDUCE_MAX REDUCE_MIN RELU RELU6
RESHAPE REVERSE_V2 RSQRT SELECT SELECT_V2 SHAPE SLICE SOFTMAX SPLIT SPLIT_V SQRT SQUARE
SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TILE TRANSPOSE UNPACK WHILE ZEROS_LIKE
"""
_LAYERS = {  # what Keras may build, by module
    "keras": "DTypePolicy Sequential Functional Model",
    "keras.src.models.functional": "Functional",
    "keras.src.models.sequential": "Sequential",
    "keras.initializers": "GlorotNormal GlorotUniform HeNormal HeUniform Ones Orthogonal "
    "RandomNormal RandomUniform TruncatedNormal Zeros",
    "keras.regularizers": "L1 L1L2 L2",
    "keras.layers": "Activation Add AdditiveAttention Attention Average AveragePooling1D "
    "AveragePooling2D BatchNormalization Bidirectional Concatenate Conv1D Conv2D Dense "
    "DepthwiseConv1D DepthwiseConv2D Dot Dropout EinsumDense ELU Flatten GRU "
    "GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D "
    "InputLayer LSTM LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D Maximum "
    "MultiHeadAttention Multiply Permute ReLU RepeatVector Reshape SeparableConv1D "
    "SeparableConv2D Softmax SpatialDropout1D SpatialDropout2D Subtract TimeDistributed "
    "UnitNormalization ZeroPadding1D ZeroPadding2D",
    "keras.src.ops.numpy": "Add Concatenate Exp GetItem Greater GreaterEqual Less LessEqual Log "
    "Max Maximum Mean Min Minimum Multiply Reshape Sqrt Square Stack Subtract Sum Transpose "
    "TrueDivide",
    "": "__ellipsis__ __keras_tensor__ __slice__",
}


def inspect_state(kind: str, state: Any) -> None:
    """Look at what `serlib.restore` would build a part of a bundle from.

    Raises
    ------
    BundleError
        If a part of that kind cannot have such a state.
    """
    _expect(isinstance(state, dict), f"holds a {kind!r:.80} without a state")
    if kind == Network.name:
        _network(state)
    elif kind in SCALERS:
        mean, scale = state.get("mean_"), state.get("scale_")
        fitted = all(isinstance(x, np.ndarray) and x.ndim == 1 for x in (mean, scale))
        _expect(fitted and mean.shape == scale.shape, f"holds a {kind} that is not fitted")
        _expect((scale > 0).all(), f"holds a {kind} of deviations that are not above 0")
        known = r"with_mean|with_std|copy|n_features_in_|n_samples_seen_|mean_|var_|scale_"
        _expect(all(re.fullmatch(known, key) for key in state), f"holds a {kind} like no other")
    elif kind == EnsembleScaler.name:
        scalers = isinstance(state["scalers"], list) and state["scalers"]
        _expect(all(isinstance(s, Scaler) for s in scalers or [None]), f"holds a {kind} of others")
    else:
        for name, value in state.items():
            least, most = _SETTINGS.get(name, (0, 1000))
            numbers = [x for x in _parts(value) if isinstance(x, int | float)]
            _expect(all(least <= x <= most for x in numbers), f"{kind}: {name} is {value!r:.80}")


def inspect_bundle(bundle: dict) -> None:
    """Look at whether the parts of a bundle fit each other.

    Raises
    ------
    BundleError
        For the first that does not.
    """
    _expect(isinstance(bundle, dict), "holds no dict")
    known = {*bundle} - {"anywhere"} == {*_KEYS.split()}
    _expect(known, f"holds {[*bundle]!r:.200}, expected {_KEYS}")
    kinds = dict(model=Network, scaler=Scaler | EnsembleScaler, encoder=Encoder)
    kinds |= dict(extractor=FrontEnd, settings=dict, versions=dict, card=dict, reference=dict)
    for key, kind in kinds.items():
        _expect(isinstance(bundle[key], kind), f"its {key} is a {type(bundle[key]).__name__}")
    flags = [bundle["verified"], bundle.get("anywhere", True)]
    _expect(flags == [False, True], f"says {flags} of being verified and for anywhere")
    classes, extractor, reference = bundle["classes"], bundle["extractor"], bundle["reference"]
    named = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    _expect(named and 1 < len({*classes}) == len(classes) <= _CLASSES, f"classes {classes!r:.80}")
    _expect(bundle["encoder"].state == dict(classes=classes), "its encoder has others")
    _expect(bundle["settings"] == extractor.settings(), "its settings are not its front end's")
    parts = ("y", "features", "probabilities")
    _expect({*reference} == {*parts}, f"its reference clip has {[*reference]!r:.80}")
    y, features, proba = (reference[key] for key in parts)
    fits = y.ndim == 1 and y.size <= _LONGEST and features.shape == extractor.shape
    _expect(fits, f"its reference clip has shapes {y.shape} and {features.shape}")
    _expect(proba.shape == (len(classes),), f"{proba.shape} probabilities, {len(classes)} classes")
    X = extractor.as_input(bundle["scaler"].transform(features[None]))
    network = bundle["model"].state
    shape = network["shape"]
    _expect(X.shape[1:] == shape, f"its network takes {shape}, its front end gives {X.shape[1:]}")
    if network["lite"]:  # otherwise Keras answers
        _lite(network["lite"], shape, len(classes))


def try_network(lite: bytes) -> None:
    """Let another process ask a network's file first, which may end it, or never answer.

    Raises
    ------
    BundleError
        If it does.
    """
    command = [sys.executable, "-P", "-c", _TRIAL]
    how = dict(input=lite, timeout=_PATIENCE, check=False, capture_output=True)
    try:
        status = subprocess.run(command, **how).returncode
    except subprocess.TimeoutExpired:
        raise BundleError(f"its network gave no answer in {_PATIENCE} s") from None
    _expect(not status, f"its network ends the process that asks it (exit status {status})")


def _network(state: dict) -> None:
    """Look at the state of a network: what Keras builds it from, and its weights."""
    _expect({*state} == {"lite", "config", "weights", "shape"}, "holds a network like no other")
    _expect(isinstance(state["lite"], bytes), "holds a network that is no file")
    for part in _parts(json.loads(state["config"])):
        if isinstance(part, dict) and "class_name" in part:
            module, name = part.get("module") or "", part["class_name"]
            able = name in _LAYERS.get(module, "").split()
            _expect(able, f"its network has a {module}.{name}, which `inspection` does not list")
    for weight in state["weights"]:
        known = weight if isinstance(weight, np.ndarray) else weight_at(state["lite"], weight)
        _expect(np.isfinite(known).all(), "its network has weights that are not finite")


def _lite(lite: bytes, shape: tuple[int, ...], n: int) -> None:
    """Look at a network's file: all its tables, tensors, and what its operations point at."""
    from ai_edge_litert import schema_py_generated as schema

    _expect(lite[4:8] == b"TFL3", "its network is no file of LiteRT")
    model = schema.ModelT.InitFromPackedBuf(lite)  # an offset that leads out of the file raises
    allowed = {getattr(schema.BuiltinOperator, name) for name in _OPERATIONS.split()}
    for code in model.operatorCodes:
        found = max(code.builtinCode, code.deprecatedBuiltinCode)
        _expect(found in allowed, f"its network has operation {found}, which no bundle has")
    graphs, total = model.subgraphs, 0
    for number, graph in enumerate(graphs):
        for tensor in graph.tensors:
            total += _tensor(tensor, model.buffers)
        held = range(len(graph.tensors))
        _within(graph.inputs, held)
        _within(graph.outputs, held)
        for operator in graph.operators:
            _within([operator.opcodeIndex], range(len(model.operatorCodes)))
            _within(operator.inputs, range(-1, len(held)))  # -1: one that is left out
            _within(operator.outputs, held)
            if isinstance(operator.builtinOptions, schema.WhileOptionsT):  # none calls itself
                called = operator.builtinOptions
                later = range(number + 1, len(graphs))
                _within([called.condSubgraphIndex, called.bodySubgraphIndex], later)
    _expect(total <= _TENSORS, "its network is too large")
    ends = [[tuple(graphs[0].tensors[k].shape) for k in part] for part in _ends(graphs[0])]
    _expect(ends == [[(1, *shape)], [(1, n)]], f"its network is of {ends}, not of {shape} and {n}")


def _ends(graph: Any) -> tuple:
    return graph.inputs, graph.outputs


def _tensor(tensor: Any, buffers: list) -> int:
    """Look at a tensor and its constants; return how many numbers it has."""
    shape = [] if tensor.shape is None else [int(n) for n in tensor.shape]
    size = math.prod(shape)
    _expect(tensor.type in _TYPES and not tensor.sparsity, "its network has tensors of a kind")
    _expect(min(shape, default=0) >= 0 and size <= _TENSOR, f"its network has a tensor {shape}")
    _within([tensor.buffer], range(len(buffers)))
    if (data := buffers[tensor.buffer].data) is not None and len(data):
        dtype = _TYPES[tensor.type]
        _expect(len(data) == size * dtype.itemsize, "its network has constants that are cut off")
        numbers = np.frombuffer(bytes(data), dtype)
        _expect(np.isfinite(numbers).all(), "its network has weights that are not finite")
    return size


def _within(indices: Iterable[int] | None, known: range) -> None:
    out = [int(k) for k in (() if indices is None else indices) if int(k) not in known]
    _expect(not out, f"its network points at {out[:3]}, which it does not have")


def _parts(thing: Any) -> Iterable[Any]:
    """Yield a thing and all that it holds."""
    yield thing
    if isinstance(thing, dict | list | tuple):
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from _parts(part)


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise BundleError(otherwise)
