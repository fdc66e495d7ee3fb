"""From the sums of the heads to three probabilities, and back from a verdict to what each n-gram did to it.

Columns, and constants alike: one per kind of text, then lean (log-odds of positive against negative) and opinion
(half the log-odds of positive·negative against neutral²), each with one column that always counts and one per kind,
which counts as much as the text is of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.heads import Heads, Known
from sentiment.weighing import CHAIN_WEIGHT

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of each present text: log-odds, and the shares of the kinds with a leading 1, which weigh the columns."""

    lean: Floats
    opinion: Floats
    shares: Floats  # texts × (1 + kinds)

    def chances(self) -> Floats:
        """Probabilities of negative, neutral, positive; they add up to 1."""
        z = np.stack([self.opinion - self.lean / 2, np.zeros(len(self.lean)), self.opinion + self.lean / 2], axis=1)
        z = np.exp(z - z.max(axis=1, keepdims=True))
        found: Floats = z / z.sum(axis=1, keepdims=True)
        return found


class Judge:
    """Reads the sums of one table."""

    def __init__(self, heads: Heads) -> None:
        self.heads = heads
        self._kinds = len(heads.meta["kinds"])
        self._constants = np.array(heads.meta["constants"], dtype=np.float64)
        if heads.columns != self._kinds * 3 + 2 or len(self._constants) != heads.columns:
            raise ValueError("the table's columns do not fit its kinds")

    def judge(self, known: Known) -> Judgement:
        sums = self.heads.sums(known) + self._constants
        shares = np.ones((len(sums), self._kinds + 1))
        shares[:, 1:] = 1 / (1 + np.exp(-sums[:, : self._kinds]))
        lean = (sums[:, self.lean_columns] * shares).sum(axis=1)
        opinion = (sums[:, self.opinion_columns] * shares).sum(axis=1)
        return Judgement(lean, opinion, shares)

    @property
    def lean_columns(self) -> slice:
        return slice(self._kinds, 2 * self._kinds + 1)

    @property
    def opinion_columns(self) -> slice:
        return slice(2 * self._kinds + 1, 3 * self._kinds + 2)

    def bases(self, judgement: Judgement) -> tuple[Floats, Floats]:
        """Of each text what lean and opinion are without any n-gram: the constants, by kind of text."""
        lean = judgement.shares @ self._constants[self.lean_columns]
        return lean, judgement.shares @ self._constants[self.opinion_columns]

    def weights(self, known: Known, judgement: Judgement) -> tuple[Floats, Floats]:
        """What each known n-gram adds to its text's lean and opinion."""
        row = np.repeat(np.arange(len(known.present)), np.diff(known.starts, append=len(known.id)))
        own = np.where(known.own, 1.0, CHAIN_WEIGHT)
        rows = self.heads.weights(known.id)
        lean, opinion = (
            np.einsum("ij,ij->i", rows[:, columns], self._shares(known, judgement, columns).take(row, axis=0)) * own
            for columns in (self.lean_columns, self.opinion_columns)
        )
        return lean, opinion

    def _shares(self, known: Known, judgement: Judgement, columns: slice) -> Floats:
        found: Floats = judgement.shares * self.heads.scales[columns] / known.length[:, None]
        return found
