"""The crawl job: window, run row, lock, time limit, killing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler import process
from crawler.jobs import crawl, problems_of
from crawler.jobs_rate import alone
from crawler.jobs_windows import OVERLAP
from store import mentions, runs
from store.database import Database
from tests.support.crawls import BRAND
from tests.support.factories import NOW
from tests.support.web import Asked, Reply, reply_json, serve
from tests.support.weibo_pages import page, pages, post
from tingfeng.config import SourceConfig
from tingfeng.errors import ConfigError, CrawlError
from tingfeng.model import RunStatus

MINUTE = timedelta(minutes=1)
QUICK = {"delay": 0, "throttle": False}
ONE_PAGE = page([post(NOW - n * MINUTE, n=n) for n in range(10)])


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def source(url: str, **more: Any) -> SourceConfig:
    options = QUICK | more.pop("options", {})
    return SourceConfig.model_validate(
        {"name": "weibo", "kind": "weibo_mobile", "base_url": url, "options": options} | more
    )


def run(db: Database, at: SourceConfig, state: Path, **more: Any) -> Any:
    given: dict[str, Any] = {"secret": None, "author_secret": "s", "now": NOW, "state_dir": state}
    return crawl(db, at, (BRAND,), **given | more).run


def count(db: Database) -> int:
    with db.read() as s:
        return mentions.count(s)


def test_a_run_is_written_down_and_the_next_window_begins_where_it_began(db, tmp_path):
    with serve(pages(ONE_PAGE)) as site:
        first = run(db, source(site.url), tmp_path)
        again = run(db, source(site.url), tmp_path, now=NOW + 5 * MINUTE)
    assert (first.status, first.found, first.stored, first.skipped) == (RunStatus.OK, 10, 10, 0), first
    assert (first.window_since, first.window_until) == (NOW - timedelta(days=7), NOW)
    assert first.finished_at is not None and NOW < first.finished_at < NOW + MINUTE
    assert (again.stored, again.found) == (0, 10), "the overlap is seen again and stored once"
    assert again.window_since == first.window_until - OVERLAP
    assert count(db) == 10


def test_a_refused_run_leaves_the_window_open(lite, tmp_path):
    with serve(lambda asked: Reply(b"", 432 if "getIndex" in asked.path else 404)) as site:
        refused = run(lite, source(site.url, options={"first_window": "2d"}), tmp_path)
    assert (refused.status, refused.reason) == (RunStatus.REFUSED, "anticrawl")
    with lite.read() as s:
        assert runs.last_finished(s, "weibo") is None
        assert runs.coverage(s, "weibo", since=NOW - timedelta(days=9), until=NOW) == []


def test_a_crawl_beyond_its_time_is_ended_keeps_what_it_read_and_is_repeated(lite, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "GRACE", timedelta(seconds=3))
    half = page(ONE_PAGE["data"]["cards"][i]["mblog"] for i in range(5))
    half["data"]["cardlistInfo"]["page"] = 2
    slow = [half, Reply(b"{}", delay=20)]
    with serve(pages(*slow)) as site:
        stuck = run(lite, source(site.url, time_limit=4), tmp_path)
        assert (stuck.status, stuck.reason) == (RunStatus.FAILED, "timeout"), stuck
    with serve(pages(ONE_PAGE)) as site:
        again = run(lite, source(site.url), tmp_path, now=NOW + MINUTE)
    assert again.window_since == NOW + MINUTE - timedelta(days=7), "no hole"
    assert count(lite) == 10, "no double"


def test_a_result_longer_than_a_pipe_holds_arrives(lite, tmp_path):
    """Each query is told of by name, three times over: hundreds of them make more than 64 KB."""
    asked = [{"brand": BRAND.name, "text": f"云雀{n}{'长' * 150}"} for n in range(100)]
    with serve(lambda _: reply_json(ONE_PAGE)) as site:
        done = run(lite, source(site.url, queries=asked, time_limit="60s", options={"concurrency": 8}), tmp_path)
    assert (done.status, done.found) == (RunStatus.OK, 10), done


def test_a_killed_child_is_a_crash_and_a_killed_parent_takes_its_child_along(lite, sqlite_url, tmp_path):
    """SIGKILL on the crawling process, then on the process that runs the job; the store is fine after both."""
    asked: list[Asked] = []

    def answer(a: Asked) -> Reply:
        asked.append(a)
        if "getIndex" not in a.path:
            return Reply(b"", 404)
        if len(asked) > 2:
            return Reply(b"{}", delay=3)
        first = page([post(NOW - n * MINUTE, n=n) for n in range(10)], total=20, next_page=2)
        return reply_json(first)

    with serve(answer) as site:
        parent = subprocess.Popen([sys.executable, "-c", PARENT, sqlite_url, site.url, str(tmp_path)])
        child = wait_for(lambda: child_of(parent.pid) if len(asked) > 2 else None)
        os.kill(child, signal.SIGKILL)
        assert parent.wait(20) == 0
        with lite.read() as s:
            crashed = runs.latest(s, "weibo")
        assert crashed is not None and (crashed.status, crashed.reason) == (RunStatus.FAILED, "crash")
        asked.clear()
        parent = subprocess.Popen([sys.executable, "-c", PARENT, sqlite_url, site.url, str(tmp_path)])
        child = wait_for(lambda: child_of(parent.pid) if len(asked) > 2 else None)
        parent.kill()
        parent.wait()
        wait_for(lambda: not Path(f"/proc/{child}").exists() or is_gone(child))
    with serve(pages(ONE_PAGE)) as site:
        fine = run(lite, source(site.url), tmp_path, now=NOW + MINUTE)
    assert fine.status is RunStatus.OK
    assert count(lite) == 10
    with lite.read() as s:
        assert [r.reason for r in runs.recent(s, limit=9)] == ["", "killed", "crash"], "no row is left running"


PARENT = """
import sys
from pathlib import Path
from tests.crawler.test_jobs import Database, run, source
url, site, state = sys.argv[1:]
run(Database(url), source(site), Path(state))
"""


def child_of(pid: int) -> int | None:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    told = found.read_text().split() if found.exists() else []
    return int(told[0]) if told else None


def is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def wait_for(what: Any, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def test_two_crawls_of_one_source_do_not_run_at_once(lite, tmp_path):
    with alone(lite, tmp_path / "crawl-weibo.lock", "weibo"), pytest.raises(CrawlError, match="busy"):
        run(lite, source("http://127.0.0.1:9"), tmp_path)
    with lite.read() as s:
        assert runs.latest(s, "weibo") is None


def test_secrets_stay_out_of_logs_rows_and_the_command_line(lite, tmp_path):
    options = {"url": "/rss", "key_parameter": "key"}
    with serve(lambda asked: Reply(b"", 503 if asked.path == "/rss" else 404)) as site:
        at = source(site.url, kind="feed", name="news", options=options)
        failed = run(lite, at, tmp_path, secret="top secret!", author_secret="also secret")
    assert (failed.status, failed.reason, failed.detail) == (RunStatus.FAILED, "unreachable", "HTTP 503")
    [log] = tmp_path.glob("*.log")
    text = log.read_text()
    assert "Gave up retrying" in text and "***" in text
    for secret in ("top secret!", "top+secret%21", "top%20secret%21", "also secret"):
        assert secret not in text + repr(failed)


@pytest.mark.parametrize(
    ("why", "more", "says"),
    [
        ("no such spider", {"kind": "weibo_mobil"}, "did you mean 'weibo_mobile'"),
        ("not one of ours", {"kind": "tests.support.spiders:NoSpider"}, "not a TingfengSpider"),
        ("a mistyped option", {"options": {"max_page": 3}}, "did you mean 'max_pages'"),
        ("no credential", {"kind": "zhihu_open"}, "a credential is needed"),
    ],
)
def test_a_source_that_cannot_be_crawled_is_found_beforehand(why, more, says):
    problems = problems_of(source("http://127.0.0.1:9", **more), (BRAND,), secret=None)
    assert len(problems) == 1 and says in problems[0], why


def test_a_sound_source_has_no_problems():
    assert problems_of(source("http://127.0.0.1:9"), (BRAND,), secret=None) == []


def test_an_unreadable_first_window_is_a_mistake_of_the_file(lite, tmp_path):
    with pytest.raises(ConfigError, match="first_window"):
        run(lite, source("http://127.0.0.1:9", options={"first_window": "long"}), tmp_path)


def test_a_misconfigured_source_fails_by_name(lite, tmp_path):
    failed = run(lite, source("http://127.0.0.1:9", options={"max_page": 3}), tmp_path)
    assert (failed.status, failed.reason) == (RunStatus.FAILED, "config")
    assert "max_pages" in failed.detail
