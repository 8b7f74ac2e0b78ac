"""Fits: a fold of a system, the files that training it leaves, and what they answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import StandardScaler

from .enrolment import enrol
from .inputs import Inputs
from .joint import geometric_mean
from .recipes import System
from .splits import ENROLMENTS, SPLIT_SEED, Fold
from .training import read_state

DRAWS = 5  # of clips that enrol: one draw of three clips may be off by two points
Model = keras.Model | ClassifierMixin
ID_COLUMNS = ["clip_id", "variant", "path", "corpus", "speaker", "fold", "emotion", "predicted"]


@dataclass(frozen=True)
class Fit:
    """A fitted fold: the folder of its files, its history, and its predictions."""

    folder: Path
    history: dict[str, list[float]]
    predictions: pd.DataFrame

    @property
    def model(self) -> Model:
        if (self.folder / "model.joblib").exists():
            return joblib.load(self.folder / "model.joblib")
        return keras.saving.load_model(self.folder / "model.keras", compile=False)

    @property
    def scaler(self) -> StandardScaler:
        return joblib.load(self.folder / "scaler.joblib")


@dataclass(frozen=True)
class Task:
    """A fold to fit: everything that training it takes, and the folder for what it leaves."""

    system: System
    network: Callable[[tuple[int, ...], int], Model]
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

    def result(self) -> Fit:
        """Return the fit, once it is done."""
        history = json.loads((self.folder / "history.json").read_text())
        proba = np.load(self.folder / "proba.npy")
        table = self.inputs.rows.iloc[self.fold.test]
        table = table.assign(fold=self.fold.name, predicted="")[ID_COLUMNS]
        return Fit(self.folder, history, self._table(table, proba))

    def enrolled(self, protocol: str) -> pd.DataFrame:
        """Return the predictions of a fit that is done, each speaker enrolled with own clips.

        Parameters
        ----------
        protocol : str, one of `serlib.splits.ENROLMENTS`

        Returns
        -------
        DataFrame, as the predictions of a `Fit`
            Without the clips that enrol, unless all do; without speakers who have too few.
            Where clips are drawn, `DRAWS` times over, with ten more for the fold each time.
        """
        count, emotion = ENROLMENTS[protocol]
        fit, tables = self.result(), []
        model, scaler = fit.model, fit.scaler
        views = self.inputs.views(self.fold.test, self.system.also_heard)
        people = list(fit.predictions.reset_index(drop=True).groupby("speaker"))
        for draw, (speaker, clips) in product(range(DRAWS if count else 1), people):
            # The draw is part of the protocol, as the splits are: the same for every system.
            rng = np.random.default_rng([SPLIT_SEED, draw, *speaker.encode()])
            able = clips.index if emotion is None else clips.index[clips.emotion == emotion]
            enrolling = scored = clips.index
            if count is not None:
                if len(able) < count:
                    continue
                enrolling = rng.choice(able, count, replace=False)
                # An equal recording of another name is known too
                known = {x.tobytes() for x in views[0][enrolling]}
                scored = [i for i in clips.index if views[0][i].tobytes() not in known]
            if not len(scored):
                continue
            # As `EnrolledSpeaker` does: at each speed the voice is another
            adapted = [enrol(scaler, X[enrolling]).transform(X[scored]) for X in views]
            proba = self.answer(model, adapted)
            rows = clips.loc[scored].assign(fold=self.fold.name + 10 * draw)
            tables.append(self._table(rows, proba))
        return pd.concat(tables or [fit.predictions.head(0)], ignore_index=True)

    def answer(self, model: Model, views: list[np.ndarray]) -> np.ndarray:
        """Return the probabilities of scaled views of clips, averaged [shape=(n, classes)]."""
        inputs = [self.system.front_end.as_input(Z) for Z in views]
        probas = [probabilities(model, x, len(self.classes)) for x in inputs]
        return geometric_mean(probas) if len(probas) > 1 else probas[0]

    def _table(self, rows: pd.DataFrame, proba: np.ndarray) -> pd.DataFrame:
        columns = {f"p_{emotion}": proba[:, i] for i, emotion in enumerate(self.classes)}
        return rows.assign(predicted=np.array(self.classes)[proba.argmax(axis=1)], **columns)


def probabilities(model: Model, x: np.ndarray, classes: int) -> np.ndarray:
    """Return the probabilities of inputs, in either kind's way [shape=(n, classes)]."""
    if isinstance(model, keras.Model):
        return model.predict(x, batch_size=256, verbose=0)
    proba = np.zeros((len(x), classes))  # an emotion that no training clip had has none
    proba[:, model.classes_] = model.predict_proba(x.reshape(len(x), -1))
    return proba
