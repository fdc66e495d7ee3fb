"""The one place that reads the wall clock, and the one place that knows where a day begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

BUCKET = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """Now, aware, UTC. Only commands and the scheduler call it; everyone else is given `now`."""
    return datetime.now(UTC)


def running(now: datetime) -> Callable[[], datetime]:
    """A clock that shows `now` at this moment and runs on: for jobs that take long, in pretended time too."""
    started = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - started)


def bucket_start(at: datetime, width: timedelta = BUCKET) -> datetime:
    """Start of the bucket that `at` falls into, aligned to the Unix epoch. ValueError when `at` is naive."""
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    return at.astimezone(UTC) - (at - _EPOCH) % width


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """UTC bounds `[00:00, next 00:00)` of a local day; 23 or 25 hours long where the zone shifts."""
    start = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The local calendar day `at` falls on."""
    return at.astimezone(zone).date()
