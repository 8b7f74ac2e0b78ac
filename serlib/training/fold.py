"""A fold of a system: what fitting it takes, the files that it leaves, and what it answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from ..corpora import OTHERS, PROTOCOLS, SPLIT_SEED, Fold, protocol
from ..evaluation import predictions
from ..features import Scaler
from ..paths import Run
from ..systems import Key, System, Voice, geometric_mean
from .histories import History, write_history
from .inputs import Inputs
from .kinds import Model, kind_of
from .train import read_state


@dataclass(frozen=True)
class FittedFold:
    """A fitted fold: the folder of its files, its history, and its predictions."""

    system: System
    folder: Path
    history: History
    predictions: pd.DataFrame

    @property
    def model(self) -> Model:
        return kind_of(self.system).load(self.folder)

    @property
    def scaler(self) -> Scaler:
        return joblib.load(self.folder / "scaler.joblib")


@dataclass(frozen=True)
class FoldTask:
    """A fold to fit: everything that fitting it takes, and the folder for what it leaves."""

    system: System
    fold: Fold
    seed: int
    inputs: Inputs
    classes: tuple[str, ...]
    folder: Path

    @property
    def done(self) -> bool:
        return (self.folder / "history.json").exists()  # written last

    @property
    def epochs(self) -> int:
        """How many epochs are behind it, as many as there can be once it is done."""
        if self.done:
            return self.system.training.epochs
        return read_state(self.folder / "unfinished")["epochs"]

    def result(self) -> FittedFold:
        """Return the fitted fold, once it is done."""
        history = json.loads((self.folder / "history.json").read_text())
        rows = self.inputs.rows.iloc[self.fold.test]
        proba = np.load(self.folder / "proba.npy")
        answers = predictions.answered(rows, self.fold.name, proba, self.classes)
        return FittedFold(self.system, self.folder, history, answers)

    def probabilities(self, model: Model, views: list[np.ndarray]) -> np.ndarray:
        """Return the probabilities of scaled views of clips, averaged [shape=(n, classes)]."""
        kind, n = kind_of(self.system), len(self.classes)
        inputs = [self.system.front_end.as_input(Z) for Z in views]
        probas = [kind.probabilities(model, x, n) for x in inputs]
        proba = geometric_mean(probas) if len(probas) > 1 else probas[0]
        if isinstance(self.fold.name, int):
            return proba
        # Another corpus: the emotions that it does not have are no answers
        has = np.isin(self.classes, self.inputs.rows.emotion.iloc[self.fold.test].unique())
        return proba * has / (proba * has).sum(axis=1, keepdims=True)

    def enrolled(self, name: str) -> pd.DataFrame:
        """Return the predictions of a fitted fold, each speaker enrolled with own clips.

        Parameters
        ----------
        name : str, a protocol with an enrolment

        Returns
        -------
        DataFrame, as the predictions of a `FittedFold`
            Without the clips that enrol, unless all do; without speakers who have too few.
            Where clips are drawn, several times over, with ten more for the fold each time.
        """
        enrolment, fit, tables = protocol(name).enrolment, self.result(), []
        X = self.inputs.X[self.fold.test]
        adapt = self._answers if self.system.anywhere else self._features
        answer = adapt(fit)
        people = list(fit.predictions.reset_index(drop=True).groupby("speaker"))
        draws = range(enrolment.draws if enrolment.count else 1)
        for draw, (speaker, clips) in product(draws, people):
            # The draw is part of the protocol, as the splits are: the same for every system.
            rng = np.random.default_rng([SPLIT_SEED, draw, *speaker.encode()])
            lent, scored = _divide(clips, X, enrolment.count, enrolment.emotion, rng)
            if not len(scored):
                continue
            fold, proba = predictions.drawn(self.fold.name, draw), answer(lent, scored)
            tables.append(predictions.answered(clips.loc[scored], fold, proba, self.classes))
        return pd.concat(tables or [fit.predictions.head(0)], ignore_index=True)

    def _features(self, fit: FittedFold) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """Return what answers scored clips after others of the speaker shifted the features."""
        model, scaler = fit.model, fit.scaler
        views = self.inputs.views(self.fold.test, self.system.test_time_variants)

        def answer(lent: np.ndarray, scored: np.ndarray) -> np.ndarray:
            # As `EnrolledSpeaker` does: at each speed the voice is another
            adapted = [scaler.for_speaker(X[lent]).transform(X[scored]) for X in views]
            return self.probabilities(model, adapted)

        return answer

    def _answers(self, fit: FittedFold) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """Return what answers scored clips after others of the speaker shifted the answers."""
        proba = np.load(self.folder / "proba.npy")
        has = proba.any(axis=0)

        def answer(lent: np.ndarray, scored: np.ndarray) -> np.ndarray:
            shifted = np.zeros((len(scored), len(has)))
            shifted[:, has] = Voice().hear(proba[lent][:, has]).without(proba[scored][:, has])
            return shifted

        return answer


def write_answers(key: Key, tasks: list[FoldTask], run: Run) -> pd.DataFrame:
    """Write what the fitted folds of a key answer to the run's folder; return it."""
    folder, asked = run.out / "predictions", PROTOCOLS[key.protocol]
    if asked.enrolment:
        whole = [task for task in tasks if task.fold.name == OTHERS] or tasks
        return predictions.write(key, [task.enrolled(key.protocol) for task in whole], folder)
    fits = [task.result() for task in tasks]
    if asked.bundled and any(fit.history for fit in fits):  # a baseline has none
        write_history(key, [fit.history for fit in fits], run.out / "histories")
    return predictions.write(key, [fit.predictions for fit in fits], folder)


def _divide(
    clips: pd.DataFrame,
    X: np.ndarray,
    count: int | None,
    emotion: str | None,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of a speaker's clips that enrol, and of those that are then scored."""
    able = clips.index if emotion is None else clips.index[clips.emotion == emotion]
    if count is None:
        return clips.index.to_numpy(), clips.index.to_numpy()
    if len(able) < count:
        return able[:0].to_numpy(), able[:0].to_numpy()
    lent = rng.choice(able, count, replace=False)
    known = {x.tobytes() for x in X[lent]}  # an equal recording of another name is known too
    return lent, np.array([i for i in clips.index if X[i].tobytes() not in known], dtype=int)
