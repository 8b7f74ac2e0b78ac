"""From fits to bundles: a new system, and an average of several."""

import json
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from serlib import inference, predict_proba
from serlib.audio import synthesise
from serlib.cli import main
from serlib.corpora import DATA, Data, write_demo
from serlib.corpora.demo import NOTICE
from serlib.evaluation import ordered, summarise
from serlib.features import MfccDeltas
from serlib.paths import Project, Run
from serlib.systems import SYSTEMS, Key, System, chosen, get, keys_of, of
from serlib.training import run_keys


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on demo clips of four actors, as a user's first run is."""
    root = tmp_path_factory.mktemp("project")
    data = write_demo(root / "data", actors=(5, 2, 3, 6), words=())
    project = Project(root, root / "cache")
    return Run(project, data, project.runs / "default", NOTICE)


def pooled(input_shape, n_classes):
    parts = [keras.Input(input_shape), keras.layers.GlobalAveragePooling1D()]
    return keras.Sequential([*parts, keras.layers.Dense(n_classes, activation="softmax")])


@pytest.mark.parametrize("data", ["ravdess3"])
def test_a_sixth_system_takes_one_entry_and_one_network(run, tmp_path, monkeypatch, capsys, data):
    """And one on new data an entry in the table of data."""
    monkeypatch.setitem(DATA, "ravdess3", Data("RAVDESS, new", ("ravdess",), "five"))
    entry = System("sixth", "", "S0", pooled, ((data, "clips"),), MfccDeltas(n_mfcc=13))
    monkeypatch.setitem(SYSTEMS, "sixth", entry)
    assert "sixth" in chosen("all", of("S0"))
    (key,) = keys_of(["sixth"], {"ravdess"}, first=True)
    fits, answers = run_keys([key], run, epochs=1, n_jobs=1)
    table = ordered(summarise(answers))
    real = table.assign(notice="", uar=1.0)  # of the shipped predictions: on no card of this run
    both = [Key("cnn_lstm", "ravdess", "clips"), key]
    figures = ordered(pd.concat([table.assign(notice=run.notice), real], ignore_index=True))
    made = inference.save_all(both, fits, figures, run)
    path = run.out / "bundles" / "sixth.serlib"
    assert made.index.to_list() == ["bundles/sixth.serlib"] and path.exists()
    assert path.with_suffix(".joblib").exists()
    card = json.loads(path.with_suffix(".json").read_text())
    assert [row["notice"] for row in card["figures"]] == [run.notice]
    assert card["network"] == "pooled" and DATA[data].title in card["data"]
    assert inference.offered(run.project)["sixth"] == path
    y = synthesise("sad", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    sf.write(tmp_path / "a.wav", y, 22050)
    named = ["--system", "sixth", "--bundle", str(path)]
    assert main(["predict", *named, "--json", str(tmp_path / "a.wav")]) == 0
    assert json.loads(capsys.readouterr().out)["system"] == "sixth"


def test_the_card_of_another_fit_than_what_is_shipped_tells_of_its_own_data():
    rows = [
        dict(system="any_voice", data=d, protocol="clips", uar=0.5) for d in ("own", "anywhere")
    ]
    own = inference.card_of("any_voice", pd.DataFrame(rows), data="own")
    assert DATA["own"].title in own["data"] and "CREMA-D" not in str(own["licences"])
    assert [row["data"] for row in own["figures"]] == ["own"]
    shipped = inference.card_of("any_voice", pd.DataFrame(rows))
    assert "CREMA-D" in str(shipped["licences"]) and len(shipped["figures"]) == 2


def test_the_bundle_of_an_average_answers_as_its_members_do(run, monkeypatch):
    twice = replace(get("duration_loudness"), name="twice", test_time_variants=("speed_110",))
    members = (("mfcc_cnn", 2), ("twice", 1), ("duration_loudness", 2))
    scored = (("ravdess", "clips"),)
    mean = System("mean", "", "ours", None, scored, members=members, temperature=1.5)
    for entry in (mean, twice):
        monkeypatch.setitem(SYSTEMS, entry.name, entry)
    (key,) = keys_of(["mean"], {"ravdess"}, first=True)
    fits, answers = run_keys([key], run, epochs=1, n_jobs=1)
    bundle = inference.save(key, fits, ordered(summarise(answers)), run)
    scored = answers[key]
    found = predict_proba([run.data / path for path in scored.path], bundle)
    names = [name.removeprefix("p_") for name in scored.filter(regex="^p_")]
    found = [[answer[name] for name in names] for answer in found]
    np.testing.assert_allclose(found, scored.filter(regex="^p_"), atol=1e-3)
