"""Files that libsndfile cannot read: what telephones, messengers and browsers write."""

import io

import av
import librosa
import numpy as np
import pytest
import soundfile as sf

from serlib.audio import load
from serlib.errors import AudioError
from tests.conftest import vowel

SR = 48000


def write(path, codec, y, *, sr=SR):
    """Encode a signal [shape=(n,)] at `SR`."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=sr)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(y[None].astype("f4"), format="fltp", layout="mono")
        frame.sample_rate = SR
        size = stream.frame_size or 960
        fit = av.AudioResampler(format=stream.format, layout="mono", rate=sr, frame_size=size)
        for part in [*fit.resample(frame), *fit.resample(None), None]:
            for packet in stream.encode(part):
                file.mux(packet)
    return path


@pytest.fixture(scope="module")
def y():
    return vowel(sr=SR)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.m4a", "aac"), ("a.mp4", "aac"), ("a.webm", "libopus"), ("a.3gp", "aac")]
)
def test_it_sounds_as_the_wav_does(tmp_path, y, name, codec):
    path = write(tmp_path / name, codec, y)
    expected = librosa.resample(y, orig_sr=SR, target_sr=22050)
    heard = load(path)
    assert len(heard) == pytest.approx(len(expected), abs=2000)
    both = np.correlate(heard[:12000], expected[:8000], "full")
    late = max(np.argmax(both) - 7999, 0)  # encoders put milliseconds before the first sample
    n = len(expected) - 4000
    assert np.corrcoef(heard[late : late + n], expected[:n])[0, 1] > 0.95
    with path.open("rb") as file:
        np.testing.assert_array_equal(load(file), heard)
    assert len(load(path, offset=0.5, duration=1.0)) == 22050


def test_the_sound_of_a_video_is_heard(tmp_path, y):
    path = tmp_path / "video.mp4"
    with av.open(str(path), "w") as file:
        video, sound = file.add_stream("mpeg4", rate=10), file.add_stream("aac", rate=SR)
        video.width = video.height = 64
        sound.layout = "mono"
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            for packet in video.encode(picture):
                file.mux(packet)
        frame = av.AudioFrame.from_ndarray(y[None, : 1024 * 100], format="fltp", layout="mono")
        frame.sample_rate = SR
        fit = av.AudioResampler(format="fltp", layout="mono", rate=SR, frame_size=1024)
        for part in [*fit.resample(frame), None]:
            for packet in sound.encode(part):
                file.mux(packet)
        for packet in video.encode(None):
            file.mux(packet)
    assert len(load(path)) == pytest.approx(1024 * 100 * 22050 / SR, abs=1500)


@pytest.mark.parametrize("content", [b"hello" * 200, b"\x00" * 4096])
def test_what_is_no_sound_is_refused_with_both_reasons(tmp_path, content):
    path = tmp_path / "note.m4a"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"note\.m4a: cannot be read as audio .*M4A"):
        load(path)
    with pytest.raises(AudioError, match="cannot be read as audio"):
        load(io.BytesIO(content))


def test_a_file_without_a_stream_of_sound_says_so(tmp_path):
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for packet in [*video.encode(picture), *video.encode(None)]:
            file.mux(packet)
    with pytest.raises(AudioError, match="it holds no sound"):
        load(path)


def test_what_libsndfile_reads_is_still_read_by_it(tmp_path, y, monkeypatch):
    path = tmp_path / "a.wav"
    sf.write(path, y, SR)
    monkeypatch.setattr(av, "open", None)
    assert len(load(path))
