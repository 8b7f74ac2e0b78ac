"""Files that libsndfile cannot read: what telephones, messengers and browsers write."""

import io
import struct
from fractions import Fraction

import av
import librosa
import numpy as np
import pytest
import soundfile as sf
from scipy.signal import correlate

from serlib.audio import container, cut_short, decode, load
from serlib.errors import AudioError, AudioWarning
from tests.conftest import vowel

SR = 48000
FORMATS = {".aac": "adts", ".wma": "asf", ".opus": "ogg"}
BIT_RATES = {"libopencore_amrnb": 12200}


def write(path, codec, y, *, sr=SR, options=None, layout="mono"):
    """Encode a signal [shape=(n,)] at `SR`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=FORMATS.get(path.suffix), options=options or {}) as file:
        stream = file.add_stream(codec, rate=sr)
        stream.bit_rate = BIT_RATES.get(codec, 96000)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(y[None].astype("f4"), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SR, 0, Fraction(1, SR)
        size = stream.frame_size or 960
        fit = av.AudioResampler(format=stream.format, layout=layout, rate=sr, frame_size=size)
        for part in [*fit.resample(frame), *fit.resample(None), None]:
            for packet in stream.encode(part):
                file.mux(packet)
    return path


@pytest.fixture(scope="module")
def y():
    return vowel(sr=SR)


def lag_and_likeness(heard, expected):
    """Return by how many samples one signal is late, and how it correlates without that."""
    late = int(np.argmax(correlate(heard, expected))) - len(expected) + 1
    heard, expected = heard[max(late, 0) :], expected[max(-late, 0) :]
    n = min(len(heard), len(expected))
    return late, np.corrcoef(heard[:n], expected[:n])[0, 1]


@pytest.mark.parametrize(
    ("name", "codec", "sr"),
    [
        ("a.m4a", "aac", SR),
        ("a.m4a", "aac", 44100),
        ("a.m4a", "alac", SR),
        ("a.mp4", "aac", SR),
        ("a.mov", "aac", SR),
        ("a.mkv", "aac", SR),
        ("a.webm", "libopus", SR),
        ("a.3gp", "aac", SR),
        ("a.opus", "libopus", SR),
        ("a.mp3", "libmp3lame", SR),
        ("a.mp3", "libmp3lame", 44100),
    ],
)
def test_it_sounds_as_the_wav_does_and_begins_and_ends_with_it(tmp_path, y, name, codec, sr):
    """What encoders put before and after a clip is taken off again."""
    path = write(tmp_path / name, codec, y, sr=sr)
    expected = librosa.resample(y, orig_sr=SR, target_sr=22050)
    heard = load(path)
    late, likeness = lag_and_likeness(heard, expected)
    assert abs(late) <= 1 and likeness > 0.95
    assert len(heard) == pytest.approx(len(expected), abs=30 if name[-3:] != "mkv" else 500)
    with path.open("rb") as file:
        np.testing.assert_array_equal(load(file), heard)
    assert len(load(path, offset=0.5, duration=1.0)) == pytest.approx(22050, abs=1)
    assert decode(path).missing == 0


@pytest.mark.parametrize(
    ("name", "codec", "sr"),
    [
        ("a.amr", "libopencore_amrnb", 8000),
        ("b.3gp", "libopencore_amrnb", 8000),
        ("a.aac", "aac", SR),
        ("a.wma", "wmav2", SR),
        ("a.ac3", "ac3", SR),
    ],
)
def test_where_no_container_tells_what_was_put_before_it_is_heard_all_the_same(
    tmp_path, y, name, codec, sr
):
    heard = load(write(tmp_path / name, codec, y, sr=sr))
    late, likeness = lag_and_likeness(heard, librosa.resample(y, orig_sr=SR, target_sr=22050))
    assert abs(late) < 22050 * 0.05 and likeness > 0.6  # AMR has 3.4 kHz


def test_content_counts_not_the_suffix(tmp_path, y):
    path = write(tmp_path / "a.m4a", "aac", y)
    for suffix in (".wav", ".ogg", ".txt", ""):
        other = tmp_path / f"other{suffix}"
        other.write_bytes(path.read_bytes())
        np.testing.assert_array_equal(load(other), load(path))


def test_gsm_and_adpcm_as_telephones_record(tmp_path, y):
    low = librosa.resample(y, orig_sr=SR, target_sr=8000)
    for subtype in ("GSM610", "ULAW", "IMA_ADPCM", "MS_ADPCM"):
        path = tmp_path / f"{subtype}.wav"
        sf.write(path, low, 8000, subtype=subtype)
        late, likeness = lag_and_likeness(load(path, sr=8000), low)
        assert abs(late) <= 1 and likeness > 0.9
        assert len(load(path, sr=8000, offset=1, duration=1)) == 8000


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_a_recorder_that_died_before_it_wrote_the_length(tmp_path, y, length):
    path = tmp_path / "a.wav"
    sf.write(path, y, SR)
    raw = bytearray(path.read_bytes())
    place = raw.index(b"data") + 4
    raw[place : place + 4] = struct.pack("<I", length)
    raw[4:8] = struct.pack("<I", length)
    whole = load(path)
    path.write_bytes(raw)
    np.testing.assert_array_equal(load(path), whole)
    assert decode(path).missing == 0


CUT = ["a.wav", "a.aiff", "a.au", "a.caf", "a.flac", "a.mp3", "a.m4a", "a.webm", "GSM610.wav"]


@pytest.fixture
def cut(tmp_path, y, request):
    """A file of three seconds that was cut in the middle."""
    path = tmp_path / request.param
    if path.suffix == ".webm":
        write(path, "libopus", y)
    elif path.suffix == ".m4a":  # as for streaming: what tells the length stands first
        write(path, "aac", y, options={"movflags": "faststart"})
    else:
        low = librosa.resample(y, orig_sr=SR, target_sr=8000)
        how = dict(subtype="GSM610") if "GSM" in path.name else {}
        sf.write(path, low, 8000, **how)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    return path


@pytest.mark.parametrize("cut", CUT, indirect=True)
def test_a_file_that_is_cut_short_says_how_much_is_missing(cut, y):
    recording = decode(cut)
    heard = len(recording.y) / recording.sr
    assert 0.8 < heard < 2.2
    assert heard + recording.missing == pytest.approx(len(y) / SR, abs=0.1)
    assert f"{recording.missing:.1f} s of 3.0 s" in cut_short(recording.missing, recording.promised)
    with pytest.warns(AudioWarning, match=rf"{cut.name}: .*missing"):
        load(cut)
    with cut.open("rb") as file, pytest.warns(AudioWarning):
        load(file)


@pytest.mark.filterwarnings("error::serlib.errors.AudioWarning")
@pytest.mark.parametrize("cut", ["a.wav"], indirect=True)
def test_of_a_window_and_of_what_is_decoded_nothing_is_warned(cut):
    assert len(load(cut, duration=1.0)) == 22050
    assert len(load(decode(cut))) == pytest.approx(1.5 * 22050, abs=300)


def test_a_damaged_packet_costs_no_other(tmp_path, y):
    path = write(tmp_path / "a.m4a", "aac", y)
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 3
    raw[middle : middle + 200] = b"\xff" * 200
    path.write_bytes(raw)
    assert len(load(path)) > 2.5 * 22050


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


def test_a_chunk_that_ends_beyond_any_file_is_no_crash(tmp_path):
    """The length of a chunk before the samples, of eight bytes: nobody can seek there."""
    sf.write(tmp_path / "a.caf", vowel(0.5), 22050, subtype="PCM_16")
    content = (tmp_path / "a.caf").read_bytes()
    damaged = content[:12] + (2**63 - 20).to_bytes(8) + content[20:]
    assert container.beyond(io.BytesIO(damaged)) == 0
    with pytest.raises(AudioError, match="bytes: "):
        load(damaged)


def test_channels_that_come_and_go_are_heard_as_one(tmp_path, y):
    parts = [
        write(tmp_path / f"{layout}.aac", "aac", y, layout=layout).read_bytes()
        for layout in ("mono", "stereo")
    ]
    heard = decode(b"".join(parts))
    assert heard.y.shape[1] == 1 and len(heard.y) == pytest.approx(2 * len(y), rel=0.05)


def of_years(path, y):
    """Return an MP3 whose header promises years."""
    sf.write(path, y, SR, format="MP3", subtype="MPEG_LAYER_III")
    content = bytearray(path.read_bytes())
    header = max(content.find(b"Xing"), content.find(b"Info"))
    assert header > 0 and content[header + 7] & 1  # how many frames there are stands in it
    content[header + 8 : header + 12] = struct.pack(">I", 0x5FFFFFFF)
    return bytes(content)


def test_an_mp3_that_says_it_lasts_for_years_takes_no_memory_for_them(tmp_path, y):
    heard = decode(of_years(tmp_path / "y.mp3", y))
    assert len(heard.y) == pytest.approx(len(y), rel=0.05)


@pytest.mark.parametrize(("layout", "channels"), [("7.1", 8), ("hexadecagonal", 16)])
def test_any_number_of_channels_is_read(tmp_path, y, layout, channels):
    """PyAV counts one plane more than eight channels have."""
    path, x = (
        tmp_path / "many.mka",
        (y[:, None] * np.linspace(1, 0.1, channels) * 9000).astype("i2"),
    )
    with av.open(str(path), "w", format="matroska") as file:
        stream = file.add_stream("pcm_s16le", rate=SR)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(x.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = SR
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    heard, sr = decode(path)[:2]
    np.testing.assert_allclose(heard, x / 32768, atol=1e-4)
    assert sr == SR
