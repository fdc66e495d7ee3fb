"""Windows of searches through real crawls: each goes on where it finished, what was missed is read later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.jobs import crawl
from crawler.jobs_windows import OVERLAP, Past
from store import mentions, runs, windows
from store.database import Database
from tests.crawler.test_jobs import child_of, is_gone, source, wait_for
from tests.support.crawls import BRAND
from tests.support.factories import NOW
from tests.support.timeline import MINUTE, Timeline
from tests.support.web import Reply, serve
from tingfeng.model import RunStatus

HOUR = timedelta(hours=1)
FOUR = [{"brand": "云雀", "text": words} for words in ("云雀", "云雀售后", "云雀召回", "云雀投诉")]
NO_GAPS = Past(pages=0)


def run(db: Database, at: Any, state: Path, **more: Any) -> Any:
    given: dict[str, Any] = {"secret": None, "author_secret": "s", "now": NOW, "state_dir": state, "past": NO_GAPS}
    return crawl(db, at, (BRAND,), **given | more)


def weibo(url: str, *, queries: Any = (), **options: Any) -> Any:
    return source(url, queries=queries, options={"first_window": "2h", "max_pages": 20} | options)


def windows_of(db: Database) -> dict[str, Any]:
    with db.read() as s:
        return {query: window for (_, query), window in windows.of(s, "weibo").items()}


def covered(db: Database, until: Any) -> list[Any]:
    with db.read() as s:
        return runs.coverage(s, "weibo", since=NOW - 100 * HOUR, until=until)


def gaps(db: Database) -> list[Any]:
    with db.read() as s:
        return [(g.since, g.until) for g in windows.gaps(s, "weibo")]


def test_three_of_four_searches_that_finished_go_on_and_the_fourth_is_read_again(sqlite_db, tmp_path):
    site = Timeline(NOW - 9 * HOUR, NOW)
    with serve(site) as at:
        run(sqlite_db, weibo(at.url, queries=FOUR), tmp_path)
        site.now = soon = NOW + 5 * MINUTE
        site.refuse = lambda words, number: Reply(b"", 432) if (words, number) == ("云雀投诉", 3) else None
        refused = run(sqlite_db, weibo(at.url, queries=FOUR), tmp_path, now=soon).run
        assert (refused.status, refused.reason) == (RunStatus.REFUSED, "anticrawl")
        assert {w.until for q, w in windows_of(sqlite_db).items() if q != "云雀投诉"} == {soon}
        assert windows_of(sqlite_db)["云雀投诉"].until == NOW
        assert covered(sqlite_db, NOW + 9 * HOUR) == [(NOW - 2 * HOUR, NOW)], "a run that was not good covers nothing"
        site.refuse = lambda words, number: None
        site.now, site.asked = NOW + 2 * HOUR, []
        good = run(sqlite_db, weibo(at.url, queries=FOUR), tmp_path, now=NOW + 2 * HOUR).run
    assert good.window_since == NOW - OVERLAP
    pages = {words: max(n for w, n in site.asked if w == words) for words, _ in site.asked}
    assert (pages["云雀"], pages["云雀投诉"]) == (14, 14), "125 and 130 minutes, and a page before them"
    assert covered(sqlite_db, NOW + 9 * HOUR) == [(NOW - 2 * HOUR, NOW + 2 * HOUR)], "all have read all of it by now"


def test_a_new_query_begins_with_the_first_window_while_the_others_go_on(sqlite_db, tmp_path):
    site = Timeline(NOW - 9 * HOUR, NOW)
    with serve(site) as at:
        run(sqlite_db, weibo(at.url, queries=FOUR[:1]), tmp_path)
        site.now, site.asked = NOW + HOUR, []
        both = run(sqlite_db, weibo(at.url, queries=FOUR[:2]), tmp_path, now=NOW + HOUR).run
    assert both.window_since == NOW - HOUR and both.covered_since == NOW - OVERLAP
    assert max(n for words, n in site.asked if words == "云雀") == 8
    assert max(n for words, n in site.asked if words == "云雀售后") == 13
    assert windows_of(sqlite_db)["云雀售后"] == windows.Window(since=NOW - HOUR, until=NOW + HOUR)
    assert covered(sqlite_db, NOW + HOUR) == [(NOW - 2 * HOUR, NOW + HOUR)]


def test_what_the_cap_cut_off_is_a_gap_and_later_runs_fill_it_within_their_budget(sqlite_db, tmp_path):
    """Down for a day with pages for 50 minutes: the hole is named, filled page by page, and covered in the end."""
    site = Timeline(NOW - 9 * HOUR, NOW)
    with serve(site) as at:
        small = weibo(at.url, max_pages=13)
        run(sqlite_db, small, tmp_path)
        now = site.now = NOW + 4 * HOUR
        capped = run(sqlite_db, small, tmp_path, now=now)
        assert capped.run.status is RunStatus.OK and capped.reaches_back == "pages"
        assert gaps(sqlite_db) == [(NOW, now - 130 * MINUTE)]
        assert covered(sqlite_db, now) == [(NOW - 2 * HOUR, NOW), (now - 130 * MINUTE, now)]
        left = []
        for _ in range(4):
            now = site.now = now + 5 * MINUTE
            site.asked.clear()
            done = run(sqlite_db, small, tmp_path, now=now, past=Past(pages=8))
            assert done.run.status is RunStatus.OK
            left.append(sum((b - a) // MINUTE for a, b in gaps(sqlite_db)))
        assert left[0] == left[1] == 110 and 0 < left[2] < 110 and left[3] == 0, "first on the way to it, then in it"
        assert covered(sqlite_db, now) == [(NOW - 2 * HOUR, now)]
    with sqlite_db.read() as s:
        assert mentions.count(s) >= 6 * 60, "every minute since two hours before is there"


def test_what_a_feed_does_not_list_any_more_is_a_hole_with_a_name(sqlite_db, tmp_path):
    when = "<pubDate>{1:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
    item = "<item><title>云雀</title><link>http://x/{0}</link><guid>{0}</guid>" + when + "</item>"

    def rss(newest: Any) -> Reply:
        items = "".join(item.format(f"{newest:%H%M}{n}", newest - n * MINUTE) for n in range(10))
        return Reply(f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>", type="application/rss+xml")

    newest = [NOW]
    with serve(lambda asked: rss(newest[0]) if asked.path == "/rss" else Reply(b"", 404)) as at:
        feed = source(at.url, kind="feed", options={"url": "/rss", "first_window": "5m"})
        first = run(sqlite_db, feed, tmp_path).run
        assert first.status is RunStatus.OK, first
        newest[0] = now = NOW + HOUR
        run(sqlite_db, feed, tmp_path, now=now, past=Past())
        later = run(sqlite_db, feed, tmp_path, now=now, past=Past())
    assert later.reaches_back == "listed" and later.filled == ()
    with sqlite_db.read() as s:
        [gap] = windows.gaps(s, "weibo")
    assert (gap.search, gap.since, gap.until, gap.reason) == (("", ""), NOW, now - 9 * MINUTE, "not_listed")


def test_a_database_of_before_goes_on_where_its_last_run_ended(sqlite_db, tmp_path):
    with sqlite_db.write() as s:
        old = runs.begin(s, "weibo", window_since=NOW - HOUR, window_until=NOW, now=NOW)
        runs.finish(s, old.id, status=RunStatus.OK, now=NOW)
    site = Timeline(NOW - 9 * HOUR, NOW + HOUR)
    with serve(site) as at:
        done = run(sqlite_db, weibo(at.url), tmp_path, now=NOW + HOUR).run
    assert done.window_since == NOW - OVERLAP
    assert covered(sqlite_db, NOW + HOUR) == [(NOW - HOUR, NOW + HOUR)]


def test_windows_are_right_after_kill_9_of_child_and_parent(sqlite_db, sqlite_url, tmp_path):
    """Killed while the second query is read: neither window moves; repeated, both are whole and nothing is twice."""
    site = Timeline(NOW - 9 * HOUR, NOW)
    with serve(site) as at:
        site.refuse = lambda words, number: Reply(b"{}", delay=5) if words == "云雀售后" and number == 3 else None
        for victim in ("child", "parent"):
            site.asked.clear()
            parent = subprocess.Popen([sys.executable, "-c", PARENT, sqlite_url, at.url, str(tmp_path)])
            child = wait_for(lambda: child_of(parent.pid) if ("云雀售后", 3) in site.asked else None)  # noqa: B023
            os.kill(child if victim == "child" else parent.pid, signal.SIGKILL)
            parent.wait(20)
            wait_for(lambda: is_gone(child))  # noqa: B023
            assert windows_of(sqlite_db) == {} and gaps(sqlite_db) == [], victim
        site.refuse = lambda words, number: None
        done = run(sqlite_db, weibo(at.url, queries=FOUR[:2]), tmp_path, now=NOW + MINUTE).run
    assert done.status is RunStatus.OK
    since = NOW + MINUTE - 2 * HOUR
    assert set(windows_of(sqlite_db).values()) == {windows.Window(since=since, until=NOW + MINUTE)}
    assert covered(sqlite_db, NOW + HOUR) == [(since, NOW + MINUTE)]


PARENT = """
import sys
from pathlib import Path
from tests.crawler.test_windows import Database, FOUR, run, weibo
url, site, state = sys.argv[1:]
run(Database(url), weibo(site, queries=FOUR[:2]), Path(state))
"""


@pytest.mark.parametrize("reason", ["stop", "limit"])
def test_what_had_finished_when_a_crawl_was_ended_from_outside_stays_finished(sqlite_db, tmp_path, reason):
    site = Timeline(NOW - 9 * HOUR, NOW)
    site.refuse = lambda words, number: Reply(b"{}", delay=3) if words == "云雀售后" and number == 13 else None
    with serve(site) as at:
        kept = weibo(at.url, queries=FOUR[:2]).model_copy(
            update={"time_limit": timedelta(seconds=4 if reason == "limit" else 60)}
        )
        ended = run(sqlite_db, kept, tmp_path, stop=lambda: reason == "stop" and ("云雀售后", 13) in site.asked).run
    assert ended.reason == ("stopped" if reason == "stop" else "timeout")
    assert list(windows_of(sqlite_db)) == ["云雀"]
