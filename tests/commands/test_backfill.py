"""`tingfeng backfill`: what was missed is read, stopped and repeated it goes on, and what cannot be had is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import breakers, mentions, runs, windows
from store.database import Database
from tests.crawler.test_jobs import wait_for
from tests.support.timeline import Timeline
from tests.support.web import Reply, serve

ROOT = Path(__file__).resolve().parents[2]
HOUR = timedelta(hours=1)
CONFIG = """\
[[brands]]
name = "云雀"

[[sources]]
name = "weibo"
kind = "weibo_mobile"
base_url = "{url}"
options = {{ delay = 0, throttle = false, max_pages = 3, first_window = "1h" }}

[[sources]]
name = "zhihu"
kind = "zhihu_open"
base_url = "{url}"

[[sources]]
name = "news"
kind = "feed"
base_url = "{url}"
"""


@pytest.fixture
def site(desk):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    timeline = Timeline(now - 24 * HOUR, now)
    with serve(timeline) as at:
        (desk / "tingfeng.toml").write_text(CONFIG.format(url=at.url), "utf-8")
        yield timeline


def holes(db: Database, since: datetime, until: datetime) -> timedelta:
    with db.read() as s:
        seen = runs.coverage(s, "weibo", since=since, until=until)
    return (until - since) - sum((b - a for a, b in seen), timedelta())


def test_killed_and_repeated_it_goes_on_until_nothing_is_missing(site, desk, desk_db, call):
    since = site.now - 10 * HOUR
    command = [sys.executable, "-m", "commands", "backfill", "--source", "weibo", "--since", since.isoformat()]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    site.refuse = lambda words, page: Reply(b"{}", delay=5) if page == 43 else None
    first = subprocess.Popen(command, cwd=desk, env=environment, stderr=subprocess.DEVNULL)
    wait_for(lambda: (("云雀", 43) in site.asked) or first.poll() is not None)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    with desk_db.read() as s:
        assert windows.count_gaps(s, "weibo") >= 1, "known, though nobody was left to tell"
    assert holes(desk_db, since, site.now) > 8 * HOUR, "nothing is claimed that was not finished"
    site.refuse = lambda words, page: None
    report = json.loads(call("backfill", "--source", "weibo", "--since", since.isoformat(), "--json").stdout)
    assert (report[0]["ended"], report[0]["missing"]) == ("filled", 0), report
    assert holes(desk_db, since, site.now) == timedelta(0)
    with desk_db.read() as s:
        assert mentions.count(s) >= 10 * 60
        assert windows.count_gaps(s, "weibo") == 0


def test_a_dry_run_asks_nobody_and_each_source_says_how_far_it_reaches(site, desk, call):
    result = call("backfill", "--since", "5h", "--dry-run")
    assert result.exit_code == 0 and site.asked == []
    assert "逐页回溯" in result.stdout and "仅当前列表" in result.stdout and "无法回溯" in result.stdout
    for name in ("zhihu", "news"):
        [line] = json.loads(call("backfill", "--since", "5h", "--source", name, "--json").stdout)
        assert (line["ended"], line["rounds"]) == ("cannot", 0)
    assert site.asked == []


def test_a_refusal_ends_it_and_a_resting_source_is_not_asked(site, desk, desk_db, call):
    site.refuse = lambda words, page: Reply(b"", 418) if page == 5 else None
    args = ("backfill", "--since", "5h", "--source", "weibo", "--json")
    result = call(*args)
    assert result.exit_code == 1 and json.loads(result.stdout)[0]["ended"] == "teapot"
    asked = len(site.asked)
    assert json.loads(call(*args).stdout)[0]["ended"] == "resting" and len(site.asked) == asked
    with desk_db.write() as s:
        assert breakers.get(s, "weibo")["reason"] == "teapot"


def test_what_the_platform_does_not_list_any_more_is_said(site, desk, call):
    site.began = site.now - 3 * HOUR
    listed = site.page
    site.page = lambda words, page: listed(words, min(page, 12))  # the last page over and over
    report = json.loads(call("backfill", "--since", "9h", "--source", "weibo", "--json").stdout)[0]
    assert report["ended"] == "stuck" and 5 * 3600 < report["missing"] < 8 * 3600, report


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--since", "soon"), "--since"),
        (("--since", "1h", "--until", "2h"), "--since"),
        (("--since", "1h", "--brand", "云雀儿"), "云雀"),
        (("--since", "1h", "--source", "weib"), "weibo"),
    ],
)
def test_mistakes_are_named(site, call, args, says):
    result = call("backfill", *args)
    assert result.exit_code == 2 and says in result.stderr
