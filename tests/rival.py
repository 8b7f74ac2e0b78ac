"""What `make bench` measures against: the way of the published projects, and what nobody can spare.

As a command it is a fresh process that answers once: python tests/rival.py rival|floor FILE.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

NETWORK = Path(__file__).parents[1] / "artifacts" / "best_emotion_model.keras"
_SR, _OFFSET, _DURATION = 22050, 0.6, 2.5  # as S2 loads a clip
_N_FFT, _HOP = 2048, 512


def features(y: np.ndarray, sr: int) -> np.ndarray:
    """Return S2's 162 features as its notebook does: five functions of librosa, each on its own."""
    import librosa

    magnitudes = np.abs(librosa.stft(y))
    rows = (
        librosa.feature.zero_crossing_rate(y=y),
        librosa.feature.chroma_stft(S=magnitudes, sr=sr),
        librosa.feature.mfcc(y=y, sr=sr),
        librosa.feature.rms(y=y),
        librosa.feature.melspectrogram(y=y, sr=sr),
    )
    return np.hstack([np.mean(row.T, axis=0) for row in rows])


def rows_of(path: Path) -> np.ndarray:
    """Return the features of a clip, of it with noise, and stretched and pitched [shape=(3, 162)].

    Stretched and pitched twice over, as there: once for the stretch, once for the pitch.
    """
    import librosa

    y, sr = librosa.load(path, sr=_SR, offset=_OFFSET, duration=_DURATION)
    noise = 0.035 * np.random.default_rng(0).uniform() * np.amax(y)
    noisy = y + noise * np.random.default_rng(1).standard_normal(len(y))
    stretched = librosa.effects.time_stretch(y, rate=0.8)
    pitched = librosa.effects.pitch_shift(stretched, sr=sr, n_steps=0.7)
    return np.stack([features(signal, sr) for signal in (y, noisy, pitched)])


def descriptors_of(path: Path, *, voice: bool = False) -> list[np.ndarray]:
    """Return what librosa has of the descriptors of a clip, each by a function of its own.

    Less than ours: neither statistics over the clip nor how clean a voice is.

    Parameters
    ----------
    path : Path
    voice : bool, resonances too, by linear prediction
    """
    import librosa

    y, sr = librosa.load(path, sr=_SR)
    y, hop = librosa.effects.trim(y, top_db=35)[0], dict(hop_length=256)
    short, found = dict(n_fft=1024, **hop), librosa.feature
    rows = [
        found.mfcc(y=y, sr=sr, n_mfcc=24, n_mels=64, fmax=8000, **short),
        found.melspectrogram(y=y, sr=sr, n_mels=16, fmax=8000, **short),
        found.rms(y=y, frame_length=1024, **hop),
        found.zero_crossing_rate(y, frame_length=1024, **hop),
        found.spectral_centroid(y=y, sr=sr, **short),
        found.spectral_bandwidth(y=y, sr=sr, **short),
        found.spectral_rolloff(y=y, sr=sr, **short),
        found.spectral_flatness(y=y, **short),
        found.spectral_contrast(y=y, sr=sr, **short),
        librosa.yin(y, fmin=60, fmax=700, sr=sr, **hop)[None],
    ]
    if voice:
        low = librosa.resample(y, orig_sr=sr, target_sr=sr // 2)
        frames = librosa.util.frame(np.pad(low, 176), frame_length=352, hop_length=128)
        lpc = librosa.lpc(frames * np.hamming(352)[:, None], order=12, axis=0)
        rows += [np.roots(one) for one in lpc.T]
    return rows


def answerer() -> Callable[[Path], np.ndarray]:
    """Return what answers a clip with librosa and Keras."""
    import keras
    import librosa

    model = keras.models.load_model(NETWORK)

    def answer(path: Path) -> np.ndarray:
        y, sr = librosa.load(path, sr=_SR, offset=_OFFSET, duration=_DURATION)
        return model.predict(features(y, sr)[None, :, None], verbose=0)

    return answer


def floor(path: Path, *, copies: int = 1) -> None:
    """Decode a clip, resample it and transform its frames: what every way has to do.

    Parameters
    ----------
    path : Path
    copies : int, how many variants of a clip are transformed
    """
    y, sr = sf.read(path, dtype="float32")
    y = soxr.resample(y, sr, _SR)
    for _ in range(copies):
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, _N_FFT // 2), _N_FFT)
        np.fft.rfft(frames[::_HOP] * np.hanning(_N_FFT).astype(np.float32))


if __name__ == "__main__":
    way, file = sys.argv[1:]
    print(floor(Path(file)) if way == "floor" else answerer()(Path(file)).argmax())
