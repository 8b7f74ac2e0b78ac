import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from serlib.corpora import classes_of
from serlib.errors import TableError
from serlib.evaluation import predictions
from serlib.systems import SYSTEMS, Key, get, members_of

KEY = Key("cnn_lstm", "ravdess", "speakers")
EMOTIONS = classes_of("ravdess")


def fold(number=0, seed=0, n=30):
    """The answers of a fold to clips of its own, in no order."""
    rng = np.random.default_rng([seed, number])
    ids = [f"ravdess:{number}-{k:02d}" for k in range(n)]
    rows = pd.DataFrame(dict(clip_id=ids, variant="original", path="a.wav", corpus="ravdess"))
    emotion = np.resize(EMOTIONS, n)
    rows = rows.assign(speaker=f"ravdess:{number:02d}", emotion=emotion)
    rows = rows.sample(frac=1, random_state=seed)
    return predictions.answered(rows, number, rng.dirichlet(np.ones(8), size=n), EMOTIONS)


@pytest.fixture
def mean(monkeypatch):
    """A key of a system that averages two seeds of one and, twice, what draws nothing."""
    members = (("cnn_lstm", 2), ("majority", 2))
    entry = replace(get("best"), name="mean", members=members, scored=(("ravdess", "speakers"),))
    monkeypatch.setitem(SYSTEMS, "mean", entry)
    return Key("mean", "ravdess", "speakers")


def test_the_file_keeps_its_contract(tmp_path):
    written = predictions.write(KEY, [fold(0), fold(1)], tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name == "cnn_lstm__ravdess__speakers.csv.gz"
    read = pd.read_csv(path)
    names = ["clip_id", "variant", "path", "corpus", "speaker", "fold", "seed", "emotion"]
    assert list(read) == [*names, "predicted", *(f"p_{emotion}" for emotion in EMOTIONS)]
    proba = predictions.probabilities(read)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-3)
    assert list(read.predicted) == list(proba.idxmax(axis=1))
    assert len(read) == len(written) == 60 and read.clip_id.is_monotonic_increasing
    (again,) = predictions.read(tmp_path).values()
    pd.testing.assert_frame_equal(again, written, atol=1e-4)


def test_the_order_of_writing_changes_no_byte(tmp_path):
    seeds = {0: [fold(0), fold(1)], 1: [fold(0, 1), fold(1, 1)]}
    for folder, order in (("a", (0, 1)), ("b", (1, 0))):
        for seed in order:
            parts = seeds[seed] if folder == "a" else seeds[seed][::-1]
            predictions.write(KEY._replace(seed=seed), parts, tmp_path / folder)
    a, b = (tmp_path / folder / predictions.file_name(KEY) for folder in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_a_second_seed_keeps_the_first_and_a_new_one_replaces_it(tmp_path):
    first, second = KEY, KEY._replace(seed=1)
    predictions.write(first, [fold(0)], tmp_path)
    before = predictions.read(tmp_path)[first]
    predictions.write(second, [fold(0, 1)], tmp_path)
    found = predictions.read(tmp_path)
    assert list(found) == [first, second]
    pd.testing.assert_frame_equal(found[first], before)
    assert not found[second].p_happy.equals(before.p_happy)
    predictions.write(first, [fold(0, 2)], tmp_path)
    after = predictions.read(tmp_path)
    pd.testing.assert_frame_equal(after[second], found[second])
    assert not after[first].p_happy.equals(before.p_happy)


def test_merging_keeps_seeds_that_are_only_there(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for seed, folder, draw in ((0, there, 0), (1, there, 1), (1, here, 5), (2, here, 2)):
        predictions.write(KEY._replace(seed=seed), [fold(0, draw)], folder)
    old, new = predictions.read(there), predictions.read(here)
    predictions.merge(here / predictions.file_name(KEY), there)
    merged = predictions.read(there)
    assert [key.seed for key in merged] == [0, 1, 2]
    for key, table in merged.items():
        pd.testing.assert_frame_equal(table, (old if key.seed == 0 else new)[key])
    new_place = tmp_path / "new"
    predictions.merge(here / predictions.file_name(KEY), new_place)
    name = predictions.file_name(KEY)
    assert (new_place / name).read_bytes() == (here / name).read_bytes()


def test_answers_of_an_ingredient_are_not_merged(tmp_path):
    key = Key("any_voice_clean", "unheard", "corpora", 0)
    predictions.write(key, [fold(0)], tmp_path / "here")
    predictions.merge(tmp_path / "here" / predictions.file_name(key), tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_averages_are_computed_of_their_members_and_stored_nowhere(tmp_path, mean):
    keys = dict.fromkeys(part for seed in (0, 1) for part in members_of(mean._replace(seed=seed)))
    for n, key in enumerate(keys):
        predictions.write(key, [fold(0, n), fold(1, n)], tmp_path)
    found = predictions.read(tmp_path, ["mean", "majority"])
    members = predictions.read(tmp_path, ["cnn_lstm", "majority"])
    assert {key.system for key in found} == {"mean", "majority"}
    averages = [key for key in found if key.system == "mean"]
    assert averages == [mean, mean._replace(seed=1)]
    for key in averages:
        parts = [members[part] for part in members_of(key)]
        assert len(parts) == 4
        expected = predictions.average(parts, get("mean").temperature)
        pd.testing.assert_frame_equal(found[key], expected)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("mean")]


def test_an_average_of_what_draws_nothing_has_one_seed(tmp_path, monkeypatch):
    members = (("majority", 1), ("functionals_logreg", 1))
    entry = replace(get("best"), name="plain", members=members, scored=(("ravdess", "speakers"),))
    monkeypatch.setitem(SYSTEMS, "plain", entry)
    for name, _ in members:
        predictions.write(Key(name, "ravdess", "speakers"), [fold(0)], tmp_path)
    assert [*predictions.read(tmp_path, ["plain"])] == [Key("plain", "ravdess", "speakers")]


def test_an_average_lacks_the_seeds_of_which_a_member_is_missing(tmp_path, mean):
    parts = dict.fromkeys(members_of(mean._replace(seed=1)))
    for n, key in enumerate(parts):
        predictions.write(key, [fold(0, n)], tmp_path)
    assert predictions.read(tmp_path, ["mean"]) == {}


def test_files_of_systems_that_are_no_more_are_left_out(tmp_path):
    (tmp_path / "renamed__ravdess__clips.csv.gz").write_bytes(b"")
    predictions.write(KEY, [fold()], tmp_path)
    assert list(predictions.read(tmp_path)) == [KEY]
    assert predictions.read(tmp_path, ["conv1d"]) == {}
    assert predictions.read(tmp_path / "none") == {}


def test_newer_predictions_stand_for_all_older_seeds_of_their_row():
    other = KEY._replace(protocol="clips")
    older = {KEY: fold(), KEY._replace(seed=1): fold(0, 1), other: fold()}
    newer = {KEY._replace(seed=2): fold(0, 2)}
    assert list(predictions.over(newer, older)) == [other, *newer]


def test_no_average_is_added_that_was_in_neither_and_strangers_stay(mean):
    members = {key: fold(0, key.seed) for key in dict.fromkeys(members_of(mean))}
    stranger = Key("renamed", "ravdess", "speakers")
    assert {*predictions.over(members, {stranger: fold()})} == {*members, stranger}


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_an_average_is_the_geometric_mean(temperature):
    tables = [fold(0, seed) for seed in range(3)]
    mean = predictions.average(tables, temperature)
    ps = [predictions.probabilities(t.sort_values("clip_id")).to_numpy() for t in tables]
    product = np.prod(np.maximum(ps, 1e-4), axis=0) ** (1 / 3 / temperature)
    product /= product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictions.probabilities(mean), product)
    assert list(mean.predicted) == [EMOTIONS[k] for k in product.argmax(axis=1)]


def test_the_order_of_tables_makes_no_difference_to_an_average():
    one, two = fold(0), fold(0, 1)
    expected = predictions.average([one, two], 1.0)
    shuffled = two.sample(frac=1, random_state=5).reset_index(drop=True)
    pd.testing.assert_frame_equal(predictions.average([one, shuffled]), expected)


def test_a_clip_that_several_folds_score_is_there_once_a_fold_in_their_order(tmp_path):
    parts = [fold(0).assign(fold=name) for name in (2, 0, 1)]
    written = predictions.write(KEY, parts, tmp_path)
    assert list(written.fold) == [0, 1, 2] * 30 and written.index.is_monotonic_increasing
    (again,) = predictions.read(tmp_path).values()
    pd.testing.assert_frame_equal(again, written, atol=1e-4)


def test_other_clips_are_not_averaged():
    with pytest.raises(ValueError, match="expected predictions of the same clips"):
        predictions.average([fold(0), fold(0, 1, n=29)])
    for other in (dict(fold=3), dict(variant="noise")):  # nor the same clips, otherwise scored
        with pytest.raises(ValueError, match="expected predictions of the same clips"):
            predictions.average([fold(0), fold(0, 1).assign(**other)])


def test_what_is_no_file_of_predictions_is_named(tmp_path):
    for name, content in {
        "cnn_lstm__ravdess__clips__seed0.csv.gz": b"",
        "cnn_lstm__ravdess__clips.csv.gz": b"\x1f\x8b no gzip",
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(TableError, match=f"{name}.*Delete it and run again"):
            predictions.read(tmp_path)
        path.unlink()


def test_a_file_with_a_damaged_byte_is_named(tmp_path):
    fold().assign(seed=0).to_csv(tmp_path / "cnn_lstm__ravdess__clips.csv.gz", index=False)
    (path,), found = tmp_path.iterdir(), set()
    whole = path.read_bytes()
    for place in range(12, len(whole), 40):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            predictions.read(tmp_path)  # not every byte says something
        except TableError as error:
            found.add(type(error.__cause__))
    assert zlib.error in found


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("cnn_lstm__ravdess__clips__seed0", ""),
        ("cnn_lstm__ravdess", ""),
        ("cnn_lstm__rvdess__clips", ""),
        ("cnn_lstm__ravdess__clip", ""),
        ("cnn_lstm__ravdess__clips", "fold"),
        ("cnn_lstm__ravdess__clips", "speaker"),
        ("cnn_lstm__ravdess__clips", "predicted"),
    ],
)
def test_a_table_of_another_name_or_without_a_column_is_named(tmp_path, name, lacks):
    table = fold().assign(seed=0).drop(columns=[lacks] if lacks else [])
    table.to_csv(tmp_path / f"{name}.csv.gz", index=False)
    with pytest.raises(TableError, match=f"{name}.*is no file of predictions.*'seed'.*Delete it"):
        predictions.read(tmp_path)


def test_each_draw_of_a_fold_has_a_name_that_tells_what_was_trained_on():
    names = [predictions.drawn(name, draw) for name in (3, "tess", "tess+nemo") for draw in (0, 2)]
    assert names == [3, 23, "tess", "tess 2", "tess+nemo", "tess+nemo 2"]
    trained = predictions.trained_on(pd.Series(names[2:]))
    assert list(trained) == ["tess", "tess", "tess+nemo", "tess+nemo"]


def test_seeds_of_other_clips_go_when_a_row_is_written_anew(tmp_path):
    predictions.write(KEY._replace(seed=1), [fold(0), fold(1)], tmp_path)
    predictions.write(KEY._replace(seed=2), [fold(0)], tmp_path)
    assert {key.seed for key in predictions.read(tmp_path)} == {2}
    predictions.write(KEY, [fold(0)], tmp_path)
    assert {key.seed for key in predictions.read(tmp_path)} == {0, 2}


def test_an_average_of_members_on_other_clips_is_left_out_aloud(tmp_path, mean, capsys):
    members = [*dict.fromkeys(members_of(mean)), *dict.fromkeys(members_of(mean._replace(seed=1)))]
    for key in dict.fromkeys(members):
        folds = 1 if key.system == "majority" else 2
        predictions.write(key, [fold(k, key.seed) for k in range(folds)], tmp_path)
    found = predictions.read(tmp_path)
    assert not [key for key in found if key.system == "mean"] and len(found) == len({*members})
    assert capsys.readouterr().out.count("left out: mean ravdess speakers") == 1  # not every seed


def test_an_average_goes_with_the_members_that_newer_ones_replace(tmp_path, mean):
    members = list(dict.fromkeys(members_of(mean)))
    older = {key: fold(0, key.seed) for key in members}
    older[mean] = predictions.average([older[key] for key in members_of(mean)])
    strangers = {key: fold(0, 7, n=29) for key in members if key.system == "cnn_lstm"}
    assert mean not in predictions.over(strangers, older)


def test_an_average_is_of_the_newer_members(tmp_path, mean):
    members = list(dict.fromkeys(members_of(mean)))
    older = {key: fold(0, key.seed) for key in members}
    older[mean] = predictions.average([older[key] for key in members_of(mean)])
    newer = {key: fold(0, 7 + key.seed) for key in members if key.system == "cnn_lstm"}
    both = predictions.over(newer, older)
    tables = [(older | newer)[key] for key in members_of(mean)]
    expected = predictions.average(tables, get("mean").temperature)
    pd.testing.assert_frame_equal(both[mean], expected)
