"""The networks, in Keras 3, of built-in layers only: a saved file needs nobody's code.

Each takes the shape of its input and the number of classes, and returns a model; `join` makes
one of several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import numpy as np

from .ensemble import LEAST, Ensemble


class _Keras:
    """Keras, imported when something of it is asked for: the table of systems must not cost it.

    No lazy module: librosa's own lazy loader looks at every module, which would load it.
    """

    def __getattr__(self, name: str) -> Any:
        import keras

        return getattr(keras, name)


keras = _Keras()


def conv1d(input_shape: tuple[int, ...] = (162, 1), n_classes: int = 7) -> keras.Model:
    """S2: five Conv1D blocks over the 162 means; 2,671,239 parameters at these shapes.

    The convolution runs over the index of the feature, as published; neighbours on that
    axis are neighbours in frequency only within the mel, MFCC and chroma blocks.
    """
    blocks = [(512, 5, 5, 0.0), (512, 5, 5, 0.2), (256, 5, 5, 0.0), (256, 3, 5, 0.2)]
    model = keras.Sequential([keras.Input(input_shape)], name="conv1d")
    for filters, kernel, pool, dropout in [*blocks, (128, 3, 3, 0.2)]:
        model.add(keras.layers.Conv1D(filters, kernel, padding="same", activation="relu"))
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.MaxPooling1D(pool, strides=2, padding="same"))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(512, activation="relu"))
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.Dense(n_classes, activation="softmax"))
    return model


def cnn_lstm(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """S0 and S3: Conv1D blocks, an LSTM, dense layers; the mask column is left out."""
    inputs = keras.Input(input_shape)
    x = inputs[..., :-1]
    for filters in (64, 128):
        x = keras.layers.Conv1D(filters, 5, padding="same", activation="relu")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.MaxPooling1D(2)(x)
        x = keras.layers.Dropout(0.2)(x)
    x = keras.layers.LSTM(128)(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.3)(x)
    outputs = keras.layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="cnn_lstm")


def mfcc_lstm(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """S1's first: two LSTM layers over the frames."""
    inputs = keras.Input(input_shape)
    x = keras.layers.LSTM(128, return_sequences=True)(inputs[..., :-1])
    x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.LSTM(64)(x)
    x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    outputs = keras.layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="mfcc_lstm")


def mfcc_cnn(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """S1's second: three Conv1D blocks over the frames, averaged over time."""
    inputs = keras.Input(input_shape)
    x = inputs[..., :-1]
    for filters in (64, 128, 128):
        x = keras.layers.Conv1D(filters, 5, padding="same", activation="relu")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.MaxPooling1D(2)(x)
        x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    x = keras.layers.Dropout(0.3)(x)
    outputs = keras.layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="mfcc_cnn")


def bilstm_attention(
    input_shape: tuple[int, int, int] = (128, 128, 1), n_classes: int = 8
) -> keras.Model:
    """S4: Conv2D blocks, a BiLSTM and additive attention; 626,904 parameters at these shapes.

    The layer named "attention" gives the weight of each of the 16 steps.
    """
    inputs = x = keras.Input(input_shape)
    for filters in (32, 64, 128):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Dropout(0.3)(x)
    bands, steps, channels = x.shape[1:]
    x = keras.layers.Reshape((steps, bands * channels))(keras.layers.Permute((2, 1, 3))(x))
    x = keras.layers.Bidirectional(keras.layers.LSTM(32, return_sequences=True))(x)
    # Bahdanau et al. (2015), with a bias per step as the source has it.
    score = keras.layers.EinsumDense("btc,ch->bth", output_shape=(steps, 1), bias_axes="t")(x)
    score = keras.layers.Activation("tanh")(score)
    weights = keras.layers.Softmax(axis=1, name="attention")(score)
    x = keras.layers.Flatten()(keras.layers.Dot(axes=1)([weights, x]))
    x = keras.layers.Dropout(0.4)(x)
    outputs = keras.layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="bilstm_attention")


def bigru_attention(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """Conv1D, BiGRU, attention and maximum over the clip's own frames: padding has no say.

    After every convolution the padding is set to zero again, the recurrence skips it (it
    runs backwards from the clip's last frame), and attention and maximum leave it out.
    """
    inputs = keras.Input((None, input_shape[1]))
    x, mask = inputs[..., :-1], inputs[..., -1:]
    x = keras.layers.SpatialDropout1D(0.1)(x)
    for filters, kernel, pool in ((96, 5, 2), (96, 5, 1), (128, 3, 1)):
        x = keras.layers.Conv1D(filters, kernel, padding="same")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x) * mask
        if pool > 1:
            x, mask = keras.layers.MaxPooling1D(pool)(x), keras.layers.MaxPooling1D(pool)(mask)
        x = keras.layers.Dropout(0.2)(x)
    inside = mask[..., 0] > 0
    x = keras.layers.Bidirectional(keras.layers.GRU(64, return_sequences=True))(x, mask=inside)
    x = x * mask
    hidden = keras.layers.Dense(64, activation="tanh")(x)
    score = keras.layers.Dense(4)(hidden) - 1e9 * (1 - mask)
    weights = keras.layers.Softmax(axis=1, name="attention")(score)
    attended = keras.layers.Flatten()(keras.layers.Dot(axes=1)([weights, x]))
    highest = keras.ops.max(x - 1e9 * (1 - mask), axis=1)
    x = keras.layers.Concatenate()([attended, highest])
    x = keras.layers.Dropout(0.4)(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    x = keras.layers.Dropout(0.2)(x)
    outputs = keras.layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="bigru_attention")


def join(
    ensemble: Ensemble,
    members: Sequence[tuple[Sequence[int], keras.Model]],
    temperature: float = 1.0,
) -> keras.Model:
    """Return one network over the features of all front ends: the members' geometric mean.

    A member that hears a clip through several front ends counts once, with the mean of its
    answers.

    Parameters
    ----------
    ensemble : Ensemble
    members : sequence of (indices of its front ends, fitted network)
    temperature : float, of the mean, as `serlib.systems.geometric_mean`

    Returns
    -------
    keras.Model
    """
    inputs = keras.Input(ensemble.shape)
    ends = np.cumsum([0, *(int(np.prod(f.shape)) for f in ensemble.front_ends)])
    answers = []
    for number, (indices, network) in enumerate(members):
        network.name = f"member_{number}"
        # One call for all that it hears: a recurrent layer is slow to build and to start
        heard = [inputs[:, int(ends[index]) : int(ends[index + 1])] for index in indices]
        x = keras.ops.concatenate(heard, axis=0)
        bands = network.input_shape[2:]  # the first axis may be of any length
        proba = network(keras.layers.Reshape((-1, *bands))(x))
        proba = keras.ops.reshape(proba, (len(heard), -1, proba.shape[-1]))
        answers.append(_geometric_mean(proba))
    mean = _geometric_mean(keras.ops.stack(answers), temperature)
    return keras.Model(inputs, mean, name="ensemble")


def _geometric_mean(probas: keras.KerasTensor, temperature: float = 1.0) -> keras.KerasTensor:
    """Return the geometric mean of answers [shape=(answers, n, classes)]."""
    logs = keras.ops.log(keras.ops.maximum(probas, LEAST))
    return keras.layers.Softmax()(keras.ops.mean(logs, axis=0) / temperature)


def lite(network: keras.Model, shape: tuple[int, ...]) -> bytes:
    """Return a network as LiteRT runs it: one input at a time, weights as they are.

    Parameters
    ----------
    network : keras.Model
    shape : tuple of int, of an input, without the first axis
    """
    import tensorflow as tf

    call = tf.function(lambda x: network(x, training=False))
    with patch.object(keras.layers.EinsumDense, "call", _einsum):
        concrete = call.get_concrete_function(tf.TensorSpec((1, *shape), tf.float32))
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()


def _einsum(layer: keras.layers.EinsumDense, x: keras.KerasTensor, training: bool = False):
    """Do what the layer does; how it adds a bias per step itself cannot be converted."""
    y = keras.ops.einsum(layer.equation, x, layer.kernel)
    return layer.activation(y if layer.bias is None else y + layer.bias.value)
