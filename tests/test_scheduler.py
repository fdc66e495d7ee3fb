"""The daemon: every job at its time, none twice at once, none ends the others, and it leaves when asked."""

from __future__ import annotations

import logging
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.triggers.cron import CronTrigger

import scheduler
from crawler.jobs import CrawlReport
from store import breakers, leases, runs
from store.database import upgrade
from tingfeng.config import Config, SourceConfig
from tingfeng.errors import DeliveryError, UnknownName
from tingfeng.model import Run, RunStatus

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    sources = (
        SourceConfig(name="news", kind="feed", interval=timedelta(minutes=10), options={"urls": []}),
        SourceConfig(name="off", kind="feed", enabled=False),
    )
    return Config(sources=sources, data_dir=tmp_path, author_secret="0123456789abcdef")


@pytest.fixture
def house(config: Config):
    house = scheduler.House(config)
    yield house
    house.close()


def test_every_job_and_every_enabled_source_is_on_the_table(house: scheduler.House) -> None:
    built = scheduler.build(house)
    jobs = {job.id: job for job in built.get_jobs()}
    assert set(jobs) == (set(scheduler.JOBS) - {"crawl"}) | {"crawl:news"}
    assert jobs["crawl:news"].trigger.interval == timedelta(minutes=10)


def test_no_job_overlaps_itself_or_is_dropped_for_being_late(house: scheduler.House) -> None:
    built = scheduler.build(house)
    built.start(paused=True)
    try:
        for job in built.get_jobs():
            assert (job.max_instances, job.coalesce) == (1, True), job.id
            assert job.misfire_grace_time >= 60, job.id
    finally:
        built.shutdown()


def test_cron_jobs_run_by_the_report_zone(house: scheduler.House) -> None:
    cron = [job.trigger for job in scheduler.build(house).get_jobs() if isinstance(job.trigger, CronTrigger)]
    assert cron
    assert all(trigger.timezone == ZoneInfo("Asia/Shanghai") for trigger in cron)


@pytest.mark.parametrize(
    ("why", "error", "word"),
    [
        ("an error of ours is one line", DeliveryError("mail: no route"), "no route"),
        ("a bug is logged whole", ZeroDivisionError("boom"), "boom"),
    ],
)
def test_a_failing_job_is_logged_and_ends_nothing(
    house: scheduler.House, caplog: pytest.LogCaptureFixture, why: str, error: Exception, word: str
) -> None:
    def work(_house: scheduler.House, _now: datetime) -> object:
        raise error

    with caplog.at_level(logging.INFO, "tingfeng.scheduler"):
        scheduler._guarded(house, lambda: NOW, "test", work)
    assert word in caplog.text, why


def test_nothing_starts_once_asked_to_stop(house: scheduler.House) -> None:
    ran: list[datetime] = []
    house.stop.ask()
    scheduler._guarded(house, lambda: NOW, "test", lambda _house, now: ran.append(now))
    assert not ran


def test_a_signal_is_heeded_even_while_the_event_is_locked() -> None:
    """Where the main thread stands when it has begun to wait and another thread has the interpreter."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop = scheduler.Stop()
    try:
        scheduler.heed_signals(stop)
        with stop.asked._cond:  # type: ignore[attr-defined]
            signal.raise_signal(signal.SIGTERM)
        assert stop.asked.wait(5)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_patience_with_crawls_ends_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = scheduler.Stop()
    assert not stop.at_once()
    stop.ask()
    assert stop.now()
    assert not stop.at_once(), "running crawls may finish"
    stop.patience_over = 0.0
    assert stop.at_once()


def test_what_a_job_brought_is_taken_up_at_once(house: scheduler.House) -> None:
    built = scheduler.build(house)
    built.start(paused=True)
    try:
        built.modify_job("score", next_run_time=NOW + timedelta(days=3650))
        brought = CrawlReport(
            run=Run(
                id=1, source="news", status=RunStatus.OK, started_at=NOW, window_since=NOW, window_until=NOW, stored=3
            )
        )
        for report, poked in (
            (None, False),
            (replace(brought, run=replace(brought.run, stored=0)), False),
            (brought, True),
        ):
            scheduler._follow(built, JobExecutionEvent(EVENT_JOB_EXECUTED, "crawl:news", "crawl", NOW, retval=report))
            due = built.get_job("score").next_run_time
            assert (due < datetime.now(UTC) + timedelta(seconds=1)) is poked, report
    finally:
        built.shutdown()


def test_a_source_that_was_refused_rests(house: scheduler.House, config: Config) -> None:
    upgrade(config.database_url)
    with house.db.write() as s:
        until = NOW + timedelta(hours=4)
        breakers.put(s, "news", failures=1, until=until, reason="captcha", retry_after=None, now=NOW)
    assert scheduler._crawler(config.sources[0])(house, NOW + timedelta(minutes=1)) is None
    with house.db.read() as s:
        assert runs.recent(s, limit=9) == [], "no run was begun"


def test_a_source_that_another_machine_is_at_is_left_to_it(house: scheduler.House, config: Config, caplog) -> None:
    upgrade(config.database_url)
    with house.db.write() as s:
        now = leases.clock(s)
        assert leases.take(s, "crawl:news", "another machine", span=timedelta(minutes=1), now=now)
    with caplog.at_level(logging.INFO, "tingfeng.scheduler"):
        assert scheduler._crawler(config.sources[0])(house, NOW) is None
        assert scheduler._crawl_all(house, NOW) == [], "and no reason to leave the others alone"
    assert caplog.text.count("left to another process") == 2


def test_a_missed_job_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "tingfeng.scheduler"):
        scheduler._missed(JobExecutionEvent(EVENT_JOB_MISSED, "watch", "default", NOW))
    assert "watch" in caplog.text


def test_once_names_the_nearest_job(config: Config) -> None:
    with pytest.raises(UnknownName, match="did you mean 'deliver'"):
        scheduler.once(config, "delivr", now=NOW)


def test_digest_waits_for_its_hour(house: scheduler.House) -> None:
    eight = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai, the digest's hour is 9
    assert scheduler.JOBS["digest"].run(house, eight) == []
