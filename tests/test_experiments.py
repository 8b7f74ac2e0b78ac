import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import soundfile as sf

from serlib import (
    augment,
    baselines,
    catalogue,
    datasets,
    demo,
    experiments,
    joint,
    models,
    report,
    results,
    systems,
)
from serlib.bundle import predict_proba
from serlib.cli import main
from serlib.errors import CorpusError, SerlibError
from serlib.progress import Progress
from serlib.project import Run
from serlib.sequences import MfccDeltas
from serlib.synthesis import synthesise


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on demo clips of four actors; no TESS, no EMO-DB."""
    root = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "ACTORS", (5, 2, 3, 6))
        patch.setattr(demo, "WORDS", {})
        demo.write_demo(root)
    return Run(root, tmp_path_factory.mktemp("out"), demo=True)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    monkeypatch.setattr(experiments, "CACHE", tmp_path_factory.mktemp("cache"))


def test_keys_are_three_seeds_and_one_of_what_is_not_compared_or_draws_nothing():
    names = ["cnn_lstm", "bilstm_attention_published", "majority"]
    assert results.keys_of(names, {"ravdess"}, seed=4) == [
        *[("cnn_lstm", "ravdess", "clips", seed) for seed in (4, 5, 6)],
        *[("cnn_lstm", "ravdess", "speakers", seed) for seed in (4, 5, 6)],
        ("bilstm_attention_published", "ravdess_song", "clips", 4),
        *[("majority", "ravdess", protocol, 4) for protocol in ("clips", "speakers")],
    ]
    assert results.keys_of(["cnn_lstm"], {"ravdess"}, first=True) == [
        ("cnn_lstm", "ravdess", "clips", 0)
    ]


def test_fits_predict_in_the_label_set_and_leave_their_files(run):
    key = ("mfcc_cnn", "ravdess5", "clips", 0)
    fits, predictions = experiments.fit([key], run, epochs=1, n_jobs=1)
    table = predictions[key]
    assert set(table.emotion) == {"neutral", "calm", "happy", "sad", "angry"}
    np.testing.assert_allclose(table.filter(regex="^p_").sum(axis=1), 1, atol=1e-3)
    assert (run.out / "predictions" / results.name(key)).exists()
    assert fits[key][0].model.count_params() > 0


def test_what_the_clips_do_not_allow_is_left_out_aloud(run, capsys):
    keys = [("cnn_lstm", "emodb", "speakers", 0), ("mfcc_cnn", "ravdess5", "clips", 0)]
    _, predictions = experiments.fit(keys, run, epochs=1, n_jobs=1)
    assert list(predictions) == keys[1:]
    assert "left out: cnn_lstm emodb speakers: emodb: needs speech" in capsys.readouterr().out
    with pytest.raises(CorpusError, match="cnn_lstm emodb speakers: emodb: needs speech"):
        experiments.fit(keys[:1], run)
    with pytest.raises(CorpusError, match="no data set of these systems"):
        experiments.fit([], run)


def test_one_bar_is_over_all_keys(run, monkeypatch):
    bars = []
    monkeypatch.setattr(experiments, "Progress", lambda n: bars.append(Progress(n)) or bars[-1])
    keys = [("majority", "ravdess", protocol, 0) for protocol in ("clips", "speakers")]
    keys += [("duration_loudness", "ravdess", "speakers", 0)]
    for total in (1 + 2 * 2, 0):  # a fold of clips, two of speakers; then nothing is left
        experiments.fit(keys, run, n_jobs=1)
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
    run = Run(tmp_path, tmp_path / "out", demo=False)
    key = ("cnn_lstm", "emodb", "speakers", 0)
    fits, predictions = experiments.fit([key], run, epochs=1, n_jobs=1)
    table = predictions[key]
    assert len(fits[key]) == 3 and len(table) == 42
    assert (table.groupby("fold").speaker.nunique() == 1).all()
    assert "boredom" in set(table.emotion) and "calm" not in set(table.emotion)


def test_the_benchmark_takes_as_many_seeds_as_it_is_asked_for():
    for seeds in (1, 2):
        keys = results.asked("cnn_lstm conv1d", "clips speakers rows", {"ravdess"}, seeds=seeds)
        counted = {
            p: [k[3] for k in keys if k[:3] == ("cnn_lstm", "ravdess", p)]
            for p in ("clips", "speakers")
        }
        assert counted == {p: [*range(seeds)] for p in ("clips", "speakers")}
    with pytest.raises(
        SerlibError, match=r"conv1d is scored under \['clips', 'rows', 'speakers'\]"
    ):
        results.asked("conv1d", "validation", {"ravdess"})
    rows = results.asked("conv1d_published", "rows", {"ravdess", "tess"}, seeds=3)
    assert [key[3] for key in rows] == [0]


@pytest.mark.parametrize("data", ["ravdess5", "ravdess3"])
def test_a_sixth_system_takes_one_entry_and_one_network(run, tmp_path, monkeypatch, capsys, data):
    """And one on new data an entry in the table of data."""

    def sixth(input_shape, n_classes):
        parts = [keras.Input(input_shape), keras.layers.GlobalAveragePooling1D()]
        return keras.Sequential([*parts, keras.layers.Dense(n_classes, activation="softmax")])

    monkeypatch.setitem(
        datasets.DATA, "ravdess3", datasets.Data("RAVDESS, new", ("ravdess",), "five")
    )
    entry = systems.System("sixth", "sixth", ((data, "clips"),), "05", MfccDeltas(n_mfcc=13))
    monkeypatch.setitem(systems.SYSTEMS, "sixth", entry)
    monkeypatch.setattr(models, "sixth", sixth, raising=False)
    assert systems.chosen("all", "05")[-1] == "sixth"
    (key,) = results.keys_of(["sixth"], {"ravdess"}, first=True)
    fits, predictions = experiments.fit([key], run, epochs=1, n_jobs=1)
    table = results.ordered(results.summarise(predictions))
    assert f"`sixth` | {datasets.DATA[data].title} |" in report.results_table(table)
    monkeypatch.setattr(catalogue, "RUNS", tmp_path)
    path = tmp_path / "default" / "bundles" / "sixth.joblib"
    own = Run(run.data, tmp_path / "default", demo=True)
    lacking = ("cnn_lstm", "ravdess", "clips", 0)
    made = experiments.save_all([lacking, key], fits, table.assign(notice=own.notice), own)
    assert made.index.to_list() == ["bundles/sixth.joblib"]
    card = json.loads(path.with_suffix(".json").read_text())
    assert [row["notice"] for row in card["figures"]] == [own.notice]
    y = synthesise("sad", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    sf.write(tmp_path / "a.wav", y, 22050)
    assert catalogue.offered()["sixth"] == path
    assert main(["predict", "--system", "sixth", "--json", str(tmp_path / "a.wav")]) == 0
    assert '"system": "sixth"' in capsys.readouterr().out


@pytest.fixture
def twice(monkeypatch):
    """The name of a system that hears a clip at two speeds."""
    entry = replace(systems.get("duration_loudness"), name="twice", also_heard=("speed_110",))
    monkeypatch.setitem(systems.SYSTEMS, "twice", entry)
    return "twice"


def test_what_is_heard_twice_is_answered_with_the_mean(run, twice):
    (key,) = results.keys_of([twice], {"ravdess"}, first=True)
    (fit,) = experiments.fit([key], run, n_jobs=1)[0][key]
    scored = fit.predictions
    front_end, scaler, model = systems.get(twice).front_end, fit.scaler, fit.model
    views = []
    for rate in (1.0, 1.1):
        heard = [front_end.load(run.data / path) for path in scored.path]
        heard = [augment.speed(y, sr=22050, rate=rate) if rate != 1 else y for y in heard]
        X = scaler.transform(np.stack([front_end.extract_features(y) for y in heard]))
        views.append(np.log(np.maximum(model.predict_proba(X), 1e-4)))
    expected = np.exp(np.mean(views, axis=0))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scored.filter(regex="^p_"), expected, atol=1e-6)


def test_an_average_fits_its_members_and_enrols_them(run, monkeypatch):
    """Two seeds of one system, two says of a baseline; plain, and with all of a speaker's clips."""
    drawn = replace(systems.get("duration_loudness"), name="drawn", network="dense", baseline=False)
    monkeypatch.setitem(systems.SYSTEMS, "drawn", drawn)
    monkeypatch.setattr(models, "dense", baselines.logistic, raising=False)
    members = (("drawn", 2), ("majority", 2))
    entry = systems.System("mean", "", (("ravdess", "speakers"),), "07", members=members)
    monkeypatch.setitem(systems.SYSTEMS, "mean", entry)
    for protocol in ("speakers", "speakers+enrolment"):
        key = ("mean", "ravdess", protocol, 1)
        fits, predictions = experiments.fit([key], run, n_jobs=1)
        parts = [("drawn", "ravdess", protocol, k) for k in (2, 3)]
        parts += [("majority", "ravdess", protocol, 0)] * 2  # draws nothing: one seed serves all
        assert parts == results.parts_of(key)
        assert list(fits) == parts[:3] and set(predictions) == {key, *parts}
        expected = joint.average([predictions[part] for part in parts])
        probabilities = predictions[key].filter(regex="^p_")
        np.testing.assert_allclose(probabilities, expected.filter(regex="^p_"))
        assert (run.out / "predictions" / results.name(key)).exists()
    keys = [("drawn", "ravdess", p, 2) for p in ("speakers", "speakers+enrolment")]
    plain, shifted = results.saved(keys, run.out / "predictions").values()
    assert list(plain.clip_id) == list(shifted.clip_id)
    assert not np.allclose(plain.filter(regex="^p_"), shifted.filter(regex="^p_"))


def test_the_bundle_of_an_average_answers_as_its_members_do(run, twice, monkeypatch, tmp_path):
    members = (("mfcc_cnn", 2), (twice, 1), ("duration_loudness", 2))
    entry = systems.System("mean", "", (("ravdess", "clips"),), "07", members=members)
    monkeypatch.setitem(systems.SYSTEMS, "mean", entry)
    (key,) = results.keys_of(["mean"], {"ravdess"}, first=True)
    fits, predictions = experiments.fit([key], run, epochs=1, n_jobs=1)
    table = results.ordered(results.summarise(predictions))
    bundle = experiments.save(key, fits, table, Run(run.data, tmp_path, demo=True))
    scored = predictions[key]
    answers = predict_proba([run.data / path for path in scored.path], bundle)
    found = [[answer[name[2:]] for name in scored.filter(regex="^p_")] for answer in answers]
    np.testing.assert_allclose(found, scored.filter(regex="^p_"), atol=1e-3)


def test_a_protocol_and_its_enrolments_share_their_fits(run):
    keys = [("mfcc_cnn", "ravdess5", p, 0) for p in ("speakers", "speakers+enrolment_1")]
    fits, predictions = experiments.fit(keys, run, epochs=1, n_jobs=2)
    assert [f.folder for f in fits[keys[0]]] == [f.folder for f in fits[keys[1]]]
    assert set(predictions[keys[1]].clip_id) == set(predictions[keys[0]].clip_id)
