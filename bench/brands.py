"""Simulated brands: five-minute counts of negative posts with the habits of real ones. Standard library only.

The mean follows a daily rhythm (night a tenth of the evening), the weekday and the day's own level; hours are gamma-
noisy around it, so counts are negative binomial; small bursts of copies come at any time.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime

from tingfeng.clock import BUCKET
from tingfeng.model import Series

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
PER_DAY = 288


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a brand's noise goes beyond a daily rhythm with Poisson counts."""

    hourly: float = 0.0  # dispersion of the hours' gamma noise: variance = mean + hourly · mean²
    daily: float = 0.0  # standard deviation of the logarithm of a day's level
    weekend: float = 1.0  # level of Saturday and Sunday
    bursts_per_week: float = 0.0
    burst: tuple[int, int] = (3, 6)  # negative posts within half an hour


CALM = Habits()
RESTLESS = Habits(hourly=0.3)
WILD = Habits(hourly=0.5, daily=0.3, weekend=0.7, bursts_per_week=2)


def poisson(rng: random.Random, mean: float) -> int:
    """One Poisson draw; normal approximation above 50."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, k, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        k += 1
        product *= rng.random()
    return k


def rhythm(bucket: int) -> float:
    """Level of the bucket's time of day, about 1 on average."""
    hour = bucket % PER_DAY / 12
    return max(0.15, 1 + 0.75 * math.sin((hour - 9) / 12 * math.pi) + 0.25 * math.sin((hour - 19) / 6 * math.pi))


def brand(rng: random.Random, per_day: float, days: int, habits: Habits = CALM) -> list[int]:
    """Negative posts per bucket over `days`, `per_day` of them on an average day."""
    out: list[int] = []
    for day in range(days):
        level = per_day / PER_DAY * math.exp(rng.gauss(0, habits.daily) - habits.daily**2 / 2)
        level *= habits.weekend if day % 7 in (5, 6) else 1.0
        for _ in range(24):
            mean = level * (rng.gammavariate(1 / habits.hourly, habits.hourly) if habits.hourly else 1.0)
            out.extend(poisson(rng, mean * rhythm(len(out) + i)) for i in range(12))
    for _ in range(poisson(rng, habits.bursts_per_week * days / 7)):
        at = rng.randrange(len(out) - 6)
        for _ in range(rng.randint(*habits.burst)):
            out[at + rng.randrange(6)] += 1
    return out


def storm(rng: random.Random, counts: list[int], at: int, *, times: float, per_day: float, buckets: int = 72) -> None:
    """Make `buckets` from `at` on as loud as `times` the brand's average, on top of what is there."""
    for i in range(at, min(at + buckets, len(counts))):
        counts[i] += poisson(rng, (times - 1) * per_day / PER_DAY)


def seen(counts: list[int], end: int, *, days: int = 28, source: str = "weibo") -> Series:
    """What a detector is given at bucket `end`: the last `days` of one fully covered source."""
    begin = max(0, end - days * PER_DAY)
    part = tuple(counts[begin:end])
    return Series(brand="云雀", source=source, start=START + begin * BUCKET, negative=part, total=part)
