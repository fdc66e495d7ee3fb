"""One crawl of a source at a time, and one delay for all who ask a host: with real processes and a real site."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crawler import jobs_rate
from crawler.jobs_rate import Rate
from store import leases, runs
from store.database import Database
from tests.crawler.test_jobs import run, source, wait_for
from tests.support.factories import NOW
from tests.support.web import Asked, Reply, reply_json, serve
from tests.support.weibo_pages import NOTHING
from tingfeng.errors import CrawlError
from tingfeng.model import RunStatus

CRAWL = """
import sys
from itertools import pairwise
from pathlib import Path
from tests.crawler.test_jobs import Database, run, source
from tingfeng.errors import CrawlError
url, site, state, name, delay = sys.argv[1:]
try:
    print(run(Database(url), source(site, name=name, options={"delay": float(delay)}), Path(state)).status)
except CrawlError as e:
    print(e.reason)
"""


def begin(url: str, site: str, state: Path, *, name: str = "weibo", delay: float = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CRAWL, url, site, str(state), name, str(delay)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_machines_do_not_crawl_one_source_at_once(db, db_url, tmp_path):
    """Two state folders are two machines: they share nothing but the database."""
    go_on = threading.Event()

    def answer(asked: Asked) -> Reply:
        go_on.wait(20)
        return reply_json(NOTHING) if "getIndex" in asked.path else Reply(b"", 404)

    with serve(answer) as site:
        first = begin(db_url, site.url, tmp_path / "one")
        wait_for(lambda: site.asked)
        second = begin(db_url, site.url, tmp_path / "two")
        assert second.communicate(timeout=30)[0].strip() == "busy"
        go_on.set()
        assert first.communicate(timeout=30)[0].strip() == "ok"
        third = begin(db_url, site.url, tmp_path / "two")
        assert third.communicate(timeout=30)[0].strip() == "ok"
    with db.read() as s:
        assert [r.status for r in runs.recent(s, limit=9)] == [RunStatus.OK, RunStatus.OK], "the loser wrote nothing"


def test_a_dead_machines_source_is_free_when_its_lease_is_over_and_its_own_at_once(sqlite_db, sqlite_url, tmp_path):
    with serve(lambda asked: Reply(b"", 404, delay=8) if not asked.path.endswith("x") else Reply()) as site:
        first = begin(sqlite_url, site.url, tmp_path / "one")
        wait_for(lambda: site.asked)
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
    with serve(lambda asked: reply_json(NOTHING) if "getIndex" in asked.path else Reply(b"", 404)) as site:
        at = source(site.url)
        with pytest.raises(CrawlError, match="another machine"):
            run(sqlite_db, at, tmp_path / "two")
        assert run(sqlite_db, at, tmp_path / "one").status is RunStatus.OK, "its lock says that the holder is dead"
        with sqlite_db.write() as s:
            past = leases.clock(s) - 2 * jobs_rate.SPAN
            assert leases.take(s, "crawl:weibo", "somebody", span=jobs_rate.SPAN, now=past)
        assert run(sqlite_db, at, tmp_path / "two").status is RunStatus.OK, "over"


def test_who_has_lost_its_lease_stops_and_writes_nothing(sqlite_db, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs_rate, "RENEW", jobs_rate.RENEW * 0)

    def answer(asked: Asked) -> Reply:
        with sqlite_db.write() as s:
            leases.take(s, "crawl:weibo", "somebody", span=jobs_rate.SPAN, now=leases.clock(s) + 2 * jobs_rate.SPAN)
        return Reply(b"", 404, delay=2)

    with serve(answer) as site, pytest.raises(CrawlError, match="lease_lost"):
        run(sqlite_db, source(site.url), tmp_path)
    with sqlite_db.read() as s:
        latest = runs.latest(s, "weibo")
    assert latest is not None and latest.status is RunStatus.RUNNING, "its row is the other's to close"


def test_a_store_that_cannot_be_asked_for_a_moment_does_not_end_a_crawl(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs_rate, "RENEW", jobs_rate.RENEW * 0)
    gone = Database(f"sqlite:///{tmp_path}/not_set_up.db")
    lease = jobs_rate.Lease(gone, "crawl:weibo", "me")
    assert lease.keep(), "it may come back"
    monkeypatch.setattr(jobs_rate, "SPAN", jobs_rate.SPAN * 0)
    assert not lease.keep(), "by now it has run out, and another machine may have it"
    gone.close()


def test_two_sources_that_ask_one_host_keep_its_delay_together(db, db_url, tmp_path):
    arrivals: list[float] = []

    def answer(asked: Asked) -> Reply:
        arrivals.append(time.monotonic())
        return reply_json(NOTHING) if "getIndex" in asked.path else Reply(b"", 404)

    with serve(answer) as site:
        crawls = [begin(db_url, site.url, tmp_path / name, name=name, delay=1) for name in ("a", "b", "c")]
        assert [crawl.communicate(timeout=60)[0].strip() for crawl in crawls] == ["ok"] * 3
    apart = [later - earlier for earlier, later in pairwise(arrivals)]
    assert len(arrivals) == 6 and min(apart) > 0.7 and sum(apart) > 4.5, apart


def turns(rate: Rate, n: int, **more: Any) -> list[float]:
    began = time.monotonic()
    return [rate.turn("host", delay=10, **{"earliest": 0.0} | more) - began for _ in range(n)]


def test_the_store_is_asked_once_for_many_turns_while_nobody_else_asks(sqlite_db, monkeypatch):
    asked = []
    real = leases.take_slots
    monkeypatch.setattr(leases, "take_slots", lambda *a, **k: asked.append(1) or real(*a, **k))
    alone, other = Rate(sqlite_db), Rate(sqlite_db)
    found = turns(alone, 9)
    assert all(10 <= b - a <= 15.1 for a, b in pairwise(found)), found
    assert len(asked) == 3, "one to find out that nobody was there, then four at a time"
    assert 10 <= turns(other, 1)[0] - found[-1] <= 15.1


def test_turns_not_taken_are_given_back_and_late_ones_are_not_taken(sqlite_db):
    one, other = Rate(sqlite_db), Rate(sqlite_db, key="host")
    last = turns(one, 2)[-1]
    one.close()
    assert turns(other, 1)[0] - last <= 15.1, "three more were taken and not needed"
    late = time.monotonic() + 500
    assert one.turn("host", delay=10, earliest=late) >= late - 0.01


def test_without_a_delay_the_store_is_not_asked(sqlite_db, tmp_path):
    with serve(lambda asked: reply_json(NOTHING) if "getIndex" in asked.path else Reply(b"", 404)) as site:
        assert run(sqlite_db, source(site.url), tmp_path, now=NOW).status is RunStatus.OK
    with sqlite_db.write() as s:
        at = leases.clock(s)
        assert leases.take_slots(s, "127.0.0.1", "x", earliest=at, gaps=[], now=at)[0] == at
