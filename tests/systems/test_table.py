import re

import pytest

from serlib.corpora import DATA, PROTOCOLS
from serlib.errors import SerlibError
from serlib.systems import INGREDIENTS, SYSTEMS, chosen, get, of
from serlib.systems.discriminant import VoiceDiscriminant


def test_an_unknown_system_lists_those_that_exist():
    with pytest.raises(SerlibError, match=r"Bad system 'resnet', expected one of .*conv1d"):
        get("resnet")


def test_every_system_is_of_a_source_and_scored_on_what_there_is():
    assert sorted(of("S0", "S1", "S2", "S3", "S4", "baseline", "ours", "pretrained")) == sorted(
        SYSTEMS
    )
    for name, system in SYSTEMS.items():
        assert system.name == name and system.about and system.scored
        for data, protocol in system.scored:
            assert data in DATA and protocol in PROTOCOLS
        assert all(get(member) for member, _ in system.members)
        assert bool(system.network) != bool(system.members)


def test_baselines_and_copies_of_a_sources_validation_are_measured_and_not_offered():
    offered = [system for system in SYSTEMS.values() if system.offered]
    assert {"conv1d", "best", "any_voice"} <= {system.name for system in offered}
    assert not [
        system.name for system in offered if system.source == "baseline" or system.published
    ]


def test_what_is_offered_is_told_to_whom_the_field_is_new():
    told = [system.plain for system in SYSTEMS.values() if system.offered]
    assert all(30 < len(line) < 90 for line in told) and len(set(told)) > len(told) - 2
    assert not re.search(r"MFCC|LSTM|GRU|[Cc]onvolution|moment|discriminant|S\d", " ".join(told))


def test_what_is_named_is_chosen_in_order():
    among = of("S0", "S1", "S3")
    assert chosen("mfcc_cnn cnn_lstm", among) == ["cnn_lstm", "mfcc_cnn"]
    assert (chosen("all", among), chosen("none", among)) == (among, [])
    with pytest.raises(SerlibError, match="'conv1d' is not fitted here"):
        chosen("conv1d", among)
    with pytest.raises(SerlibError, match="Bad system 'resnet'"):
        chosen("resnet", among)


def test_what_is_left_without_an_ingredient_is_fitted_and_not_offered():
    for name, system in INGREDIENTS.items():
        assert get(name) is system and name not in SYSTEMS and not system.offered
        assert dict(system.scored) == {"unheard": "corpora"}
        changed = system.settings() != get("any_voice").settings()
        ours, theirs = (s.network().get_params() for s in (system, get("any_voice")))
        assert changed or ours != theirs or type(system.network()) is not VoiceDiscriminant
