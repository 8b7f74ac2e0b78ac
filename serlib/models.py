"""The networks, in Keras 3, of built-in layers only: a saved file needs nobody's code."""

import keras
from keras import layers


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
