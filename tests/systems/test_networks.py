import keras
import numpy as np
import pytest

from serlib.systems import networks

FRAMES = (60, 21)
SHAPES = {
    "conv1d": (162, 1),
    "cnn_lstm": FRAMES,
    "mfcc_lstm": FRAMES,
    "mfcc_cnn": FRAMES,
    "bigru_attention": FRAMES,
    "bilstm_attention": (128, 128, 1),
}


@pytest.mark.parametrize(
    ("model", "count", "trainable"),
    [(networks.conv1d, 2_671_239, 2_666_887), (networks.bilstm_attention, 626_904, 626_456)],
)
def test_published_networks_have_their_published_size(model, count, trainable):
    built = model()
    weights = sum(int(np.prod(w.shape)) for w in built.trainable_weights)
    assert (built.count_params(), weights) == (count, trainable)


def clips(shape, n=3, inside=40):
    x = np.random.default_rng(0).standard_normal((n, *shape)).astype(np.float32)
    if shape == FRAMES:
        x[..., -1] = 1
        x[:, inside:] = 0
    return x


@pytest.mark.parametrize("name", SHAPES)
def test_probabilities_and_a_file_that_needs_nobodys_code(name, tmp_path):
    model, x = getattr(networks, name)(SHAPES[name], 5), clips(SHAPES[name])
    proba = model.predict(x, verbose=0)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), proba)


def test_padding_has_no_say_where_the_mask_is_used():
    model, x = networks.bigru_attention(FRAMES, 5), clips(FRAMES)
    for layer in model.layers:  # moving means other than 0, as after training
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(np.full(layer.moving_mean.shape, -0.7))
    longer = np.pad(x, ((0, 0), (0, 86), (0, 0)))  # two seconds more
    np.testing.assert_allclose(
        model.predict(longer, verbose=0), model.predict(x, verbose=0), atol=1e-6
    )
    other = x.copy()
    other[:, 39, :-1] += 1
    assert np.abs(model.predict(other, verbose=0) - model.predict(x, verbose=0)).max() > 1e-4
