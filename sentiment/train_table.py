"""Last step of training: the collapsed columns as whole numbers of one byte."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from sentiment import heads
from sentiment.train_heads import Corpus
from sentiment.train_mix import Mixed

_LARGEST = 127
_CLIPPED = 1e-5  # share of a column's weights that may be cut to the largest number


def save(path: Path, corpus: Corpus, mixed: Mixed) -> int:
    """Write the table; its size in bytes."""
    largest = np.quantile(np.abs(mixed.columns), 1 - _CLIPPED, axis=0)
    scales = np.maximum(largest, 1e-9).astype(np.float64) / _LARGEST
    weights = np.clip(np.rint(mixed.columns / scales), -_LARGEST, _LARGEST).astype(np.int8)
    used = weights.any(axis=1)
    meta = {
        "kinds": list(mixed.kinds),
        "constants": [round(float(c), 9) for c in mixed.constants],
        "trained_on": dict(sorted(Counter(corpus.family.tolist()).items())),
    }
    heads.save(path, corpus.vocabulary[used].astype(np.uint32), weights[used], scales, meta)
    return path.stat().st_size
