"""A voice, as the answers to its own clips show it: how far they lie off, all in one direction."""

from typing import Self

import numpy as np
from scipy.special import softmax

from .ensemble import LEAST

PRIOR = 5  # clips, of the average voice, that count beside those heard
# Spread of the log-probabilities of clips: what it is of one emotion, of several. Below the first
# the clips are too alike: what they have in common may be an emotion. On corpora never heard, from
# 4 to 6 clips of one emotion cost 2.1 points, from 4 to 7 they cost 1.6.
ALIKE, UNLIKE = 4.0, 7.0
_UNKNOWN = 0.5  # how much one clip counts, which has no spread


class Voice:
    """What a speaker's own clips, without labels, say of the speaker: a running mean of answers.

    A quiet or a hoarse voice is taken for sad whatever it says: its answers lie off in one
    direction, and that direction is taken off again. Of clips that are all of one emotion the
    mean is that emotion; since they are alike, little is taken off.
    """

    def __init__(self):
        self.count, self._sum, self._squares = 0, 0.0, 0.0

    def numbers(self) -> dict[str, int | list[float]]:
        """Return all that is known of the voice, as JSON holds it."""
        total, squares = (np.atleast_1d(value).tolist() for value in (self._sum, self._squares))
        return dict(count=self.count, total=total, squares=squares)

    @classmethod
    def of_numbers(cls, count: int, total: list[float], squares: list[float]) -> Self:
        """Return the voice that `numbers` told.

        Raises
        ------
        ValueError
            If these are no such numbers.
        """
        voice, (total, squares) = cls(), np.array([total, squares], dtype=float)
        if count < 1 or not np.isfinite([total, squares]).all():
            raise ValueError("expected a number of clips, and finite sums")
        voice.count, voice._sum, voice._squares = int(count), total, squares
        return voice

    def hear(self, probabilities: np.ndarray) -> Self:
        """Take the answers to further clips into account [shape=(n, classes)]; return self."""
        logs = _centred(probabilities)
        self.count += len(logs)
        self._sum = self._sum + logs.sum(axis=0)
        self._squares = self._squares + (logs**2).sum(axis=0)
        return self

    @property
    def share(self) -> float:
        """How much of the mean counts, 0 to 1: the more clips, and the less alike, the more."""
        if not self.count:
            return 0.0
        several = _UNKNOWN
        if self.count > 1:
            spread = np.sum(self._squares - self._sum**2 / self.count) / (self.count - 1)
            several = np.clip((spread - ALIKE) / (UNLIKE - ALIKE), 0, 1)
        return float(several * self.count / (self.count + PRIOR))

    def without(self, probabilities: np.ndarray) -> np.ndarray:
        """Return answers as those of an average voice [shape=(n, classes)]."""
        off = self.share * self._sum / max(self.count, 1)
        return softmax(_centred(probabilities) - off, axis=1)


class Followed(Voice):
    """A voice that learns from whatever it is asked about, in its order."""

    def without(self, probabilities: np.ndarray) -> np.ndarray:
        """Hear answers one by one; return each in the light of those before it and of itself."""
        one_by_one = probabilities[:, None]
        return np.concatenate([Voice.without(self.hear(row), row) for row in one_by_one])


def _centred(probabilities: np.ndarray) -> np.ndarray:
    logs = np.log(np.maximum(probabilities, LEAST))
    return logs - logs.mean(axis=1, keepdims=True)
