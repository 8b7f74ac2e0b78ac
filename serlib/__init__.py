"""Speech emotion recognition, measured honestly."""

from .bundle import get_predictions, load_bundle, predict_proba

__all__ = ["get_predictions", "load_bundle", "predict_proba"]
