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


def statistics_of(path: Path, *, voice: bool = False) -> np.ndarray:
    """Return the features of `Statistics` or `VoiceStatistics`, each number the obvious way.

    What librosa has is librosa's, each a function of its own; what it lacks is NumPy's and SciPy's.

    Parameters
    ----------
    path : Path
    voice : bool, the voice's descriptors too
    """
    import librosa

    y, sr = librosa.load(path, sr=_SR)
    y = librosa.effects.trim(y, top_db=35)[0]
    x = descriptors(y, sr, voice=voice)
    n, voiced = x.shape[1], x[:, -1] > 0.5
    moving = np.concatenate([x, np.gradient(x, axis=0)], axis=1)
    table = functionals(moving)
    for pitch in (n - 2, 2 * n - 2):  # which counts where there is one
        table[:, pitch] = functionals(moving[voiced, pitch])
    thirds = [f(part, axis=0) for part in np.array_split(x, 3) for f in (np.mean, np.std)]
    z = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
    together, later = z.T @ z / len(z), z[:-10].T @ z[10:] / len(z[10:])
    fisher = np.arctanh(np.clip([together, later], -0.99, 0.99))
    fisher = fisher[0][np.triu_indices(n, 1)], fisher[1].ravel()
    return np.hstack([table.T.ravel(), *thirds, *fisher, len(y) / sr, voiced.mean()])


def functionals(x: np.ndarray) -> np.ndarray:
    """Return statistics over time of each column [shape=(12, columns)]."""
    from scipy import stats

    p05, p25, p50, p75, p95 = np.percentile(x, (5, 25, 50, 75, 95), axis=0)
    slope = np.polyfit(np.linspace(-1, 1, len(x)), x, 1)[0]
    moments = x.mean(axis=0), x.std(axis=0), stats.skew(x), stats.kurtosis(x)
    quantiles = p05, p25, p50, p75, p95, p75 - p25, p95 - p05
    return np.array([*moments[:2], *quantiles, *moments[2:], slope])


def descriptors(y: np.ndarray, sr: int, *, voice: bool) -> np.ndarray:
    """Return the descriptors of a signal, frame by frame [shape=(frames, descriptors)]."""
    import librosa

    found, hop = librosa.feature, dict(hop_length=256)
    short = dict(n_fft=1024, **hop)
    magnitudes = np.abs(librosa.stft(y, **short))
    f0 = librosa.yin(y, fmin=60, fmax=700, sr=sr, frame_length=2048, **hop)
    framed = librosa.util.frame(np.pad(y, 1024), frame_length=2048, **hop).T * np.hanning(2048)
    window = np.correlate(np.hanning(2048), np.hanning(2048), "full")[2047:]
    lags = np.rint(sr / f0).astype(int)
    repeated = np.array([x[:-lag] @ x[lag:] for x, lag in zip(framed, lags, strict=True)])
    periodic = repeated / ((framed**2).sum(axis=1) + 1e-9) * window[0] / window[lags]
    periodic = np.clip(periodic, 0, 1)
    flux = np.maximum(np.diff(magnitudes, axis=1, prepend=magnitudes[:, :1]), 0).sum(axis=0)
    rows = [
        found.mfcc(y=y, sr=sr, n_mfcc=24, n_mels=64, fmax=8000, **short),
        librosa.power_to_db(found.melspectrogram(y=y, sr=sr, n_mels=16, fmax=8000, **short)),
        librosa.amplitude_to_db(found.rms(S=np.abs(librosa.stft(y, **short)), frame_length=1024)),
        found.zero_crossing_rate(y, frame_length=1024, **hop),
        np.log2(found.spectral_centroid(y=y, sr=sr, **short)),
        np.log2(found.spectral_bandwidth(y=y, sr=sr, **short)),
        np.log2(found.spectral_rolloff(y=y, sr=sr, **short) + 1),
        np.log(found.spectral_flatness(y=y, **short)),
        found.spectral_contrast(y=y, sr=sr, **short),
        np.log(flux + 1e-5),
        12 * np.log2(f0 / 60) * (periodic > 0.5),
        periodic,
    ]
    if voice:
        rows = [*_of_the_voice(y, sr, framed, lags, window), *rows]
    rows = [np.atleast_2d(row)[:, : magnitudes.shape[1]] for row in rows]
    return np.concatenate(rows).T


def _of_the_voice(
    y: np.ndarray, sr: int, framed: np.ndarray, lags: np.ndarray, window: np.ndarray
) -> list[np.ndarray]:
    """Return how clean a voice is, and where it resonates."""
    import librosa

    rows = []
    power = np.abs(np.fft.rfft(framed, 4096)) ** 2
    hz = np.fft.rfftfreq(4096, 1 / sr)
    for low, high in ((0, 800), (800, 1600), (1600, 3200), (3200, 6400)):
        repeats = np.fft.irfft(power * ((hz >= low) & (hz < high)))
        near = [r[lag - 2 : lag + 3].max() for r, lag in zip(repeats, lags, strict=True)]
        share = near / (repeats[:, 0] + 1e-9) * window[0] / window[lags]
        rows.append(np.clip(share, 0, 1))
    log = 10 * np.log10(power[:, : int(6000 / (sr / 2) * 2048)] + 1e-10)
    cepstra = np.abs(np.fft.rfft(log - log.mean(axis=1, keepdims=True)))
    level = 20 * np.log10(cepstra[:, 6000 // 700 + 1 : 6000 // 60 + 1] + 1e-6)
    t = np.arange(level.shape[1])
    slope, start = np.polyfit(t, level.T, 1)[..., None]
    trends = slope * t + start
    rows.append([(a - b)[a.argmax()] for a, b in zip(level, trends, strict=True)])
    half = librosa.resample(y, orig_sr=sr, target_sr=sr // 2)
    half = librosa.effects.preemphasis(half, coef=0.97, zi=[0])
    frames = librosa.util.frame(np.pad(half, 176), frame_length=352, hop_length=128)
    resonances = []
    for lpc in librosa.lpc(frames * np.hamming(352)[:, None], order=12, axis=0).T:
        roots = np.roots(lpc)
        at = np.angle(roots) * (sr // 2) / (2 * np.pi)
        width = -np.log(np.abs(roots) + 1e-9) * (sr // 2) / np.pi
        ours = (at > 150) & (at < 5000) & (width < 700)
        pairs = sorted(zip(at[ours], width[ours], strict=True))[:3]
        resonances.append([*pairs, *((600, 700), (1600, 700), (2700, 700))[len(pairs) :]])
    resonances = np.array(resonances)
    return [*rows, 12 * np.log2(resonances[..., 0]).T, np.log2(resonances[..., 1]).T]


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
