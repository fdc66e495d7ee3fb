"""What counts as blind in a mail: a source that missed its turn, not one that waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.gather import in_turn

NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("why", "seen", "interval", "want"),
    [
        ("asked hourly, seen 45 minutes ago: waiting", timedelta(minutes=45), HOUR, True),
        ("a crawl takes a while", timedelta(minutes=69), HOUR, True),
        ("an hourly turn was missed: blind", timedelta(minutes=75), HOUR, False),
        ("asked every five minutes, half an hour without: blind", timedelta(minutes=30), timedelta(minutes=5), False),
        ("no longer configured: nobody will ask", timedelta(minutes=1), None, False),
    ],
)
def test_in_turn(why: str, seen: timedelta, interval: timedelta | None, want: bool) -> None:
    assert in_turn(NOW - seen, interval, now=NOW) is want, why
