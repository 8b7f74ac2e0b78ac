"""Asking what is shipped about corpora that it never heard."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..corpora import DATA, clips_of, to_label_set
from ..errors import CorpusError
from ..evaluation import Predictions, predictions
from ..features import extract_arrays
from ..paths import Run
from ..systems import Key, get
from .bundle import Bundle, probabilities
from .shelf import open_bundle


def ask(systems: Iterable[str], run: Run, *, n_jobs: int = -1) -> Predictions:
    """Ask the bundles of systems about each corpus here that they were not trained on.

    Nothing is fitted. Answers are the emotions that both know; they are written to the run's
    folder, as of the protocol `corpora` and of a fold that names what the bundle was trained on.

    Parameters
    ----------
    systems : iterable of str, that have bundles
    run : Run
    n_jobs : int, worker processes that compute features

    Returns
    -------
    dict, key -> predictions, of the data "own" for your own recordings, else "unheard"

    Raises
    ------
    CorpusError
        If a system was trained on all corpora that are here.
    """
    clips, answers = clips_of(run), {}
    for system in systems:
        bundle = open_bundle(system, project=run.project)
        _, trained, labels, _ = DATA[get(system).scored[0][0]]
        speech = clips[(clips.channel == "speech") & ~clips.corpus.isin(trained)]
        speech = speech.assign(emotion=to_label_set(speech.emotion, labels))
        unheard = dict([*speech[speech.emotion.isin(bundle["classes"])].groupby("corpus")])
        if not unheard:
            here = sorted(set(clips.corpus))
            raise CorpusError(f"{system}: was trained on all corpora here: {here}")
        key = Key(system, "own" if set(unheard) == {"own"} else "unheard", "corpora", 0)
        how = "+".join(trained), run, n_jobs
        tables = [_answers(bundle, theirs, *how) for theirs in unheard.values()]
        answers[key] = predictions.write(key, tables, run.out / "predictions")
    return answers


def _answers(bundle: Bundle, clips: pd.DataFrame, fold: str, run: Run, n_jobs: int) -> pd.DataFrame:
    """Return the answers of a bundle to clips, of the emotions that these have."""
    rows, X, problems = extract_arrays(
        clips,
        run.data,
        cache=run.project.cache / "features.sqlite",
        front_end=bundle["extractor"],
        variants=("original",),
        n_jobs=n_jobs,
    )
    for problem in problems.itertuples():
        print(f"left out: {problem.path}: {problem.problem}")
    emotion = rows.clip_id.map(clips.set_index("clip_id").emotion)
    # A system may be so sure of an emotion that the corpus lacks that the others have no share
    proba = np.maximum(probabilities(bundle, X), 1e-12)
    proba *= np.isin(bundle["classes"], emotion.unique())
    proba /= proba.sum(axis=1, keepdims=True)
    return predictions.answered(rows.assign(emotion=emotion), fold, proba, bundle["classes"])
