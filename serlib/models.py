"""The networks, in Keras 3, of built-in layers only: a saved file needs nobody's code.

Each takes the shape of its input and the number of classes, and returns a model; `join` makes
one of several.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops
from sklearn.linear_model import LogisticRegression

from .discriminant import Discriminant
from .joint import LEAST, Joint

Linear = LogisticRegression | Discriminant


def conv1d(input_shape: tuple[int, ...] = (162, 1), n_classes: int = 7) -> keras.Model:
    """S2: five Conv1D blocks over the 162 means; 2,671,239 parameters at these shapes.

    The convolution runs over the index of the feature, as published; neighbours on that
    axis are neighbours in frequency only within the mel, MFCC and chroma blocks.
    """
    blocks = [(512, 5, 5, 0.0), (512, 5, 5, 0.2), (256, 5, 5, 0.0), (256, 3, 5, 0.2)]
    model = keras.Sequential([keras.Input(input_shape)], name="conv1d")
    for filters, kernel, pool, dropout in [*blocks, (128, 3, 3, 0.2)]:
        model.add(layers.Conv1D(filters, kernel, padding="same", activation="relu"))
        model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling1D(pool, strides=2, padding="same"))
        if dropout:
            model.add(layers.Dropout(dropout))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


def cnn_lstm(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """S0 and S3: Conv1D blocks, an LSTM, dense layers; the mask column is left out."""
    inputs = keras.Input(input_shape)
    x = inputs[..., :-1]
    for filters in (64, 128):
        x = layers.Conv1D(filters, 5, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling1D(2)(x)
        x = layers.Dropout(0.2)(x)
    x = layers.LSTM(128)(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.3)(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="cnn_lstm")


def mfcc_lstm(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """S1's first: two LSTM layers over the frames."""
    inputs = keras.Input(input_shape)
    x = layers.LSTM(128, return_sequences=True)(inputs[..., :-1])
    x = layers.Dropout(0.3)(x)
    x = layers.LSTM(64)(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(64, activation="relu")(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="mfcc_lstm")


def mfcc_cnn(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """S1's second: three Conv1D blocks over the frames, averaged over time."""
    inputs = keras.Input(input_shape)
    x = inputs[..., :-1]
    for filters in (64, 128, 128):
        x = layers.Conv1D(filters, 5, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling1D(2)(x)
        x = layers.Dropout(0.3)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="mfcc_cnn")


def bilstm_attention(
    input_shape: tuple[int, int, int] = (128, 128, 1), n_classes: int = 8
) -> keras.Model:
    """S4: Conv2D blocks, a BiLSTM and additive attention; 626,904 parameters at these shapes.

    The layer named "attention" gives the weight of each of the 16 steps.
    """
    inputs = x = keras.Input(input_shape)
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Dropout(0.3)(x)
    bands, steps, channels = x.shape[1:]
    x = layers.Reshape((steps, bands * channels))(layers.Permute((2, 1, 3))(x))
    x = layers.Bidirectional(layers.LSTM(32, return_sequences=True))(x)
    # Bahdanau et al. (2015), with a bias per step as the source has it.
    score = layers.EinsumDense("btc,ch->bth", output_shape=(steps, 1), bias_axes="t")(x)
    score = layers.Activation("tanh")(score)
    weights = layers.Softmax(axis=1, name="attention")(score)
    x = layers.Flatten()(layers.Dot(axes=1)([weights, x]))
    x = layers.Dropout(0.4)(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="bilstm_attention")


def bigru_attention(input_shape: tuple[int, int], n_classes: int) -> keras.Model:
    """Conv1D, BiGRU, attention and maximum over the clip's own frames: padding has no say.

    After every convolution the padding is set to zero again, the recurrence skips it (it
    runs backwards from the clip's last frame), and attention and maximum leave it out.
    """
    inputs = keras.Input((None, input_shape[1]))
    x, mask = inputs[..., :-1], inputs[..., -1:]
    x = layers.SpatialDropout1D(0.1)(x)
    for filters, kernel, pool in ((96, 5, 2), (96, 5, 1), (128, 3, 1)):
        x = layers.Conv1D(filters, kernel, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x) * mask
        if pool > 1:
            x, mask = layers.MaxPooling1D(pool)(x), layers.MaxPooling1D(pool)(mask)
        x = layers.Dropout(0.2)(x)
    inside = mask[..., 0] > 0
    x = layers.Bidirectional(layers.GRU(64, return_sequences=True))(x, mask=inside)
    x = x * mask
    hidden = layers.Dense(64, activation="tanh")(x)
    score = layers.Dense(4)(hidden) - 1e9 * (1 - mask)
    weights = layers.Softmax(axis=1, name="attention")(score)
    attended = layers.Flatten()(layers.Dot(axes=1)([weights, x]))
    highest = ops.max(x - 1e9 * (1 - mask), axis=1)
    x = layers.Concatenate()([attended, highest])
    x = layers.Dropout(0.4)(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="bigru_attention")


def mlp(input_shape: tuple[int], n_classes: int) -> keras.Model:
    """Two dense layers over statistics of a clip, most of which are left out at any time."""
    inputs = keras.Input(input_shape)
    x = layers.Dropout(0.5)(inputs)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(64, activation="relu")(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="mlp")


def join(
    joint: Joint,
    members: Sequence[tuple[Sequence[int], keras.Model | Linear]],
    temperature: float = 1.0,
) -> keras.Model:
    """Return one network over the features of all front ends: the members' geometric mean.

    A member that hears a clip through several front ends counts once, with the mean of its
    answers.

    Parameters
    ----------
    joint : Joint
    members : sequence of (indices of its front ends, fitted model)
    temperature : float, of the mean, as `serlib.joint.geometric_mean`

    Returns
    -------
    keras.Model
    """
    inputs = keras.Input(joint.shape)
    ends = np.cumsum([0, *(int(np.prod(f.shape)) for f in joint.front_ends)])
    answers = []
    for number, (indices, model) in enumerate(members):
        network = _network(model, int(np.prod(joint.front_ends[indices[0]].shape)))
        network.name = f"member_{number}"
        # One call for all that it hears: a recurrent layer is slow to build and to start
        heard = [inputs[:, int(ends[index]) : int(ends[index + 1])] for index in indices]
        x = ops.concatenate(heard, axis=0)
        bands = network.input_shape[2:]  # the first axis may be of any length
        proba = network(layers.Reshape((-1, *bands))(x))
        answers.append(_geometric_mean(ops.reshape(proba, (len(heard), -1, proba.shape[-1]))))
    return keras.Model(inputs, _geometric_mean(ops.stack(answers), temperature), name="joint")


def _geometric_mean(probas: keras.KerasTensor, temperature: float = 1.0) -> keras.KerasTensor:
    """Return the geometric mean of answers [shape=(answers, n, classes)]."""
    return layers.Softmax()(ops.mean(ops.log(ops.maximum(probas, LEAST)), axis=0) / temperature)


def _network(model: keras.Model | Linear, n: int) -> keras.Model:
    """Return a model as a network; a linear classifier is one dense layer."""
    if isinstance(model, keras.Model):
        return model
    dense = layers.Dense(len(model.classes_), activation="softmax")
    network = keras.Sequential([keras.Input((n,)), dense])
    dense.set_weights([model.coef_.T, model.intercept_])
    return network
