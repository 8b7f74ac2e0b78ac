"""Speech emotion recognition, measured honestly."""

from .bundle import get_predictions, load_bundle, predict_proba
from .enrolment import EnrolledSpeaker

__all__ = ["EnrolledSpeaker", "get_predictions", "load_bundle", "predict_proba"]
