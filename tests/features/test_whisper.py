"""The shipped encoder, in 8 bits, beside the network that it was exported from.

`whisper.json` holds what the network in single precision, which equals CTranslate2's within 2e-5,
gives of the sound; `python -m tests.features.test_whisper model.bin` makes it.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import librosa
import numpy as np
import pytest

from serlib.audio import CANONICAL_SR as SR
from serlib.audio import canonical, load
from serlib.features import Whisper, whisper
from tests.features.test_front_ends import sound

KEPT = Path(__file__).with_name("whisper.json")
UNITS = 48  # of each layer's 512 that are kept


def heard():
    x = whisper.log_mel(canonical(load((sound(), 22050), sr=SR)), SR)
    return x[: len(x) // 2 * 2]


def moments(said):
    return np.stack([said.mean(axis=1), said.std(axis=1)])[..., :UNITS]


def test_in_eight_bits_it_is_nearly_the_network_it_was():
    kept, found = np.array(json.loads(KEPT.read_text())), moments(whisper.encode(heard()))
    for layer in range(kept.shape[1]):
        for which in range(2):
            assert np.corrcoef(found[which, layer], kept[which, layer])[0, 1] > 0.995


def test_features_are_three_moments_layer_by_layer():
    front_end, y = Whisper(layers=(2, 4)), sound()
    x = front_end.get_predict_feat((y, 22050))
    assert x.shape == front_end.shape == (3072,) and x.dtype == np.float32
    said, loud = whisper.encode(heard()), whisper.amplitude(heard())
    for view, k in zip(x.reshape(2, 3, -1), (1, 3), strict=True):
        mean, weighted = (np.average(said[k], axis=0, weights=w) for w in (None, loud))
        np.testing.assert_allclose(view, [mean, said[k].std(axis=0), weighted], atol=1e-4)


def test_a_frame_counts_by_its_amplitude():
    """Ten times the amplitude is 20 dB more in each band: a hundred times the power."""
    x = np.zeros((6, 80), np.float32)
    x[2:4] += np.log10(100) / 4
    x[4] += np.log10(100) / 4  # one of two
    quiet, loud, half = whisper.amplitude(x)
    np.testing.assert_allclose([loud / quiet, half / quiet], [10, 10**0.5], rtol=1e-5)
    assert len(whisper.amplitude(x[:5])) == len(whisper.encode(x[:5])[0]) == 2


@pytest.mark.parametrize("factor", [1e-3, 30])
def test_the_level_has_no_say(factor):
    x, front_end = sound().astype(float), Whisper()
    loud, other = (front_end.get_predict_feat((f * x, 22050)) for f in (1, factor))
    np.testing.assert_allclose(other, loud, atol=0.02)


def test_the_input_is_whispers_log_mel_of_librosa():
    y = canonical(load((sound(), 22050), sr=SR))
    power = np.abs(librosa.stft(y, n_fft=400, hop_length=160, pad_mode="reflect")[:, :-1]) ** 2
    x = np.log10(np.maximum(librosa.filters.mel(sr=SR, n_fft=400, n_mels=80) @ power, 1e-10))
    shape = np.maximum(x, x.max() - 8) / 4
    np.testing.assert_allclose(whisper.log_mel(y, SR), (shape - shape.max()).T + 1.4, atol=1e-5)


def test_a_clip_of_any_length_has_the_same_number_of_features():
    y = np.tile(sound(), 17)  # 34 s: more than the encoder has places for
    for seconds in (0.5, 3, 34):
        x = Whisper().get_predict_feat((y[: int(seconds * 22050)], 22050))
        assert x.shape == (7680,) and np.isfinite(x).all()


def test_threads_share_no_interpreter():
    clips = [(np.roll(sound(), 100 * k), 22050) for k in range(8)]
    alone = [Whisper().get_predict_feat(clip) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        for x, same in zip(alone, pool.map(Whisper().get_predict_feat, clips), strict=True):
            np.testing.assert_array_equal(x, same)


def test_an_altered_encoder_is_refused_with_the_command_that_mends_it():
    asks = (
        "from serlib.features import whisper; import numpy as np; whisper.CHECKSUM = 'another'; "
        "whisper.encode(np.zeros((100, 80), np.float32))"
    )
    told = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True)
    assert "git checkout artifacts/encoder/whisper_base.tflite" in told.stderr


if __name__ == "__main__":
    from serlib.systems.whisper import encoder, read, set_weights

    network = encoder()
    set_weights(network, read(Path(sys.argv[1])))
    said = np.asarray(network(heard()[None]))[0]
    KEPT.write_text(json.dumps(np.round(moments(said), 4).tolist()) + "\n")
