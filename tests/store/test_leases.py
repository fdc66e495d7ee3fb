"""Leases and slots: one holder at a time, one delay for all, on both databases and from many processes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from store import leases
from store.database import Database
from tests.support.factories import NOW

SECOND = timedelta(seconds=1)
SPAN = 60 * SECOND


def test_a_lease_has_one_holder_until_it_is_over_or_given_back(db: Database) -> None:
    with db.write() as s:
        assert leases.take(s, "crawl:weibo", "a", span=SPAN, now=NOW)
        assert not leases.take(s, "crawl:weibo", "b", span=SPAN, now=NOW + 59 * SECOND)
        assert leases.take(s, "crawl:news", "b", span=SPAN, now=NOW), "another thing"
        assert leases.renew(s, "crawl:weibo", "a", span=SPAN, now=NOW + 59 * SECOND)
        assert not leases.take(s, "crawl:weibo", "b", span=SPAN, now=NOW + 118 * SECOND)
        assert leases.take(s, "crawl:weibo", "a", span=SPAN, now=NOW + 10 * SECOND), "its own, from a dead process"
        assert leases.take(s, "crawl:weibo", "b", span=SPAN, now=NOW + 70 * SECOND), "over"
        assert not leases.renew(s, "crawl:weibo", "a", span=SPAN, now=NOW + 71 * SECOND)
        assert not leases.give_back(s, "crawl:weibo", "a")
        assert leases.give_back(s, "crawl:weibo", "b")
        assert leases.take(s, "crawl:weibo", "a", span=SPAN, now=NOW + 72 * SECOND)


def test_the_clock_is_the_databases(db: Database) -> None:
    with db.read() as s:
        assert abs(leases.clock(s) - datetime.now(UTC)) < 5 * SECOND


def test_a_host_asked_every_five_minutes_is_not_asked_sooner_once_four_slots_are_taken(db: Database) -> None:
    gaps = [300 * SECOND] * 4
    with db.write() as s:
        begins = [
            leases.take_slots(s, "slow.example", holder, earliest=NOW, gaps=gaps, now=NOW)[0] for holder in "aaab"
        ]
    assert begins == [NOW + n * SECOND for n in (0, 300, 1500, 2700)]


def test_who_is_alone_takes_many_slots_and_who_shares_takes_one(db: Database) -> None:
    def take(holder: str, now: datetime, n: int = 3) -> tuple[float, int]:
        with db.write() as s:
            first, count = leases.take_slots(s, "weibo.cn", holder, earliest=now, gaps=[10 * SECOND] * n, now=now)
        return (first - NOW) / SECOND, count

    assert take("a", NOW) == (0, 1), "who was here before is not known"
    assert take("a", NOW + SECOND) == (10, 3)
    assert take("b", NOW + SECOND) == (40, 1), "behind the others"
    assert take("a", NOW + SECOND) == (50, 1)
    with db.write() as s:
        leases.return_slots(s, "weibo.cn", "b", after=NOW)
        leases.return_slots(s, "weibo.cn", "a", after=NOW + 55 * SECOND)
    assert take("a", NOW + SECOND)[0] == 55
    assert take("a", NOW - timedelta(days=3))[0] == -3 * 86_400, "a clock that was set back does not wait for days"


TAKER = """
import sys
from datetime import timedelta
from store import leases
from store.database import Database
url, holder = sys.argv[1:]
db = Database(url)
won, slots = 0, []
for n in range(40):
    with db.write() as s:
        now = leases.clock(s)
        if leases.take(s, f"thing {n}", holder, span=timedelta(minutes=1), now=now):
            won += 1
        gaps = [timedelta(seconds=1)] * 4
        first, count = leases.take_slots(s, "host", holder, earliest=now, gaps=gaps, now=now)
        slots += [(first + k * gaps[0]).timestamp() for k in range(count)]
print(won, *slots)
"""


def test_two_processes_share_leases_and_slots(db: Database, db_url: str) -> None:
    """Each thing is had once, and all slots of both lie a second apart."""
    command = [sys.executable, "-c", TAKER, db_url]
    takers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("a", "b")]
    said = [taker.communicate(timeout=60)[0].split() for taker in takers]
    assert [taker.returncode for taker in takers] == [0, 0]
    assert sum(int(words[0]) for words in said) == 40
    slots = sorted(float(at) for words in said for at in words[1:])
    assert len(slots) >= 80
    assert min(later - earlier for earlier, later in pairwise(slots)) > 0.999
