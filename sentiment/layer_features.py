"""What a layer looks at: hashed runs of one to three characters. One function, so that another can take its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sentiment.text import clean

LONGEST = 3  # characters of a run
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(32)

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


class Runs(NamedTuple):
    """Text i has the features `hashes[indptr[i]:indptr[i + 1]]`, repeats included."""

    indptr: Ints
    hashes: Hashes


def features(texts: Sequence[str]) -> Runs:
    """Never raises; linear. White space and letter case do not count, nor what `clean` takes away."""
    words = ["".join(clean(text).casefold().split()) for text in texts]
    signs = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    owner = np.repeat(np.arange(len(words)), lengths)
    rolling, runs, owners = np.zeros_like(signs), [], []
    for n in range(1, LONGEST + 1):
        rolling = rolling[: len(signs) - n + 1] * _ODD + signs[n - 1 :]
        within = owner[: len(signs) - n + 1] == owner[n - 1 :]
        runs.append(_scatter(rolling[within] + np.uint64(n)))
        owners.append(owner[: len(signs) - n + 1][within])
        if len(signs) <= n:
            break
    of = np.concatenate(owners)
    order = np.argsort(of, kind="stable")
    indptr = np.concatenate(([0], np.cumsum(np.bincount(of, minlength=len(words))))).astype(np.int64)
    return Runs(indptr, np.concatenate(runs)[order])


def _scatter(values: Hashes) -> Hashes:
    """Spread the bits, so that equal sums of different runs are as good as impossible."""
    values = (values ^ (values >> _HALF)) * _MIX
    scattered: Hashes = values ^ (values >> _HALF)
    return scattered
