"""Jobs by hand, and the daemon by its console script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

from store import mentions, scores
from tests.support.factories import make_mention


def test_once_runs_a_job_and_prints_its_report(call, desk_db):
    with desk_db.write() as s:
        mentions.add(s, [make_mention(text="太难喝了，再也不来"), make_mention(text="味道不错")])
    report = json.loads(call("once", "score", "--json").stdout)
    assert (report["texts"], report["mentions"]) == (2, 2)
    with desk_db.read() as s:
        assert scores.pending(s, limit=10) == []
    assert "mentions=0" in call("once", "score").stdout


def test_an_unknown_job_names_the_nearest(call, desk):
    result = call("once", "scroe")
    assert result.exit_code == 2
    assert "did you mean 'score'?" in result.stderr


def test_an_unknown_source_names_the_nearest(call, desk):
    result = call("crawl", "wiebo")
    assert result.exit_code == 2
    assert "unknown source 'wiebo'; did you mean 'weibo'?" in result.stderr


def test_crawl_tells_each_run_and_fails_if_one_did(call, desk, monkeypatch):
    from crawler import jobs
    from store.runs import begin, finish

    def refused(db, source, brands, *, now, **_):
        with db.write() as s:
            run = begin(s, source.name, window_since=now, window_until=now, now=now)
            return jobs.CrawlReport(
                run=finish(s, run.id, status="refused", reason="login_required", detail="a\x1b[2Jb", now=now)
            )

    monkeypatch.setattr(jobs, "crawl", refused)
    result = call("crawl")
    assert result.exit_code == 1
    assert result.stdout == "weibo: refused  login_required: a[2Jb\n"
    assert json.loads(call("crawl", "news", "--json").stdout)[0]["source"] == "news"


def test_digest_preview_writes_a_page(call, desk):
    result = call("digest", "preview", "out.html", "--period", "weekly")
    assert result.exit_code == 0, result.stderr
    page = (desk / "out.html").read_text("utf-8")
    assert "云雀" in page
    assert "cid:" not in page
    assert call("digest", "preview", "none/out.html").exit_code == 2


def test_the_daemon_stops_when_asked_and_exits_0(desk):
    config = (desk / "tingfeng.toml").read_text("utf-8").replace("[[sources]]", "[[sources]]\nenabled = false", 1)
    (desk / "tingfeng.toml").write_text(config, "utf-8")
    daemon = subprocess.Popen(
        [sys.executable, "-m", "commands", "run"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert daemon.stderr is not None
    try:
        for line in daemon.stderr:
            if "tingfeng runs" in line:
                break
        time.sleep(0.2)
        daemon.send_signal(signal.SIGTERM)
        rest = daemon.stderr.read()
        assert daemon.wait(timeout=60) == 0, rest
        assert "tingfeng stopped" in rest
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stderr.close()
