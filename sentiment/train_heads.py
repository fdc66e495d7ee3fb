"""First level of training: linear heads over character n-grams, each with a question of its own.

A head is a logistic regression whose columns are scaled by how much an n-gram tells (NB-weighted, Wang & Manning 2012,
or by inverse document frequency), or naive Bayes itself, or the lexicon. Every text also gets the heads' values from
fits that saw neither it nor its near-copies: the second level learns from those.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.corpora import Labelled, fold_of
from sentiment.cross import FOLDS
from sentiment.heads import SLOT_BITS
from sentiment.lexicon import Lexicon
from sentiment.ngrams import HASH_BITS, NONE, hashes
from sentiment.text import Normaliser
from sentiment.weighing import CHAIN_WEIGHT, places

RARE = 4  # an n-gram in fewer texts is left out
CHUNK = 4000  # texts
PRIOR = 0.5  # added to each count of the NB ratio
PROCESSES = 2

TAUGHT = "taught"  # family of our own invented texts: what public corpora lack

Kind = Literal["nb", "idf", "bayes", "lexicon"]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Labelled texts as a matrix of n-gram weights and the columns that heads ask for."""

    matrix: Any  # scipy.sparse.csr_array, texts × n-grams, float32
    vocabulary: NDArray[np.int64]  # hash of each column, ascending
    label: NDArray[np.int64]
    family: NDArray[np.str_]
    category: NDArray[np.str_]
    fold: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One question: `rows` are the texts it learns from, `target` what it tells apart there."""

    name: str
    rows: Flags
    target: Flags
    kind: Kind = "nb"
    c: float = 3.0  # inverse of the ridge


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`weights` per column and `intercept` of the fit on all texts; `unseen`: every text's value without its fold."""

    name: str
    weights: NDArray[np.float32]
    intercept: float
    unseen: NDArray[np.float32]


def read(rows: Sequence[Labelled], lexicon: Lexicon) -> Corpus:
    """Normalise, hash and count all texts; n-grams of the lexicon are kept however rare."""
    from scipy import sparse

    parts = [_grams([r.text for r in rows[i : i + CHUNK]]) for i in range(0, len(rows), CHUNK)]
    texts = np.concatenate([part[0] + i * CHUNK for i, part in enumerate(parts)])
    values = np.concatenate([part[2] for part in parts])
    vocabulary, column, seen = np.unique(
        np.concatenate([part[1] for part in parts]), return_inverse=True, return_counts=True
    )
    del parts
    keep = _worth_keeping(vocabulary, seen, lexicon)
    kept = keep[column]
    number = np.cumsum(keep) - 1
    matrix = sparse.csr_array(
        (values[kept], (texts[kept], number[column[kept]])), shape=(len(rows), int(keep.sum())), dtype=np.float32
    )
    return Corpus(
        matrix=unit_rows(matrix),
        vocabulary=vocabulary[keep],
        label=np.array([int(r.label) for r in rows]),
        family=np.array([r.family for r in rows]),
        category=np.array([r.category for r in rows]),
        fold=np.array([fold_of(r.text, FOLDS) for r in rows]),
    )


def _worth_keeping(vocabulary: NDArray[np.int64], seen: NDArray[np.int64], lexicon: Lexicon) -> Flags:
    """Not the rare ones unless the lexicon has them, and of those that share a slot of the table the most seen."""
    keep: Flags = (seen >= RARE) | np.isin(vocabulary, lexicon.hashes)
    slot = vocabulary >> (HASH_BITS - SLOT_BITS)
    keep &= slot < (1 << SLOT_BITS) - 1  # the last one is for hashes of nothing
    chosen = np.flatnonzero(keep)
    order = chosen[np.lexsort((chosen, -seen[chosen], slot[chosen]))]
    keep[order[np.flatnonzero(np.diff(slot[order], prepend=-1) == 0)]] = False
    return keep


def _grams(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Text number, hash and weight of every n-gram, each once per text, with the weight of its weightiest place."""
    batch = Normaliser().batch(texts)
    found = hashes(batch)
    position, n = np.nonzero(found != NONE)
    text, passed_on = places(batch)
    keys = (text[position] << (HASH_BITS + 1)) | (found[position, n].astype(np.int64) << 1)
    keys = np.unique(keys if passed_on is None else keys | passed_on[position])
    keys = keys[np.diff(keys >> 1, prepend=-1) != 0]
    weight = np.where(keys & 1, CHAIN_WEIGHT, 1.0).astype(np.float32)
    return keys >> (HASH_BITS + 1), (keys >> 1) & ((1 << HASH_BITS) - 1), weight


def unit_rows(matrix: Any) -> Any:
    """Each text's weights divided by their root of squares."""
    length = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    matrix.data /= np.repeat(np.maximum(length, 1e-9), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


_shared: tuple[Corpus, Lexicon] | None = None  # what forked processes inherit: pickling it would cost more than fitting


def fit_all(corpus: Corpus, heads: Sequence[Head], lexicon: Lexicon, progress: Callable[[str], object]) -> list[Fitted]:
    """All heads, in their order, on PROCESSES processes; each is deterministic by itself."""
    global _shared
    _shared = corpus, lexicon
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        fitted = []
        for head, found in zip(heads, pool.map(_fit, heads), strict=True):
            progress(f"head {head.name}")
            fitted.append(found)
    _shared = None
    return fitted


def _fit(head: Head) -> Fitted:
    assert _shared is not None
    corpus, lexicon = _shared
    unseen = np.zeros(len(corpus.label), dtype=np.float32)
    for fold in range(FOLDS):
        held = corpus.fold == fold
        weights, intercept = _answer(corpus, head, head.rows & ~held, lexicon)
        unseen[held] = corpus.matrix[np.flatnonzero(held)] @ weights + intercept
    weights, intercept = _answer(corpus, head, head.rows, lexicon)
    return Fitted(name=head.name, weights=weights, intercept=intercept, unseen=unseen)


def _ratio(corpus: Corpus, head: Head, rows: Flags) -> NDArray[np.float32]:
    """log of (share of the yes-texts that hold the n-gram / share of the no-texts that do)."""
    yes, no = (_texts_with(corpus, rows & side) + PRIOR for side in (head.target, ~head.target))
    ratio: NDArray[np.float32] = (np.log(yes / yes.sum()) - np.log(no / no.sum())).astype(np.float32)
    return ratio


def _texts_with(corpus: Corpus, rows: Flags) -> NDArray[np.int64]:
    return np.bincount(corpus.matrix[np.flatnonzero(rows)].indices, minlength=corpus.matrix.shape[1])


def _nb(corpus: Corpus, head: Head, rows: Flags, _: Lexicon) -> tuple[NDArray[np.float32], float]:
    return _logistic(corpus, head, rows, np.abs(_ratio(corpus, head, rows)))


def _idf(corpus: Corpus, head: Head, rows: Flags, _: Lexicon) -> tuple[NDArray[np.float32], float]:
    return _logistic(corpus, head, rows, np.log(rows.sum() / (1.0 + _texts_with(corpus, rows))).astype(np.float32) / 4)


def _bayes(corpus: Corpus, head: Head, rows: Flags, _: Lexicon) -> tuple[NDArray[np.float32], float]:
    return _ratio(corpus, head, rows), 0.0


def _lexicon(corpus: Corpus, head: Head, rows: Flags, lexicon: Lexicon) -> tuple[NDArray[np.float32], float]:
    del rows
    return lexicon.column(head.name, corpus.vocabulary), 0.0


def _logistic(corpus: Corpus, head: Head, rows: Flags, scale: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    from scipy import sparse
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    chosen = np.flatnonzero(rows)
    part = corpus.matrix[chosen]
    columns, starts = part.indices.astype(np.int32), part.indptr.astype(np.int32)  # all that liblinear takes
    scaled = sparse.csr_matrix((part.data * scale[columns], columns, starts), shape=part.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is part of the recipe
        fit = LogisticRegression(C=head.c, solver="liblinear", dual=True, tol=0.05, max_iter=40, random_state=0).fit(
            scaled, head.target[chosen]
        )
    weights: NDArray[np.float32] = (scale * fit.coef_[0]).astype(np.float32)
    return weights, float(fit.intercept_[0])


def _answer(corpus: Corpus, head: Head, rows: Flags, lexicon: Lexicon) -> tuple[NDArray[np.float32], float]:
    """The head fitted on these rows; nothing, where they leave nothing to tell apart."""
    asked = head.target[rows]
    if head.kind != "lexicon" and (asked.all() or not asked.any()):
        return np.zeros(corpus.matrix.shape[1], dtype=np.float32), 0.0
    return _FITS[head.kind](corpus, head, rows, lexicon)


_FITS = {"nb": _nb, "idf": _idf, "bayes": _bayes, "lexicon": _lexicon}
