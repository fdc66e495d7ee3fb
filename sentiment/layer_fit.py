"""Fitting a layer: multinomial logistic regression over the features, on top of what the scorer said before.

NumPy only, in double precision and without chance: the same texts give the same layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sentiment.layer_features import Hashes, Ints, Runs
from tingfeng.model import Verdict

Floats = npt.NDArray[np.float64]

CLASSES = 3  # negative, neutral, positive
LEAST = 0.02  # no probability of the scorer counts as less: a layer could not argue with certainty
_STEPS = 100
_MEMORY = 8  # of L-BFGS
_ENOUGH = 1e-5  # largest slope, per text


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of texts over columns of known features; a feature of a text weighs 1/√(features of the text)."""

    rows: Ints
    columns: Ints
    values: Floats
    shape: tuple[int, int]

    def times(self, weights: Floats) -> Floats:
        values, rows, columns = self.values, self.rows, self.columns
        parts = [np.bincount(rows, values * weights[columns, k], self.shape[0]) for k in range(weights.shape[1])]
        return np.stack(parts, axis=1)

    def back(self, slopes: Floats) -> Floats:
        """The transpose times `slopes`."""
        values, rows, columns = self.values, self.rows, self.columns
        parts = [np.bincount(columns, values * slopes[rows, k], self.shape[1]) for k in range(slopes.shape[1])]
        return np.stack(parts, axis=1)


def matrix(runs: Runs, known: Hashes) -> Matrix:
    """`known` is sorted. Each feature counts once per text, however often it stands there."""
    lengths = np.diff(runs.indptr)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = np.searchsorted(known, runs.hashes)
    hit = columns < len(known)
    hit[hit] = known[columns[hit]] == runs.hashes[hit]
    pairs = np.unique(rows[hit] * np.int64(len(known) or 1) + columns[hit])
    rows, columns = np.divmod(pairs, np.int64(len(known) or 1))
    return Matrix(rows, columns, 1 / np.sqrt(lengths[rows]), (len(lengths), len(known)))


def logits(verdicts: Sequence[Verdict]) -> Floats:
    """What the layer adds to: logarithms of the scorer's probabilities, none below LEAST."""
    chances = np.array([(v.negative, v.neutral, v.positive) for v in verdicts]).reshape(-1, CLASSES)
    found: Floats = np.log(np.maximum(chances, LEAST))
    return found


def softmax(z: Floats) -> Floats:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    found: Floats = e / e.sum(axis=1, keepdims=True)
    return found


def fit(phi: Matrix, offset: Floats, target: Floats, ridge: float) -> Floats:
    """Weights (features × classes) that make softmax(offset + phi·weights) like `target`, held small by `ridge`.

    A row of `target` adds up to that text's weight, usually 1.
    """
    mass, classes = target.sum(axis=1, keepdims=True), target.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(-1, classes)
        z = offset + phi.times(weights)
        top = z.max(axis=1, keepdims=True)
        log_sum = top + np.log(np.exp(z - top).sum(axis=1, keepdims=True))
        value = float((mass * log_sum).sum() - (target * z).sum() + ridge / 2 * (flat @ flat))
        slope = phi.back(mass * np.exp(z - log_sum) - target) + ridge * weights
        return value, slope.ravel()

    start = np.zeros(phi.shape[1] * classes)
    return minimise(loss, start, enough=_ENOUGH * len(target)).reshape(-1, classes)


def minimise(f: Callable[[Floats], tuple[float, Floats]], x: Floats, *, enough: float) -> Floats:
    """L-BFGS with back-tracking, for a smooth convex `f` that gives value and slope."""
    value, slope = f(x)
    past: list[tuple[Floats, Floats, float]] = []
    for _ in range(_STEPS):
        if not x.size or np.abs(slope).max() <= enough:
            break
        way = -_inverse_times(slope, past)
        descent, length = float(slope @ way), 1.0
        while True:
            new = x + length * way
            new_value, new_slope = f(new)
            if new_value <= value + 1e-4 * length * descent or length < 1e-8:
                break
            length /= 2
        moved, turned = new - x, new_slope - slope
        if (bend := float(moved @ turned)) > 1e-12:
            past = [*past[1 - _MEMORY :], (moved, turned, 1 / bend)]
        x, value, slope = new, new_value, new_slope
    return x


def _inverse_times(slope: Floats, past: Sequence[tuple[Floats, Floats, float]]) -> Floats:
    """The two loops of L-BFGS: an estimate of the inverse curvature, times the slope."""
    q, shares = slope.copy(), []
    for moved, turned, inverse in reversed(past):
        share = inverse * float(moved @ q)
        shares.append(share)
        q -= share * turned
    if past:
        moved, turned, _ = past[-1]
        q *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned, inverse), share in zip(past, reversed(shares), strict=True):
        q += (share - inverse * float(turned @ q)) * moved
    return q
