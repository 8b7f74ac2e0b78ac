"""Bundles without pickles: the same bundle, and none of what a stranger may put into one."""

import io
import json
import struct
import subprocess
import sys
import warnings
import zipfile
from fractions import Fraction

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import serlib
from serlib import inference
from serlib.audio import synthesise
from serlib.errors import BundleError, SerlibError
from serlib.features import FRONT_ENDS, DurationLoudness, LogMel, Means, MfccDeltas
from serlib.features.statistics import Statistics
from serlib.inference.archive import read_archive, write_archive
from serlib.inference.inspection import inspect_state
from serlib.inference.stored import Network
from serlib.systems import AtSpeed, Ensemble, EnsembleScaler, join, networks

EMOTIONS = ["happy", "sad"]
TREE = "bundle.json"
PACKED = dict(compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)
MEAN = "scaler.scalers.0.mean_.npy"


def clip(emotion, seed=0):
    rng = np.random.default_rng(seed)
    return synthesise(emotion, speaker="02", sentence="kids", rng=rng)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle of every kind of scaler, of a loop and a network that Keras cut."""
    keras.utils.set_random_seed(0)
    speed = AtSpeed(DurationLoudness(), "speed_110")
    small = Statistics(n_mfcc=2, n_bands=2)
    frames = MfccDeltas(n_mfcc=3, padded=2.5, duration=2.5)
    ensemble = Ensemble((frames, speed, small, LogMel(n_mels=4, frames=9), Means()))
    heard = [ensemble.get_predict_feat((clip(e, k), 22050)) for k, e in enumerate(EMOTIONS * 2)]
    X = ensemble.split(np.stack(heard))
    scalers = [f.scaler().fit(x) for f, x in zip(ensemble.front_ends, X, strict=True)]
    dense = keras.Sequential([keras.Input((162,)), keras.layers.Dense(2, activation="softmax")])
    loop = [keras.Input(frames.shape), keras.layers.GRU(2), keras.layers.Dense(2, "softmax")]
    members = [((0,), keras.Sequential(loop)), ((4,), dense)]
    path = tmp_path_factory.mktemp("made") / "b.serlib"
    bundle = inference.save_bundle(
        path,
        model=join(ensemble, members),
        scaler=EnsembleScaler(ensemble, scalers),
        classes=EMOTIONS,
        extractor=ensemble,
        reference=clip("happy"),
        card=dict(name="made", figures=[dict(uar=0.1 + 0.2)]),
    )
    return path, bundle


@pytest.fixture
def members(made):
    with zipfile.ZipFile(made[0]) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def packed(tmp_path):
    """Return a function that packs members into a bundle."""

    def pack(members, **how):
        with zipfile.ZipFile(tmp_path / "x.serlib", "w") as archive:
            for name, content in dict(members).items():
                archive.writestr(zipfile.ZipInfo(name), content, **how)
        return tmp_path / "x.serlib"

    return pack


def same(a, b):
    """Whether two things are of the same kinds and numbers, bit for bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        order = a.flags.c_contiguous == b.flags.c_contiguous
        return a.dtype == b.dtype and a.shape == b.shape and order and a.tobytes() == b.tobytes()
    if type(a).__module__.startswith("serlib"):
        return same(a.__reduce__()[1], b.__reduce__()[1])
    return a == b


def test_both_files_hold_the_same_and_answer_the_same(made):
    path, bundle = made
    one, two = (serlib.load_bundle(path.with_suffix(end)) for end in (".serlib", ".joblib"))
    assert same(one, two) and same(read_archive(path), bundle)
    clips = [(clip(e, 5), 22050) for e in EMOTIONS]
    assert serlib.predict_proba(clips, one) == serlib.predict_proba(clips, two)
    assert not same(one, two | dict(classes=tuple(EMOTIONS)))  # the comparison can fail
    assert inference.answer(clips[0], one).remarks == ()  # needs no card


def test_equal_content_is_equal_bytes(made, tmp_path):
    path, bundle = made
    loaded = serlib.load_bundle(path)
    assert loaded["verified"]
    write_archive(loaded | dict(unchecked="says so"), tmp_path / "again.serlib")
    write_archive(bundle, tmp_path / "once.serlib")
    assert (tmp_path / "again.serlib").read_bytes() == path.read_bytes()
    assert (tmp_path / "once.serlib").read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}


def test_equal_arrays_lie_there_once(made, tmp_path):
    bundle = made[1]
    scalers = bundle["scaler"].scalers
    scalers = [type(s).from_state({**vars(s), "var_": s.scale_.copy()}) for s in scalers]
    scaler = EnsembleScaler(bundle["extractor"], scalers)
    write_archive(bundle | dict(scaler=scaler), tmp_path / "b.serlib")
    with zipfile.ZipFile(tmp_path / "b.serlib") as archive:
        arrays = [archive.read(name) for name in archive.namelist()]
    assert len(set(arrays)) == len(arrays)
    again = read_archive(tmp_path / "b.serlib")["scaler"].scalers
    assert same(again, scalers) and not same(again, bundle["scaler"].scalers)


@pytest.mark.parametrize("kind", FRONT_ENDS.values(), ids=FRONT_ENDS)
def test_every_front_end_is_within_bounds(kind):
    name, state = kind().__reduce__()[1]
    inspect_state(name, state)


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (networks.conv1d, (162, 1)),
        (networks.cnn_lstm, (40, 5)),
        (networks.mfcc_lstm, (40, 5)),
        (networks.mfcc_cnn, (40, 5)),
        (networks.bilstm_attention, (16, 16, 1)),
        (networks.bigru_attention, (40, 5)),
    ],
)
def test_every_network_is_of_layers_that_bundles_have(network, shape):
    config = json.dumps(keras.saving.serialize_keras_object(network(shape, 2)))
    inspect_state("network", dict(lite=b"", config=config, weights=[], shape=shape))


def test_a_layer_that_bundles_cannot_have_is_refused_when_written(made, tmp_path):
    bundle = made[1]
    model = keras.Sequential(
        [keras.Input(bundle["extractor"].shape), keras.layers.GaussianNoise(0.1)]
    )
    with warnings.catch_warnings(), pytest.raises(BundleError, match="GaussianNoise"):
        warnings.simplefilter("ignore")
        network = Network.of(model, bundle["extractor"].shape)
        write_archive(bundle | dict(model=network), tmp_path / "b.serlib")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ({"is": "tuple", "of": []}, "which JSON cannot tell apart"),
        ({1: "a"}, "which JSON cannot tell apart"),
        ({"a": Fraction(1, 2)}, "a Fraction, which only a pickle can hold"),
        ({"a": {"b": b"one"}, "a.b": b"two"}, r"two places that are called card\.a\.b"),
        ({"a-b": b"one"}, "which no bundle does"),
        ({"a": np.bool_(True)}, "'bool'"),
        ({"a": "\n"}, "cannot be shown"),
        ({"a": np.nan}, "not JSON compliant|nan"),
    ],
)
def test_what_would_not_come_back_is_not_written(made, tmp_path, card, says):
    with pytest.raises((BundleError, ValueError), match=says):
        write_archive(made[1] | dict(card=card), tmp_path / "b.serlib")
    assert not [*tmp_path.iterdir()]


# What a stranger may do: to the zip


def test_a_member_too_many_is_refused(members, packed):
    path = packed(members | {"run.py": b"print()"})
    with pytest.raises(BundleError, match=r"x\.serlib: holds \['run\.py'\].* remake it: serlib"):
        serlib.load_bundle(path)


@pytest.mark.parametrize("name", ["../a.npy", "/etc/a.npy", "a\\..\\b.npy", "C:a", "d/", "ä b"])
def test_a_member_with_a_path_is_refused_and_written_nowhere(members, packed, name, tmp_path):
    tree = members[TREE].replace(MEAN.encode(), name.replace("\\", "\\\\").encode())
    moved = {name: members.pop(MEAN)}  # nothing else is wrong
    path = packed({**members, TREE: tree, **moved})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BundleError, match="which no bundle does"):
        serlib.load_bundle(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_member_twice_is_refused(members, packed, tmp_path):
    path = packed(members)
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(TREE, members[TREE])
    with pytest.raises(BundleError, match="twice"):
        serlib.load_bundle(path)


def test_a_missing_member_is_refused(members, packed):
    for name in (TREE, MEAN):
        path = packed({key: value for key, value in members.items() if key != name})
        with pytest.raises(BundleError, match=name.replace(".", r"\.")):
            serlib.load_bundle(path)


def zeros(n):
    """A member of n zeros, as an array of bytes on disk would be; packed it is small."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.zeros(n, np.float32))
    return file.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(members, packed, monkeypatch):
    path = packed({**members, MEAN: bytes(270_000_000)}, **PACKED)
    assert path.stat().st_size < 10_000_000
    with monkeypatch.context() as patched:
        patched.delattr(zipfile.ZipFile, "open")
        with pytest.raises(BundleError, match="bytes: no bundle is so"):
            serlib.load_bundle(path)


def test_a_bomb_that_lies_about_its_size_is_refused(members, packed):
    """Of both places that tell a member's size, one and both."""
    content, small = zeros(20_000_000), struct.pack("<L", 200)
    told = struct.pack("<L", len(content))
    path = packed({**members, MEAN: content}, **PACKED)
    bomb = path.read_bytes()
    assert bomb.count(told) == 2
    for lie in (bomb.replace(told, small, 1), bomb.replace(told, small)):
        path.write_bytes(lie)
        with pytest.raises(BundleError, match=r"x\.serlib: "):
            serlib.load_bundle(path)


def test_a_long_list_of_members_is_refused_before_it_is_read(members, packed, monkeypatch):
    path = packed(members | {f"{k}{'x' * 500}": b"" for k in range(3000)})
    with monkeypatch.context() as patched:
        patched.delattr(zipfile, "ZipFile")
        with pytest.raises(BundleError, match="more members"):
            serlib.load_bundle(path)


def test_a_zip_whose_list_may_be_longer_than_it_says_is_refused_unread(made, tmp_path):
    """One with a record of 64 bits before its last, which then tells the length of the list."""
    whole = made[0].read_bytes()
    for end in (b"PK\6\7" + bytes(16) + whole[-22:], b"", whole[-22:-4]):
        (tmp_path / "x.serlib").write_bytes(whole[:-22] + end if end else b"PK\5\6" + bytes(9))
        with pytest.raises(BundleError, match="truncated, too large, or not a bundle"):
            serlib.load_bundle(tmp_path / "x.serlib")


def test_a_long_tree_and_a_deep_one_are_refused(members, packed):
    long = b'{"x": [' + b"0," * 2_200_000 + b"0]}"
    for tree in (long, b"[" * 100_000 + b"]" * 100_000, b"\xff", b"{", b"[]", b"null"):
        with pytest.raises(BundleError, match=r"no bundle|not a bundle|no dict|holds"):
            serlib.load_bundle(packed({**members, TREE: tree}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:-30],
        lambda b: b[30:],
        lambda b: b"",
        lambda b: b"\x80\x04." * 40,
        lambda b: b[: len(b) // 2] + bytes([b[len(b) // 2] ^ 1]) + b[len(b) // 2 + 1 :],
        lambda b: b[:6] + b"\1" + b[7:].replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"),
    ],
    ids=["cut", "beheaded", "empty", "pickle", "flipped", "encrypted"],
)
def test_a_damaged_file_is_refused(made, tmp_path, damage):
    damaged = damage(made[0].read_bytes())
    assert damaged != made[0].read_bytes()
    (tmp_path / "x.serlib").write_bytes(damaged)
    with pytest.raises(BundleError, match=r"x\.serlib: .*remake it"):
        serlib.load_bundle(tmp_path / "x.serlib")


def test_any_flipped_byte_leaves_the_same_bundle_or_an_error(made, tmp_path):
    whole, rng = made[0].read_bytes(), np.random.default_rng(0)
    for place in rng.integers(len(whole), size=60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.integers(8)
        (tmp_path / "x.serlib").write_bytes(flipped)
        try:
            found = read_archive(tmp_path / "x.serlib")
        except BundleError:
            continue
        assert same(found, made[1])


def test_a_pickle_under_this_name_is_not_unpickled(made, tmp_path):
    for name in ("x.serlib", "x.SERLIB"):
        (tmp_path / name).write_bytes(made[0].with_suffix(".joblib").read_bytes())
        with pytest.raises(BundleError, match="not a bundle"):
            serlib.load_bundle(tmp_path / name)


# To arrays


@pytest.mark.parametrize(
    "x",
    [
        np.full(3, np.nan),
        np.array([np.inf]),
        np.zeros(7),
        np.zeros((2, 2)),
        np.array([object()]),
        np.array(["a"]),
        np.zeros(3, ">f4"),
        np.zeros(3, np.complex64),
        np.zeros(2, [("a", "f4")]),
    ],
    ids=lambda x: f"{x.dtype}{x.shape}",
)
def test_an_array_of_another_shape_or_kind_is_refused(members, packed, x):
    file = io.BytesIO()
    np.save(file, x)
    with pytest.raises(BundleError, match=r"x\.serlib: "):
        serlib.load_bundle(packed({**members, MEAN: file.getvalue()}))


def test_one_number_that_is_none_is_refused_wherever_it_lies(members, packed):
    for name in (MEAN, "reference.y.npy", "model.weights.1.npy"):
        if name in members:
            content = bytearray(members[name])
            dtype = np.float64 if b"<f8" in content else np.float32
            last = np.array(np.nan, dtype).tobytes()
            content[-len(last) :] = last
            with pytest.raises(BundleError, match=rf"{name} is cut off, or holds what is no"):
                serlib.load_bundle(packed({**members, name: bytes(content)}))


@pytest.mark.parametrize("dtype", [">f8", "<f2", "<c16", "|O"])
def test_an_array_of_another_kind_is_refused_although_its_shape_fits(members, packed, dtype):
    file = io.BytesIO()
    np.save(file, np.load(io.BytesIO(members[MEAN])).astype(dtype))
    with pytest.raises(BundleError, match=rf"{MEAN} is an array of .*: no bundle has one"):
        serlib.load_bundle(packed({**members, MEAN: file.getvalue()}))


def test_an_array_of_another_version_of_the_format_is_refused(members, packed):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.load(io.BytesIO(members[MEAN])), (2, 0))
    with pytest.raises(BundleError, match="not an array as bundles have them"):
        serlib.load_bundle(packed({**members, MEAN: file.getvalue()}))


def test_a_deviation_that_is_not_above_zero_is_refused(members, packed):
    name = MEAN.replace("mean_", "scale_")
    for bad in (0.0, -1.0):
        content = members[name][:-8] + np.float64(bad).tobytes()
        with pytest.raises(BundleError, match="deviations that are not above 0"):
            serlib.load_bundle(packed({**members, name: content}))


def test_an_array_that_is_cut_off_is_refused(members, packed):
    for content in (members[MEAN][:-8], members[MEAN] + bytes(8), members[MEAN][:-3]):
        with pytest.raises(BundleError, match=r"x\.serlib: "):
            serlib.load_bundle(packed({**members, MEAN: content}))


def test_the_order_of_an_array_in_memory_comes_back(made, tmp_path):
    scaler = made[1]["scaler"]
    first = type(scaler.scalers[0]).from_state(
        {**vars(scaler.scalers[0]), "var_": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    )
    other = EnsembleScaler(scaler.ensemble, [first, *scaler.scalers[1:]])
    write_archive(made[1] | dict(scaler=other), tmp_path / "b.serlib")
    found = read_archive(tmp_path / "b.serlib")["scaler"]
    assert same(found, other) and found.scalers[0].var_.flags.f_contiguous
    found.scalers[0].var_[:] = 0  # and may be written to, as those of a pickle


@pytest.mark.parametrize("shape", ["(999999999999,)", "(-3,)", "(3,", "(__import__('os'),)"])
def test_a_header_that_promises_too_much_allocates_nothing(members, packed, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(24)
    with pytest.raises(BundleError, match=r"x\.serlib: "):
        serlib.load_bundle(packed({**members, MEAN: content}))


# To the tree


def changed(members, change):
    """Return the members with a tree that a function changes, those that it still names."""
    tree = json.loads(members[TREE])
    change(tree)
    named = {part["of"] for part in walk(tree)}
    kept = {name: content for name, content in members.items() if name in named}
    return {**kept, TREE: json.dumps(tree).encode()}


def walk(thing):
    """Yield what may name a member."""
    if isinstance(thing, dict):
        if isinstance(thing.get("of"), str):
            yield thing
        for part in thing.values():
            yield from walk(part)
    elif isinstance(thing, list):
        for part in thing:
            yield from walk(part)


def setting(path, value):
    """Return a function that sets what lies at a path in a tree."""
    *way, last = path

    def change(tree):
        for step in way:
            tree = tree[step]
        tree[last] = value

    return change


FIRST = ("scaler", "of", "scalers", 0, "of")
FRONT = ("extractor", "of", "front_ends", "of", 0, "of")
NET = ("model", "of")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("encoder", "is"), "system", r"'system', which this version"),
        (("model", "is"), "scaler", "not fitted"),
        (("model", "is"), ["network"], "damaged"),
        ((*NET, "archive"), "x", "network like no other"),
        (NET, "x", "without a state"),
        ((*NET, "lite"), "x", "no file"),
        ((*NET, "shape", "of"), [3], "its network takes"),
        ((*NET, "weights", 0), {"is": "tuple", "of": [-8, [2, 2], [0, 1]]}, "damaged"),
        ((*NET, "weights", 0), {"is": "tuple", "of": [0, [10**9], [0]]}, "damaged"),
        ((*FIRST, "transform"), 1, "like no other"),
        ((*FIRST, "scale_"), None, "not fitted"),
        ((*FIRST, "n_samples_seen_", "of"), 1e999, "Infinity as a number"),
        (("scaler", "of", "scalers"), [], "holds a ensemble_scaler of others"),
        (("scaler", "of", "scalers", 0), {"is": "encoder", "of": {"classes": []}}, "of others"),
        ((*FRONT, "n_fft"), 10**9, "n_fft is 1000000000"),
        ((*FRONT, "hop_length"), 0, "hop_length is 0"),
        ((*FRONT, "sr"), "a", r"x\.serlib"),
        ((*FRONT, "n_mfcc"), 4, "its settings are not"),
        ((*FRONT, "unheard"), 4, "damaged"),
        (("extractor",), {"a": 1}, "its extractor is a dict"),
        (("classes",), ["happy", "happy"], "classes"),
        (("classes",), ["sad", "happy"], "its encoder has others"),
        (("classes", 0), "\x1b[2J", "cannot be shown"),
        (("classes",), "happy", "classes"),
        (("verified",), True, "verified"),
        (("anywhere",), "yes", "for anywhere"),
        (("voice",), 1, "expected"),
        (("reference", "y", "of"), MEAN, "too short"),
        (("reference", "z"), 1, "reference clip has"),
        (("reference", "y"), [0.0], "damaged"),
        (("reference", "features", "of"), MEAN, "reference clip has shapes"),
        (("reference", "probabilities", "of"), MEAN, "probabilities, 2 classes"),
        (("versions", "keras"), "0.1", "made with"),
        (("card",), [], "its card is a list"),
    ],
)
def test_a_tree_that_no_bundle_has_is_refused(members, packed, path, value, says):
    with pytest.raises(BundleError, match=says):
        serlib.load_bundle(packed(changed(members, setting(path, value))))


def test_numbers_that_are_none_are_refused(members, packed):
    for bad in (b"NaN", b"1e999", b"-Infinity"):
        tree = members[TREE].replace(b'"uar":0.30000000000000004', b'"uar":' + bad)
        assert tree != members[TREE]
        with pytest.raises(BundleError, match=r"as a number|not finite"):
            serlib.load_bundle(packed({**members, TREE: tree}))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.layers", "Lambda"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "StringLookup"),
        ("os", "system"),
        ("builtins", "function"),
        (None, "__lambda__"),
        (None, "__typespec__"),
    ],
)
def test_keras_is_given_layers_of_the_list_alone(members, packed, module, name):
    def change(tree):
        config = json.loads(tree["model"]["of"]["config"])
        config["config"]["layers"].append(dict(module=module, class_name=name, config={}))
        tree["model"]["of"]["config"] = json.dumps(config)

    with pytest.raises(BundleError, match=rf"{name}, which `inspection` does not list"):
        serlib.load_bundle(packed(changed(members, change)))


# To the network's file


def packed_lite(model):
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def nan(model):
    sizes = [0 if b.data is None else len(b.data) for b in model.buffers]
    buffer = model.buffers[int(np.argmax(sizes))]
    buffer.data = np.array(buffer.data)
    buffer.data[:4] = np.frombuffer(np.float32(np.nan).tobytes(), np.uint8)


def recursion(model):
    for number, graph in enumerate(model.subgraphs):
        for operator in graph.operators:
            if isinstance(operator.builtinOptions, schema.WhileOptionsT):
                operator.builtinOptions.bodySubgraphIndex = number
                return


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (nan, "not finite"),
        (recursion, "points at"),
        (lambda m: setattr(m.subgraphs[0].operators[0], "opcodeIndex", 999), r"points at \[999\]"),
        (lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [7000]), r"points at \[7000\]"),
        (lambda m: setattr(m.subgraphs[0].operators[0], "outputs", [-1]), r"points at \[-1\]"),
        (lambda m: setattr(m.subgraphs[1], "inputs", [7000]), r"points at \[7000\]"),
        (lambda m: setattr(m.subgraphs[1], "outputs", [-1]), r"points at \[-1\]"),
        (lambda m: setattr(m.subgraphs[0], "outputs", [0]), "its network is of"),
        (lambda m: setattr(m.subgraphs[0], "inputs", []), "its network is of"),
        (lambda m: setattr(m.subgraphs[0].tensors[1], "buffer", 5000), r"points at \[5000\]"),
        (lambda m: setattr(m.subgraphs[0].tensors[1], "shape", [1 << 30]), "has a tensor"),
        (lambda m: setattr(m.subgraphs[0].tensors[1], "type", 5), "tensors of a kind"),
        (
            lambda m: [setattr(t, "shape", [1 << 26]) for t in m.subgraphs[1].tensors],
            "cut off|too large",
        ),
        (
            lambda m: (
                setattr(m.operatorCodes[0], "builtinCode", schema.BuiltinOperator.CUSTOM),
                setattr(m.operatorCodes[0], "deprecatedBuiltinCode", 32),
            ),
            "operation 32",
        ),
    ],
)
def test_a_network_that_points_elsewhere_is_refused(members, packed, change, says):
    model = schema.ModelT.InitFromPackedBuf(members["model.lite"])
    change(model)
    # Without weights of Keras, so that the file itself is what is looked at
    content = changed(members, setting((*NET, "weights"), []))
    with pytest.raises(BundleError, match=says):
        serlib.load_bundle(packed({**content, "model.lite": packed_lite(model)}))


def test_a_network_whose_file_is_cut_is_refused(members, packed):
    lite = members["model.lite"]
    for cut in (b"", lite[:8], lite[: len(lite) // 2], lite[:4] + b"TFL4" + lite[8:]):
        kept = changed(members, setting((*NET, "weights"), []))
        with pytest.raises(SerlibError, match=r"x\.serlib: "):
            serlib.load_bundle(packed({**kept, "model.lite": cut}))


def test_the_command_reads_one(made, tmp_path):
    import soundfile as sf

    sf.write(tmp_path / "a.wav", clip("sad"), 22050)
    command = [sys.executable, "-m", "serlib", "predict", "a.wav", "--json", "--bundle"]
    done = subprocess.run(
        [*command, str(made[0])], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["emotion"] in EMOTIONS, done.stderr
    (tmp_path / "x.serlib").write_bytes(made[0].read_bytes()[:-9])
    done = subprocess.run(
        [*command, "x.serlib"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "x.serlib: truncated" in done.stderr and "serlib run --system" in done.stderr
