"""From a recording to its emotion, and to where in it a network listened."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..audio import NO_SPEECH, Recording, Source, cut_short, decode, warn_of, without_waiting
from ..errors import AudioWarning, BundleError
from ..workers import one_thread
from .bundle import Bundle, probabilities, verify
from .remarks import has_speech, remarks

if TYPE_CHECKING:
    from ..systems import Voice

LONG = 15.0  # s: a recording that lasts longer has no one label


@dataclass(frozen=True)
class Answer:
    """What a system says of a recording.

    Parameters
    ----------
    probabilities : dict, emotion -> probability, in the order of the bundle's classes
    speech : bool, whether anybody speaks; systems that cannot tell take it for granted
    remarks : tuple of str, sentences that make the answer doubtful
    """

    probabilities: dict[str, float]
    speech: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def emotion(self) -> str:
        """The likeliest emotion, or "no speech"."""
        return max(self.probabilities, key=self.probabilities.get) if self.speech else NO_SPEECH


@one_thread()
def answer(source: Source, bundle: Bundle, voice: "Voice | None" = None) -> Answer:
    """Return what the system of a bundle says of a clip.

    A system for recordings from anywhere says too whether anybody speaks, and what is doubtful.

    Parameters
    ----------
    source : path, open file, bytes, (y, sr) or a dict, as `serlib.audio.load` takes them
    bundle : dict, from `load_bundle` or `joblib.load`
    voice : Voice, of the speaker, which hears this clip too; of a system from anywhere

    Raises
    ------
    AudioError
        If the clip cannot be used.
    """
    verify(bundle)
    recording = heard(source)
    features = bundle["extractor"].get_predict_feat(recording)[None]
    return answer_of(recording, features, bundle, voice)


def heard(source: Source) -> Recording:
    """Return what systems are given of a recording: all, but for long silences at its ends."""
    return without_waiting(decode(source))


def answer_of(
    recording: Recording, features: np.ndarray, bundle: Bundle, voice: "Voice | None" = None
) -> Answer:
    """Return what `answer` does, from the features of a clip [shape=(1, ...)] that are known."""
    anywhere = bundle.get("anywhere", False)
    speech = not anywhere or has_speech(recording)
    proba = probabilities(bundle, features)
    if voice and speech and anywhere:
        proba = voice.hear(proba).without(proba)
    named = dict(zip(bundle["classes"], map(float, proba[0]), strict=True))
    doubts = [cut_short(recording.missing, recording.promised), bundle.get("unchecked", "")]
    if not speech:
        doubts.append("Nobody speaks in it: tones, noise or music.")
    elif anywhere:
        doubts += remarks(recording, named)
    return Answer(named, speech, tuple(filter(None, doubts)))


def new_voice() -> "Voice":
    """Return a voice of which nothing has been heard."""
    from ..systems import Voice  # which loads SciPy, and few ask for it

    return Voice()


def check_learns(bundle: Bundle) -> None:
    """Check that a system learns the voice of what it is asked about.

    Raises
    ------
    BundleError
        If it does not.
    """
    if not bundle.get("anywhere"):
        raise BundleError("only `any_voice` learns a voice by the way; leave out --same-voice")


def get_predictions(source: Source | list[Source], bundle: Bundle) -> str | list[str]:
    """Return the emotion of a clip, or those of many.

    Parameters
    ----------
    source : path, open file, bytes, (y, sr) or a dict, as `serlib.audio.load` takes them; or a
        list of these
    bundle : dict, from `load_bundle` or `joblib.load`

    Returns
    -------
    str, or list of str for a list; "no speech" where a system for recordings from anywhere
        hears nobody speak

    Raises
    ------
    AudioError
        If a clip cannot be used.
    BundleError
        At the first use of a bundle that `load_bundle` has not checked.

    Warns
    -----
    AudioWarning
        If a file ends before its header says, or lasts longer than `LONG`.
    """
    verify(bundle)
    sources = source if isinstance(source, list) else [source]
    if bundle.get("anywhere"):
        emotions = [answer(_warned(one), bundle).emotion for one in sources]
    else:
        emotions = [max(p, key=p.get) for p in predict_proba(sources, bundle)]
    return emotions if isinstance(source, list) else emotions[0]


@one_thread()
def predict_proba(
    source: Source | list[Source], bundle: Bundle
) -> dict[str, float] | list[dict[str, float]]:
    """Return the probability of each emotion for a clip, or for many; as `get_predictions`."""
    verify(bundle)
    sources = source if isinstance(source, list) else [source]
    if not sources:
        return []
    X = np.stack([bundle["extractor"].get_predict_feat(_warned(one)) for one in sources])
    named = [
        dict(zip(bundle["classes"], map(float, row), strict=True))
        for row in probabilities(bundle, X)
    ]
    return named if isinstance(source, list) else named[0]


def has_attention(bundle: Bundle) -> bool:
    """Tell whether the network of a bundle has a layer of attention."""
    return bundle["model"].has_attention


def attention(source: Source, bundle: Bundle) -> np.ndarray | None:
    """Return where in a clip the network listened [shape=(steps,)], or None without any."""
    verify(bundle)
    if not has_attention(bundle):
        return None
    return attention_of(bundle["extractor"].get_predict_feat(source)[None], bundle)[0]


def attention_of(features: np.ndarray, bundle: Bundle) -> np.ndarray:
    """Return the attention over the steps of clips, of a network that has some.

    Parameters
    ----------
    features : np.ndarray [shape=(n, *shape of the front end)]
    bundle : dict, of which model, scaler and extractor are used

    Returns
    -------
    np.ndarray [shape=(n, steps)]
        Weights that sum to 1, of steps that share the front end's `span` equally; the mean
        over the heads where there are several.
    """
    import keras

    model = bundle["model"]
    weights = keras.Model(model.input, model.get_layer("attention").output)
    X = bundle["extractor"].as_input(bundle["scaler"].transform(features))
    return np.asarray(weights(X, training=False)).mean(axis=-1)  # predict would compile it anew


def _warned(source: Source) -> Recording:
    """Return what systems are given of a recording; warn where it is cut short, or long."""
    recording = heard(source)
    warn_of(recording)
    if (seconds := len(recording.y) / recording.sr) > LONG:
        what = f"lasts {seconds:.0f} s, of which one label says little"
        how = "serlib.predict_timeline hears it second by second"
        warnings.warn(f"{recording.name}: {what}; {how}", AudioWarning, stacklevel=3)
    return recording
