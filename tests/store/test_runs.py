"""Runs and what they covered."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import runs
from store.database import Database
from tests.support.factories import NOW, make_mention, stored_run
from tingfeng.errors import StoreError
from tingfeng.model import RunStatus

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(minutes: int) -> object:
    return NOW + minutes * MINUTE


def test_a_run_from_begin_to_finish(db: Database) -> None:
    with db.write() as s:
        run = runs.begin(s, "weibo", window_since=NOW - HOUR, window_until=NOW, now=NOW)
        assert (run.status, run.finished_at) == (RunStatus.RUNNING, None)
        assert runs.latest(s, "weibo") == run
        assert runs.last_finished(s, "weibo") is None
        done = runs.finish(
            s,
            run.id,
            status=RunStatus.OK,
            found=12,
            stored=10,
            skipped=1,
            covered_since=NOW - HOUR / 2,
            stats={"pages": 3},
            now=NOW + MINUTE,
        )
        assert done == runs.get(s, run.id) == runs.last_finished(s, "weibo")
        assert (done.found, done.stored, done.skipped, done.finished_at) == (12, 10, 1, NOW + MINUTE)
        assert runs.coverage(s, "weibo", since=NOW - HOUR, until=NOW + HOUR) == [(NOW - HOUR / 2, NOW)]
        with pytest.raises(StoreError, match="not running"):
            runs.finish(s, run.id, status=RunStatus.FAILED, now=NOW)


@pytest.mark.parametrize(
    ("why", "spans", "want"),
    [
        ("nothing", [], []),
        ("one", [(0, 10)], [(0, 10)]),
        ("what follows without a gap is one", [(0, 10), (10, 20)], [(0, 20)]),
        ("overlap", [(0, 10), (5, 20)], [(0, 20)]),
        ("within", [(0, 20), (5, 10)], [(0, 20)]),
        ("around", [(5, 10), (0, 20)], [(0, 20)]),
        ("a gap stays", [(0, 10), (12, 20)], [(0, 10), (12, 20)]),
        ("until something fills it", [(0, 10), (12, 20), (9, 13)], [(0, 20)]),
        ("empty windows cover nothing", [(5, 5)], []),
        ("cut to what was asked for", [(-50, 10), (90, 150)], [(-20, 10), (90, 100)]),
    ],
)
def test_coverage_is_merged(db: Database, why: str, spans: list[tuple[int, int]], want: list[tuple[int, int]]) -> None:
    with db.write() as s:
        for since, until in spans:
            stored_run(s, since=NOW + since * MINUTE, until=NOW + until * MINUTE)
        stored_run(s, "zhihu", since=NOW - HOUR, until=NOW)
        found = runs.coverage(s, "weibo", since=NOW - 20 * MINUTE, until=NOW + 100 * MINUTE)
    assert found == [(at(a), at(b)) for a, b in want], why


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), max_size=12))
def test_coverage_is_the_union_minute_by_minute(db: Database, spans: list[tuple[int, int]]) -> None:
    source = make_mention().native_id
    with db.write() as s:
        for since, length in spans:
            runs.cover(s, source, since=NOW + since * MINUTE, until=NOW + (since + length) * MINUTE)
        found = runs.coverage(s, source, since=NOW, until=NOW + HOUR)
    minutes = {m for a, b in found for m in range((a - NOW) // MINUTE, (b - NOW) // MINUTE)}
    assert minutes == {m for since, length in spans for m in range(since, since + length)}
    assert all(a[1] < b[0] for a, b in pairwise(found))


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.REFUSED])
def test_a_run_that_did_not_go_well_covers_nothing(db: Database, status: RunStatus) -> None:
    with db.write() as s:
        run = stored_run(s, since=NOW - HOUR, until=NOW, status=status, reason="captcha")
        assert runs.coverage(s, "weibo", since=NOW - HOUR, until=NOW) == []
        assert runs.last_finished(s, "weibo") is None
        assert runs.latest(s, "weibo") == run


def test_health_counts_failures_since_the_last_success(db: Database) -> None:
    with db.write() as s:
        stored_run(s, since=NOW - 9 * HOUR, until=NOW - 8 * HOUR, status=RunStatus.FAILED)
        good = stored_run(s, since=NOW - 9 * HOUR, until=NOW - 7 * HOUR)
        stored_run(s, since=NOW - 7 * HOUR, until=NOW - 6 * HOUR, status=RunStatus.REFUSED, reason="captcha")
        last = stored_run(s, since=NOW - 7 * HOUR, until=NOW - 5 * HOUR, status=RunStatus.FAILED, reason="timeout")
        stored_run(s, since=NOW, until=NOW + HOUR)
        weibo, never = runs.health(s, ["weibo", "zhihu"], NOW)
    assert (weibo.last_ok, weibo.latest, weibo.failures) == (good, last, 2)
    assert (weibo.last_ok_at, weibo.failing_since) == (NOW - 7 * HOUR, NOW - 6 * HOUR)
    assert (never.last_ok, never.latest, never.failures, never.last_ok_at) == (None, None, 0, None)


def test_killed_runs_are_closed(db: Database) -> None:
    with db.write() as s:
        for source, hours in (("weibo", 3), ("weibo", 0), ("zhihu", 3)):
            runs.begin(s, source, window_since=NOW - 9 * HOUR, window_until=NOW, now=NOW - hours * HOUR)
        assert runs.abandon(s, started_before=NOW - HOUR, source="zhihu", now=NOW) == 1
        assert runs.abandon(s, started_before=NOW - HOUR, now=NOW) == 1
        states = [(r.source, r.status, r.reason) for r in runs.recent(s, limit=9)]
    assert sorted(states) == [
        ("weibo", RunStatus.FAILED, "killed"),
        ("weibo", RunStatus.RUNNING, ""),
        ("zhihu", RunStatus.FAILED, "killed"),
    ]


def test_what_was_believed_too_early_is_taken_back(db: Database) -> None:
    with db.write() as s:
        stored_run(s, "weibo", since=at(-600), until=at(-300))
        stored_run(s, "weibo", since=at(-200), until=at(0))
        runs.uncover(s, "weibo", since=at(-350), until=at(-350))
        runs.uncover(s, "zhihu", since=at(-350), until=at(0))
        assert len(runs.coverage(s, "weibo", since=at(-600), until=at(0))) == 2, "nothing of it"
        runs.uncover(s, "weibo", since=at(-400), until=at(-100))
        assert runs.coverage(s, "weibo", since=at(-600), until=at(9)) == [(at(-600), at(-400)), (at(-100), at(0))]
        runs.uncover(s, "weibo", since=at(-60), until=at(9))
        assert runs.covered_until(s, "weibo") == at(-60)
        assert runs.covered_until(s, "zhihu") is None
        stored_run(s, "weibo", since=at(0), until=at(5), status=RunStatus.FAILED, reason="suspicious_silence")
        [health] = runs.health(s, ["weibo"], at(9))
        assert health.last_ok_at == at(-60), "seen no longer than is still believed"


def test_good_runs_and_what_has_become_usual(db: Database) -> None:
    failed = RunStatus.FAILED
    with db.write() as s:
        for minute, status, reason in ((1, RunStatus.OK, ""), (2, failed, "last_page_only"), (3, failed, "timeout")):
            stored_run(s, "weibo", since=at(0), until=at(minute), status=status, reason=reason)
        stored_run(s, "weibo", since=at(0), until=at(9), status=failed, reason="last_page_only")
        found = runs.good(s, "weibo", limit=9, accept="last_page_only", accept_before=at(5))
    assert [run.window_until for run in found] == [at(2), at(1)]
