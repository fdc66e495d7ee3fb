"""What a layer looks at: the n-grams of the scorer's own kind, up to three characters. Fewer than it: texts are few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sentiment.ngrams import NONE, hashes
from sentiment.text import Normaliser
from sentiment.weighing import places

LONGEST = 3  # characters of a run

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


class Runs(NamedTuple):
    """Text i has the features `hashes[indptr[i]:indptr[i + 1]]`, repeats included."""

    indptr: Ints
    hashes: Hashes


def features(texts: Sequence[str]) -> Runs:
    """Never raises; linear in the characters."""
    batch = Normaliser().batch(texts)
    found = hashes(batch)[:, :LONGEST]
    position, n = np.nonzero(found != NONE)
    owner, _ = places(batch)
    sizes = np.bincount(owner[position], minlength=len(texts))
    indptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return Runs(indptr, found[position, n].astype(np.uint64))
