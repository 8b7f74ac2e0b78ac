from dataclasses import replace

import pytest

from serlib.errors import SerlibError
from serlib.systems import SYSTEMS, Key, get, keys_for, keys_of, members_of


def test_keys_are_three_seeds_and_one_of_what_is_not_compared_or_draws_nothing():
    names = ["cnn_lstm", "bilstm_attention_published", "majority"]
    assert keys_of(names, {"ravdess"}, seed=4) == [
        *[Key("cnn_lstm", "ravdess", "clips", seed) for seed in (4, 5, 6)],
        *[Key("cnn_lstm", "ravdess", "speakers", seed) for seed in (4, 5, 6)],
        Key("bilstm_attention_published", "ravdess_song", "clips", 4),
        *[Key("majority", "ravdess", protocol, 4) for protocol in ("clips", "speakers")],
    ]
    assert keys_of(["cnn_lstm"], {"ravdess"}, first=True) == [Key("cnn_lstm", "ravdess", "clips")]


def test_as_many_seeds_as_are_asked_for():
    for seeds in (1, 2):
        keys = keys_for("cnn_lstm conv1d", "clips speakers rows", {"ravdess"}, seeds=seeds)
        for protocol in ("clips", "speakers"):
            row = ("cnn_lstm", "ravdess", protocol)
            assert [key.seed for key in keys if key.row == row] == [*range(seeds)]
    rows = keys_for("conv1d_published", "rows", {"ravdess", "tess"}, seeds=3)
    assert [key.seed for key in rows] == [0]


def test_a_protocol_that_a_system_is_not_scored_under_lists_its_own():
    with pytest.raises(SerlibError, match=r"\['clips', 'corpora', 'rows', 'speakers'\]"):
        keys_for("conv1d", "validation", {"ravdess"})
    with pytest.raises(SerlibError, match=r"Bad system 'resnet', expected one of .*conv1d"):
        keys_for("resnet", "all", {"ravdess"})


def test_an_average_has_its_members_own_seeds(monkeypatch):
    """What draws nothing is the same for all seeds: of two, it has two says."""
    members = (("cnn_lstm", 2), ("majority", 2))
    entry = replace(get("best"), name="mean", members=members)
    monkeypatch.setitem(SYSTEMS, "mean", entry)
    key = Key("mean", "ravdess", "speakers", 1)
    assert members_of(key) == [
        *[Key("cnn_lstm", "ravdess", "speakers", seed) for seed in (2, 3)],
        *[Key("majority", "ravdess", "speakers", 0)] * 2,
    ]
    assert members_of(Key("cnn_lstm", "ravdess", "clips", 1)) == [
        Key("cnn_lstm", "ravdess", "clips", 1)
    ]
