"""Character n-grams of a whole batch as hashes, without a loop over characters.

A polynomial hash of all n-grams that start anywhere in the batch costs one multiplication and one addition per n
(Karp & Rabin 1987): H_n[i] = H_{n−1}[i] · B + c[i + n − 1], modulo 2^64. The separators before and after a text are
characters too, so "begins with" and "ends with" are n-grams like others; none reaches across two texts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sentiment.text import NEWEST, Batch, Codes, translated

LONGEST = 4  # characters; 5-grams brought nothing
HASH_BITS = 30
NONE = 0xFFFFFFFF  # no n-gram starts there

Hashes = NDArray[np.uint32]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.array([0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x94D049BB133111EB], dtype=np.uint64)
_SHIFT = np.uint64(64 - HASH_BITS)


def hashes(batch: Batch) -> Hashes:
    """HASH_BITS-bit hashes, shape (characters, LONGEST): column n − 1 is the n-gram that starts there, or NONE.

    There is none beyond the end of a text or of a separator by itself; nor of one or two Latin letters, digits or
    blanks, which say nothing of what a text feels.
    """
    codes = batch.codes
    rolling = translated(codes, _lower()).astype(np.uint64)
    rolling += np.uint64(1)  # so that the separator counts
    letters = rolling[1:]
    size, bounds, gaps = len(codes), batch.bounds, np.diff(batch.bounds)
    found = np.full((size, LONGEST), NONE, dtype=np.uint32)
    for n in range(1, min(LONGEST, size) + 1):
        if n > 1:
            rolling = rolling[:-1] * _BASE
            rolling += letters[n - 2 :]
        found[: size - n + 1, n - 1] = (rolling * _MIX[n - 1]) >> _SHIFT
        # From one separator to the next; then those with a separator inside.
        found[bounds[:-1][gaps == n - 1], n - 1] = NONE
        for before in range(1, n - 1):
            inside = bounds - before
            found[inside[inside >= 0], n - 1] = NONE
    bare = _bare().take(codes, mode="clip")
    found[bare, 0] = NONE
    found[:-1][bare[:-1] & bare[1:], 1] = NONE
    return found


@cache
def _lower() -> Codes:
    """Each code point in lower case, where that is one character."""
    table = np.arange(NEWEST, dtype=np.uint32)
    for low, high in ((0x41, 0x5B), (0xC0, 0x250), (0x370, 0x590)):
        for code in range(low, high):
            small = chr(code).lower()
            table[code] = ord(small) if len(small) == 1 else code
    return table


@cache
def _bare() -> NDArray[np.bool_]:
    flags = np.zeros(NEWEST, dtype=np.bool_)
    for sign in "\0 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        flags[ord(sign)] = True
    return flags
