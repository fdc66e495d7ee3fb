"""Stretches of time as sorted lists of [since, until) that do not touch; pure. A search may have thousands of gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

Interval = tuple[datetime, datetime]  # inclusive, exclusive


def subtract(whole: Iterable[Interval], away: Iterable[Interval]) -> list[Interval]:
    """What of `whole`, sorted, lies in none of `away`, which may come in any order and overlap."""
    holes = sorted(hole for hole in away if hole[0] < hole[1])
    left: list[Interval] = []
    first = 0
    for since, until in whole:
        while first < len(holes) and holes[first][1] <= since:
            first += 1
        n = first
        while n < len(holes) and holes[n][0] < until:
            if since < holes[n][0]:
                left.append((since, holes[n][0]))
            since = max(since, holes[n][1])
            n += 1
        if since < until:
            left.append((since, until))
    return left


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What lies in both, in order."""
    found: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        since, until = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if since < until:
            found.append((since, until))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found
