import io

import librosa
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from serlib.audio import SR, Recording, decode, load, name_of
from serlib.errors import AudioError, AudioWarning


@pytest.fixture
def tone():
    """Two seconds of a tone at 44.1 kHz [shape=(n,)]."""
    return (0.3 * np.sin(2 * np.pi * 220 * np.arange(88200) / 44100)).astype(np.float32)


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_equals_librosa(tmp_path, sr, channels):
    rng = np.random.default_rng(0)
    path = tmp_path / "clip.wav"
    sf.write(path, 0.1 * rng.standard_normal((3 * sr, channels)), sr)
    expected, _ = librosa.load(path, sr=SR, offset=0.6, duration=2.0)
    np.testing.assert_allclose(load(path, offset=0.6, duration=2.0), expected, atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_format_gives_the_same_clip(tmp_path, tone, subtype):
    path = tmp_path / "clip.wav"
    sf.write(path, tone, 44100, subtype=subtype)
    y = load(path, sr=44100)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, tone, atol=0.01 if subtype == "PCM_U8" else 1e-4)


def test_content_counts_not_the_name(tmp_path, tone):
    path = tmp_path / "clip.wav"
    sf.write(path, tone, 44100, format="AIFF")
    np.testing.assert_allclose(load(path, sr=44100), tone, atol=1e-4)


def test_path_file_and_array_agree(tmp_path, tone):
    path = tmp_path / "clip.wav"
    sf.write(path, tone, 44100)
    whole = load(path)
    np.testing.assert_array_equal(load(io.BytesIO(path.read_bytes())), whole)
    y, sr = sf.read(path, dtype="int16")
    np.testing.assert_allclose(load((y, sr)), whole, atol=1e-6)
    np.testing.assert_allclose(load((np.stack([y, y]), sr)), whole, atol=1e-6)
    for wider in (np.int32, np.int64):  # of 16 bits still, as what `list(y)` becomes
        np.testing.assert_allclose(load((y.astype(wider), sr)), whole, atol=1e-6)
    wide, sr = sf.read(path, dtype="int32")
    np.testing.assert_allclose(load((wide, sr)), whole, atol=1e-6)
    with pytest.raises(AudioError, match="silent"):  # the last bits of 24, as a dither has them
        load((wide // 2**29 * 256, sr))


def test_whole_numbers_as_floats_are_warned_of(tone):
    with pytest.warns(AudioWarning, match="samples up to [0-9]+, expected -1 to 1; give whole"):
        load((32768 * tone, 44100))


def test_clipped_and_offset_clips_load(tmp_path, tone):
    for y in (np.clip(10 * tone, -1, 1), tone + 0.5):
        assert load((y, 44100)).size == SR * 2


def test_window_of_an_hour_reads_the_window_alone(tmp_path):
    path = tmp_path / "hour.wav"
    with sf.SoundFile(path, "w", 8000, 1, "PCM_U8") as file:
        for _ in range(60):
            file.write(0.1 * np.ones(8000 * 60))
    assert load(path, offset=3590, duration=2.5).size == pytest.approx(2.5 * SR, abs=2)


@pytest.fixture(scope="module")
def stereo(tmp_path_factory):
    """One and a half seconds of stereo noise at 44.1 kHz, and the same, decoded."""
    path = tmp_path_factory.mktemp("stereo") / "clip.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal((66150, 2))
    sf.write(path, noise, 44100)
    return path, decode(path)


@given(
    offset=st.floats(0, 1.4),
    duration=st.none() | st.floats(0.01, 3),
    sr=st.sampled_from([8000, SR, 44100]),
)
@settings(max_examples=50, deadline=None)
def test_what_is_decoded_once_loads_as_the_file_does(stereo, offset, duration, sr):
    path, recording = stereo
    window = dict(sr=sr, offset=offset, duration=duration)
    np.testing.assert_array_equal(load(recording, **window), load(path, **window))


def test_what_is_decoded_is_whole_at_its_own_rate(stereo):
    path, recording = stereo
    assert isinstance(recording, Recording)
    assert recording.sr == 44100 and recording.y.shape == (66150, 2)
    assert name_of(recording) == recording.name == str(path) and recording.missing == 0
    assert decode((recording.y, 44100)).name == "array"


def test_errors_of_what_is_decoded_name_the_file(tmp_path, stereo):
    path, recording = stereo
    with pytest.raises(AudioError, match=rf"{path}: holds no samples after 5\.0 s"):
        load(recording, offset=5.0)
    silent = _wav(tmp_path / "hush.wav", np.zeros(9999))
    with pytest.raises(AudioError, match=r"hush\.wav: is silent"):
        load(decode(silent))
    with pytest.raises(AudioError, match=r"none\.wav: no such file"):
        decode(tmp_path / "none.wav")


def _write(path, content):
    path.write_bytes(content)
    return path


def _wav(path, y, **kwargs):
    sf.write(path, y, 22050, **kwargs)
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda d: d / "none.wav", "no such file"),
        (lambda d: d, "is a folder"),
        (lambda d: _write(d / "a.wav", b""), "empty"),
        (lambda d: _write(d / "a.wav", b"not audio at all" * 99), "cannot be read as audio"),
        (lambda d: _write(d / "a.wav", b"RIFF\x24\x00\x00\x00WAVEfmt "), "cannot be read as audio"),
        (lambda d: _wav(d / "a.wav", np.zeros(0)), "holds no samples"),
        (lambda _: (np.zeros((0, 2)), 16000), "holds no samples"),
        (lambda _: (np.zeros((9, 0)), 16000), "holds no samples"),
        (lambda d: _wav(d / "a.wav", np.zeros(9999)), "is silent"),
        (lambda d: _wav(d / "a.wav", np.array([0.1, np.nan] * 99), subtype="FLOAT"), "NaN"),
        (lambda d: _wav(d / "a.wav", np.array([0.1, np.inf] * 99), subtype="FLOAT"), "infinite"),
        (lambda d: (np.ones(99), 10), "sampling rate 10 Hz"),
        (lambda d: (np.array(["a"]), 22050), "expected numbers"),
        (lambda d: (22050, np.ones(99)), r"expected \(y, sr\)"),
        (lambda d: ("a.wav", "b.wav"), "many clips are a list"),
        (lambda d: (np.ones((2, 2, 2)), 22050), "expected numbers"),
    ],
)
def test_bad_input_says_which_and_what(tmp_path, make, says):
    source = make(tmp_path)
    with pytest.raises(AudioError, match=says) as error:
        load(source)
    assert ("array" if isinstance(source, tuple) else str(source)) in str(error.value)


def test_window_after_the_end(tone):
    with pytest.raises(AudioError, match=r"after 5\.0 s"):
        load((tone, 44100), offset=5.0)


def test_channels_that_cancel_out_are_no_silence(tone):
    """One turned round: the loudest is taken; those that say anything in the mean are averaged."""
    rng = np.random.default_rng(0)
    breath = 0.001 * rng.standard_normal(len(tone)).astype(np.float32)
    for other in (-tone, -0.9 * tone, -tone + breath):
        y = np.stack([tone, other], axis=1)
        np.testing.assert_array_equal(load((y, 44100), sr=44100), tone)
    np.testing.assert_array_equal(load((np.stack([0.9 * tone, -tone]), 44100), sr=44100), -tone)
    for other in (0 * tone, tone, breath, -0.2 * tone):
        y = np.stack([tone, other], axis=1)
        np.testing.assert_allclose(load((y, 44100), sr=44100), y.mean(axis=1), atol=1e-7)
