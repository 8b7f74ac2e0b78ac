import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from serlib.evaluation import calibration

EMOTIONS = ["angry", "happy", "sad"]


def predictions(heat=1.0, n=6000, seed=0):
    """True emotions drawn from the probabilities, which are then made `heat` times surer."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, 3))
    honest = softmax(logits, axis=1)
    true = [EMOTIONS[rng.choice(3, p=p)] for p in honest]
    shown = softmax(heat * logits, axis=1)
    table = pd.DataFrame(shown, columns=[f"p_{e}" for e in EMOTIONS])
    predicted = np.array(EMOTIONS)[shown.argmax(axis=1)]
    return table.assign(
        emotion=true, predicted=predicted, fold=np.arange(n) % 5, speaker=np.arange(n) % 5
    )


def test_honest_probabilities_have_no_error():
    assert calibration.error(predictions()) < 0.02
    assert calibration.error(predictions(heat=3)) > 0.1


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_them_surer(heat):
    assert calibration.temperature(predictions(heat)) == pytest.approx(heat, rel=0.1)


def test_a_temperature_changes_how_sure_but_not_what():
    hot = predictions(heat=3)
    cool = calibration.with_temperature(hot, 3)
    assert calibration.error(cool) < 0.02
    pd.testing.assert_frame_equal(
        cool.drop(columns=hot.columns[:3]), hot.drop(columns=hot.columns[:3])
    )
    proba = cool.filter(regex="^p_").to_numpy()
    assert [EMOTIONS[k] for k in proba.argmax(axis=1)] == list(hot.predicted)
    exact = hot.filter(regex="^p_").min(axis=1) > 1e-4  # what is saved with four digits
    honest = predictions().filter(regex="^p_")[exact]
    np.testing.assert_allclose(proba[exact], honest, rtol=1e-6)


def test_a_folds_temperature_is_that_of_its_validation_speakers():
    """Those of fold 1 alone are answered three times too surely."""
    table = predictions()
    validation = pd.concat([table[table.fold != 1], predictions(heat=3).query("fold == 1")])
    validation = validation.assign(speaker=(validation.fold + 1) % 5)
    cool = calibration.calibrate_by_fold(table, validation)
    sure = [t.filter(regex="^p_").max(axis=1).groupby(t.fold).mean() for t in (table, cool)]
    change = sure[1] - sure[0]
    assert change[1] < -0.1 and change[[0, 2, 3, 4]].abs().max() < 0.03


def test_the_bins_hold_every_answer_once():
    table = predictions(n=500)
    bins = calibration.reliability(table)
    assert bins.n.sum() == 500 and bins.confidence.is_monotonic_increasing
    right = (table.emotion == table.predicted).mean()
    assert np.average(bins.accuracy, weights=bins.n) == pytest.approx(right)


def test_a_fold_is_not_cooled_by_its_own_speakers():
    table = predictions(n=100)
    for validation in (table, table[table.fold != 0].assign(speaker="another")):
        with pytest.raises(ValueError, match="fold 0: expected validation speakers"):
            calibration.calibrate_by_fold(table, validation)
