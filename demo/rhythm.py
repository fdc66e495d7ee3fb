"""When people write: the day's and the week's rhythm, and more scatter than chance alone gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)

# Share of a day's posts by local hour: little before seven, a peak at lunch and a larger one in the evening.
_BY_HOUR = (14, 8, 5, 3, 2, 3, 8, 18, 30, 40, 48, 56, 66, 58, 54, 56, 56, 58, 62, 70, 80, 82, 66, 38)
_WEEKEND = 1.2
_SCATTER = 8.0  # shape of the gamma the hour's rate is drawn from: variance = mean + mean² / 8


def hour_share(at: datetime) -> float:
    """How much of an average day's posts the hour of `at` holds, weekends included."""
    local = at.astimezone(ZONE)
    return _BY_HOUR[local.hour] / sum(_BY_HOUR) * (_WEEKEND if local.weekday() >= 5 else 1.0)


def everyday(rng: Random, since: datetime, until: datetime, *, per_day: float) -> Iterator[datetime]:
    """Times between whole hours `since` and `until`, about `per_day` a working day, scattered as real posts are."""
    hour = since
    while hour < until:
        rate = per_day * hour_share(hour) * rng.gammavariate(_SCATTER, 1 / _SCATTER)
        yield from within(rng, hour, HOUR, poisson(rng, rate))
        hour += HOUR


def burst(
    rng: Random, since: datetime, *, per_minute: float, rise: timedelta, half_life: timedelta
) -> Iterator[datetime]:
    """Times of an outburst: `per_minute` reached after `rise`, held for 40 minutes, then halved every `half_life`."""
    minute, peak_ends = timedelta(minutes=1), rise + timedelta(minutes=40)
    age = timedelta()
    while age < peak_ends + 8 * half_life:
        rate = per_minute * min(1.0, (age + minute) / rise)
        if age > peak_ends:
            # People sleep: at three in the morning even an outraged crowd is small.
            awake = min(1.0, hour_share(since + age) / hour_share(since))
            rate = per_minute * 0.5 ** ((age - peak_ends) / half_life) * awake
        yield from within(rng, since + age, minute, poisson(rng, rate))
        age += minute


def within(rng: Random, start: datetime, width: timedelta, count: int) -> list[datetime]:
    """`count` whole seconds of `[start, start + width)`, in order."""
    seconds = int(width.total_seconds())
    return sorted(start + timedelta(seconds=rng.randrange(seconds)) for _ in range(count))


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count by Knuth's product, good for the means below a few hundred that occur here."""
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count
