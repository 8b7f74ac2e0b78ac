"""The voice itself: how clean it is, band by band, and where it resonates; frame by frame.

Descriptors that MFCC, which smooth the spectrum over a quarter of an octave, do not hold.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..audio import spectrum
from .descriptors import F0_RANGE, Described, Pitch
from .statistics import Statistics

BANDS = ((0, 800), (800, 1600), (1600, 3200), (3200, 6400))  # Hz
_HIGHEST = 6000  # Hz, of the spectrum whose cepstrum is taken
FORMANTS = (600.0, 1600.0, 2700.0)  # Hz, of a neutral vowel: where no resonance is found
WIDEST = 700.0  # Hz: what is wider is the slope of the spectrum, no formant
_ORDER = 12  # of the linear prediction up to 5.5 kHz: five resonances, and two for the slope
_FRAME_S, _EMPHASIS = 0.032, 0.97


class Voice(Described):
    """A front end that looks at the descriptors of the voice too; they stand first.

    Periodicity in four bands (0 to 1); the prominence of the cepstral peak in dB; three formants
    in semitones; log2 of their bandwidths in Hz.
    """

    @property
    def count(self) -> int:
        """How many descriptors there are."""
        return super().count + len(BANDS) + 1 + 2 * len(FORMANTS)

    def more(self, y: np.ndarray, sr: int, pitch: Pitch) -> list[np.ndarray]:
        """Return the descriptors that stand before the others [each of shape=(n, about frames)]."""
        resonances, widths = formants(y, sr, hop_length=self.hop_length)
        return [
            np.stack([harmonicity(pitch, sr, band) for band in BANDS]),
            prominence(pitch, sr)[None],
            12 * np.log2(resonances).T,
            np.log2(np.maximum(widths, 20)).T,
        ]


@dataclass(frozen=True)
class VoiceStatistics(Voice, Statistics):
    """`Statistics` of the descriptors, those of the voice among them."""

    name = "voice_statistics"


def harmonicity(pitch: Pitch, sr: int, band: tuple[float, float]) -> np.ndarray:
    """Return which share of a band's energy repeats after one period [shape=(frames,)], 0 to 1.

    Breath and hoarseness lower it from the upper bands down (after Boersma 1993, IFA Proc. 17: 97,
    who takes the whole signal).

    Parameters
    ----------
    pitch : Pitch, of the signal
    sr : int, Hz
    band : (low, high), Hz
    """
    hz = np.linspace(0, sr / 2, pitch.power.shape[1])
    k = np.flatnonzero((hz >= band[0]) & (hz < band[1]))
    n = 2 * (len(hz) - 1)
    power = pitch.power[:, k] * np.where((k > 0) & (k < n // 2), 2 / n, 1 / n)
    # The inverse Fourier transform, at the five lags round the period alone
    off = np.outer(k, np.arange(-2, 3)) & (n - 1)  # n is a power of 2
    cos, sin = _turns(n)
    cos_at, sin_at = _at_lags(n, k[0], k[-1] + 1, int(sr / F0_RANGE[0]) + 2)
    near = (power * cos_at[pitch.lag]) @ cos[off] - (power * sin_at[pitch.lag]) @ sin[off]
    return pitch.share(near.max(axis=1), power.sum(axis=1))


def prominence(pitch: Pitch, sr: int) -> np.ndarray:
    """Return how far the cepstrum's peak rises above its trend [shape=(frames,)], dB.

    Hillenbrand et al. (1994, J. Speech Hear. Res. 37: 769): low in breathy voices.
    """
    bins = int(_HIGHEST / (sr / 2) * (pitch.power.shape[1] - 1))
    log = 10 / np.log(10) * np.log(pitch.power[:, :bins] + 1e-10)  # half the time of `log10`
    # Of the Fourier transform the quefrencies of voices alone; one is 1 / _HIGHEST s
    low, high = (int(_HIGHEST / f0) + 1 for f0 in F0_RANGE[::-1])
    log -= log.mean(axis=1, keepdims=True)
    half = log[:, : bins // 2 + 1], log[:, -np.arange(bins // 2 + 1)]  # the other from its end
    cos, sin = _waves(bins, low, high)
    cepstrum = np.hypot((half[0] + half[1]) @ cos, (half[0] - half[1]) @ sin)
    level = 20 * np.log10(cepstrum + 1e-6)
    t = np.linspace(-1, 1, level.shape[1])
    trend = level.mean(axis=1, keepdims=True) + np.outer(level @ t / (t @ t), t)
    peak = level.argmax(axis=1)[:, None]
    return np.take_along_axis(level - trend, peak, axis=1)[:, 0]


@cache
def _turns(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cosine and sine of the multiples of a turn over n [each of shape=(n,)]."""
    angles = 2 * np.pi * np.arange(n) / n
    return np.cos(angles), np.sin(angles)


@cache
def _at_lags(n: int, first: int, last: int, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cosines and sines of a few frequencies at every lag [each of shape=(lags, bins)]."""
    turn = np.outer(np.arange(lags), np.arange(first, last)) & (n - 1)
    cos, sin = _turns(n)
    return cos[turn], sin[turn]


@cache
def _waves(n: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what n numbers are multiplied by for a part of their Fourier transform.

    Cosines are even and sines odd: half of the numbers are multiplied, more or less the others.

    Returns
    -------
    cosines, sines : np.ndarray [shape=(n // 2 + 1, high - low)]
    """
    turn = np.outer(np.arange(n // 2 + 1), np.arange(low, high)) % n
    cos, sin = (wave[turn] for wave in _turns(n))
    cos[:: n // 2 if n % 2 == 0 else n] /= 2  # which are their own other half
    return cos, sin


def formants(y: np.ndarray, sr: int, *, hop_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the three lowest resonances of the vocal tract, frame by frame.

    The roots of a linear prediction of the signal at half its rate (Snell & Milinazzo 1993, IEEE
    Trans. Speech Audio Process. 1: 129).

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sr : int, Hz
    hop_length : int, samples, even

    Returns
    -------
    frequencies, bandwidths : np.ndarray [shape=(frames, 3)], Hz
        `FORMANTS` and `WIDEST` where there is none.
    """
    rate = sr // 2
    z = spectrum.resample(y, orig_sr=sr, target_sr=rate)
    z = np.append(z[:1], z[1:] - np.float32(_EMPHASIS) * z[:-1])
    length = 2 * int(rate * _FRAME_S / 2)
    frames = spectrum.frames(
        np.pad(z, length // 2), frame_length=length, hop_length=hop_length // 2
    )
    a = linear_prediction(frames * np.hamming(length), order=_ORDER)
    companion = np.zeros((len(a), _ORDER, _ORDER))  # its eigenvalues are the roots
    companion[:, 0] = -a[:, 1:]
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1
    roots = np.linalg.eigvals(companion)
    hz = np.angle(roots) * rate / (2 * np.pi)
    width = -np.log(np.abs(roots) + 1e-9) * rate / np.pi
    hz = np.where((hz > 150) & (hz < 5000) & (width < WIDEST), hz, np.inf)
    lowest = np.argsort(hz, axis=1)[:, : len(FORMANTS)]
    hz, width = (np.take_along_axis(values, lowest, axis=1) for values in (hz, width))
    return np.where(np.isinf(hz), FORMANTS, hz), np.where(np.isinf(hz), WIDEST, width)


def linear_prediction(frames: np.ndarray, *, order: int) -> np.ndarray:
    """Return the coefficients that predict frames [shape=(n, order + 1)], by Burg's method.

    As `librosa.lpc`, after Marple (1980, IEEE Trans. Acoust. 28: 441).
    """
    frames = frames.T  # samples of all frames beside each other: half the time
    ahead, behind = frames[1:].copy(order="C"), frames[:-1].copy(order="C")
    a = np.zeros((order + 1, frames.shape[1]))
    a[0] = 1
    energy = np.einsum("ji,ji->i", ahead, ahead) + np.einsum("ji,ji->i", behind, behind)
    for i in range(order):
        k = -2 * np.einsum("ji,ji->i", behind, ahead) / (energy + np.finfo(float).tiny)
        a[1 : i + 2] += k * a[i::-1]
        step = k * ahead
        ahead += k * behind
        behind += step
        energy = (1 - k**2) * energy - behind[-1] ** 2 - ahead[0] ** 2
        ahead, behind = ahead[1:], behind[:-1]
    return a.T
