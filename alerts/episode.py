"""One alert per episode: which of many readings about one thing are news.

A storm is above the bar for hours, and each bin says so again. Told is the first, then only what is clearly worse than
what was said; after a pause it may be said anew. Pure: the replay, the backtest and the life cycle of incidents ask it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class News(Enum):
    """What a reading is, given what was told."""

    OPEN = "open"  # nothing was told, or long enough ago: say it
    ESCALATE = "escalate"  # much stronger than what was told: say it again
    ONGOING = "ongoing"  # known


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`cool_down`: an episode goes on this long after it was told; `factor` > 1: so many times as strong is news."""

    cool_down: timedelta = timedelta(hours=24)
    factor: float = 2.5


@dataclass(frozen=True, slots=True)
class Told:
    """What was said last about a series: when, and how strong it was."""

    at: datetime
    strength: float


def news(told: Told | None, strength: float, *, now: datetime, pace: Pace) -> News:
    """What a reading of this strength (≥ 1) is now. Whoever says it keeps `Told(now, strength)`."""
    if told is None or now - told.at >= pace.cool_down:
        return News.OPEN
    return News.ESCALATE if strength >= pace.factor * told.strength else News.ONGOING
