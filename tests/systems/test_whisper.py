"""Whisper's encoder: the network against plain numpy, and the file that its weights come in."""

import struct

import numpy as np
import pytest
from scipy.special import erf

from serlib.errors import SerlibError
from serlib.systems import whisper

WIDTH, HEADS, DEPTH = 16, 2, 2


@pytest.fixture(scope="module")
def variables():
    """Small weights under the names of the published file."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return (rng.standard_normal(shape) / np.sqrt(shape[-1])).astype("f4")

    found = {"position_encodings/encodings": draw(whisper.LONGEST, WIDTH)}
    for stride, bands in ((1, whisper.BANDS), (2, WIDTH)):
        found[f"conv{stride}/weight"] = draw(WIDTH, bands, 3)
        found[f"conv{stride}/bias"] = draw(WIDTH)
    for k in range(DEPTH):
        sizes = {"self_attention/linear_0": (3, 1), "self_attention/linear_1": (1, 1)}
        sizes |= {"ffn/linear_0": (4, 1), "ffn/linear_1": (1, 4)}
        for name, (out, into) in sizes.items():
            found[f"layer_{k}/{name}/weight"] = draw(out * WIDTH, into * WIDTH)
            found[f"layer_{k}/{name}/bias"] = draw(out * WIDTH)
        for part in ("self_attention", "ffn"):
            for which in ("gamma", "beta"):
                found[f"layer_{k}/{part}/layer_norm/{which}"] = 1 + draw(WIDTH)
    return found


def norm(x, v, name):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return x * v[f"{name}/layer_norm/gamma"] + v[f"{name}/layer_norm/beta"]


def gelu(x):
    return x * (1 + erf(x / np.sqrt(2))) / 2


def plain(x, v):
    """The encoder as its paper has it, frame by frame and head by head."""
    for stride in (1, 2):
        weight, padded = v[f"conv{stride}/weight"], np.pad(x, ((1, 1), (0, 0)))
        places = range(0, len(x), stride)
        x = np.stack([np.einsum("ocw,wc->o", weight, padded[t : t + 3]) for t in places])
        x = gelu(x + v[f"conv{stride}/bias"])
    x = x + v["position_encodings/encodings"][: len(x)]
    said = []
    for k in range(DEPTH):
        w = {n.removeprefix(f"layer_{k}/"): p for n, p in v.items() if n.startswith(f"layer_{k}/")}
        y = norm(x, w, "self_attention")
        y = y @ w["self_attention/linear_0/weight"].T + w["self_attention/linear_0/bias"]
        heads = []
        for q, key, value in zip(*(np.split(p, HEADS, 1) for p in np.split(y, 3, 1)), strict=True):
            score = np.exp(q @ key.T / np.sqrt(WIDTH / HEADS))
            heads.append(score / score.sum(axis=1, keepdims=True) @ value)
        y = np.concatenate(heads, axis=1)
        x = x + y @ w["self_attention/linear_1/weight"].T + w["self_attention/linear_1/bias"]
        y = gelu(norm(x, w, "ffn") @ w["ffn/linear_0/weight"].T + w["ffn/linear_0/bias"])
        x = x + y @ w["ffn/linear_1/weight"].T + w["ffn/linear_1/bias"]
        said.append(x)
    return np.stack(said)


@pytest.fixture(scope="module")
def model(variables):
    model = whisper.encoder(DEPTH, WIDTH, HEADS)
    whisper.set_weights(model, variables, HEADS)
    return model


@pytest.mark.parametrize("frames", [2, 40, 100])
def test_the_network_is_the_published_one(model, variables, frames):
    x = np.random.default_rng(frames).standard_normal((frames, whisper.BANDS)).astype("f4")
    said = model.predict_on_batch(x[None])[0]
    assert said.shape == (DEPTH, frames // 2, WIDTH)
    np.testing.assert_allclose(said, plain(x, variables), atol=1e-4)


def written(path, variables, *, version=6, cut=None):
    """Write variables as CTranslate2 does."""
    content = struct.pack("<I", version)
    content += struct.pack("<H", 8) + b"Whisper\0" + struct.pack("<II", 3, len(variables))
    for name, values in variables.items():
        content += struct.pack("<H", len(name) + 1) + name.encode() + b"\0"
        content += struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        kind = {"f4": 0, "f2": 4}[values.dtype.str[1:]]
        content += struct.pack("<BI", kind, values.nbytes) + values.tobytes()
    path.write_bytes(content[:cut])
    return path


def test_a_file_of_ctranslate2_is_read(tmp_path, variables):
    named = {f"encoder/{name}": values for name, values in variables.items()}
    named["encoder/conv1/bias"] = named["encoder/conv1/bias"].astype("f2")
    path = written(tmp_path / "model.bin", named | {"decoder/other": np.zeros(3, "f4")})
    found = whisper.read(path)
    assert set(found) == set(variables)
    for name, values in variables.items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values, atol=2e-3 if name == "conv1/bias" else 0)


@pytest.mark.parametrize(
    ("how", "says"), [(dict(version=5), "version 5"), (dict(cut=900), "not whole")]
)
def test_another_file_is_refused(tmp_path, variables, how, says):
    path = written(tmp_path / "model.bin", variables, **how)
    with pytest.raises(SerlibError, match=says):
        whisper.read(path)
    with pytest.raises(SerlibError, match="sha256"):
        whisper.export(path, tmp_path / "encoder.tflite")
    assert not (tmp_path / "encoder.tflite").exists()
