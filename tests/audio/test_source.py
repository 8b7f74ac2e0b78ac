"""What may be given as a recording: each kind gives the same samples, and none is printed."""

import io
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf

from serlib.audio import SUFFIXES, check_path, load, name_of, recordings_below
from serlib.errors import AudioError
from tests.conftest import write_clip

KINDS = {
    "bytes": lambda raw, *_: raw,
    "bytearray": lambda raw, *_: bytearray(raw),
    "memoryview": lambda raw, *_: memoryview(raw),
    "a file in memory": lambda raw, *_: io.BytesIO(raw),
    "an array": lambda raw, y, sr, path: (y, sr),
    "datasets, decoded": lambda raw, y, sr, path: dict(path="gone", array=y, sampling_rate=sr),
    "datasets, bytes": lambda raw, *_: dict(bytes=raw, path="gone.wav"),
    "datasets, a path": lambda raw, y, sr, path: dict(bytes=None, path=str(path)),
}


@pytest.fixture
def wav(tmp_path):
    return write_clip(tmp_path / "clip.wav")


def as_kind(kind, path):
    return KINDS[kind](path.read_bytes(), *sf.read(path, dtype="float32"), path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_same_recording(wav, kind):
    np.testing.assert_allclose(load(as_kind(kind, wav)), load(wav), atol=1e-6)


@pytest.mark.parametrize("kind", ["bytes", "bytearray", "memoryview", "datasets, bytes"])
def test_no_error_prints_a_clip(tmp_path, kind):
    raw = b"RIFF" + bytes(100_000)
    with pytest.raises(AudioError, match="cannot be read as audio") as error:
        load(KINDS[kind](raw, None, None, None))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (np.zeros(100_000), "its rate is not known; expected a path"),
        ([np.zeros(100_000), 22050], r"list: expected a path, .*\(y, sr\)"),
        (None, "NoneType: expected a path"),
        (3, "int: expected a path"),
        ({"audio": np.zeros(100_000)}, "dict of audio: expected array and sampling_rate, or bytes"),
        (b"", "bytes: the file is empty"),
        (str(bytes(100_000)), "cannot be read as audio"),
        (io.StringIO("text"), "is open as text"),
        (([[1.0, 2.0], [3.0]], 22050), "array: its samples are no array"),
        ((np.full(22050, 1e20), 22050), r"samples up to 1e\+20, expected -1 to 1"),
        ((np.full(22050, 1e39), 22050), "NaN or infinite"),
    ],
)
def test_what_is_no_recording_says_what_one_is(source, says):
    with pytest.raises(AudioError, match=says) as error:
        load(source)
    assert len(str(error.value)) < 400


def test_a_file_open_for_writing_is_told_so(tmp_path):
    says = pytest.raises(AudioError, match="it is not open for reading")
    with (tmp_path / "new.wav").open("wb") as file, says:
        load(file)


def test_a_decoder_of_datasets_is_decoded(wav):
    """As `datasets` gives clips from version 4 on: torchcodec's, with channels first."""
    y, sr = sf.read(wav, dtype="float32")
    samples = SimpleNamespace(data=y[None], sample_rate=sr)
    decoder = SimpleNamespace(get_all_samples=lambda: samples)
    np.testing.assert_array_equal(load(decoder), load(wav))


@pytest.mark.parametrize("through", ["a path", "an open file"])
def test_a_pipe_is_read_to_its_end(wav, tmp_path, through):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(wav.read_bytes()))
    writer.start()
    if through == "a path":
        y = load(tmp_path / "pipe")
    else:
        with (tmp_path / "pipe").open("rb") as file:
            y = load(file)
    writer.join()
    np.testing.assert_array_equal(y, load(wav))


def test_the_file_beside_it_of_macos_is_not_read_instead(wav, tmp_path):
    """Of a path libsndfile looks into ``._voice.mp3`` before it knows what ``voice.mp3`` is."""
    voice = tmp_path / "voice.mp3"
    sf.write(voice, *sf.read(wav))
    alone = load(voice)
    (tmp_path / "._voice.mp3").write_bytes(bytes.fromhex("0005160700020000") + bytes(4096))
    np.testing.assert_array_equal(load(voice), alone)
    assert [*recordings_below(tmp_path)] == [str(wav), str(voice)]


def test_a_name_need_not_be_utf_8(wav, tmp_path):
    other = os.fsencode(tmp_path) + b"/gr\xfcn.wav"
    Path(os.fsdecode(other)).write_bytes(wav.read_bytes())
    np.testing.assert_array_equal(load(os.fsdecode(other)), load(wav))


def test_a_path_is_checked_without_being_decoded(wav, tmp_path):
    check_path(wav)
    (tmp_path / "empty.wav").touch()
    for name, says in (("none.wav", "no such file"), ("empty.wav", "is empty"), ("", "a folder")):
        with pytest.raises(AudioError, match=says):
            check_path(tmp_path / name)


def test_names_in_messages(wav):
    assert name_of(dict(bytes=b"", path="a.wav")) == "a.wav"
    assert name_of(b"RIFF") == "bytes" and name_of(dict(array=[], path=None)) == "array"
    with wav.open("rb") as file:
        assert name_of(file) == str(wav)
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)
