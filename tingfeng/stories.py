"""Which texts are near-copies of each other: a story is one text and all that repeat it with small changes.

Texts come normalised (sentiment.text), in batches of code points. Of each only its letters and digits count. It gets
*keys*, hashes of some of its 5-grams: near-copies share some of them, so a story is looked for only where a key leads;
and a *sketch*, the smallest hashes of its 3-grams: what two sketches have in common estimates what the texts have in
common (Broder 1997, bottom-k), exactly so for texts of up to WIDTH different 3-grams.

A text is compared with the founder of a story, never with its latest copy, so that a story cannot drift away.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SHORTEST = 8  # letters; a shorter text is a copy only of what is equal to it
LONGEST = 4_000  # letters that are looked at
WIDTH = 64  # hashes of a sketch
KEYS_OF_ALL, KEYS_OF_START, START = 5, 2, 64  # per text, the latter of its first START letters, which a cut text shares
KEYS = 1 + KEYS_OF_ALL + KEYS_OF_START  # one is of the whole text at once
WAYS = 4  # stories a key leads to, the newest ones
CANDIDATES = 4  # stories a text is compared with, those of the most common keys

# Near-copies: of the 3-grams of the shorter text at most this share, or so few, are missing from the other (a word put
# in the place of another costs 4, a product of five letters 7) …
MISSING, MISSING_FEW = 0.14, 5
ALIKE = 0.5  # … and of all 3-grams of both this share is common (Jaccard), or the shorter one is no accident:
ALIKE_SHORT, SHORT = 0.65, 16  # the same of texts with fewer 3-grams
WITHIN_LEAST = 24  # 3-grams
WITHIN_SEEN = 6  # hashes that an estimate must rest on

# Whoever copies a text leaves its numbers alone; 第12天打卡 and 第13天打卡 are made by one template.
NUMBER_WEIGHT = 3  # 3-grams that a whole number counts for, beside those it has

NO_HASH = np.uint32(0xFFFFFFFF)

Codes = NDArray[np.uint32]
Keys = NDArray[np.int64]
Ids = NDArray[np.int64]
Sketches = NDArray[np.uint32]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX, _SALT = np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_KEY_GRAM, _SKETCH_GRAM = 5, 3
_NEWEST = 0x20000  # code points the table speaks of; what is beyond are rare signs of names, and emoji
_SIGN_MAX = 10  # characters of an emoticon in brackets, [笑cry], with the brackets


@dataclass(frozen=True, slots=True)
class Prints:
    """What is compared of n texts."""

    keys: Keys  # (n, KEYS), 0 where there is none; the first is of the whole text
    sketches: Sketches  # (n, WIDTH), ascending, filled up with NO_HASH

    def __len__(self) -> int:
        return len(self.keys)


class Index(Protocol):
    """The stories that are known so far."""

    def find(self, keys: Keys) -> Ids:
        """Stories behind each key, shape (*keys.shape, WAYS), 0 where there is none."""

    def sketches(self, stories: Ids) -> Sketches:
        """The sketches of the founders."""

    def found(self, prints: Prints, rows: NDArray[np.int64]) -> Ids:
        """New stories founded by those rows; their ids, above 0."""


def prints(codes: Codes, bounds: NDArray[np.int64]) -> Prints:
    """Of normalised texts: text i is codes[bounds[i] + 1 : bounds[i + 1]], with a 0 at every bound."""
    letters, owner = _letters(codes, bounds)
    n = len(bounds) - 1
    lengths = np.bincount(owner, minlength=n)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    place = np.arange(len(letters)) - starts[owner]
    near = place < LONGEST
    letters, owner, place = letters[near], owner[near], place[near]
    long: NDArray[np.bool_] = lengths >= SHORTEST
    keys = np.zeros((n, KEYS), dtype=np.int64)
    keys[:, 0] = _whole(letters, owner, place, codes, bounds)
    grams, at = _grams(letters, owner, _KEY_GRAM)
    smallest = _smallest(grams, owner[at], n, KEYS_OF_ALL, long)
    keys[:, 1 : 1 + KEYS_OF_ALL] = _as_keys(smallest)
    early = place[at] < START
    smallest = _smallest(grams[early], owner[at[early]], n, KEYS_OF_START, long)
    keys[:, 1 + KEYS_OF_ALL :] = _as_keys(smallest)
    grams, at = _grams(letters, owner, _SKETCH_GRAM)
    numbers, whose = _numbers(letters, owner)
    said, by = np.concatenate((grams, numbers)), np.concatenate((owner[at], whose))
    return Prints(keys, _smallest(said, by, n, WIDTH, long))


def _letters(codes: Codes, bounds: NDArray[np.int64]) -> tuple[Codes, NDArray[np.int64]]:
    """Letters and digits of all texts in lower case, and whose they are; without emoticons in brackets."""
    kept = _table().take(codes, mode="clip")
    kept = np.where((codes >= 0x20000) & (codes < 0x40000), codes, kept)  # rare Han characters
    opening, closing = np.flatnonzero(codes == ord("[")), np.flatnonzero(codes == ord("]"))
    if len(opening) and len(closing):
        end = closing[np.minimum(np.searchsorted(closing, opening), len(closing) - 1)]
        same_text = np.searchsorted(bounds, end) == np.searchsorted(bounds, opening)
        short = (end > opening) & (end - opening < _SIGN_MAX) & same_text
        change = np.zeros(len(codes) + 1, dtype=np.int64)
        np.add.at(change, opening[short], 1)
        np.add.at(change, end[short], -1)
        kept[np.cumsum(change)[:-1] > 0] = 0
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    kept = kept[bounds[0] : bounds[-1]]
    inside = kept != 0
    return kept[inside], owner[inside]


@cache
def _table() -> Codes:
    """What counts of each code point: letters and digits, small; 0 for all others."""
    table = np.zeros(_NEWEST + 1, dtype=np.uint32)
    for code in range(_NEWEST):
        sign = chr(code)
        if sign.isalnum():
            small = sign.lower()
            table[code] = ord(small) if len(small) == 1 else code
    return table


def _whole(
    letters: Codes, owner: NDArray[np.int64], place: NDArray[np.int64], codes: Codes, bounds: NDArray[np.int64]
) -> Keys:
    """A hash of all letters of each text; of a text without letters, of its signs. Never 0."""
    n = len(bounds) - 1
    found = _summed(letters, owner, place, n)
    bare = np.bincount(owner, minlength=n) == 0
    if bare.any():
        signs = np.repeat(np.arange(n), np.diff(bounds))
        at = np.arange(bounds[0], bounds[-1])
        found = np.where(bare, _summed(codes[at], signs, at - bounds[signs], n) ^ _SALT, found)
    return ((found | np.uint64(1)) >> np.uint64(1)).view(np.int64) | np.int64(1 << 62)


def _summed(letters: Codes, owner: NDArray[np.int64], place: NDArray[np.int64], n: int) -> NDArray[np.uint64]:
    """Sum of letter · mixed place, modulo 2^64, then mixed: depends on every letter and where it stands."""
    where = _mixed(place.astype(np.uint64) + np.uint64(1))
    terms = _mixed(letters.astype(np.uint64) * _BASE ^ where)
    total = np.zeros(n, dtype=np.uint64)
    if len(terms):
        heads = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
        total[owner[heads]] = np.add.reduceat(terms, heads)
    return _mixed(total)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(31))) * _MIX
    return values ^ (values >> np.uint64(29))


def _grams(letters: Codes, owner: NDArray[np.int64], n: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """32-bit hashes of all n-grams that lie within one text, and where each begins."""
    if len(letters) < n:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    wide = letters.astype(np.uint64)
    rolling = wide[: len(wide) - n + 1].copy()
    for i in range(1, n):
        rolling = rolling * _BASE + wide[i : len(wide) - n + 1 + i]
    at = np.flatnonzero(owner[: len(rolling)] == owner[n - 1 :])
    return _mixed(rolling[at]) >> np.uint64(32), at


def _numbers(letters: Codes, owner: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """NUMBER_WEIGHT hashes of each whole number, and whose it is."""
    at = np.flatnonzero((letters >= ord("0")) & (letters <= ord("9")))
    if not len(at):
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    new = np.concatenate(([True], (np.diff(at) > 1) | (owner[at[1:]] != owner[at[:-1]])))
    number, first = np.cumsum(new) - 1, np.flatnonzero(new)
    values = _summed(letters[at], number, np.arange(len(at)) - first[number], len(first))
    made = [_mixed(values + _SALT * np.uint64(i + 1)) >> np.uint64(32) for i in range(NUMBER_WEIGHT)]
    return np.concatenate(made), np.tile(owner[at[first]], NUMBER_WEIGHT)


def _smallest(
    hashes: NDArray[np.uint64], owner: NDArray[np.int64], n: int, width: int, wanted: NDArray[np.bool_]
) -> Sketches:
    """The `width` smallest different hashes of each text, ascending, filled up with NO_HASH."""
    result = np.full((n, width), NO_HASH, dtype=np.uint32)
    ordered = np.sort((owner.astype(np.uint64) << np.uint64(32)) | hashes)
    if len(ordered):
        ordered = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
    whose = (ordered >> np.uint64(32)).astype(np.int64)
    counts = np.bincount(whose, minlength=n)
    rank = np.arange(len(ordered)) - np.concatenate(([0], np.cumsum(counts)))[whose]
    taken = (rank < width) & wanted[whose]
    result[whose[taken], rank[taken]] = (ordered[taken] & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return result


def _as_keys(hashes: Sketches) -> Keys:
    keys: Keys = np.where(hashes == NO_HASH, 0, hashes.astype(np.int64) + 1)
    return keys


def similar(a: Sketches, b: Sketches) -> NDArray[np.float64]:
    """How alike the texts of each pair of sketches are, 0…1; 0 for those that are no near-copies."""
    limit = np.minimum(_reach(a), _reach(b))[:, None]  # below it both sketches are complete
    in_a, in_b = (a <= limit) & (a != NO_HASH), (b <= limit) & (b != NO_HASH)
    both = np.sort(np.concatenate((np.where(in_a, a, NO_HASH), np.where(in_b, b, NO_HASH)), axis=1), axis=1)
    common = ((both[:, 1:] == both[:, :-1]) & (both[:, 1:] != NO_HASH)).sum(axis=1)
    size_a, size_b = in_a.sum(axis=1), in_b.sum(axis=1)
    alike = common / np.maximum(size_a + size_b - common, 1)
    fewer = np.minimum(size_a, size_b)
    smaller = np.minimum((a != NO_HASH).sum(axis=1), (b != NO_HASH).sum(axis=1))
    there = fewer - common <= np.maximum(MISSING_FEW, MISSING * fewer)
    least = np.where(smaller < SHORT, ALIKE_SHORT, ALIKE)
    contained = (smaller >= WITHIN_LEAST) & (fewer >= WITHIN_SEEN) & (common >= (1 - MISSING) * fewer)
    return np.where(
        there & ((alike >= least) | contained), np.maximum(alike, common / np.maximum(fewer, 1) * contained), 0.0
    )


def _reach(sketches: Sketches) -> NDArray[np.uint32]:
    """Up to which hash a sketch holds everything: its last one when it is full."""
    return sketches[:, -1]


def group(batch: Prints, index: Index) -> Ids:
    """The story of each text, in order; texts that belong to none found one. Shape (n,)."""
    known = _best(batch, index)
    earlier = _earlier(batch)
    founder = np.arange(len(batch))  # which row founds the story of a row; -1: it belongs to a known one
    for i in range(len(batch)):
        if known[i]:
            founder[i] = -1
            continue
        for j, same in earlier.get(i, ()):
            if founder[j] == j or same:
                founder[i], known[i] = founder[j], known[j]
                break
    rows = np.flatnonzero(founder == np.arange(len(batch)))
    ids = index.found(batch, rows)
    result = known.copy()
    of_row = np.zeros(len(batch), dtype=np.int64)
    of_row[rows] = ids
    mine = founder >= 0
    result[mine] = of_row[founder[mine]]
    return result


def _best(batch: Prints, index: Index) -> Ids:
    """The known story each text belongs to; 0: none."""
    found = index.find(batch.keys)
    exact: Ids = found[:, 0].max(axis=1)
    rows, stories = _candidates(found, exact == 0)
    best: Ids = exact.copy()
    if len(rows):
        grade = similar(batch.sketches[rows], index.sketches(stories))
        order = np.lexsort((stories, -grade, rows))  # the most alike; of equals the oldest
        order = order[grade[order] > 0]
        first = np.unique(rows[order], return_index=True)[1]
        best[rows[order][first]] = stories[order][first]
    return best


def _candidates(found: Ids, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Ids]:
    """Rows and stories to compare: of each row the CANDIDATES stories that share the most keys with it."""
    rows, _, _ = np.nonzero(found[:, 1:])
    stories = found[:, 1:][found[:, 1:] != 0]
    rows, stories = rows[wanted[rows]], stories[wanted[rows]]
    pairs, shared = np.unique((rows << 40) | stories, return_counts=True)
    order = np.lexsort((-pairs, -shared, pairs >> 40))  # newest first among equals
    whose = pairs[order] >> 40
    rank = np.arange(len(order)) - np.searchsorted(whose, whose)
    chosen = pairs[order][rank < CANDIDATES]
    return chosen >> 40, chosen & ((1 << 40) - 1)


def _earlier(batch: Prints) -> dict[int, list[tuple[int, bool]]]:
    """For each text the texts before it in the batch that it repeats, the most alike first; whether to the letter."""
    flat, row = batch.keys.ravel(), np.repeat(np.arange(len(batch)), KEYS)
    row, flat = row[flat != 0], flat[flat != 0]
    order = np.lexsort((row, flat))
    row, flat = row[order], flat[order]
    new = np.concatenate(([True], flat[1:] != flat[:-1]))
    first = row[np.maximum.accumulate(np.where(new, np.arange(len(row)), 0))] if len(row) else row
    before = np.concatenate(([0], row[:-1])) if len(row) else row
    inner = ~new
    pairs = np.concatenate(((row[inner] << 32) | first[inner], (row[inner] << 32) | before[inner]))
    pairs = np.unique(pairs)
    i, j = pairs >> 32, pairs & 0xFFFFFFFF
    i, j = i[i != j], j[i != j]
    same = batch.keys[i, 0] == batch.keys[j, 0]
    grade = np.where(same, 1.0, similar(batch.sketches[i], batch.sketches[j]) * 0.999)
    order = np.lexsort((j, -grade, i))
    result: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for k in order[grade[order] > 0]:
        result[int(i[k])].append((int(j[k]), bool(same[k])))
    return result
