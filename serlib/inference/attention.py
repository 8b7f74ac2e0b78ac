"""Where in a clip a network listened."""

import numpy as np

from ..audio import Source
from .bundle import Bundle, verify


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
