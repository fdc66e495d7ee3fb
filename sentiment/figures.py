"""The formulas that say how good verdicts are: pure, over arrays of labels and probabilities.

A *row* below is one text; `truth` holds its label −1/0/+1, `chances` its probabilities in the order negative, neutral,
positive. What a corpus does not know it does not ask: in one without neutral texts, nobody said which texts are
neutral, so probabilities are taken relative to negative + positive there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tingfeng.model import Label, Verdict

BINS = 15
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One class: `texts` that have it, and how it was met, 0–1. What was never said has precision 0."""

    label: Label
    texts: int
    precision: float
    recall: float
    f1: float
    said: tuple[int, int, int]  # its row of the confusion matrix: answered negative, neutral, positive


def chances_of(verdicts: Sequence[Verdict]) -> Floats:
    """Probabilities of verdicts, one row each."""
    return np.array([(v.negative, v.neutral, v.positive) for v in verdicts], dtype=np.float64).reshape(-1, 3)


def has_neutral(truth: Sequence[Label]) -> bool:
    return Label.NEUTRAL in truth


def answers(truth: Sequence[Label], verdicts: Sequence[Verdict]) -> list[Label]:
    """What was said, in the terms of the corpus: the label; where it has no neutral texts, the side leant to.

    A verdict without a leaning takes no side: that is "neutral", and a miss there.
    """
    if has_neutral(truth):
        return [v.label for v in verdicts]
    return [_side(v) for v in verdicts]


def _side(verdict: Verdict) -> Label:
    return Label((verdict.polarity > 0) - (verdict.polarity < 0))


def two_class(truth: Sequence[Label], verdicts: Sequence[Verdict]) -> float | None:
    """Share of the texts labelled ±1 whose polarity has that sign; neutral texts are left out. None without any."""
    hits = [_side(v) is label for label, v in zip(truth, verdicts, strict=True) if label]
    return sum(hits) / len(hits) if hits else None


def confusion(truth: Sequence[Label], said: Sequence[Label]) -> Ints:
    """Counts, 3 × 3: rows the truth, columns what was said, both negative, neutral, positive."""
    table = np.zeros((3, 3), dtype=np.int64)
    rows = np.array([int(label) + 1 for label in truth], dtype=np.intp)
    columns = np.array([int(label) + 1 for label in said], dtype=np.intp)
    np.add.at(table, (rows, columns), 1)
    return table


def class_figures(table: Ints) -> tuple[ClassFigures, ...]:
    """Precision, recall and F1 of every class that has texts, from a confusion matrix."""
    found = []
    for i, label in enumerate(Label):
        hits, said, texts = int(table[i, i]), int(table[:, i].sum()), int(table[i].sum())
        if texts:
            negative, neutral, positive = (int(n) for n in table[i])
            found.append(
                ClassFigures(
                    label=label,
                    texts=texts,
                    precision=hits / said if said else 0.0,
                    recall=hits / texts,
                    f1=2 * hits / (said + texts),
                    said=(negative, neutral, positive),
                )
            )
    return tuple(found)


def macro_f1(truth: Sequence[Label], said: Sequence[Label]) -> float:
    """Plain mean over the three labels of the harmonic mean of precision and recall; 0 for one never met nor said."""
    table = confusion(truth, said)
    both = table.sum(axis=0) + table.sum(axis=1)
    return float(np.mean(2 * np.diag(table) / np.maximum(both, 1)))


def relative(truth: Sequence[Label], chances: Floats) -> Floats:
    """Probabilities over the labels the corpus has: without neutral texts, a share of negative + positive.

    A verdict that gave both nothing gives both a half: it does not know.
    """
    if has_neutral(truth):
        return chances
    sides = chances[:, [0, 2]]
    total = sides.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, sides / np.where(total > 0, total, 1), 0.5)
    return np.column_stack([shares[:, 0], np.zeros(len(shares)), shares[:, 1]])


def confidences(truth: Sequence[Label], chances: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Per row the probability of the likeliest class, and whether that class is the truth.

    Of equally likely classes the first counts, in the order negative, neutral, positive.
    """
    over = relative(truth, chances)
    best = over.argmax(axis=1) if len(over) else np.zeros(0, dtype=np.intp)
    right = best == np.array([int(label) + 1 for label in truth], dtype=np.intp)
    return over[np.arange(len(over)), best], right


def calibration_error(truth: Sequence[Label], chances: Floats, *, bins: int = BINS) -> float | None:
    """Expected calibration error, 0–1: over `bins` equal widths of confidence, Σ n_b/n · |hit rate − mean confidence|.

    Naeini, Cooper, Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015. Confidence
    is the probability of the likeliest class over the labels the corpus has; a bin holds (k/bins, (k+1)/bins].
    """
    if not truth:
        return None
    confidence, right = confidences(truth, chances)
    # Rounded first: 0.2 · 15 is 3.0000000000000004, and a bound would fall into the bin above.
    place = np.clip(np.ceil(np.round(confidence * bins, 9)).astype(np.intp) - 1, 0, bins - 1)
    hits = np.bincount(place, weights=right, minlength=bins)
    sure = np.bincount(place, weights=confidence, minlength=bins)
    return float(np.abs(hits - sure).sum() / len(truth))


def brier(truth: Sequence[Label], chances: Floats) -> float | None:
    """Brier score over the labels the corpus has, 0 best – 2 worst: mean over texts of Σ_k (p_k − [k is true])².

    Brier: Verification of forecasts expressed in terms of probability, 1950.
    """
    if not truth:
        return None
    true = np.eye(3)[[int(label) + 1 for label in truth]]
    return float(((relative(truth, chances) - true) ** 2).sum(axis=1).mean())
