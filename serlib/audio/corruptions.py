"""What happens to a voice on its way: rooms, noise, microphones, telephones, codecs.

Pure functions of (signal, rate, rng): what they draw, they draw first. Speech recognisers have
been made robust with such copies since Ko et al. (2017, ICASSP, 5220). SciPy's filters are imported
where they are used: prediction plays clips faster and needs nothing else of this.
"""

import io
from collections.abc import Callable

import librosa
import numpy as np
import soundfile as sf

from .spectrum import resample

_CODECS = (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("WAV", "ULAW"))


def room(y: np.ndarray, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Play it in a room: direct sound, then noise that decays by 60 dB in 0.1 to 0.8 s.

    Polack's model of a diffuse room (1988, Université du Maine); the reverberation is 0 to 15 dB
    below the direct sound.
    """
    from scipy import signal

    rt60, below = rng.uniform(0.1, 0.8), rng.uniform(0, 15)
    t = np.arange(int(rt60 * sr)) / sr
    tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / rt60)
    tail[: int(0.002 * sr)] = 0
    tail *= 10 ** (-below / 20) / (np.sqrt(np.sum(tail**2)) + 1e-12)
    tail[0] = 1
    return signal.fftconvolve(y, tail)[: len(y)].astype(y.dtype)


def background(y: np.ndarray, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Add noise, 5 to 35 dB below the voice, whose power falls as 1 / f^0 (white) to 1 / f^2."""
    snr, colour = rng.uniform(5, 35), rng.uniform(0, 2)
    return noisy(y, sr=sr, snr=snr, colour=colour, rng=rng)


def noisy(
    y: np.ndarray, *, sr: int, snr: float, colour: float, rng: np.random.Generator
) -> np.ndarray:
    """Add `coloured_noise`, `snr` dB below the voice."""
    noise = coloured_noise(len(y), sr=sr, colour=colour, rng=rng)
    noise *= np.sqrt(np.mean(y**2) / (np.mean(noise**2) + 1e-20)) * 10 ** (-snr / 20)
    return (y + noise).astype(y.dtype)


def coloured_noise(n: int, *, sr: int, colour: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise [shape=(n,)] whose power falls as 1 / f^colour from 50 Hz on."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / sr)
    return np.fft.irfft(spectrum / np.maximum(hz, 50) ** (colour / 2), n)


def microphone(y: np.ndarray, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Tilt the spectrum by up to 4 dB an octave round 1 kHz, and lift or dip one broad band."""
    tilt, gain = rng.uniform(-4, 4), rng.uniform(-8, 8)
    centre = np.exp(rng.uniform(np.log(200), np.log(4000)))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(y), 1 / sr), 50) / 1000)
    bump = np.exp(-((octaves - np.log2(centre / 1000)) ** 2))
    return np.fft.irfft(
        np.fft.rfft(y) * 10 ** ((tilt * octaves + gain * bump) / 20), len(y)
    ).astype(y.dtype)


def telephone(y: np.ndarray, *, sr: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Keep 300 to 3400 Hz, as a telephone line does (ITU-T G.712)."""
    from scipy import signal

    band = signal.butter(4, (300, 3400), "bandpass", fs=sr, output="sos")
    return signal.sosfilt(band, y).astype(y.dtype)


def overload(y: np.ndarray, *, sr: int, rng: np.random.Generator, most: float = 9) -> np.ndarray:
    """Drive the peaks 0 to `most` dB over full scale, where they are cut off."""
    return clipped(y, db=rng.uniform(0, most))


def clipped(y: np.ndarray, *, db: float) -> np.ndarray:
    """Cut off what lies above `db` below the highest peak."""
    peak = np.abs(y).max() * 10 ** (-db / 20)
    return np.clip(y, -peak, peak)


def coded(y: np.ndarray, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Write it as MP3, as Ogg Vorbis or as 8-bit µ-law, and read that again."""
    container, subtype = _CODECS[rng.integers(len(_CODECS))]
    file, peak = io.BytesIO(), np.abs(y).max() + 1e-9
    how = {} if subtype == "ULAW" else dict(compression_level=rng.uniform(0.3, 0.95))
    sf.write(file, y / peak * 0.9, sr, format=container, subtype=subtype, **how)
    file.seek(0)
    decoded, _ = sf.read(file, dtype="float32")
    return librosa.util.fix_length(decoded * peak / 0.9, size=len(y)).astype(y.dtype)


def speed(y: np.ndarray, *, sr: int, rate: float) -> np.ndarray:
    """Play a signal faster: tempo, pitch and formants move together (Ko et al. 2015).

    Returns
    -------
    np.ndarray [shape=(ceil(n / rate),)], resampled with soxr
    """
    return resample(y, orig_sr=round(sr * rate), target_sr=sr)


def faster(y: np.ndarray, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Play it at 0.85 to 1.18 of its speed, as `speed` does."""
    return speed(y, sr=sr, rate=float(np.exp(rng.uniform(-0.165, 0.165))))


# In the order in which a voice meets them, and how often one does
_WAY: tuple[tuple[Callable, float], ...] = (
    (faster, 0.7),
    (room, 0.5),
    (background, 0.5),
    (microphone, 0.5),
    (overload, 0.15),
    (telephone, 0.25),
    (coded, 0.25),
)


def on_the_way(y: np.ndarray, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Return a copy as a voice may arrive: each of the above happens to it with its own odds.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sr : int, Hz
    rng : np.random.Generator

    Returns
    -------
    np.ndarray [shape=(m,)], longer or shorter where the speed changes
    """
    for change, odds in _WAY:
        if rng.uniform() < odds:
            y = change(y, sr=sr, rng=rng)
    return y
