import numpy as np
import pandas as pd

from serlib.evaluation import probes
from serlib.features import FEATURE_COLUMNS


def features(shift, n_speakers=4, per_speaker=16, corpus="ravdess"):
    """Clips of two emotions, `shift` to either side of zero, in noise."""
    rng = np.random.default_rng(0)
    n = n_speakers * per_speaker
    emotion = np.resize(["happy", "sad"], n)
    side = np.where(emotion == "sad", shift, -shift)
    X = rng.normal(size=(n, len(FEATURE_COLUMNS))) + side[:, None]
    who = [f"{corpus}:{i // per_speaker:02d}" for i in range(n)]
    ids = [f"{corpus}:{i:03d}" for i in range(n)]
    table = pd.DataFrame(X, columns=FEATURE_COLUMNS)
    return table.assign(clip_id=ids, corpus=corpus, speaker=who, emotion=emotion)


def told(*tables):
    clips = pd.concat(tables, ignore_index=True)
    return probes.corpus_probe(clips, clips[FEATURE_COLUMNS])


def test_corpora_that_differ_are_told_apart_and_others_are_not():
    one, other = features(0), features(0, n_speakers=2, per_speaker=32, corpus="tess")
    far = other.assign(**{name: other[name] + 1 for name in FEATURE_COLUMNS})
    assert told(one, far) > 0.95
    other[FEATURE_COLUMNS] = np.random.default_rng(1).normal(size=other[FEATURE_COLUMNS].shape)
    assert told(one, other) < 0.75


def test_each_gender_is_scored_by_whom_it_was_trained_on():
    clips = features(0.5, n_speakers=8)
    gender = pd.Series(
        np.where(clips.speaker.str[-1].astype(int) % 2, "male", "female"), index=clips.clip_id
    )
    men = clips.clip_id.map(gender) == "male"
    clips.loc[men, FEATURE_COLUMNS] *= -1  # men express it the other way round
    found = probes.gender_probe(clips, gender, seed=0)
    assert [*found] == ["both", "the same", "the other", "the speaker alone"]
    assert (found[["the same", "the speaker alone"]] > 0.9).all(axis=None)
    assert (found["the other"] < 0.1).all()
