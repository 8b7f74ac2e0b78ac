"""What a network that has heard speech makes of a clip: moments of Whisper's encoder.

Its weights were trained on 680,000 hours of speech, by OpenAI (Radford et al. 2023, ICML), to
write down words; half-way up it still knows how they were said.
"""

from dataclasses import dataclass

import numpy as np

from ..audio import CANONICAL_SR, spectrum
from ..errors import SerlibError
from ..files import sha256
from ..paths import Project
from ..workers import interpreter, lent
from .base import Anywhere

ENCODER = "encoder/whisper_base.tflite"  # below `artifacts`; `serlib.systems.whisper` makes it
CHECKSUM = "386cf09d0746cea398becd3699b0ee8341a577ae89b655b135d618a4cee97061"
WIDTH = 512
MOMENTS = ("mean", "deviation", "loud")  # of each layer, in this order
_LONGEST = 3000  # frames of 10 ms: what the encoder has places for
_RANGE, _PEAK = 8, 1.6  # of log10 of a power: as Whisper has it; its usual loudest band


@dataclass(frozen=True)
class Whisper(Anywhere):
    """What layers of the encoder say: mean and deviation over time, and a mean of loud frames.

    In the last a frame weighs as much as its amplitude, so that pauses and the room have little
    weight [shape=(n,)]. The encoder's numbers have 8 bits, which processors round with kernels of
    their own: features of two differed by 1e-3, a probability by .0017; a last bit of the signal
    moves one by up to .006.

    Parameters
    ----------
    sr : int, Hz, the encoder's
    layers : tuple of int, 1 to 5
    """

    sr: int = CANONICAL_SR
    layers: tuple[int, ...] = (1, 2, 3, 4, 5)

    name = "whisper"
    version = 2

    @property
    def shape(self) -> tuple[int]:
        """Shape of the features."""
        return (len(MOMENTS) * WIDTH * len(self.layers),)

    def measure(self, y: np.ndarray) -> np.ndarray:
        """Return what is heard of a canonical signal, layer by layer, `MOMENTS`, float32."""
        x = log_mel(y, self.sr)
        parts = np.array_split(x, -(-len(x) // _LONGEST))
        said = np.concatenate([encode(part) for part in parts], axis=1)
        said = said[[k - 1 for k in self.layers]]
        weights = np.concatenate([amplitude(part) for part in parts])
        loud = np.einsum("t,ktn->kn", weights / weights.sum(), said, dtype=np.float32)
        return np.stack([said.mean(axis=1), said.std(axis=1), loud], axis=1).ravel()


def log_mel(y: np.ndarray, sr: int) -> np.ndarray:
    """Return what the encoder hears of a signal: frames of 80 bands, whatever its level.

    As Whisper, but that the loudest band is brought to where it lies in ordinary recordings.

    Returns
    -------
    np.ndarray [shape=(frames, 80)], float32, a frame every 10 ms
    """
    S = np.abs(spectrum.stft(y, n_fft=400, hop_length=160, pad_mode="reflect"))
    power = spectrum.mel_filters(sr, 400, 80) @ S**2
    x = np.log10(np.maximum(power[:, :-1], 1e-10))
    x = np.maximum(x - x.max(), -_RANGE) + _PEAK
    return np.ascontiguousarray((x.T + 4) / 4, dtype=np.float32)


def amplitude(x: np.ndarray) -> np.ndarray:
    """Return how loud log-mel frames [shape=(frames, 80)] are, two by two, as they are encoded.

    Returns
    -------
    np.ndarray [shape=(frames // 2,)], the geometric mean of two amplitudes
    """
    power = np.sum(10 ** (4 * x[: len(x) // 2 * 2]), axis=1)
    return np.prod(power.reshape(-1, 2), axis=1) ** 0.25


def encode(x: np.ndarray) -> np.ndarray:
    """Return what the layers say of log-mel frames [shape=(frames, 80)], of an even number of them.

    Returns
    -------
    np.ndarray [shape=(layers, frames // 2, 512)]
    """
    x = x[None, : len(x) // 2 * 2]
    with _encoder() as encoder:
        place = encoder.get_input_details()[0]["index"]
        encoder.resize_tensor_input(place, x.shape)
        encoder.allocate_tensors()
        encoder.set_tensor(place, x)
        encoder.invoke()
        return encoder.get_tensor(encoder.get_output_details()[0]["index"])[0]


@lent
def _encoder():
    """Load the encoder."""
    path = Project.here().artifacts / ENCODER
    if not path.is_file() or sha256(path) != CHECKSUM:
        raise SerlibError(
            f"{path}: Whisper's encoder is missing or altered. It is in the repository: "
            f"git checkout artifacts/{ENCODER}"
        )
    return interpreter(str(path))
