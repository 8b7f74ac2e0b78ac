"""Tempo without pitch and pitch without tempo: librosa's phase vocoder, to the last bit.

Phases grow to 1e5, where float32 has steps of 1e-2: of a signal that is another by 1e-7 a second
stretch makes one that is another by 1e-3. So every sum is rounded as librosa's; but angles are
computed once a frame, and angles, sines and cosines many at a time.
"""

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np

from . import spectrum

# A quarter of a turn in two parts, and the polynomials of sine and cosine on either side of 0
_QUARTER, _AND_THE_REST = 1.5707963267341256, 6.077100506506192e-11
_S1, _S2, _S3 = -0.16666654943701084, 0.008332178146138854, -0.00019517298981385725
_C1, _C2, _C3 = -0.49999999725108224, 0.041666623324344516, -0.001388676379437604
_C4 = 2.4390450703564542e-05
# Arcs in single precision: 0 and the numbers round which a tangent lies, how far each counts, its
# arc in two parts, and the polynomial of what is left of a tangent
_0, _1, _2, _1_5, _PI, _PI_REST = map(np.float32, (0, 1, 2, 1.5, 3.1415927, -8.742278e-08))
_TO_0, _TO_HALF, _TO_1, _TO_1_5, _FAR = map(np.float32, (0.4375, 0.6875, 1.1875, 2.4375, 2**25))
_ARC = tuple(map(np.float32, (0.4636476, 0.7853981, 0.9827937, 1.5707963)))
_REST = tuple(map(np.float32, (5.0121582e-09, 3.7748947e-08, 3.4473217e-08, 7.5497894e-08)))
_EVEN = (0.33333334, 0.14285715, 0.09090887, 0.06661073, 0.04976878, 0.01628582)
_ODD = (-0.2, -0.111111104, -0.07691876, -0.058335703, -0.03653157)
_EVEN, _ODD = (tuple(map(np.float32, series)) for series in (_EVEN, _ODD))


def stretch(y: np.ndarray, *, rate: float = 0.8, n_fft: int = 2048) -> np.ndarray:
    """Change the tempo and keep the pitch: `librosa.effects.time_stretch` (S2: 0.8, slower).

    Returns
    -------
    np.ndarray [shape=(round(n / rate),)]
    """
    _, phases, frames, overlapped = _compiled()
    hop_length, length = n_fft // 4, round(len(y) / rate)
    D = spectrum.stft(y, n_fft=n_fft, hop_length=hop_length).T
    angle, heights = np.zeros((2, len(D) + 1, D.shape[1]), y.dtype)  # there ends in silence
    angle[:-1], heights[:-1] = angles(D), np.abs(D)
    steps = np.arange(0, len(D), rate)[: -(-(length + n_fft) // hop_length)]
    D = frames(phases(angle, steps), heights, steps, np.empty(0, D.dtype))
    made = overlapped(np.fft.irfft(D), spectrum.hann(n_fft), hop_length)
    made /= _weights(len(steps), n_fft, hop_length, y.dtype)
    made = made[n_fft // 2 :][:length]
    return np.pad(made, (0, length - len(made)))


def pitch(y: np.ndarray, *, sr: int, n_steps: float = 0.7) -> np.ndarray:
    """Shift the pitch by semitones, keep the tempo: `librosa.effects.pitch_shift` (S2: +0.7)."""
    rate = 2.0 ** (-n_steps / 12)
    shifted = spectrum.resample(stretch(y, rate=rate), orig_sr=sr / rate, target_sr=sr)[: len(y)]
    return np.pad(shifted, (0, len(y) - len(shifted)))


@cache
def _compiled() -> list[Callable]:
    """Return the loops below as machine code; who only predicts does not load numba."""
    from numba import njit

    compiled = njit(cache=True, error_model="numpy")  # a tangent may be infinite
    return [compiled(loop) for loop in (_angles, _phases, _frames, _overlapped)]


def angles(D: np.ndarray) -> np.ndarray:
    """Return `np.angle` of complex numbers [shape=(frames, bins)], several times faster.

    NumPy's angles are those of the machine's mathematical library. Where that is not glibc, or a
    processor has faster ones, NumPy's own are taken.
    """
    return _compiled()[0](D) if D.dtype == np.complex64 and _are_numpys() else np.angle(D)


@cache
def _are_numpys() -> bool:
    """Tell whether the angles below are NumPy's on this machine, to the last bit."""
    rng = np.random.default_rng(0)
    real, imag = (10 ** rng.uniform(-9, 9, (2, 9999)) * rng.choice([-1, 1], (2, 9999))).astype("f4")
    D = (real + 1j * imag)[None]
    return np.array_equal(_compiled()[0](D), np.angle(D))


def _angles(D: np.ndarray) -> np.ndarray:
    """Return angles as glibc does, after Sun's fdlibm (e_atan2f.c, s_atanf.c)."""
    made = np.empty(D.shape, np.float32)
    for t in range(D.shape[0]):
        for b in range(D.shape[1]):
            y, x = D[t, b].imag, D[t, b].real
            tan = abs(y / x) if y != _0 else _0
            if tan < _TO_0:
                above, below, arc, rest = tan, _1, _0, _0
            elif tan < _TO_HALF:
                above, below, arc, rest = _2 * tan - _1, _2 + tan, _ARC[0], _REST[0]
            elif tan < _TO_1:
                above, below, arc, rest = tan - _1, tan + _1, _ARC[1], _REST[1]
            elif tan < _TO_1_5:
                above, below, arc, rest = tan - _1_5, _1 + _1_5 * tan, _ARC[2], _REST[2]
            else:
                above, below, arc, rest = -_1, tan, _ARC[3], _REST[3]
            off = above / below
            z = off * off
            w = z * z
            odd, even = _ODD[4], _EVEN[5]
            for k in range(3, -1, -1):
                odd = _ODD[k] + w * odd
            for k in range(4, -1, -1):
                even = _EVEN[k] + w * even
            arc = arc - ((off * (z * even + w * odd) - rest) - off)
            if tan >= _FAR:
                arc = _ARC[3] + _REST[3]
            if x < _0 or (y == _0 and np.copysign(_1, x) < _0):
                arc = _PI - (arc - _PI_REST)
            made[t, b] = np.copysign(arc, y)
    return made


def _phases(angles: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the phases of new frames, each the last's and its advance: `librosa.phase_vocoder`.

    Ellis (2002, A phase vocoder in Matlab).

    Parameters
    ----------
    angles : np.ndarray [shape=(frames + 1, bins)], of frames a quarter of their length apart
    steps : np.ndarray [shape=(n,)], where the new frames lie among them

    Returns
    -------
    np.ndarray [shape=(n, bins)]
    """
    turn = 2 * np.pi
    phases = np.empty((len(steps), angles.shape[1]), angles.dtype)
    phases[0] = angles[0]
    for t in range(len(steps) - 1):
        k = int(steps[t])
        for b in range(angles.shape[1]):
            usual = b * (turn / 4)  # in a hop, of a sound at the centre of the bin
            off = (angles[k + 1, b] - angles[k, b]) - usual
            phases[t + 1, b] = phases[t, b] + (usual + (off - turn * np.rint(off / turn)))
    return phases


def _frames(
    phases: np.ndarray, heights: np.ndarray, steps: np.ndarray, like: np.ndarray
) -> np.ndarray:
    """Return new frames [shape=(n, bins)], complex as `like`, between the heights of the old.

    Sine and cosine are computed as glibc does, after Arm's optimized routines (sinf.c, cosf.c), to
    the same last bit, but many at a time: librosa's cost more than all the rest.
    """
    made = np.empty(phases.shape, like.dtype)
    for t, step in enumerate(steps):
        k = int(step)
        share = step - k
        for b in range(phases.shape[1]):
            quarters = np.rint(phases[t, b] * (2 / np.pi))
            x = (phases[t, b] - quarters * _QUARTER) - quarters * _AND_THE_REST
            x2, x3 = x * x, x * x * x
            sin = (x + x3 * _S1) + (x3 * x2) * (_S2 + x2 * _S3)
            cos = ((1 + x2 * _C1) + (x2 * x2) * _C2) + (x3 * x3) * (_C3 + x2 * _C4)
            quarter = int(quarters)
            if quarter & 1:
                sin, cos = cos, -sin
            if quarter & 2:
                sin, cos = -sin, -cos
            height = (1 - share) * heights[k, b] + share * heights[k + 1, b]
            made[t, b] = height * phases.dtype.type(cos) + 1j * (height * phases.dtype.type(sin))
    return made


def _overlapped(frames: np.ndarray, window: np.ndarray, hop_length: int) -> np.ndarray:
    """Return the sum of windowed frames, each a hop after the last."""
    count, length = frames.shape
    y = np.zeros(length + hop_length * (count - 1), frames.dtype)
    for t in range(count):
        for k in range(length):
            y[t * hop_length + k] += frames[t, k] * window[k]
    return y


@lru_cache(maxsize=8)
def _weights(count: int, n_fft: int, hop_length: int, dtype: np.dtype) -> np.ndarray:
    """Return the sum of squared windows, 1 where there are none."""
    window = spectrum.hann(n_fft)
    frames = np.ones((count, n_fft), dtype)
    weights = _compiled()[-1](frames, window**2, hop_length)
    return np.where(weights > np.finfo(dtype).tiny, weights, 1).astype(dtype)
