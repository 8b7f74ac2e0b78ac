"""Enrolment: a few unlabelled clips of a speaker tell how that voice differs from the average.

What is measured here as `speakers+enrolment` and what `EnrolledSpeaker` does for a user is one
and the same shift of the features.
"""

import numpy as np
from sklearn.preprocessing import StandardScaler

from .audio import Source
from .bundle import Bundle, get_predictions, predict_proba, verify
from .errors import AudioError
from .joint import JointScaler
from .scaling import CellScaler, FrameScaler

PRIOR = 5  # clips; chosen on validation speakers from 0, 2, 5, 10, 20


class SpeakerScaler:
    """A fitted scaler, and after it a shift that brings a speaker's mean towards the average.

    The mean of few clips says more about what was said than about who spoke: it counts as if
    `PRIOR` clips of the average speaker had been heard too.

    Parameters
    ----------
    scaler : fitted scaler of a front end
    X : np.ndarray [shape=(clips, *shape of the front end)], of one speaker, not scaled
    """

    def __init__(self, scaler: StandardScaler, X: np.ndarray):
        self.scaler = scaler
        self.shift = len(X) / (len(X) + PRIOR) * self._mean(scaler.transform(X))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X scaled and shifted, float32; padding stays zero."""
        Z = self.scaler.transform(X)
        if isinstance(self.scaler, FrameScaler):
            Z[..., :-1] -= self.shift * Z[..., -1:]
            return Z
        return (Z - self.shift).astype(np.float32)

    def _mean(self, Z: np.ndarray) -> np.ndarray:
        if isinstance(self.scaler, FrameScaler):
            return Z[Z[..., -1] > 0][:, :-1].mean(axis=0)
        if isinstance(self.scaler, CellScaler):
            return Z.mean(axis=(0, 2))[:, None]  # of pictures a number for each band
        return Z.mean(axis=0)


def enrol(scaler: StandardScaler | JointScaler, X: np.ndarray) -> SpeakerScaler | JointScaler:
    """Return a scaler for one speaker from features of their clips, not scaled [shape=(n, ...)]."""
    if isinstance(scaler, JointScaler):
        parts = zip(scaler.scalers, scaler.joint.split(X), strict=True)
        return JointScaler(scaler.joint, [SpeakerScaler(*part) for part in parts])
    return SpeakerScaler(scaler, X)


class EnrolledSpeaker:
    """A bundle that knows a voice: from a few of the speaker's own clips, without labels.

    Parameters
    ----------
    bundle : dict, from `serlib.load_bundle`
    clips : list of path, open file or (y, sr); the more different their emotions the better

    Raises
    ------
    AudioError
        If there is no clip, or one cannot be used.
    """

    def __init__(self, bundle: Bundle, clips: list[Source]):
        if not clips or not isinstance(clips, list):
            raise AudioError(f"{clips!r}: expected a list of the speaker's own clips, one or more")
        verify(bundle)  # before the shift, which changes what the reference clip gives
        X = np.stack([bundle["extractor"].get_predict_feat(clip) for clip in clips])
        self.bundle = bundle | dict(scaler=enrol(bundle["scaler"], X))

    def get_predictions(self, source: Source | list[Source]) -> str | list[str]:
        """Return the emotion of a clip of the speaker, or those of many."""
        return get_predictions(source, self.bundle)

    def predict_proba(self, source: Source | list[Source]) -> dict | list[dict]:
        """Return the probability of each emotion for a clip of the speaker, or for many."""
        return predict_proba(source, self.bundle)
