"""Enrolment: a few unlabelled clips of a speaker tell how that voice differs from the average.

What is measured as `speakers+enrolment` and what `EnrolledSpeaker` does for a user is one and the
same shift: of the features, which each scaler knows, or of the answers of a system for recordings
from anywhere.
"""

import numpy as np

from ..audio import Source, name_of
from ..errors import AudioError
from ..systems import Followed, Voice
from .bundle import Bundle, probabilities, verify
from .predict import check_learns, get_predictions, heard, predict_proba
from .remarks import has_speech


class EnrolledSpeaker:
    """A bundle that knows a voice: from a few of the speaker's own clips, without labels.

    Parameters
    ----------
    bundle : dict, from `serlib.load_bundle`; a voice that it knows is forgotten
    clips : list of path, open file, bytes or (y, sr); the more different their emotions the better

    Raises
    ------
    AudioError
        If there is no clip, one cannot be used, or nobody speaks in any where that is told.
    """

    def __init__(self, bundle: Bundle, clips: list[Source]):
        if not isinstance(clips, list) or not clips:
            raise AudioError(
                f"{name_of(clips)}: expected a list of the speaker's own clips, one or more"
            )
        bundle = _of_anybody(bundle)
        verify(bundle)  # before the shift, which changes what the reference clip gives
        recordings = [heard(clip) for clip in clips]
        if bundle.get("anywhere"):
            spoken = [recording for recording in recordings if has_speech(recording)]
            if not spoken:
                raise AudioError(f"{name_of(clips[0])}: nobody speaks in it. Record a sentence")
            recordings = spoken  # music or noise shows no voice
        X = np.stack([bundle["extractor"].get_predict_feat(clip) for clip in recordings])
        if bundle.get("anywhere"):
            self.bundle = bundle | dict(voice=Voice().hear(probabilities(bundle, X)))
        else:
            scaler = bundle["scaler"]
            self.bundle = bundle | dict(scaler=scaler.for_speaker(X), of_anybody=scaler)

    def get_predictions(self, source: Source | list[Source]) -> str | list[str]:
        """Return the emotion of a clip of the speaker, or those of many."""
        return get_predictions(source, self.bundle)

    def predict_proba(self, source: Source | list[Source]) -> dict | list[dict]:
        """Return the probability of each emotion for a clip of the speaker, or for many."""
        return predict_proba(source, self.bundle)


def _of_anybody(bundle: Bundle) -> Bundle:
    """Return a bundle as it was before it knew a voice: another takes its place."""
    bundle = {name: part for name, part in bundle.items() if name != "voice"}
    return bundle | dict(scaler=bundle.get("of_anybody", bundle["scaler"]))


def following(bundle: Bundle) -> Bundle:
    """Return a bundle that learns the voice of whatever it is asked about; it may know one already.

    Raises
    ------
    BundleError
        If the system learns no voice by the way.
    """
    check_learns(bundle)
    known = bundle.get("voice")
    voice = Followed.of_numbers(**known.numbers()) if known else Followed()
    return bundle | dict(voice=voice)
