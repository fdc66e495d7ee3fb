"""A crawl that went well by all appearances, against what crawls of its source used to bring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.jobs import crawl
from crawler.jobs_windows import OVERLAP
from store import mentions, runs
from store.database import Database
from tests.support import hot_bodies
from tests.support.crawls import BRAND
from tests.support.factories import NOW, make_mention, stored_scored
from tests.support.web import NOT_FOUND, reply_json, serve
from tests.support.weibo_pages import NOTHING, page, pages, post
from tingfeng.config import SourceConfig
from tingfeng.model import Run, RunStatus

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUERY = "云雀/云雀"
KNOWN = [post(NOW - n * 6 * MINUTE, n=n) for n in range(1, 11)]


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Database]:
    """A source that brought ten mentions an hour for a week, seen every half hour."""
    database = Database(sqlite_url)
    with database.write() as s:
        stored_scored(s, [make_mention(published_at=NOW - n * 6 * MINUTE) for n in range(1, 7 * 240)])
        for n in range(40, 0, -1):
            good(s, NOW - n * 30 * MINUTE)
        good(s, NOW)
        runs.cover(s, "weibo", since=NOW - 7 * DAY, until=NOW)
    yield database
    database.close()


def good(s: Any, until: Any, **stats: Any) -> None:
    begun = runs.begin(s, "weibo", window_since=until - 30 * MINUTE, window_until=until, now=until)
    told = {"yields": {QUERY: 10}, "newest": {QUERY: (until - 6 * MINUTE).isoformat()}} | stats
    runs.finish(s, begun.id, status=RunStatus.OK, found=10, stats=told, now=until)


def run(db: Database, body: Any, state: Path, *, after: timedelta, **more: Any) -> Run:
    with serve(pages(*(body if isinstance(body, list) else [body]))) as site:
        table = {"name": "weibo", "kind": "weibo_mobile", "base_url": site.url, "options": {"delay": 0}}
        source = SourceConfig.model_validate(table)
        given: dict[str, Any] = {"secret": None, "author_secret": "s", "now": NOW + after, "state_dir": state}
        return crawl(db, source, (BRAND,), **given | more).run


def seen(db: Database, since: Any, until: Any) -> list[Any]:
    with db.read() as s:
        return runs.coverage(s, "weibo", since=since, until=until)


def test_empty_where_there_used_to_be_plenty_is_no_quiet_day(lite, tmp_path):
    empty = run(lite, NOTHING, tmp_path, after=10 * MINUTE)
    assert (empty.status, empty.reason) == (RunStatus.FAILED, "suspicious_silence"), empty
    assert empty.detail.startswith(f"{QUERY}: 0 posts since") and "10 expected" in empty.detail
    assert seen(lite, NOW, NOW + HOUR) == [], "blind time is missing, not zero"
    fresh = [post(NOW + n * MINUTE, n=100 + n) for n in range(9)] + KNOWN[:1]
    well = run(lite, page(fresh, total=10), tmp_path, after=20 * MINUTE)
    assert (well.status, well.window_since) == (RunStatus.OK, NOW - OVERLAP), "the window is read again"
    assert seen(lite, NOW, NOW + HOUR) == [(NOW, NOW + 20 * MINUTE)]
    with lite.read() as s:
        assert mentions.count(s) == 7 * 240 - 1 + 10


def test_the_same_old_posts_for_hours_are_a_silence_and_what_was_believed_is_taken_back(lite, tmp_path):
    old = page(KNOWN, total=10)
    first = run(lite, old, tmp_path, after=30 * MINUTE)
    assert first.status is RunStatus.OK, "half an hour may be quiet"
    assert seen(lite, NOW, NOW + 3 * HOUR) == [(NOW, NOW + 30 * MINUTE)]
    later = run(lite, old, tmp_path, after=2 * HOUR)
    assert (later.status, later.reason) == (RunStatus.FAILED, "suspicious_silence"), later
    [doubt] = later.stats["doubts"]
    newest = NOW - 6 * MINUTE
    assert doubt["since"] == newest.isoformat() and 15 < doubt["expected"] < 25 and doubt["p"] < 1e-4
    assert seen(lite, NOW - HOUR, NOW + 3 * HOUR) == [(NOW - HOUR, newest)]
    again = run(lite, page([post(NOW + HOUR, n=77), *KNOWN[:9]], total=10), tmp_path, after=2 * HOUR + MINUTE)
    assert (again.status, again.window_since) == (RunStatus.OK, newest - OVERLAP)
    assert seen(lite, NOW, NOW + 3 * HOUR) == [(NOW, NOW + 2 * HOUR + MINUTE)]


def test_how_improbable_is_a_setting(lite, tmp_path):
    assert run(lite, page(KNOWN, total=10), tmp_path, after=2 * HOUR, silence_p=1e-12).status is RunStatus.OK


def test_only_the_first_page_where_there_were_more(lite, tmp_path):
    cut = page([*KNOWN[:9], post(NOW + MINUTE, n=5)], total=90, next_page=2)
    hours = page([post(NOW + 9 * HOUR - n * MINUTE, n=500 + n) for n in range(10)], total=90, next_page=2)
    assert run(lite, cut, tmp_path, after=10 * MINUTE).status is RunStatus.OK, "it reached the window's start"
    first = run(lite, hours, tmp_path, after=9 * HOUR)
    assert (first.status, first.reason) == (RunStatus.FAILED, "last_page_only"), first
    assert first.stored == 10, "what it did see is kept"


def test_what_has_been_so_for_three_days_is_how_it_is(lite, tmp_path):
    hours = page([post(NOW + 90 * HOUR - n * MINUTE, n=500 + n) for n in range(10)], total=90, next_page=2)
    with lite.write() as s:
        begun = runs.begin(s, "weibo", window_since=NOW, window_until=NOW + HOUR, now=NOW + HOUR)
        stats = {"yields": {QUERY: 10}, "search/first_page_only": 1}
        runs.finish(s, begun.id, status=RunStatus.FAILED, reason="last_page_only", stats=stats, now=NOW + HOUR)
    usual = run(lite, hours, tmp_path, after=90 * HOUR)
    assert usual.status is RunStatus.OK, usual
    assert usual.covered_since == NOW + 90 * HOUR - 9 * MINUTE, "it claims no more than it saw"


def test_a_young_source_is_believed(sqlite_url, tmp_path):
    database = Database(sqlite_url)
    assert run(database, NOTHING, tmp_path, after=MINUTE).status is RunStatus.OK
    database.close()


def whole(db: Database, topics: list[dict[str, Any]], state: Path, *, after: timedelta) -> Run:
    """A crawl of a source that is read as a whole, with a good past."""
    with db.write() as s:
        for n in range(20, 0, -1):
            newest = (NOW - (n - 1) * 30 * MINUTE - 6 * MINUTE).isoformat()
            good(s, NOW - (n - 1) * 30 * MINUTE, yields={"": 10}, newest={"": newest})
    with serve(lambda asked: reply_json(topics) if "topics" in asked.path else NOT_FOUND) as site:
        table = {"name": "weibo", "kind": "v2ex", "base_url": site.url, "options": {"delay": 0}}
        given: dict[str, Any] = {"secret": None, "author_secret": "s", "now": NOW + after, "state_dir": state}
        return crawl(db, SourceConfig.model_validate(table), (BRAND,), **given).run


def topic(n: int, at: Any, title: str = "云雀") -> dict[str, Any]:
    return {"id": n, "title": title, "content": "说说", "created": int(at.timestamp())}


@pytest.mark.parametrize(
    ("why", "title", "after"),
    [("none of ours where there used to be plenty", "闲聊", 10 * MINUTE), ("the same for hours", "云雀", 2 * HOUR)],
)
def test_a_source_read_as_a_whole_is_doubted_too(lite, tmp_path, why, title, after):
    known = [topic(n, NOW - n * 6 * MINUTE, title) for n in range(1, 11)]
    found = whole(lite, known, tmp_path, after=after)
    assert (found.status, found.reason) == (RunStatus.FAILED, "suspicious_silence"), why


def test_a_hot_list_of_one_entry_is_doubted(lite, tmp_path):
    body = hot_bodies.baidu()
    card = body["data"]["cards"][0]
    with lite.write() as s:
        for n in range(20, 0, -1):
            good(s, NOW - (n - 1) * 30 * MINUTE, yields={"": 0, "hot:baidu": 50}, newest={})
    card["content"] = card["content"][:1]
    with serve(lambda asked: reply_json(body) if asked.path == "/api/board" else NOT_FOUND) as site:
        table = {"name": "weibo", "kind": "hot_boards", "base_url": site.url, "options": {"delay": 0}}
        given: dict[str, Any] = {"secret": None, "author_secret": "s", "now": NOW + HOUR, "state_dir": tmp_path}
        found = crawl(lite, SourceConfig.model_validate(table), (BRAND,), **given).run
    assert (found.status, found.reason) == (RunStatus.FAILED, "last_page_only"), found
