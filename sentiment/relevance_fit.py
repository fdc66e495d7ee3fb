"""Fitting a filter: regularised logistic regression, out-of-fold probabilities, and the threshold chosen on them.

NumPy only, in double precision and without chance: the same marks give the same filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from sentiment.corpora import same_start
from sentiment.layer_fit import minimise
from sentiment.relevance_filter import Rows

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RIDGES = (0.15, 0.5, 1.5, 4.0)
FOLDS = 10
ROUNDS = 3  # of cross-validation, each with other folds: of fifty marks one round says little
AIM = 0.95  # precision the threshold is chosen for
LEAST_RECALL = 0.75  # of a threshold that reaches it
LEAST_THRESHOLD, MOST_THRESHOLD = 0.3, 0.9
_RIDGE_OF_BIAS = 0.02
_ENOUGH = 1e-5


def fit(rows: Rows, ridge: float, prior: Mapping[str, float] = MappingProxyType({})) -> tuple[dict[str, float], float]:
    """Weights by feature, and the bias; `prior`: the weights where the rows say nothing else (others: 0)."""
    names = sorted({name for features, _ in rows for name in features} | prior.keys())
    mean = np.array([*(prior.get(name, 0.0) for name in names), 0.0])
    x = matrix([features for features, _ in rows], names)
    signs = np.array([1.0 if ours else -1.0 for _, ours in rows])
    held = np.full(len(names) + 1, ridge)
    held[-1] = _RIDGE_OF_BIAS

    def loss(w: Floats) -> tuple[float, Floats]:
        margins = signs * (x @ w)
        away = w - mean
        value = float(np.logaddexp(0, -margins).sum() + 0.5 * (held * away * away).sum())
        slope: Floats = held * away - x.T @ (signs * np.exp(-np.logaddexp(0, margins)))
        return value, slope

    found = minimise(loss, mean.copy(), enough=_ENOUGH * max(1, len(rows)))
    return dict(zip(names, map(float, found[:-1]), strict=True)), float(found[-1])


def matrix(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    """Texts by features, with a column of ones at the end; features of other names are left out."""
    places = {name: i for i, name in enumerate(names)}
    found = np.zeros((len(rows), len(names) + 1))
    for i, features in enumerate(rows):
        for name, value in features.items():
            if name in places:
                found[i, places[name]] = value
    found[:, -1] = 1
    return found


def out_of_fold(
    rows: Rows, texts: Sequence[str], ridge: float, prior: Mapping[str, float] = MappingProxyType({})
) -> Floats:
    """P(ours) of each text by fits that did not see it, nor a near-copy of it; mean of the rounds."""
    total = np.zeros(len(rows))
    for round_ in range(ROUNDS):
        folds = _folds(texts, round_)
        for fold in range(FOLDS):
            held = np.flatnonzero(folds == fold).tolist()
            seen = [rows[i] for i in np.flatnonzero(folds != fold).tolist()]
            if not held or not seen:
                continue
            weights, bias = fit(seen, ridge, prior)
            x = matrix([rows[i][0] for i in held], list(weights))
            total[held] += 1 / (1 + np.exp(-(x @ np.array([*weights.values(), bias]))))
    return total / ROUNDS


def _folds(texts: Sequence[str], round_: int) -> npt.NDArray[np.int64]:
    """As even as can be, without chance; texts with the same start in one fold."""
    starts = {same_start(text) for text in texts}
    order = sorted(starts, key=lambda s: blake2b(f"{round_}\n{s}".encode("utf-8", "replace")).digest())
    place = {start: i % FOLDS for i, start in enumerate(order)}
    return np.array([place[same_start(text)] for text in texts], dtype=np.int64)


def best_ridge(
    rows: Rows, texts: Sequence[str], prior: Mapping[str, float] = MappingProxyType({})
) -> tuple[float, Floats]:
    """The ridge under which unseen marks are likeliest, with its out-of-fold probabilities."""
    ours = np.array([o for _, o in rows])
    tried = {ridge: out_of_fold(rows, texts, ridge, prior) for ridge in RIDGES}
    best = min(RIDGES, key=lambda ridge: surprise(tried[ridge], ours))
    return best, tried[best]


def surprise(p: Floats, ours: Bools) -> float:
    return -float(np.log(np.maximum(np.where(ours, p, 1 - p), 1e-6)).mean()) if len(p) else 0.0


def threshold(p: Floats, ours: Bools) -> float:
    """The lowest one whose precision on `p` reaches AIM, unless it keeps too little of what is ours; else the one with
    the best of both, precision weighing twice.

    Half way to the next lower probability, so that it does not hang on one text; within sensible bounds.
    """
    scores = np.unique(p)
    best, aim = LEAST_THRESHOLD, None
    worth = -1.0
    for i, at in enumerate(scores):
        said = p >= at
        precision, recall = float(ours[said].mean()), float((ours & said).sum() / max(1, ours.sum()))
        between = float(at if i == 0 else (at + scores[i - 1]) / 2)
        if aim is None and precision >= AIM and recall >= LEAST_RECALL:
            aim = between
        f = 1.25 * precision * recall / (0.25 * precision + recall) if precision + recall else 0.0
        if f > worth:
            worth, best = f, between
    return float(min(MOST_THRESHOLD, max(LEAST_THRESHOLD, best if aim is None else aim)))
