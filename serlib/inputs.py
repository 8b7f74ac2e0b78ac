"""Inputs: rows of features, and what each is of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .features import FEATURE_COLUMNS
from .tables import KEY_COLUMNS


@dataclass(frozen=True)
class Inputs:
    """Rows of features: what each is of, and the features.

    Parameters
    ----------
    rows : DataFrame with `KEY_COLUMNS`
    X : np.ndarray [shape=(rows, *shape of the front end)], float32
    """

    rows: pd.DataFrame
    X: np.ndarray

    @classmethod
    def from_table(cls, features: pd.DataFrame) -> "Inputs":
        """Take the rows of a features table."""
        # float32 as in prediction: the scaler then sees what the front end gives.
        return cls(features[KEY_COLUMNS], features[FEATURE_COLUMNS].to_numpy(dtype=np.float32))

    def of(self, chosen: pd.DataFrame) -> "Inputs":
        """Return the rows of the chosen clips, with the emotions of the data's label set."""
        inside = self.rows.clip_id.isin(chosen.clip_id).to_numpy()
        rows = self.rows[inside].reset_index(drop=True)
        emotion = rows.clip_id.map(chosen.set_index("clip_id").emotion)
        return Inputs(rows.assign(emotion=emotion), self.X[inside])

    def views(self, part: np.ndarray, variants: tuple[str, ...] = ()) -> list[np.ndarray]:
        """Return the features of the rows of a part, then those of their clips in each variant."""
        views, clips = [self.X[part]], self.rows.clip_id.iloc[part]
        for variant in variants:
            inside = np.flatnonzero(self.rows.variant == variant)
            place = pd.Series(inside, index=self.rows.clip_id.iloc[inside])
            views.append(self.X[place.loc[clips]])
        return views
