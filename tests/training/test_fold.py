"""What a fitted fold answers for speakers who have enrolled."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from serlib.audio import synthesise
from serlib.corpora import PROTOCOLS, Fold
from serlib.features import DurationLoudness, MfccDeltas, Scaler
from serlib.inference import EnrolledSpeaker
from serlib.systems import LEAST, AtSpeed, Ensemble, EnsembleScaler, System, Training, Voice, join
from serlib.systems.classical import logistic
from serlib.training import Inputs, kind_of
from serlib.training.fold import FoldTask
from serlib.training.worker import fit_folds

EMOTIONS = ("angry", "happy", "sad")


def system(front_end, network=logistic, **how):
    plain = dict(training=Training(epochs=1), estimator=True)
    return System("s", "", "baseline", network, (), front_end, **plain | how)


@pytest.fixture
def task(tmp_path):
    """Four speakers of twelve clips; the first feature tells emotion, and the two tested apart."""
    rng = np.random.default_rng(0)
    speaker = np.repeat([f"ravdess:{k:02d}" for k in range(1, 5)], 12)
    emotion = np.tile(["neutral", "sad"], 24)
    X = rng.normal(0, 0.3, (48, 3)).astype(np.float32)
    X[:, 0] += 3 * np.repeat([0, 0, -1, 1], 12) + 2 * (emotion == "sad")
    rows = pd.DataFrame(dict(clip_id=[f"{k:02d}" for k in range(48)], variant="original"))
    rows = rows.assign(path="", corpus="ravdess", speaker=speaker, emotion=emotion)
    fold = Fold(0, np.arange(24), np.arange(0), np.arange(24, 48))
    inputs, names = Inputs(rows, X), ("neutral", "sad")
    task = FoldTask(system(DurationLoudness()), fold, 0, inputs, names, tmp_path / "fit")
    fit_folds([task], n_jobs=1)
    return task


@pytest.mark.parametrize("name", [p.name for p in PROTOCOLS.values() if p.enrolment])
def test_clips_that_enrol_are_not_scored(task, name, monkeypatch):
    """What the shift is computed of, clip by clip, against what is scored."""
    X, ids, drawn = task.inputs.X, task.inputs.rows.clip_id, []

    def spy(scaler, given):
        drawn.append([ids[int(np.flatnonzero((x == X).all(axis=1))[0])] for x in given])
        return for_speaker(scaler, given)

    for_speaker = Scaler.for_speaker
    monkeypatch.setattr(Scaler, "for_speaker", spy)
    count, emotion, times = PROTOCOLS[name].enrolment
    table = task.enrolled(name)
    tested = task.result().predictions
    assert list(table.columns) == list(tested.columns)
    draws = [group for _, group in table.groupby("fold")]
    assert len(draws) == (1 if count is None else times)
    for group, enrolling in zip(draws, np.split(np.array(drawn), len(draws)), strict=True):
        assert len(group) == (24 if count is None else 24 - 2 * count)
        enrolled = {clip for clips in enrolling for clip in clips}
        if count is None:
            assert enrolled == set(group.clip_id)
        else:
            gone = tested[~tested.clip_id.isin(group.clip_id)]
            assert set(gone.clip_id) == enrolled and not enrolled & set(group.clip_id)
            assert emotion is None or set(gone.emotion) == {emotion}


def test_a_speaker_without_enough_clips_is_left_out(task, tmp_path):
    few = np.r_[24:27, 36:48]  # of the first tested speaker three clips, two of them neutral
    fold = Fold(0, np.arange(24), np.arange(0), few)
    task = replace(task, fold=fold, folder=tmp_path / "few")
    fit_folds([task], n_jobs=1)
    for name in ("speakers+enrolment_3", "speakers+enrolment_neutral3"):
        assert set(task.enrolled(name).speaker) == {"ravdess:04"}


def test_a_recording_equal_to_one_that_enrols_is_not_scored(task, tmp_path):
    task.inputs.X[36:47] = task.inputs.X[36]  # all but one that the second speaker says
    task = replace(task, folder=tmp_path / "equal")
    fit_folds([task], n_jobs=1)
    table = task.enrolled("speakers+enrolment_1")
    sizes = table.groupby(["speaker", "fold"]).size()
    assert set(sizes["ravdess:03"]) == {11} and set(sizes["ravdess:04"]) <= {1, 11}
    task.inputs.X[47] = task.inputs.X[36]
    assert set(task.enrolled("speakers+enrolment_1").speaker) == {"ravdess:03"}


@pytest.mark.parametrize("name", ["speakers+enrolment", "speakers+enrolment_3"])
def test_from_anywhere_the_answers_are_shifted_as_a_voice_shifts_them(task, name, monkeypatch):
    """Not the features; and what the other corpus does not have stays no answer."""
    monkeypatch.setattr(Scaler, "for_speaker", None)
    anywhere = replace(task, system=replace(task.system, anywhere=True))
    tested, table = anywhere.result().predictions, anywhere.enrolled(name)
    ids = tested.set_index("clip_id")
    for (speaker, _), group in table.groupby(["speaker", "fold"]):
        theirs = ids[ids.speaker == speaker]
        lent = theirs if name.endswith("enrolment") else theirs.drop(group.clip_id)
        answers = (t.filter(regex="^p_").to_numpy() for t in (lent, ids.loc[group.clip_id]))
        expected = Voice().hear(next(answers)).without(next(answers))
        np.testing.assert_allclose(group.filter(regex="^p_"), expected, atol=1e-6)


def test_emotions_that_another_corpus_does_not_have_are_no_answers(task):
    rows = task.inputs.rows.assign(emotion=["neutral", "sad"] * 12 + ["sad"] * 24)
    other = replace(task, inputs=replace(task.inputs, rows=rows))
    views = [task.result().scaler.transform(task.inputs.X[24:])]
    inside = other.probabilities(task.result().model, views)
    across = replace(other, fold=replace(task.fold, name="others"))
    answers = across.probabilities(task.result().model, views)
    assert inside[:, 0].max() > 0 and (answers == [0, 1]).all()


def test_enrolment_helps_where_speakers_differ_by_an_offset(task):
    plain = task.result().predictions
    table = task.enrolled("speakers+enrolment")
    right = [(t.emotion == t.predicted).mean() for t in (plain, table)]
    assert right[1] > right[0] + 0.2


@pytest.mark.parametrize("heard", [(), ("speed_110",)])
def test_what_is_scored_is_what_a_user_gets(tmp_path, heard):
    """The predictions of the protocol are those of `EnrolledSpeaker` over the same clips."""
    clips = [
        (synthesise(emotion, speaker=s, sentence="kids", rng=np.random.default_rng(k)), 22050)
        for s in ("02", "03", "05")
        for k in range(2)
        for emotion in EMOTIONS
    ]
    plain = MfccDeltas(n_mfcc=5, padded=2.5, duration=2.5)
    front_ends = plain, *(AtSpeed(plain, name) for name in heard)
    X = [np.stack([f.get_predict_feat(clip) for clip in clips]) for f in front_ends]
    speaker = np.repeat(["ravdess:02", "ravdess:03", "ravdess:05"], 6)
    rows = pd.DataFrame(dict(clip_id=[f"{k:02d}" for k in range(18)], speaker=speaker))
    rows = rows.assign(path="", corpus="ravdess", emotion=[*EMOTIONS] * 6)
    rows = pd.concat([rows.assign(variant=name) for name in ("original", *heard)])
    used = system(plain, test_time_variants=heard)
    fold = Fold(0, np.arange(12), np.arange(0), np.arange(12, 18))
    inputs = Inputs(rows.reset_index(drop=True), np.concatenate(X))
    task = FoldTask(used, fold, 0, inputs, EMOTIONS, tmp_path / "fit")
    fit_folds([task], n_jobs=1)
    scored = task.enrolled("speakers+enrolment")
    fit, ensemble = task.result(), Ensemble(front_ends)
    network = kind_of(used).as_network(fit.model)
    bundle = dict(scaler=EnsembleScaler(ensemble, [fit.scaler] * len(front_ends)), encoder=None)
    bundle |= dict(model=join(ensemble, [(range(len(front_ends)), network)]))
    bundle |= dict(extractor=ensemble, classes=list(EMOTIONS), reference={}, versions={})
    enrolled = EnrolledSpeaker(bundle | dict(verified=True), clips[12:])
    found = [list(answer.values()) for answer in enrolled.predict_proba(clips[12:])]
    np.testing.assert_allclose(found, scored.filter(regex="^p_"), atol=2 * LEAST)
