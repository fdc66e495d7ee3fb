"""Stretches of time as sorted lists of [since, until) that do not touch; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

Interval = tuple[datetime, datetime]  # inclusive, exclusive


def subtract(whole: Iterable[Interval], away: Iterable[Interval]) -> list[Interval]:
    """What of `whole` lies in none of `away`, which may come in any order."""
    left = list(whole)
    for since, until in away:
        left = [part for interval in left for part in _without(interval, since, until)]
    return left


def _without(interval: Interval, since: datetime, until: datetime) -> list[Interval]:
    parts = ((interval[0], min(interval[1], since)), (max(interval[0], until), interval[1]))
    return [part for part in parts if part[0] < part[1]] if since < until else [interval]


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What lies in both, in order."""
    found = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return sorted(part for part in found if part[0] < part[1])
