"""A voice, as the answers to its own clips show it: how far they lie off, all in one direction."""

from typing import Self

import numpy as np
from scipy.special import softmax

from .ensemble import LEAST

PRIOR = 5  # clips, of the average voice, that count beside those heard
# How far apart clips lie, `Voice.apart`: of one emotion, of several. Below the first they are too
# alike: what they have in common may be an emotion. Chosen with a look at six corpora never heard,
# so that clips of one emotion cost two points at most.
ALIKE, UNLIKE = 0.9, 1.4
_UNKNOWN = 0.5  # how much one clip counts, which lies apart from none
_TINY = 1e-12


class Voice:
    """What a speaker's own clips, without labels, say of the speaker: a running mean of answers.

    A quiet or a hoarse voice is taken for sad whatever it says: its answers lie off in one
    direction, and that direction is taken off again. Of clips that are all of one emotion the
    mean is that emotion; since they do not lie apart, little is taken off.
    """

    def __init__(self):
        # Of log-probabilities, their squares, probabilities p, and p log p: [shape=(4, classes)]
        self.count, self._sums = 0, np.zeros((4, 1))

    def numbers(self) -> dict[str, int | list[list[float]]]:
        """Return all that is known of the voice, as JSON holds it."""
        return dict(count=self.count, sums=self._sums.tolist())

    @classmethod
    def of_numbers(cls, count: int, sums: list[list[float]]) -> Self:
        """Return the voice that `numbers` told.

        Raises
        ------
        ValueError
            If these are no such numbers.
        """
        voice, sums = cls(), np.array(sums, dtype=float)
        if count < 1 or sums.ndim != 2 or len(sums) != 4 or not np.isfinite(sums).all():
            raise ValueError("expected a number of clips, and four rows of finite sums")
        voice.count, voice._sums = int(count), sums
        return voice

    def hear(self, probabilities: np.ndarray) -> Self:
        """Take the answers to further clips into account [shape=(n, classes)]; return self."""
        logs = _centred(probabilities)
        p = softmax(logs, axis=1)
        seen = np.stack([logs, logs**2, p, p * np.log(p)]).sum(axis=1)
        self.count, self._sums = self.count + len(logs), self._sums + seen
        return self

    @property
    def share(self) -> float:
        """How much of the mean counts, 0 to 1: the more clips, and the less alike, the more."""
        several = _UNKNOWN
        if self.count > 1:
            several = np.clip((self.apart - ALIKE) / (UNLIKE - ALIKE), 0, 1)
        return float(several * self.count / (self.count + PRIOR))

    @property
    def apart(self) -> float:
        """How far apart the answers lie: their deviation, times the part of what they tell that
        is not the same of all clips.

        The deviation is of log-probabilities [nats]. What answers tell is how far they are from
        chance (Kullback-Leibler, nats); what their mean tells is the same of all. Few clips lie as
        far apart as many: both are divided by n - 1, as variances are.
        """
        logs, squares, p, entropy = self._sums / max(self.count, 1)
        fair, chance = self.count / max(self.count - 1, 1), np.log(len(p))
        deviation = np.sqrt(max(fair * np.sum(squares - logs**2), 0))
        told, of_all = chance + entropy.sum(), chance + np.sum(p * np.log(p + _TINY))
        return float(deviation * fair * (told - of_all) / (told + _TINY))

    def without(self, probabilities: np.ndarray) -> np.ndarray:
        """Return answers as those of an average voice [shape=(n, classes)]."""
        off = self.share * self._sums[0] / max(self.count, 1)
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
