import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from serlib import calibration

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


def test_cooling_changes_how_sure_but_not_what():
    hot = predictions(heat=3)
    cool = calibration.cooled(hot)
    assert calibration.error(cool) < 0.02
    pd.testing.assert_frame_equal(
        cool.drop(columns=hot.columns[:3]), hot.drop(columns=hot.columns[:3])
    )
    proba = cool.filter(regex="^p_").to_numpy()
    assert [EMOTIONS[k] for k in proba.argmax(axis=1)] == list(hot.predicted)


def test_a_folds_temperature_is_that_of_the_next_folds_speakers():
    """Fold 1 alone is three times too sure: fold 0 is then cooled by its measure."""
    table = predictions()
    table = pd.concat([table[table.fold != 1], predictions(heat=3).query("fold == 1")])
    table = table.sort_index()
    cool = calibration.cooled(table)
    sure = [t.filter(regex="^p_").max(axis=1).groupby(t.fold).mean() for t in (table, cool)]
    change = sure[1] - sure[0]
    assert change[0] < -0.1 and change[[2, 3, 4]].abs().max() < 0.03


def test_the_bins_hold_every_answer_once():
    table = predictions(n=500)
    bins = calibration.reliability(table)
    assert bins.n.sum() == 500 and bins.confidence.is_monotonic_increasing
    right = (table.emotion == table.predicted).mean()
    assert np.average(bins.accuracy, weights=bins.n) == pytest.approx(right)


def test_folds_of_the_same_speakers_are_refused():
    table = predictions(n=100)
    for same in (table.assign(speaker="a"), table.assign(fold=0)):
        with pytest.raises(ValueError, match="expected two folds or more"):
            calibration.cooled(same)
