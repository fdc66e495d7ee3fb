"""What is usual for a brand: counts of the past against how much of the brand we could see then.

A *tile* is one stretch of history; tile 0 ends with the newest thing seen, tile j lies j windows before it, so tiles j
and j + one day are at the same time of day. The *exposure* of a tile is the part of the brand's usual negative posts we
would have seen then: 1 with all sources covered, 0.6 when the one that brings 40 % was blind, 0 when all were.
Expectations are rates per exposure, so like is compared with like and a source's return is no rise.

Plain lists and prefix sums: a month of three sources is judged in a few milliseconds without numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from operator import add, mul
from statistics import median
from typing import TypeVar

from tingfeng.clock import BUCKET
from tingfeng.model import Series
from tingfeng.tails import dispersion

BUCKETS_PER_DAY = timedelta(days=1) // BUCKET
SEEN_ENOUGH = 0.5  # part of a window that must be covered before a source, or a tile, is compared at all
HALF_LIFE_DAYS = 10.0  # a brand's size drifts: a day this old counts half as much as yesterday
PRIOR_TILES = 3.0  # the all-day rate counts as this many tiles in every time of day: quiet hours have few counts

Number = TypeVar("Number", int, float)


def last_seen(one: Series, end: int) -> int:
    """Index after the newest covered bucket before `end`; 0 when there is none."""
    end = min(end, len(one.negative))
    return next((i + 1 for i in range(end - 1, -1, -1) if one.negative[i] is not None), 0)


def covered(one: Series, begin: int, end: int) -> int:
    """How many of the buckets [begin, end) were seen."""
    part = one.negative[max(0, begin) : max(0, end)]
    return len(part) - part.count(None)


def negatives(one: Series, begin: int, end: int) -> int:
    """Negative posts in the seen buckets of [begin, end)."""
    return sum(filter(None, one.negative[max(0, begin) : max(0, end)]))


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles of equal length, newest (0) first, `per_day` of them a day."""

    per_day: int
    counts: list[int]
    exposures: list[float]

    @property
    def usable(self) -> list[bool]:
        """Which may tell what is usual: those seen, and not of today, which may be part of what is judged."""
        today = self.per_day - 1  # the tile 23 h back neighbours yesterday's time of day
        return [j >= today and x >= SEEN_ENOUGH for j, x in enumerate(self.exposures)]


class Past:
    """The series up to bucket `end` as running sums, all sources together, ready to be cut into tiles."""

    def __init__(self, series: Sequence[Series], end: int) -> None:
        self.end = end
        rows = [one.negative[:end] for one in series]
        blind = [row.count(None) for row in rows]
        counts = [[n or 0 for n in row] for row in rows]
        self._counts = _running(counts)
        self._exposures: Sequence[float] = range(end + 1)
        if any(blind):
            parts = _parts([sum(row) for row in counts], [end - n for n in blind])
            self._exposures = _running(
                [
                    [0.0 if n is None else part for n in row] if gaps else [part] * end
                    for row, part, gaps in zip(rows, parts, blind, strict=True)
                ]
            )

    def newest(self, size: int) -> tuple[int, float]:
        """Count and exposure of the last `size` buckets."""
        begin, end = self.end - size, self.end
        return self._counts[end] - self._counts[begin], (self._exposures[end] - self._exposures[begin]) / size

    def tiles(self, size: int, *, every: int) -> Tiles:
        """Tiles of `size` buckets, the j-th ending `j·every` buckets before the end."""
        ends = range(self.end, size - 1, -every)
        return Tiles(
            per_day=BUCKETS_PER_DAY // every,
            counts=[self._counts[e] - self._counts[e - size] for e in ends],
            exposures=[(self._exposures[e] - self._exposures[e - size]) / size for e in ends],
        )


def _running(rows: Sequence[Sequence[Number]]) -> list[Number]:
    """Sums of all rows up to each place, beginning with 0."""
    together = rows[0]
    for row in rows[1:]:
        together = list(map(add, together, row))
    return list(accumulate(together, initial=0))


def _parts(posts: Sequence[int], cells: Sequence[int]) -> list[float]:
    """Each source's part of what the brand usually gets, by its rate while it was covered; adds up to 1.

    One day at the common rate is added to each, or an hour's luck of a new source would outweigh the others' month.
    """
    common = (sum(posts) + 1) / (sum(cells) + BUCKETS_PER_DAY)
    rates = [(n + common * BUCKETS_PER_DAY) / (c + BUCKETS_PER_DAY) for n, c in zip(posts, cells, strict=True)]
    return [rate / sum(rates) for rate in rates]


@dataclass(frozen=True, slots=True)
class Usual:
    """What a fully seen tile usually holds, by time of day (index j mod per_day)."""

    rates: list[float]  # negative posts
    events: list[float]  # how many past posts the rate rests on, older ones counted less

    def expected(self, tiles: Tiles, *, share: float = 1.0) -> list[float]:
        """Of each tile, given what could be seen; `share`: length of these tiles against those of the baseline."""
        days = len(tiles.exposures) // tiles.per_day + 1
        return [*map(mul, [share * rate for rate in self.rates] * days, tiles.exposures)]


def usual(tiles: Tiles) -> Usual | None:
    """The usual rates of past tiles; None without any. Past incidents are cut down to size, not left out."""
    per_day = tiles.per_day
    fade = [0.5 ** (j // per_day / HALF_LIFE_DAYS) for j in range(len(tiles.counts))]
    weights = [w if ok else 0.0 for w, ok in zip(fade, tiles.usable, strict=True)]
    seen = _by_slot(weights, tiles.exposures, per_day)
    if not sum(seen):
        return None
    calm = _calmed(tiles.counts, _medians(tiles).expected(tiles))
    return _rates(_by_slot(weights, calm, per_day), seen)


def _medians(tiles: Tiles) -> Usual:
    """The middle day at each time of day, with its two neighbours: rough, but no crisis of days moves it."""
    n = tiles.per_day
    by_slot: list[list[float]] = [[] for _ in range(n)]
    for j, (count, exposure, ok) in enumerate(zip(tiles.counts, tiles.exposures, tiles.usable, strict=True)):
        if ok:
            by_slot[j % n].append(count / exposure)
    middle = [median(found) if found else 0.0 for found in by_slot]
    return Usual([(middle[i - 1] + middle[i] + middle[(i + 1) % n]) / 3 for i in range(n)], [])


def _by_slot(weights: Sequence[float], values: Sequence[float], per_day: int) -> list[float]:
    """Weighted sums by time of day."""
    weighted = list(map(mul, weights, values))
    return [math.fsum(weighted[slot::per_day]) for slot in range(per_day)]


def _rates(posts: Sequence[float], seen: Sequence[float]) -> Usual:
    """By time of day, each with its two neighbours, drawn towards the rate of the whole day."""
    n = len(posts)
    whole = sum(posts) / sum(seen)
    events = [posts[i - 1] + posts[i] + posts[(i + 1) % n] + PRIOR_TILES * whole for i in range(n)]
    tiles = [seen[i - 1] + seen[i] + seen[(i + 1) % n] + PRIOR_TILES for i in range(n)]
    return Usual([e / t for e, t in zip(events, tiles, strict=True)], events)


def _calmed(counts: Sequence[int], expected: Sequence[float]) -> list[float]:
    """What each tile may say about what is usual: at most three times that, or four Poisson deviations and a post."""
    return [
        n if n <= m + 1 or n <= 3 * m else min(n, max(3 * m, m + 4 * math.sqrt(m) + 1))
        for n, m in zip(counts, expected, strict=True)
    ]


def restlessness(tiles: Tiles, expected: Sequence[float]) -> float:
    """Overdispersion of the past tiles around what was expected of them, past incidents cut down to size."""
    rows = zip(_calmed(tiles.counts, expected), expected, tiles.usable, strict=True)
    return dispersion([(n, m) for n, m, ok in rows if ok])
