"""What befalls a recording and changes no emotion in it: how often does the answer change?"""

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import av
import numpy as np
import pandas as pd
import soundfile as sf
from tqdm import tqdm

from ..audio import Source, corruptions, decode, mono, spectrum
from ..errors import AudioError
from ..inference import Bundle, answer, verify
from ..workers import ahead

_RATE = 16000  # Hz, of what is coded
_FULL = 32768  # of 16 bits
_Change = Callable[[np.ndarray, int, np.random.Generator], Source]


class Stress(NamedTuple):
    """A change, and the largest share of answers that it may change (None: not promised)."""

    change: _Change
    most: float | None = None


def stress(
    bundle: Bundle, sources: Sequence[Source], *, rng: np.random.Generator, n_jobs: int = -1
) -> pd.DataFrame:
    """Ask a system about recordings as they are, and after each change of `STRESSES`.

    Parameters
    ----------
    bundle : dict, from `load_bundle` or `joblib.load`
    sources : sequence of path, open file, bytes or (y, sr)
    rng : np.random.Generator, of noise
    n_jobs : int, threads; -1 is one a core

    Returns
    -------
    DataFrame
        A row per change: how many `clips`, the share of answers `changed`, by how much the
        probability of the first answer `moved` in the mean, and the `most` that may change
    """
    verify(bundle)
    changed = partial(_changed, bundle=bundle)
    draws = zip(sources, rng.spawn(len(sources)), strict=True)
    found = ahead(changed, draws, n=max(n_jobs, 0))
    found = [*tqdm(found, desc="changing recordings", unit="clip", total=len(sources))]
    table = pd.concat(found).groupby("what", sort=False)
    figures = table.agg(
        clips=("changed", "size"), changed=("changed", "mean"), moved=("moved", "mean")
    )
    return figures.assign(most=[STRESSES[what].most for what in figures.index])


def _changed(drawn: tuple[Source, np.random.Generator], *, bundle: Bundle) -> pd.DataFrame:
    source, rng = drawn
    recording = decode(source)
    y, sr = mono(recording.y), recording.sr
    before, rows = answer((y, sr), bundle), []
    for what, (change, _) in STRESSES.items():
        try:
            after = answer(change(y, sr, rng), bundle)
        except AudioError:  # what is refused is another answer
            rows.append((what, True, np.nan))
            continue
        first = max(before.probabilities, key=before.probabilities.get)
        moved = after.probabilities[first] - before.probabilities[first]
        rows.append((what, after.emotion != before.emotion, abs(moved)))
    return pd.DataFrame(rows, columns=["what", "changed", "moved"])


def _peak(
    y: np.ndarray, sr: int, _: np.random.Generator, *, db: float, whole: bool = False
) -> Source:
    """Bring its peak to a level, of full scale; `whole` rounds it to 16 bits there."""
    quiet = y / np.abs(y).max() * np.float32(10 ** (db / 20))
    return (np.round(quiet * _FULL) / np.float32(_FULL) if whole else quiet), sr


def _clipped(y: np.ndarray, sr: int, _: np.random.Generator, *, db: float) -> Source:
    return corruptions.clipped(y, db=db), sr


def _noisy(y: np.ndarray, sr: int, rng: np.random.Generator, *, db: float) -> Source:
    return corruptions.noisy(y, sr=sr, snr=db, colour=1, rng=rng), sr


def _offset(y: np.ndarray, sr: int, _: np.random.Generator) -> Source:
    """Add a constant and mains hum, a tenth of the peak each."""
    hum = 1 + np.sin(2 * np.pi * 50 * np.arange(len(y)) / sr)
    return (y + np.abs(y).max() / 10 * hum).astype(np.float32), sr


def _silence(y: np.ndarray, sr: int, _: np.random.Generator) -> Source:
    return np.pad(y, sr), sr


def _on_the_way(y: np.ndarray, sr: int, rng: np.random.Generator, *, way: Callable) -> Source:
    return way(y, sr=sr, rng=rng), sr


def _mp3(y: np.ndarray, sr: int, _: np.random.Generator) -> Source:
    """Write it as MP3, at libsndfile's usual quality."""
    file = io.BytesIO()
    sf.write(
        file,
        spectrum.resample(y, orig_sr=sr, target_sr=_RATE),
        _RATE,
        "MPEG_LAYER_III",
        format="MP3",
    )
    return file.getvalue()


def _m4a(y: np.ndarray, sr: int, _: np.random.Generator, *, kbps: int = 32) -> Source:
    """Write it as AAC, as a telephone's voice notes are."""
    file, y = io.BytesIO(), spectrum.resample(y, orig_sr=sr, target_sr=_RATE).astype(np.float32)
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=_RATE, layout="mono", bit_rate=1000 * kbps)
        frame = av.AudioFrame.from_ndarray(y[None], format="fltp", layout="mono")
        frame.sample_rate = _RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


STRESSES: dict[str, Stress] = {
    "peak at -20 dB": Stress(partial(_peak, db=-20), 0.02),
    "peak at -60 dB": Stress(partial(_peak, db=-60), 0.02),
    "peak at -40 dB of 16 bits": Stress(partial(_peak, db=-40, whole=True), 0.02),
    "peak at -60 dB of 16 bits": Stress(partial(_peak, db=-60, whole=True), 0.02),
    "clipped by 6 dB": Stress(partial(_clipped, db=6), 0.02),
    "a constant and hum": Stress(_offset),
    "a second of silence around": Stress(_silence),
    "MP3": Stress(_mp3, 0.05),
    "m4a, 32 kbit/s": Stress(_m4a, 0.05),
    "a telephone's band": Stress(partial(_on_the_way, way=corruptions.telephone), 0.2),
    "noise 20 dB below": Stress(partial(_noisy, db=20)),
    "noise 10 dB below": Stress(partial(_noisy, db=10)),
    "a room": Stress(partial(_on_the_way, way=corruptions.room)),
    "a microphone's colour": Stress(partial(_on_the_way, way=corruptions.microphone)),
}
