"""A quiet brand and a broken crawler must not look alike."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from store import mentions, runs, series
from store.buckets import ADD
from store.database import Database, Session
from tests.support.factories import NOW, make_mention, make_verdict, stored_run, stored_scored
from tingfeng.model import Label, RunStatus

MINUTE = timedelta(minutes=1)


def said(s: Session, *minutes: int, source: str = "weibo") -> None:
    """A negative mention of 云雀 so many minutes after NOW."""
    posts = [make_mention(source=source, published_at=NOW + m * MINUTE) for m in minutes]
    stored_scored(s, posts, make_verdict(Label.NEGATIVE))


def half_hour(s: Session) -> dict[str, tuple[int | None, ...]]:
    """The six buckets after NOW, by source."""
    found = series.series(s, "云雀", since=NOW, until=NOW + 30 * MINUTE)
    assert all(x.start == NOW and x.brand == "云雀" and len(x.total) == 6 for x in found)
    assert all((a is None) == (b is None) for x in found for a, b in zip(x.negative, x.total, strict=True))
    return {x.source: x.total for x in found}


@pytest.mark.parametrize(
    ("why", "covered", "want"),
    [
        ("never looked: blind", [], None),
        ("looked all the time", [(0, 30)], (1, 0, 0, 2, 0, 0)),
        ("several runs in a row", [(0, 7), (7, 12), (12, 30)], (1, 0, 0, 2, 0, 0)),
        ("a bucket where a crawl ended waits for the next", [(0, 17)], (1, 0, 0, None, None, None)),
        ("so does the one where it began", [(1, 30)], (None, 0, 0, 2, 0, 0)),
        ("a gap inside one bucket blinds it", [(0, 12), (13, 30)], (1, 0, None, 2, 0, 0)),
        ("less than a bucket is none", [(11, 14)], (None,) * 6),
        ("more than was asked for", [(-90, 90)], (1, 0, 0, 2, 0, 0)),
    ],
)
def test_what_was_not_seen_is_none(
    db: Database, why: str, covered: list[tuple[int, int]], want: tuple[int | None, ...] | None
) -> None:
    with db.write() as s:
        said(s, 0, 15, 19)
        for since, until in covered:
            stored_run(s, since=NOW + since * MINUTE, until=NOW + until * MINUTE)
        found = half_hour(s)
    assert found.get("weibo") == want, why


def test_a_refused_crawl_is_blindness_not_calm(db: Database) -> None:
    with db.write() as s:
        said(s, 2)
        stored_run(s, since=NOW, until=NOW + 10 * MINUTE)
        stored_run(s, since=NOW + 10 * MINUTE, until=NOW + 30 * MINUTE, status=RunStatus.REFUSED, reason="captcha")
        assert half_hour(s) == {"weibo": (1, 0, None, None, None, None)}


def test_a_source_that_only_failed_is_shown_blind(db: Database) -> None:
    with db.write() as s:
        said(s, -600)
        stored_run(s, since=NOW - 900 * MINUTE, until=NOW - 600 * MINUTE)
        assert half_hour(s) == {}  # nobody looked in this period: it may have been removed long ago
        stored_run(s, since=NOW, until=NOW + 5 * MINUTE, status=RunStatus.FAILED)
        assert half_hour(s) == {"weibo": (None,) * 6}


def test_sources_keep_apart(db: Database) -> None:
    with db.write() as s:
        said(s, 1)
        said(s, 6, source="zhihu")
        stored_scored(s, [make_mention(brands=("夜莺",), source="feed", published_at=NOW)])
        stored_run(s, since=NOW, until=NOW + 30 * MINUTE)
        stored_run(s, "zhihu", since=NOW, until=NOW + 10 * MINUTE)
        stored_run(s, "feed", since=NOW, until=NOW + 30 * MINUTE)
        assert half_hour(s) == {"weibo": (1, 0, 0, 0, 0, 0), "zhihu": (0, 1, None, None, None, None)}
        assert series.sources_of(s, "云雀") == ["weibo", "zhihu"]
        assert series.series(s, "没有", since=NOW, until=NOW + 30 * MINUTE) == []


@pytest.mark.parametrize(
    ("why", "since", "until", "want"),
    [
        ("aligned", 0, 30, [(0, 6)]),
        ("the bucket `since` falls into is the first", 8, 30, [(5, 5)]),
        ("one that ends after `until` is not complete", 0, 29, [(0, 5)]),
        ("nothing complete", 1, 4, []),
        ("the wrong way round", 30, 0, []),
    ],
)
def test_grid(db: Database, why: str, since: int, until: int, want: list[tuple[int, int]]) -> None:
    with db.write() as s:
        said(s, 1)
        stored_run(s, since=NOW - 60 * MINUTE, until=NOW + 60 * MINUTE)
        found = series.series(s, "云雀", since=NOW + since * MINUTE, until=NOW + until * MINUTE)
    assert [((x.start - NOW) // MINUTE, len(x.total)) for x in found] == want, why


def test_mentions_that_nobody_scored_are_not_counted(db: Database) -> None:
    with db.write() as s:
        said(s, 1)
        stored_run(s, since=NOW, until=NOW + 30 * MINUTE)
        mentions.add(s, [make_mention(published_at=NOW)])
        assert half_hour(s) == {"weibo": (1, 0, 0, 0, 0, 0)}


def test_four_weeks_of_three_busy_sources_are_quick(sqlite_db: Database) -> None:
    since = NOW - timedelta(days=28)
    with sqlite_db.write() as s:
        for source in ("feed", "weibo", "zhihu"):
            starts = (since + i * 5 * MINUTE for i in range(28 * 288))
            ADD.run(s, [("云雀", source, start, 3, 1, 1, 1, 0.0) for start in starts])
            runs.cover(s, source, since=since, until=NOW)
    with sqlite_db.read() as s:
        took = []
        for _ in range(3):
            began = time.process_time()
            found = series.series(s, "云雀", since=since, until=NOW)
            took.append(time.process_time() - began)
    assert [set(x.negative) for x in found] == [{1}] * 3
    assert min(took) < 0.15, took  # about 0.03 s on a quiet machine


def test_buckets_of_a_period(db: Database) -> None:
    with db.write() as s:
        said(s, 0, 4, 5, 10)
        found = series.buckets(s, "云雀", NOW, NOW + 10 * MINUTE)
    assert [(b.start, b.total) for b in found] == [(NOW, 2), (NOW + 5 * MINUTE, 1)]
    assert isinstance(found[0].start, datetime)
