"""What a listener should know of a recording before believing the answer to it."""

import numpy as np

from ..audio import CANONICAL_SR, CUT_OFF, Recording, at_peak, canonical, load, speaks, spectrum

_QUIET_DB = -45  # of full scale, the peak: closer to the noise of a 16-bit recorder than voices are
_TELEPHONE, _EMPTY_DB = 4_000, -60  # Hz; a band that lies so far below the voice holds nothing
_REPEATS, _VOICED = 0.5, 0.1  # of a frame's energy after a period; of the frames of speech
_CLOSE = 0.8  # of the likeliest emotion's probability


def has_speech(recording: Recording) -> bool:
    """Tell whether there is speech in a recording at all, not tones, noise or music alone."""
    return speaks(load(recording, sr=CANONICAL_SR))


def remarks(recording: Recording, probabilities: dict[str, float]) -> list[str]:
    """Return a sentence for everything that makes an answer doubtful.

    Parameters
    ----------
    recording : Recording
    probabilities : dict, emotion -> probability
    """
    y, said = load(recording, sr=recording.sr), []
    peak = float(np.abs(y).max())
    if (level := 20 * np.log10(peak + 1e-12)) < _QUIET_DB:
        said.append(f"Very quiet: its peak is {-level:.0f} dB below full scale. Move closer.")
    if at_peak(y).mean() > CUT_OFF:
        said.append("Its peaks are cut off. Record at a lower level.")
    if _above(y, recording.sr) < _EMPTY_DB:
        said.append(f"It holds almost nothing above {_TELEPHONE // 1000} kHz, as over a telephone.")
    if _voiced(canonical(load(recording, sr=CANONICAL_SR))) < _VOICED:
        said.append("No pitch was found in it: whispered, or hardly a voice.")
    first, second, *_ = sorted(probabilities, key=probabilities.get, reverse=True)
    if probabilities[second] > _CLOSE * probabilities[first]:
        said.append(f"{second.capitalize()} is nearly as likely as {first}.")
    return said


def _above(y: np.ndarray, sr: int) -> float:
    """Return how far what lies above a telephone's band is below the rest, dB."""
    n = min(len(y), 2048)
    hz, framed = np.fft.rfftfreq(n, 1 / sr), spectrum.frames(y, frame_length=n, hop_length=1024)
    power = np.sum(np.abs(np.fft.rfft(framed * np.hanning(n))) ** 2, axis=0)
    high, low = power[hz > _TELEPHONE * 1.05].sum(), power[(hz > 100) & (hz < _TELEPHONE)].sum()
    return 10 * np.log10((high + 1e-20) / (low + 1e-12))


def _voiced(y: np.ndarray) -> float:
    """Return the share of the louder half of the frames that repeat at a voice's period."""
    if len(y) < 1024:
        return 0.0
    frames = spectrum.frames(y, frame_length=1024, hop_length=512) * np.hanning(1024)
    loud = frames[np.sum(frames**2, axis=1) >= np.median(np.sum(frames**2, axis=1))]
    repeats = np.fft.irfft(np.abs(np.fft.rfft(loud, 2048)) ** 2)
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(1024), 2048)) ** 2)
    lags = slice(CANONICAL_SR // 500, CANONICAL_SR // 60)
    share = repeats[:, lags] / (repeats[:, :1] + 1e-12) * (window[0] / window[lags])
    return float(np.mean(share.max(axis=1) > _REPEATS))
