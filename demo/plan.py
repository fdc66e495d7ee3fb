"""When the clock stands still: the moments at which the demo crawls, coarse at first and fine when it matters."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.rhythm import HOUR, ZONE


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


# The stretches are short enough for what a source hands out at once: a Weibo search lists a thousand posts.
BACKFILL = tuple(map(_at, ("10-26 00:00", "11-02 00:00", "11-12 18:00")))
# Then as it happens: every five minutes while it matters.
LIVE = tuple(
    map(
        _at,
        (
            *("11-12 19:40", "11-12 19:45", "11-12 19:50", "11-12 20:00", "11-12 21:00"),
            *("11-13 09:00", "11-16 09:10"),
        ),
    )
)
STEPS = BACKFILL + LIVE


def moments(after: datetime, until: datetime) -> list[datetime]:
    """When the brands are judged between two steps, as if the watch job had run: each look costs some 20 ms.

    Every five minutes while the steps are close, every half hour of the night that follows, every hour of the rest.
    """
    span = until - after
    every = timedelta(minutes=5) if span <= 2 * HOUR else timedelta(minutes=30) if span <= 12 * HOUR else HOUR
    between = range(1, -(-span // every))
    return [*(after + i * every for i in between), until]
