"""Second level of training: what the heads' values are worth in which kind of text, and one table that says it all.

A multinomial logistic regression over the heads' unseen values s, the posteriors p of the kinds of text, and their
products. It is linear in s once p is known, so all heads collapse into a few columns: one per kind, and for each of
the two log-odds (positive against negative; opinion against neutral) one that always counts and one per kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.cross import FOLDS
from sentiment.train_heads import TAUGHT, Corpus, Fitted

Floats = NDArray[np.float64]
TAUGHT_WEIGHT = 2.0  # of each of our own texts, which are a hundredth of all; a whole family's would cost .3 points
RIDGE = 60.0  # on standardised features
_STEPS = 9
_ENOUGH = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """`columns`: n-grams × (kinds, lean, lean by kind, opinion, opinion by kind); `constants`: the same of a text."""

    columns: NDArray[np.float32]
    constants: Floats
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Level:
    """The heads' values as one design matrix, standardised."""

    heads: list[Fitted]
    kinds: list[Fitted]
    spread: Floats  # of each head
    design: NDArray[np.float32]
    mean: Floats
    scale: Floats


def mix(corpus: Corpus, fitted: Sequence[Fitted]) -> Mixed:
    """The collapsed table, from a second level fitted on all texts."""
    level = _level(fitted)
    theta = _fit(level.design, corpus.label, family_weights(corpus))
    return _collapse(level, theta)


def unseen_chances(corpus: Corpus, fitted: Sequence[Fitted]) -> Floats:
    """Probabilities of negative, neutral, positive for each text, by a second level that did not see its fold."""
    level, weights = _level(fitted), family_weights(corpus)
    found = np.zeros((len(corpus.label), 3))
    for fold in range(FOLDS):
        held = corpus.fold == fold
        theta = _fit(level.design[~held], corpus.label[~held], weights[~held])
        found[held] = _chances(level.design[held], theta)
    return found


def family_weights(corpus: Corpus) -> Floats:
    """Each family counts alike, however many texts it has; 1 on average. Ours counts by its texts: it is a hint."""
    _, family, sizes = np.unique(corpus.family, return_inverse=True, return_counts=True)
    found: Floats = len(family) / (len(sizes) * sizes[family])
    found[corpus.family == TAUGHT] = TAUGHT_WEIGHT
    return found


def _level(fitted: Sequence[Fitted]) -> _Level:
    kinds = [f for f in fitted if f.name.startswith("kind:")]
    heads = [f for f in fitted if not f.name.startswith("kind:")]
    values = np.stack([f.unseen for f in heads], axis=1).astype(np.float64)
    spread = values.std(axis=0) + 1e-9
    values /= spread
    chance = 1 / (1 + np.exp(-np.stack([f.unseen for f in kinds], axis=1).astype(np.float64)))
    design = np.concatenate([values, chance, *(values * chance[:, [k]] for k in range(len(kinds)))], axis=1)
    mean, scale = design.mean(axis=0), design.std(axis=0) + 1e-9
    return _Level(heads, kinds, spread, ((design - mean) / scale).astype(np.float32), mean, scale)


def _fit(design: NDArray[np.float32], label: NDArray[np.int64], weights: Floats) -> Floats:
    """Newton's method for two classes against neutral; (features + 1) × 2, the constant last, rounded."""
    a = np.concatenate([design, np.ones((len(design), 1), dtype=np.float32)], axis=1)
    size = a.shape[1]
    truth = np.stack([label < 0, label > 0], axis=1)
    ridge = np.full(size, RIDGE)
    ridge[-1] = 1e-6
    theta = np.zeros((size, 2))
    for _ in range(_STEPS):
        chance = _chances(design, theta)[:, [0, 2]]
        slope = a.T.astype(np.float64) @ ((chance - truth) * weights[:, None]) + ridge[:, None] * theta
        step = np.linalg.solve(_curvature(a, chance, weights, ridge), slope.T.ravel()).reshape(2, size).T
        theta -= step
        if np.abs(step).max() < _ENOUGH:
            break
    return np.round(theta, 6)


def _curvature(a: NDArray[np.float32], chance: Floats, weights: Floats, ridge: Floats) -> Floats:
    size = a.shape[1]
    found = np.zeros((2 * size, 2 * size))
    for i, j in ((0, 0), (0, 1), (1, 1)):
        scale = weights * chance[:, i] * ((i == j) - chance[:, j])
        block = (a * scale.astype(np.float32)[:, None]).T @ a
        rows, columns = slice(i * size, (i + 1) * size), slice(j * size, (j + 1) * size)
        found[rows, columns] = block
        found[columns, rows] = block.T
    found[np.diag_indices_from(found)] += np.tile(ridge, 2)
    return found


def _chances(design: NDArray[np.float32], theta: Floats) -> Floats:
    z = design @ theta[:-1] + theta[-1]
    z = np.stack([z[:, 0], np.zeros(len(z)), z[:, 1]], axis=1)
    z = np.exp(z - z.max(axis=1, keepdims=True))
    found: Floats = z / z.sum(axis=1, keepdims=True)
    return found


def _collapse(level: _Level, theta: Floats) -> Mixed:
    """Undo the standardising, then sum the heads into columns."""
    n, k = len(level.heads), len(level.kinds)
    raw = theta[:-1] / level.scale[:, None]
    constant = theta[-1] - level.mean @ raw
    # Of positive against negative, and of opinion against neutral: what softmax needs, halves of the two.
    both = np.stack([raw[:, 1] - raw[:, 0], (raw[:, 1] + raw[:, 0]) / 2], axis=1)
    start = np.array([constant[1] - constant[0], (constant[1] + constant[0]) / 2])
    head_weights = np.stack([f.weights for f in level.heads], axis=1)
    head_constants = np.array([f.intercept for f in level.heads])
    columns = [f.weights for f in level.kinds]
    constants = [f.intercept for f in level.kinds]
    for which in (0, 1):
        for kind in range(-1, k):
            at = 0 if kind < 0 else n + k + kind * n
            share = both[at : at + n, which] / level.spread
            columns.append(head_weights @ share.astype(np.float32))
            alone = start[which] if kind < 0 else both[n + kind, which]
            constants.append(alone + float(head_constants @ share))
    return Mixed(
        columns=np.stack(columns, axis=1).astype(np.float32),
        constants=np.array(constants),
        kinds=tuple(f.name.removeprefix("kind:") for f in level.kinds),
    )
