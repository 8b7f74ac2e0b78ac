"""Speech-like clips: what the built-in corpus is made of.

A glottal pulse train (Rosenberg 1971, JASA 49: 583; Klatt & Klatt 1990, JASA 87: 820) and noise
pass through a cascade of formant resonators (Klatt 1980, JASA 67: 971) whose targets are vowels
of Peterson & Barney (1952, JASA 24: 175) and Klatt's consonants. `PROSODY` says how an emotion
moves a speaker off their own baseline. Its signs follow Murray & Arnott (1993, JASA 93: 1097),
Banse & Scherer (1996, JPSP 70: 614) and Juslin & Laukka (2003, Psychol. Bull. 129: 770); its
sizes, and the spread around them, are ours.
"""

import hashlib
from typing import NamedTuple

import librosa
import numpy as np
from scipy.ndimage import gaussian_filter1d

from .recording import SR


class _Prosody(NamedTuple):
    """How an emotion is spoken, relative to the speaker's baseline."""

    pitch: float  # semitones
    accent: float  # semitones, height of the pitch accents
    glide: float  # semitones, rise (+) or fall (-) towards the end
    rate: float  # octaves: +1 is twice as fast
    level: float  # dB
    tilt: float  # dB per octave; positive is brighter, more tense
    breath: float  # dB, noise at the glottis relative to the pulses
    jitter: float  # %, cycle to cycle
    creak: float  # %, every other cycle shorter and weaker


PROSODY = {
    "neutral": _Prosody(0, 3.0, -3, 0.00, 0, 0.0, -26, 0.5, 0),
    "calm": _Prosody(-1, 2.0, -2, -0.12, -3, -1.5, -20, 0.4, 0),
    "happy": _Prosody(4, 5.5, 1, 0.10, 4, 1.0, -26, 0.6, 0),
    "sad": _Prosody(-2, 1.2, -3, -0.25, -6, -3.0, -14, 0.9, 0),
    "angry": _Prosody(5, 5.0, -4, 0.15, 8, 2.5, -30, 1.2, 0),
    "fear": _Prosody(7, 2.0, 0, 0.25, 2, 0.5, -17, 2.5, 0),
    "disgust": _Prosody(-2, 3.0, -5, -0.20, -1, 0.5, -22, 1.0, 5),
    "surprise": _Prosody(4, 7.0, 7, 0.02, 3, 0.5, -21, 0.6, 0),
}
# Deviations, drawn once per speaker and emotion, and again per clip: people differ in how they
# show an emotion, so that unknown speakers are harder than known ones.
_STYLE = _Prosody(1.2, 0.8, 1.2, 0.08, 2.2, 1.0, 3, 0.3, 1)
_CHANCE = _Prosody(0.8, 0.6, 1.0, 0.06, 1.5, 0.7, 2, 0.2, 1)

# Per phone: formants (Hz), voicing, frication, centre of the frication (Hz), relative duration.
_PHONES = """
-   500 1500 2500  0    0    4000  0.5 | IY  270 2290 3010  1    0    4000  1.2
IH  390 1990 2550  1    0    4000  0.9 | EH  530 1840 2480  1    0    4000  1.1
AE  660 1720 2410  1    0    4000  1.6 | AH  640 1190 2390  0.9  0    4000  0.7
AA  730 1090 2440  1    0    4000  1.2 | AO  570  840 2410  1    0    4000  1.6
UW  300  870 2240  1    0    4000  1.3 | ER  490 1350 1690  1    0    4000  1.3
W   290  610 2150  0.6  0    4000  0.7 | R   310 1060 1380  0.7  0    4000  0.7
N   400 1340 2470  0.35 0    4000  0.8 | B   200 1100 2150  0.15 0.05 1000  0.6
D   200 1600 2600  0.15 0.1  4500  0.5 | G   200 1990 2850  0.15 0.1  2200  0.6
Z   240 1390 2530  0.25 0.3  5500  0.8 | DH  270 1290 2540  0.35 0.05 6000  0.5
S   320 1390 2530  0    0.6  5500  1.1 | F   340 1100 2080  0    0.2  6500  1.0
T   400 1600 2600  0    0.5  5000  0.5 | K   300 1990 2850  0    0.5  2200  0.6
"""
_ROWS = [row.split() for line in _PHONES.split("\n") for row in line.split("|") if row.strip()]
_PHONE = {name: np.array(values, dtype=float) for name, *values in _ROWS}

# Stressed vowels, which carry the accents, are primed. RAVDESS's sentences by their statement
# in the clip index, then words of TESS, spoken after the carrier.
SENTENCES = {
    "kids": "K IH' D Z ER - T AO' - K IH N B AA IY DH AH D AO' R",
    "dogs": "D AO' G Z ER S IH' - T IH N B AA IY DH AH D AO' R",
}
_CARRIER = "S EH' IY DH AH W ER D "
WORDS = {
    "back": "B AE' - K",
    "bean": "B IY' N",
    "dog": "D AO' G",
    "food": "F UW' D",
    "road": "R AO' UW D",
    "tire": "- T AA' IY ER",
}


def synthesise(
    emotion: str,
    *,
    speaker: str,
    sentence: str,
    rng: np.random.Generator,
    sr: int = SR,
    intensity: int = 1,
) -> np.ndarray:
    """Synthesise one clip.

    Parameters
    ----------
    emotion : str, a key of `PROSODY`
    speaker : str, "01" to "24" (odd are men, even women), "OAF" or "YAF" (women)
        The name alone fixes the voice.
    sentence : str, a key of `SENTENCES` (2.2 to 3.5 s, speech after half a second) or of
        `WORDS` (1.7 to 2.2 s, speech at once)
    rng : np.random.Generator
    sr : int, Hz
    intensity : int, 1 normal, 2 strong: the emotion is further from neutral

    Returns
    -------
    y : np.ndarray [shape=(n,)], float32, within (-1, 1), with noise where nobody speaks

    Raises
    ------
    ValueError
        For an unknown emotion, speaker, sentence or intensity.
    """
    _one_of("emotion", emotion, PROSODY)
    _one_of("sentence", sentence, [*SENTENCES, *WORDS])
    _one_of("intensity", intensity, [1, 2])
    voice = _voice(speaker)
    how = _draw(emotion, speaker, 1.0 if intensity == 1 else 1.4, rng)
    hop = 2 ** round(np.log2(0.006 * sr))
    times, tracks, pitch = _score(sentence, how, hop / sr, rng)
    n = hop * (len(times) - 1)
    at = np.arange(n) / sr
    voicing, frication = (np.interp(at, times, tracks[:, k]) for k in (3, 4))
    f0 = np.clip(voice["f0"] * 2 ** (np.interp(at, times, pitch) / 12), 55, 600)
    glottis = voicing * (_pulses(f0 / sr, how, rng) + _amplitude(how.breath) * _white(n, rng))
    y = _filter(glottis, frication * _white(n, rng), tracks, voice["tract"], how.tilt, sr, hop)
    # Loudness of the speech alone, so that pauses do not count.
    speech = (voicing + frication) > 0.1
    y *= _amplitude(-33 + voice["level"] + how.level) / np.sqrt(np.mean(y[speech] ** 2))
    room = _amplitude(rng.uniform(-78, -70)) * _white(n, rng)
    return np.tanh(y + room).astype(np.float32)  # tanh: loud peaks are rounded, never clipped


def _voice(speaker: str) -> dict[str, float]:
    """Draw a speaker's baseline from their name."""
    _one_of("speaker", speaker, [*(f"{k:02d}" for k in range(1, 25)), "OAF", "YAF"])
    rng = np.random.default_rng(_hash(speaker))
    man = speaker.isdigit() and int(speaker) % 2 == 1
    return dict(
        f0=rng.uniform(95, 130) if man else rng.uniform(180, 225),
        tract=(1.0 if man else 1.16) * rng.uniform(0.95, 1.05),  # scale of the formants
        level=rng.normal(0, 2),
    )


def _draw(emotion: str, speaker: str, strength: float, rng: np.random.Generator) -> _Prosody:
    style = np.random.default_rng(_hash(f"{speaker} {emotion}")).standard_normal(len(_STYLE))
    neutral, mean = np.array(PROSODY["neutral"]), np.array(PROSODY[emotion])
    drawn = neutral + strength * (mean - neutral) + style * _STYLE
    drawn = _Prosody(*(drawn + rng.standard_normal(len(_CHANCE)) * _CHANCE))
    return drawn._replace(
        accent=max(drawn.accent, 0.3), jitter=max(drawn.jitter, 0.1), creak=max(drawn.creak, 0)
    )


def _score(
    sentence: str, how: _Prosody, step: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay a sentence out in time: frame times (s), phone tracks [shape=(t, 6)], pitch (semitones).

    Pitch is relative to the speaker's: a glide over the utterance, accents, a slow wander.
    """
    word = sentence in WORDS
    names = (_CARRIER + WORDS[sentence] if word else SENTENCES[sentence]).split()
    phones = np.array([_PHONE[name.rstrip("'")] for name in ["-", *names, "-"]])
    lengths = phones[:, 6] * np.exp(0.12 * rng.standard_normal(len(phones)))
    usual, least, most = (1.75, 1.6, 1.95) if word else (2.15, 1.7, 2.4)  # s of speech
    lengths *= np.clip(usual * 2**-how.rate, least, most) / lengths[1:-1].sum()
    lengths[[0, -1]] = rng.uniform(0.02, 0.04), rng.uniform(0.1, 0.2)
    if not word:
        lengths[[0, -1]] = rng.uniform([0.4, 0.35], [0.58, 0.5])
    ends = np.cumsum(lengths)
    times = np.arange(0, ends[-1], step)
    held = phones[np.minimum(np.searchsorted(ends, times, side="right"), len(phones) - 1), :6]
    tracks = gaussian_filter1d(held, 0.008 / step, axis=0)  # the mouth opens in 20 ms or so,
    tracks[:, :3] = gaussian_filter1d(held[:, :3], 0.02 / step, axis=0)  # formants take 50
    part = np.clip((times - ends[0]) / (ends[-2] - ends[0]), 0, 1)
    pitch = how.pitch + how.glide * (part**2 - 1 / 3)
    for k in (k for k, name in enumerate(names, 1) if name.endswith("'")):
        peak = ends[k] - 0.5 * lengths[k]
        pitch += how.accent * rng.uniform(0.8, 1.2) * np.exp(-(((times - peak) / 0.11) ** 2))
    wander = gaussian_filter1d(rng.standard_normal(len(times)), 0.08 / step)
    return times, tracks, pitch + 0.4 * wander / wander.std()


def _pulses(f0: np.ndarray, how: _Prosody, rng: np.random.Generator) -> np.ndarray:
    """Return the derivative of glottal flow, for f0 in cycles per sample [shape=(n,)]."""
    count = int(f0.sum() * 1.5) + 2
    uneven = how.jitter * rng.standard_normal(count) + how.creak * (-1.0) ** np.arange(count)
    uneven = np.clip(uneven / 100, -0.3, 0.3)
    phase = np.cumsum(f0 * (1 + uneven[np.cumsum(f0).astype(int)]))
    cycle = phase.astype(int)
    open_part = np.clip(0.62 - 0.04 * how.tilt, 0.4, 0.85)  # a tense voice closes early
    x = (phase - cycle) / open_part
    return np.where(x < 1, 2 * x - 3 * x**2, 0) * (1 + 3 * uneven[cycle])


def _filter(
    glottis: np.ndarray,
    hiss: np.ndarray,
    tracks: np.ndarray,
    tract: float,
    tilt: float,
    sr: int,
    hop: int,
) -> np.ndarray:
    """Send both sources through their resonances, frame by frame, in the frequency domain."""
    window = dict(n_fft=8 * hop, hop_length=hop, win_length=4 * hop)
    f = np.fft.rfftfreq(8 * hop, 1 / sr)
    formants = 10 ** (tilt / 20 * np.log2(np.clip(f, 250, 4000) / 250))[:, None]
    moving = zip(tracks.T[:3], (70, 100, 150), strict=True)
    for centre, bandwidth in [*moving, (np.array([3500]), 250), (np.array([4500]), 350)]:
        formants = formants * _resonance(f, tract * centre, bandwidth, sr)
    spectrum = librosa.stft(glottis, **window) * formants
    spectrum += librosa.stft(hiss, **window) * _resonance(f, tracks[:, 5], 2500, sr)
    return librosa.istft(spectrum, **window, length=len(glottis))


def _resonance(f: np.ndarray, centre: np.ndarray, bandwidth: float, sr: int) -> np.ndarray:
    """Return the response of Klatt's digital resonator [shape=(f, t)]; 1 at 0 Hz."""
    radius = np.exp(-np.pi * bandwidth / sr)
    b, c = 2 * radius * np.cos(2 * np.pi * centre / sr), -(radius**2)
    z = np.exp(-2j * np.pi * f / sr)[:, None]
    return (1 - b - c) / (1 - b * z - c * z**2)


def _amplitude(decibels: float) -> float:
    return 10 ** (decibels / 20)


def _white(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(n)


def _hash(text: str) -> int:
    # sha256, since Python's own hash differs from process to process
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _one_of(what: str, value: object, valid: object) -> None:
    if value not in valid:
        raise ValueError(f"Bad {what} {value!r}, expected one of {list(valid)}")
