"""Character n-grams of a whole batch as hashes, without a loop over characters.

A polynomial hash of all n-grams that start anywhere in the batch costs one multiplication and one addition per n
(Karp & Rabin 1987): H_n[i] = H_{n−1}[i] · B + c[i + n − 1], modulo 2^64. The separators before and after a text are
characters too, so "begins with" and "ends with" are n-grams like others; none reaches across two texts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sentiment.text import Batch, Codes

LONGEST = 4  # characters; 5-grams brought nothing
HASH_BITS = 30

Hashes = NDArray[np.int64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.array([0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x94D049BB133111EB], dtype=np.uint64)
_SHIFT = np.uint64(64 - HASH_BITS)


def hashes(batch: Batch) -> Hashes:
    """HASH_BITS-bit hashes, shape (characters, LONGEST): column n − 1 is the n-gram that starts there.

    −1 where there is none: beyond the end of a text, or a separator by itself.
    """
    codes = _lower().take(batch.codes).astype(np.uint64)
    size = len(codes)
    found = np.full((size, LONGEST), -1, dtype=np.int64)
    rolling = codes + np.uint64(1)
    ends = np.diff(batch.bounds)
    for n in range(1, LONGEST + 1):
        if n > 1:
            rolling = rolling[:-1] * _BASE + codes[n - 1 :] + np.uint64(1)
        if len(rolling) == 0:
            break
        found[: size - n + 1, n - 1] = (rolling * _MIX[n - 1]) >> _SHIFT
        # From one separator to the next; then those with a separator inside.
        found[batch.bounds[:-1][ends == n - 1], n - 1] = -1
        for before in range(1, n - 1):
            inside = batch.bounds - before
            found[inside[inside >= 0], n - 1] = -1
    found[batch.bounds, 0] = -1
    return found


@cache
def _lower() -> Codes:
    """Each code point in lower case, where that is one character."""
    table = np.arange(0x110000, dtype=np.uint32)
    for code in range(0x30000):
        small = chr(code).lower()
        if len(small) == 1 and not 0xD800 <= code < 0xE000:
            table[code] = ord(small)
    return table
