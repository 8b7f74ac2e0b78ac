from dataclasses import replace

import keras
import numpy as np
import pytest
import soundfile as sf

from serlib.audio.corruptions import speed
from serlib.corpora import write_demo
from serlib.corpora.demo import NOTICE
from serlib.errors import CorpusError
from serlib.evaluation import predictions
from serlib.paths import Project, Run
from serlib.systems import SYSTEMS, Key, System, Training, get, keys_of, members_of
from serlib.training import read_histories, run_keys
from serlib.training import run as module
from serlib.training.progress import Progress

CNN = Key("mfcc_cnn", "ravdess5", "clips")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on demo clips of four actors; no TESS, no EMO-DB."""
    root = tmp_path_factory.mktemp("project")
    data = write_demo(root / "data", actors=(5, 2, 3, 6), words=())
    return Run(Project(root, root / "cache"), data, root / "out", NOTICE)


def elsewhere(run, folder):
    """Return a run of the same clips that finds none of its fits, and writes elsewhere."""
    return Run(Project(folder, folder / "cache"), run.data, folder / "out", run.notice)


def test_fits_predict_in_the_label_set_and_leave_their_files(run):
    keys = [CNN, CNN._replace(seed=1)]
    for key in keys:  # one after the other: a second seed joins the first
        fits, answers = run_keys([key], run, epochs=1, n_jobs=1)
    table = answers[key]
    assert set(table.emotion) == {"neutral", "calm", "happy", "sad", "angry"}
    np.testing.assert_allclose(table.filter(regex="^p_").sum(axis=1), 1, atol=1e-3)
    assert fits[key][0].model.count_params() > 0
    written = predictions.read(run.out / "predictions", ["mfcc_cnn"])
    assert set(keys) <= set(written) and len(written[key]) == len(table)
    histories = read_histories(run.out / "histories", ["mfcc_cnn"])
    assert list(histories) == keys
    assert histories[key][0]["loss"] == pytest.approx(fits[key][0].history["loss"], abs=1e-4)
    assert read_histories(run.out / "histories", ["conv1d"]) == {}


def test_what_the_clips_do_not_allow_is_left_out_aloud(run, capsys):
    emodb = Key("cnn_lstm", "emodb", "speakers")
    _, answers = run_keys([emodb, CNN], run, epochs=1, n_jobs=1)
    assert list(answers) == [CNN]
    assert "left out: cnn_lstm emodb speakers: emodb: needs speech" in capsys.readouterr().out
    with pytest.raises(CorpusError, match="cnn_lstm emodb speakers: emodb: needs speech"):
        run_keys([emodb], run)
    with pytest.raises(CorpusError, match="no data set of these systems"):
        run_keys([], run)


def test_one_bar_is_over_all_keys(run, tmp_path, monkeypatch):
    bars = []
    monkeypatch.setattr(module, "Progress", lambda n: bars.append(Progress(n)) or bars[-1])
    keys = [Key("majority", "ravdess", protocol) for protocol in ("clips", "speakers")]
    keys += [Key("duration_loudness", "ravdess", "speakers")]
    run = elsewhere(run, tmp_path)
    for total in (1 + 2 * 2, 0):  # a fold of clips, two of speakers; then nothing is left
        run_keys(keys, run, n_jobs=1)
        assert bars[-1].bar.n == bars[-1].bar.total == total
    assert len(bars) == 2


def test_emodb_leaves_one_speaker_out(tmp_path):
    """Noise under EMO-DB's names: three speakers, its seven emotions, two sentences."""
    rng = np.random.default_rng(0)
    for speaker in ("03", "08", "16"):
        for sentence in ("a01", "b02"):
            for letter in "WLEAFTN":
                y = rng.standard_normal(16000).astype("float32") / 9
                sf.write(tmp_path / f"{speaker}{sentence}{letter}a.wav", y, 16000)
    run = Run(Project(tmp_path, tmp_path / "cache"), tmp_path, tmp_path / "out")
    key = Key("cnn_lstm", "emodb", "speakers")
    fits, answers = run_keys([key], run, epochs=1, n_jobs=1)
    table = answers[key]
    assert len(fits[key]) == 3 and len(table) == 42
    assert (table.groupby("fold").speaker.nunique() == 1).all()
    assert "boredom" in set(table.emotion) and "calm" not in set(table.emotion)


def test_what_is_heard_twice_is_answered_with_the_mean(run, monkeypatch):
    twice = replace(get("duration_loudness"), name="twice", test_time_variants=("speed_110",))
    monkeypatch.setitem(SYSTEMS, "twice", twice)
    (key,) = keys_of(["twice"], {"ravdess"}, first=True)
    (fit,) = run_keys([key], run, n_jobs=1)[0][key]
    scored, scaler, model, views = fit.predictions, fit.scaler, fit.model, []
    for rate in (1.0, 1.1):
        heard = [twice.front_end.load(run.data / path) for path in scored.path]
        heard = [speed(y, sr=22050, rate=rate) if rate != 1 else y for y in heard]
        X = scaler.transform(np.stack([twice.front_end.extract_features(y) for y in heard]))
        views.append(np.log(np.maximum(model.predict_proba(X), 1e-4)))
    expected = np.exp(np.mean(views, axis=0))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scored.filter(regex="^p_"), expected, atol=1e-6)


def dense(input_shape, n_classes):
    layer = keras.layers.Dense(n_classes, activation="softmax")
    return keras.Sequential([keras.Input(input_shape), layer])


def test_an_average_fits_its_members_and_enrols_them(run, monkeypatch):
    """Two seeds of one system, two says of a baseline; plain, and with all of a speaker's clips."""
    drawn = replace(get("duration_loudness"), name="drawn", network=dense, estimator=False)
    fixed = replace(drawn, training=Training(epochs=1, cosine=True))
    monkeypatch.setitem(SYSTEMS, "drawn", fixed)
    members = (("drawn", 2), ("majority", 2))
    scored = tuple(("ravdess", protocol) for protocol in ("speakers", "speakers+enrolment"))
    mean = System("mean", "", "ours", None, scored, members=members)
    monkeypatch.setitem(SYSTEMS, "mean", mean)
    keys = keys_of(["mean"], {"ravdess"}, seed=1, seeds=1)
    for key in keys:
        fits, answers = run_keys([key], run, n_jobs=1)
        parts = members_of(key)
        assert [(part.system, part.seed) for part in parts] == [
            *[("drawn", 2), ("drawn", 3)],
            *[("majority", 0)] * 2,  # draws nothing: one seed serves all
        ]
        assert list(fits) == parts[:3] and set(answers) == {key, *parts}
        expected = predictions.average([answers[part] for part in parts])
        np.testing.assert_allclose(
            predictions.probabilities(answers[key]), predictions.probabilities(expected)
        )
    saved = predictions.read(run.out / "predictions", ["drawn", "mean"])
    plain, shifted = (saved[Key("drawn", "ravdess", protocol, 2)] for _, protocol in scored)
    assert list(plain.clip_id) == list(shifted.clip_id)
    assert not np.allclose(*map(predictions.probabilities, (plain, shifted)))
    assert not list((run.out / "predictions").glob("mean*"))


def test_a_protocol_and_its_enrolments_share_their_fits(run):
    keys = [CNN._replace(protocol=p) for p in ("speakers", "speakers+enrolment_1")]
    fits, answers = run_keys(keys, run, epochs=1, n_jobs=1)
    assert [fit.folder for fit in fits[keys[0]]] == [fit.folder for fit in fits[keys[1]]]
    assert set(answers[keys[1]].clip_id) == set(answers[keys[0]].clip_id)
