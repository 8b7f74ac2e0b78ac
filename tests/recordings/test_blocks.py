"""Recordings of any length, block by block."""

import io

import numpy as np
import pytest
import soundfile as sf

from serlib.audio import load
from serlib.errors import AudioError
from serlib.recordings import blocks, envelope
from serlib.recordings.blocks import lasts
from tests.audio.test_container import of_years, write
from tests.conftest import vowel


@pytest.fixture(scope="module")
def wav(tmp_path_factory):
    path = tmp_path_factory.mktemp("blocks") / "a.wav"
    y = vowel(sr=44100)
    sf.write(path, np.stack([y, y / 3], axis=1), 44100)
    return path


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100])
@pytest.mark.parametrize("seconds", [0.02, 0.7, 60])
def test_joined_they_are_the_recording(wav, sr, seconds):
    whole = load(wav, sr=sr)
    parts = list(blocks(wav, sr, seconds=seconds))
    heard = np.concatenate(parts)
    # but for what the encoder padded at the end, which is told only when all has been read
    assert len(whole) - 1 <= len(heard) <= len(whole) + 16 * 25
    n = min(len(heard), len(whole))
    np.testing.assert_allclose(heard[:n], whole[:n], atol=1e-6)
    assert max(map(len, parts)) <= (seconds + 0.1) * sr  # what resampling holds back comes later


def test_any_source_is_the_same(wav):
    expected = np.concatenate(list(blocks(wav, 16000)))
    y, sr = sf.read(wav, dtype="float32")
    opened = io.BytesIO(wav.read_bytes())
    opened.seek(77)
    for source in (str(wav), opened, (y, sr), (y.T, sr)):
        np.testing.assert_array_equal(np.concatenate(list(blocks(source, 16000))), expected)
        assert lasts(source) == pytest.approx(3.0)


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.webm", "libopus")])
def test_what_ffmpeg_reads_comes_in_blocks_too(tmp_path, name, codec):
    path = write(tmp_path / name, codec, vowel(sr=48000))
    whole, parts = load(path, sr=16000), list(blocks(path, 16000, seconds=0.5))
    assert len(parts) > 5
    heard = np.concatenate(parts)
    # but for what the encoder padded at the end, which is told only when all has been read
    assert len(whole) - 1 <= len(heard) <= len(whole) + 16 * 25
    n = min(len(heard), len(whole)) - 100  # the resampler sees what is padded
    np.testing.assert_allclose(heard[:n], whole[:n], atol=1e-6)
    assert lasts(path) == pytest.approx(len(whole) / 16000, abs=0.1)


def test_a_silent_recording_is_a_recording(tmp_path):
    sf.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    assert sum(map(len, blocks(tmp_path / "silent.wav", 16000))) == 16000


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "text.wav").write_text("no sound" * 100)
    sf.write(tmp_path / "none.wav", np.zeros(0), 16000)
    y = np.zeros(16000)
    y[9000] = np.nan
    for source, says in {
        tmp_path / "missing.wav": "no such file",
        tmp_path / "text.wav": "cannot be read as audio",
        tmp_path / "none.wav": "holds no samples",
    }.items():
        with pytest.raises(AudioError, match=f"{source.name}: .*{says}"):
            list(blocks(source, 16000))
    with pytest.raises(AudioError, match="NaN"):
        list(blocks((y, 16000), 16000, seconds=0.1))


def test_the_envelope_holds_every_peak(wav):
    y = load(wav, sr=16000)
    swings, step = envelope(wav, points=50)
    least, greatest = swings
    assert least.min() == y.min() and greatest.max() == y.max() and (least <= greatest).all()
    assert swings.shape[1] * step == pytest.approx(3.0, abs=step)


def test_a_header_that_promises_days_changes_no_envelope():
    """Of a damaged one, a part of the picture was longer than all of the sound: it had none."""
    file = io.BytesIO()
    sf.write(file, np.sin(np.arange(160_000) / 9) / 2, 8000, format="WAV", subtype="GSM610")
    content = bytearray(file.getvalue())
    expected, step = envelope(bytes(content))
    count = content.index(b"fact") + 8
    content[count : count + 4] = (0x7F000000).to_bytes(4, "little")
    assert lasts(bytes(content)) > 200_000
    found, same = envelope(bytes(content))
    np.testing.assert_array_equal(found, expected)
    assert (same, found.shape) == (step, (2, 2000))


@pytest.mark.parametrize("seconds", [0.05, 0.5])
def test_what_libsndfile_gives_up_in_the_midst_of_it_goes_on(tmp_path, seconds):
    """A FLAC with a hole: FFmpeg leaves out what is damaged."""
    sf.write(tmp_path / "a.flac", vowel(), 22050)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 3000] = bytes(3000)
    y = np.concatenate(list(blocks(bytes(content), 22050, seconds=seconds)))
    assert 1 < len(y) / 22050 <= 3.1 and np.isfinite(y).all()


def test_what_is_damaged_from_its_midst_on_is_refused_in_a_sentence(tmp_path, monkeypatch):
    sf.write(tmp_path / "a.flac", vowel(), 22050)

    whole = [np.zeros(100, np.float32)]

    def broken(self, *_, **__):
        if whole:
            return whole.pop()
        raise sf.LibsndfileError(1, "lost sync")

    def none(*_):
        raise OSError("it holds no sound")
        yield

    monkeypatch.setattr(sf.SoundFile, "read", broken)
    monkeypatch.setattr("serlib.audio.container.parts_of", none)
    with pytest.raises(AudioError, match=r"a\.flac: cannot be read as audio .*it holds no sound"):
        list(blocks(tmp_path / "a.flac", 22050))


def test_channels_that_come_and_go_in_a_block_are_heard_as_one(tmp_path):
    y = vowel(sr=48000)
    parts = [
        write(tmp_path / f"{layout}.aac", "aac", y, layout=layout).read_bytes()
        for layout in ("mono", "stereo")
    ]
    heard = np.concatenate([*blocks(io.BytesIO(b"".join(parts)), 16000, seconds=60)])
    assert len(heard) == pytest.approx(2 * len(y) / 3, rel=0.05)


def test_a_recording_ends_where_its_samples_do_whatever_its_header_says(tmp_path):
    y = vowel(sr=48000)
    heard = np.concatenate([*blocks(io.BytesIO(of_years(tmp_path / "y.mp3", y)), 16000)])
    assert len(heard) == pytest.approx(len(y) / 3, rel=0.05)
