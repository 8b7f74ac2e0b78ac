import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from serlib.systems.discriminant import Discriminant, VoiceDiscriminant

ONE = dict(moments=1, views=((1.0, (0,)),))  # view of a layer


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = rng.choice(["angry", "happy", "sad"], size=90, p=[0.5, 0.3, 0.2])
    mixing = rng.standard_normal((40, 40))
    centres = {name: rng.standard_normal(40) for name in ("angry", "happy", "sad")}
    return np.stack([centres[name] for name in y]) + rng.standard_normal((90, 40)) @ mixing, y


@pytest.mark.parametrize("shrinkage", [0.1, 0.5, 1.0])
def test_the_answers_are_those_of_scikit_learn(data, shrinkage):
    X, y = data
    ours = Discriminant(shrinkage, temperature=1.0).fit(X[:60], y[:60])
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(X[:60], y[:60])
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-7)
    assert (ours.predict(X) == theirs.predict(X)).all()


def test_more_features_than_clips_and_single_precision(data):
    X, y = data
    X = np.concatenate([X, X[:, ::-1] ** 2], axis=1)[:50].astype(np.float32)
    ours = Discriminant().fit(X, y[:50])
    assert X.shape[1] > len(X) and ours.score(X, y[:50]) > 0.9


def test_temperature_changes_how_sure_and_nothing_else(data):
    X, y = data
    cold, warm = (Discriminant(temperature=t).fit(X, y).predict_proba(X) for t in (1.0, 4.0))
    assert (cold.argmax(axis=1) == warm.argmax(axis=1)).all()
    odds = np.log(cold[:, 0] / cold[:, 1]), np.log(warm[:, 0] / warm[:, 1])
    np.testing.assert_allclose(odds[0], 4 * odds[1], rtol=1e-6)


def test_other_classes_shape_the_covariance_and_are_never_the_answer(data):
    X, y = data
    alone = Discriminant().fit(X, y)
    twice = Discriminant().fit(X, y, others=(X + 5, np.char.add("song ", y)))
    np.testing.assert_allclose(twice.predict_proba(X), alone.predict_proba(X), atol=1e-9)
    wide = X * np.where(np.arange(X.shape[1]) < 20, 9, 1)
    other = Discriminant().fit(X, y, others=(wide, y))
    assert list(other.classes_) == ["angry", "happy", "sad"]
    # Where the others' voices differ, a difference says less
    assert np.abs(other.coef_[:, :20]).mean() < np.abs(alone.coef_[:, :20]).mean() / 2


@pytest.fixture
def voices():
    """Clips of three corpora with offsets of their own, of speakers with theirs."""
    rng, rows = np.random.default_rng(1), []
    centres = {name: rng.standard_normal(20) for name in ("angry", "happy", "sad")}
    for corpus, n in (("a", 2), ("b", 6), ("c", 4)):
        home = 3 * rng.standard_normal(20)
        for k in range(n):
            voice = home + rng.standard_normal(20)
            for name in centres:
                x = centres[name] + voice + 0.7 * rng.standard_normal((8, 20))
                rows += [(row, name, f"{corpus}:{k}") for row in x]
    X, y, speakers = (np.array(column) for column in zip(*rows, strict=True))
    return X, y, speakers


def test_one_block_and_one_corpus_without_voices_is_the_plain_discriminant(data):
    X, y = data
    speakers = np.full(len(y), "a:1")
    X = X - X.mean(axis=0)
    voice = VoiceDiscriminant(0.3, 1.0, layers=1, **ONE, offsets=1.0, apart=0.0).fit(X, y, speakers)
    # of classes that weigh the same
    means = {name: X[y == name].mean(axis=0) for name in np.unique(y)}
    inside = X - np.stack([means[name] for name in y])
    weights = np.array([1 / (y == name).sum() for name in y]) / 3
    covariance = (inside * weights[:, None]).T @ inside
    covariance = 0.7 * covariance + 0.3 * np.trace(covariance) / 40 * np.eye(40)
    centres = np.stack(list(means.values()))
    expected = np.linalg.solve(covariance, centres.T).T
    logits = X @ expected.T - (centres * expected).sum(axis=1) / 2
    logits -= logits.mean(axis=1, keepdims=True)
    found = X @ voice.coef_.T + voice.intercept_
    np.testing.assert_allclose(found, logits / logits.std(), rtol=1e-5, atol=1e-6)


def test_what_tells_corpora_apart_has_the_less_say_the_more_it_counts(voices):
    X, y, speakers = voices
    homes = [X[np.char.startswith(speakers, name)].mean(axis=0) for name in "abc"]
    apart = np.linalg.qr(np.stack([homes[1] - homes[0], homes[2] - homes[0]]).T)[0]

    def say(offsets):
        coef = VoiceDiscriminant(layers=1, **ONE, offsets=offsets).fit(X, y, speakers).coef_
        coef = coef - coef.mean(axis=0)
        return np.linalg.norm(coef @ apart) / np.linalg.norm(coef)

    assert say(50) < say(5) < say(1)


def test_corpora_do_not_differ_in_clips_less_their_speakers_mean(voices):
    how = dict(layers=1, **ONE, centred=1.0, apart=0.0)
    once, often = (VoiceDiscriminant(offsets=n, **how).fit(*voices).coef_ for n in (1, 50))
    np.testing.assert_allclose(often, once)


def test_of_one_corpus_its_own_discriminant_is_that_of_all_which_shrinks_twice_as_much(voices):
    X, y, speakers = voices
    one = np.char.startswith(speakers, "b")
    X, y, speakers = X[one] - X[one].mean(axis=0), y[one], speakers[one]
    alone = VoiceDiscriminant(0.2, layers=1, **ONE, offsets=1.0, apart=1.0).fit(X, y, speakers)
    whole = VoiceDiscriminant(0.4, layers=1, **ONE, offsets=1.0, apart=0.0).fit(X, y, speakers)
    np.testing.assert_allclose(alone.coef_, whole.coef_, rtol=1e-6)


def test_corpora_by_themselves_have_one_say_each_whatever_their_size(voices):
    """Each speaker of a corpus twice: it has more say of all together, and the same alone."""
    X, y, speakers = voices
    b = np.flatnonzero(np.char.startswith(speakers, "b"))
    more = np.concatenate([np.arange(len(y)), b])
    names = np.concatenate([speakers, np.char.add(speakers[b], " again")])
    found = {}
    for apart in (0.0, 1.0):
        system = VoiceDiscriminant(layers=1, **ONE, apart=apart)
        once = system.fit(X, y, speakers).predict_proba(X)
        found[apart] = np.abs(system.fit(X[more], y[more], names).predict_proba(X) - once).max()
    assert found[1.0] < 1e-9 and found[0.0] > 0.01


def test_an_emotion_that_one_corpus_lacks_is_learnt_of_the_others(voices):
    X, y, speakers = voices
    kept = ~(np.char.startswith(speakers, "a") & (y == "sad"))
    kept &= ~(np.char.startswith(speakers, "c") & (y != "happy"))  # a single emotion
    found = VoiceDiscriminant(layers=2, **ONE).fit(X[kept], y[kept], speakers[kept])
    assert list(found.classes_) == ["angry", "happy", "sad"] and np.isfinite(found.coef_).all()
    assert found.score(X, y) > 0.6


def test_layers_answer_apart_and_are_averaged(voices):
    X, y, speakers = voices
    both = VoiceDiscriminant(layers=2, **ONE).fit(X, y, speakers)
    parts = [VoiceDiscriminant(layers=1, **ONE).fit(x, y, speakers) for x in np.split(X, 2, axis=1)]
    np.testing.assert_allclose(both.coef_, np.hstack([part.coef_ for part in parts]) / 2)
    second = VoiceDiscriminant(layers=2, uses=(1,), **ONE).fit(X, y, speakers)
    half = X.shape[1] // 2
    assert not second.coef_[:, :half].any()
    np.testing.assert_allclose(second.coef_[:, half:], parts[1].coef_)


def test_views_of_a_layer_answer_apart_and_have_their_say(voices):
    X, y, speakers = voices
    half = X.shape[1] // 2
    how = dict(layers=1, moments=2)
    two = VoiceDiscriminant(views=((3, (0,)), (1, (0, 1))), **how).fit(X, y, speakers)
    first = VoiceDiscriminant(views=((1, (0,)),), **how).fit(X, y, speakers)
    both = VoiceDiscriminant(views=((1, (0, 1)),), **how).fit(X, y, speakers)
    assert not first.coef_[:, half:].any() and both.coef_[:, half:].all()
    np.testing.assert_allclose(two.coef_, 0.75 * first.coef_ + 0.25 * both.coef_)
    np.testing.assert_allclose(two.intercept_, 0.75 * first.intercept_ + 0.25 * both.intercept_)


def test_each_corpus_and_emotion_weighs_as_it_has_speakers(voices):
    X, y, speakers = voices
    some = np.char.startswith(speakers, "b") & (y == "sad")
    twice = np.concatenate([np.arange(len(y)), np.flatnonzero(some)])
    once = VoiceDiscriminant(layers=2, **ONE).fit(X, y, speakers)
    again = VoiceDiscriminant(layers=2, **ONE).fit(X[twice], y[twice], speakers[twice])
    shift = np.abs(again.predict_proba(X) - once.predict_proba(X)).max()
    plain = Discriminant().fit(X, y).predict_proba(X)
    assert shift < np.abs(Discriminant().fit(X[twice], y[twice]).predict_proba(X) - plain).max() / 2
