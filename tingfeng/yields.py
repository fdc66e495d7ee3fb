"""What a source usually yields, and when too little is too good to be true. Pure; no numpy, milliseconds per query.

Two questions are asked of a crawl that went well by all appearances:

* Do its pages hold as many posts as such pages always did? A search that showed ten posts in each of the last hundred
  crawls does not show none because the brand is quiet. (`judge_pages`; answered within one crawl)
* Is its newest post older than chance allows? The mentions that should have been published since are counted from the
  learnt rates by hour of the week. (`judge_gap`; answered as soon as the silence has become improbable)

A quiet brand must not cry wolf: the chance of silence is a negative binomial's, whose overdispersion is learnt from how
often the past was silent, and a gap must besides be twice as long as any the last crawls saw, in expected mentions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Self

from tingfeng.clock import BUCKET
from tingfeng.model import Series
from tingfeng.tails import log_negative_binomial_none

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
WEEK_HOURS = WEEK // HOUR
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
PER_HOUR = HOUR // BUCKET
HALF_LIFE_DAYS = 10.0  # as for the baseline of alerts: a source's size drifts
SHRINK = 3.0  # hours that the rate above counts as in the rate below: all → hour of day → hour of week
CAP = 3.0  # an hour counts at most as so many usual ones (and 3 mentions): a storm is nobody's expectation
LEVEL_HOURS, LEVEL_PRIOR = 24, 5.0  # hours that tell today's level; mentions in favour of the usual one
LEAST_SEEN, LEAST_MENTIONS = timedelta(days=2), 20  # before so much was seen, nothing is expected
LEAST_RUNS = 20  # good runs before pages are compared
LEAST_DISPERSION, MOST_DISPERSION = 0.05, 5.0
TELLING = 2.0  # expected mentions of a tile that tells something when it is empty
LULL = 8.0  # expected mentions of a stretch whose rate is low or high as a whole
LONGER = 3.0  # times the longest gap that the last runs saw, in expected mentions

PLENTY, LAST_RUNS = 5, 10  # "plenty": so many posts in each of so many last runs; fewer may be too little
PAGE_P = 1e-3  # a page as poor as this one must be rarer
SELDOM = 0.02  # what a poor page counts as before any was seen: searches with a history practically never give one


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a good run saw of one query: `found` posts on its pages, the `newest` of them (None: none), as of `at`."""

    at: datetime
    found: int
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a run cannot be believed. `expected` and `seen` are posts; `since`: what is missing was published later."""

    name: str  # suspicious_silence or last_page_only
    query: str
    expected: float
    seen: int
    p: float  # chance of so little if all were well
    since: datetime | None


class Rates:
    """Mentions an hour, by hour of the week (UTC), as learnt from a series; and how often it is silent by nature."""

    def __init__(self, rates: Sequence[float], *, dispersion: float) -> None:
        self._rates, self.dispersion = rates, dispersion
        self._before = [0.0, *accumulate(rates)]  # of each hour of the week, since Monday

    @classmethod
    def learn(cls, past: Series) -> Self | None:
        """From the totals of one source and brand; None while too little was seen to expect anything."""
        hours = _hours(past)
        seen = sum(h.seen for h in hours)
        if seen < LEAST_SEEN / HOUR or sum(h.count for h in hours) < LEAST_MENTIONS:
            return None
        hours = _capped(hours)
        rates = _by_hour_of_week(hours)
        level = _level(hours, rates)
        made = cls([level * rate for rate in rates], dispersion=LEAST_DISPERSION)
        made.dispersion = _dispersion(past, cls(rates, dispersion=0))
        return made

    def expected(self, since: datetime, until: datetime) -> float:
        """Mentions expected in [since, until); 0 when that is empty."""
        return max(0.0, self._since_monday(until) - self._since_monday(since))

    def _since_monday(self, at: datetime) -> float:
        """Mentions expected since the first Monday there was."""
        weeks, rest = divmod(at - MONDAY, WEEK)
        hour, part = divmod(rest, HOUR)
        return weeks * self._before[-1] + self._before[hour] + self._rates[hour % WEEK_HOURS] * (part / HOUR)

    def chance_of_none(self, mean: float) -> float:
        """P(no mention) where `mean` are expected: made of lulls, one independent of the other."""
        tiles = max(1.0, mean / LULL)
        return math.exp(tiles * log_negative_binomial_none(mean / tiles, self.dispersion))


def judge_pages(query: str, now: Seen, past: Sequence[Seen]) -> Doubt | None:
    """Whether there is too little on this run's pages. `past`: good runs, newest first.

    Only a sudden fall from plenty is doubted: a feed whose entries grow old and drop out one by one is just quiet.
    """
    if len(past) < LEAST_RUNS:
        return None
    least = min(one.found for one in past[:LAST_RUNS])
    if least < PLENTY or now.found >= PLENTY or now.found > least / 3:
        return None
    as_poor = sum(one.found <= now.found for one in past)
    p = (as_poor + SELDOM) / (len(past) + 1 + SELDOM)
    if p >= PAGE_P:
        return None
    usual = sorted(one.found for one in past)[len(past) // 2]
    name = "last_page_only" if now.found else "suspicious_silence"
    return Doubt(name=name, query=query, expected=usual, seen=now.found, p=p, since=past[0].at)


def judge_gap(query: str, now: Seen, past: Sequence[Seen], rates: Rates | None, *, p: float) -> Doubt | None:
    """Whether nothing was published for improbably long. `p`: the chance below which we do not believe it."""
    newest = [one.newest for one in (now, *past) if one.newest is not None]
    if rates is None or not newest or len(past) < LEAST_RUNS:
        return None
    since = max(newest)
    expected = rates.expected(since, now.at)
    chance = rates.chance_of_none(expected)
    if chance >= p or expected <= LONGER * longest_gap(past, rates, before=since):
        return None
    return Doubt(name="suspicious_silence", query=query, expected=expected, seen=0, p=chance, since=since)


def longest_gap(past: Sequence[Seen], rates: Rates, *, before: datetime) -> float:
    """The longest silence that a run of the past saw, in expected mentions, but the one since `before`.

    Listings lag, some by days, and this is how much.
    """
    ended = (one for one in past if one.newest is not None and one.newest < before)
    return max((rates.expected(one.newest, one.at) for one in ended if one.newest is not None), default=0.0)


# --- learning


@dataclass(frozen=True, slots=True)
class _Hour:
    """One hour of the past: mentions, the part of it that was seen (0…1), its hour of the week, and its age in days."""

    count: float
    seen: float
    of_week: int
    age: float


def _hours(past: Series) -> list[_Hour]:
    """Those that were seen at least in part, oldest first."""
    found = []
    skip = (-(past.start.minute // 5)) % PER_HOUR  # buckets up to the first full hour
    for i in range(skip, len(past.total) - PER_HOUR + 1, PER_HOUR):
        seen = [n for n in past.total[i : i + PER_HOUR] if n is not None]
        if seen:
            age = (len(past.total) - i) / PER_HOUR / 24
            of_week = _hour_of_week(past.start + i * BUCKET)
            found.append(_Hour(float(sum(seen)), len(seen) / PER_HOUR, of_week, age))
    return found


def _hour_of_week(at: datetime) -> int:
    return at.weekday() * 24 + at.hour


def _capped(hours: Sequence[_Hour]) -> list[_Hour]:
    """The same without their storms: capped at a multiple of the mean, which then falls, three times over."""
    capped = list(hours)
    for _ in range(3):
        most = 3 + CAP * sum(h.count for h in capped) / sum(h.seen for h in capped)
        capped = [_Hour(min(h.count, most * h.seen), h.seen, h.of_week, h.age) for h in capped]
    return capped


def _by_hour_of_week(hours: Sequence[_Hour]) -> list[float]:
    """Each hour's rate leans on that of its time of day, and this on the rate of all."""
    counts, seen = [0.0] * WEEK_HOURS, [0.0] * WEEK_HOURS
    for h in hours:
        weight = 0.5 ** (h.age / HALF_LIFE_DAYS)
        counts[h.of_week] += weight * h.count
        seen[h.of_week] += weight * h.seen
    overall = sum(counts) / sum(seen)
    daily = [(sum(counts[d::24]) + SHRINK * overall) / (sum(seen[d::24]) + SHRINK) for d in range(24)]
    return [(counts[h] + SHRINK * daily[h % 24]) / (seen[h] + SHRINK) for h in range(WEEK_HOURS)]


def _level(hours: Sequence[_Hour], rates: Sequence[float]) -> float:
    """How far the last day fell short of what is usual, 0…1: a campaign that is over is not expected to go on."""
    last = hours[-LEVEL_HOURS:]
    expected = sum(rates[h.of_week] * h.seen for h in last)
    return min(1.0, (sum(h.count for h in last) + LEVEL_PRIOR) / (expected + LEVEL_PRIOR))


def _dispersion(past: Series, rates: Rates) -> float:
    """The overdispersion under which the past's empty stretches are as many as they were, within their own noise.

    Learnt from empty stretches, not from the variance: bursts say nothing about lulls.
    """
    means, empty = _tiles(past, rates)
    low, high = LEAST_DISPERSION, MOST_DISPERSION
    least = empty - math.sqrt(empty)
    if _empty_expected(means, low) >= least:
        return low
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if _empty_expected(means, middle) < least else (low, middle)
    return high


def _empty_expected(means: Mapping[float, int], dispersion: float) -> float:
    return sum(n * math.exp(log_negative_binomial_none(mean, dispersion)) for mean, n in means.items())


def _tiles(past: Series, rates: Rates) -> tuple[Mapping[float, int], int]:
    """Expected mentions of seen stretches just long enough to tell something, and how many are empty.

    The former counted by their expected mentions, rounded: a week's worth of different numbers, not a month's.
    """
    per_bucket = max(sum(n or 0 for n in past.total) / max(1, len(past.total) - past.total.count(None)), 1e-9)
    size = min(PER_HOUR * 24, max(1, math.ceil(TELLING / per_bucket)))
    means: Counter[float] = Counter()
    empty = 0
    for i in range(0, len(past.total) - size + 1, size):
        part = past.total[i : i + size]
        if None in part:
            continue
        means[round(rates.expected(past.start + i * BUCKET, past.start + (i + size) * BUCKET), 1)] += 1
        empty += not any(part)
    return means, empty
