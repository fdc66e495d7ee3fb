"""SnowNLP's Bayes formula without SnowNLP: per word one log-odds, worked out once.

SnowNLP (classification/bayes.py, utils/frequency.py) keeps per class d[word] = times seen + 1, a total = sum of d, and
takes 1 for unknown words. A class is worth log(total / grand total) + Σ log(d[word] / total); the probability comes
from the difference of two classes, so the sum over words of differences says the same. A test holds both within 1e-9.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import exp, log
from typing import NamedTuple

from sentiment.weights import Weights


class Sums(NamedTuple):
    """What the words of one text add up to."""

    positive: float  # log-odds of positive against negative, SnowNLP's
    neutral: float  # log-odds of neutral against opinion, over the words that classifier knows
    known: int  # words that one of both knows


class Evidence:
    """Both classifiers as one table."""

    def __init__(self, weights: Weights) -> None:
        against, pro = _total(weights.negative), _total(weights.positive)
        self._prior = log(pro / against)
        self._unknown = log(against / pro)  # what a word seen in neither class is worth
        gate = log(_total(weights.opinion) / _total(weights.neutral))
        # Both numbers of a word as one complex number: a single look-up and a single sum, all of it in C.
        self._table: dict[str, complex] = {}
        for word in weights.negative.keys() | weights.positive.keys():
            self._table[word] = complex(_ratio(word, weights.positive, weights.negative))
        for word in weights.neutral.keys() | weights.opinion.keys():
            self._table[word] = self._table.get(word, 0j) + 1j * (_ratio(word, weights.neutral, weights.opinion) + gate)

    def sums(self, words: Collection[str]) -> Sums:
        """Never raises; linear. A word given twice counts twice."""
        found = list(filter(None, map(self._table.get, words)))
        total = sum(found, 0j)
        return Sums(self._prior + self._unknown * len(words) + total.real, total.imag, len(found))

    def chance(self, words: Collection[str]) -> float:
        """SnowNLP's own answer, 0–1: the probability that a text of these words is positive."""
        log_odds = self.sums(words).positive
        return 1 / (1 + exp(-log_odds)) if log_odds > -700 else 0.0


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values()) + len(counts) or 1


def _ratio(word: str, first: Mapping[str, int], second: Mapping[str, int]) -> float:
    return log((first.get(word, 0) + 1) / (second.get(word, 0) + 1))
