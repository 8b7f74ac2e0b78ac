import pytest

from serlib.corpora import DATA, EMOTIONS, classes, to_label_set


@pytest.mark.parametrize("label_set", sorted({data.label_set for data in DATA.values()}))
def test_a_label_set_maps_into_its_classes_and_keeps_them(label_set):
    names = classes(label_set)
    assert to_label_set(names, label_set) == list(names)
    assert set(to_label_set(EMOTIONS, label_set)) <= {*names, None}


def test_calm_is_neutral_where_there_is_none_and_itself_for_eight():
    assert to_label_set(["calm"], "seven") == to_label_set(["calm"], "emodb") == ["neutral"]
    assert to_label_set(["calm", "boredom"], "eight") == ["calm", None]


def test_unknown_values_are_named_with_the_valid_ones():
    with pytest.raises(ValueError, match=r"Bad emotion 'angy', expected one of \['neutral'"):
        to_label_set(["angry", "angy"], "seven")
    with pytest.raises(ValueError, match=r"Bad label set 'six', expected one of"):
        classes("six")
