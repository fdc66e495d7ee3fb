"""The daemon: a table of jobs on APScheduler; the only place that knows *when*.

Every job may be killed at any line and run again, so nothing here keeps state: a job that was missed, or that failed,
is simply run at its next turn. The one catch-all of the project is in `_guarded`.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from apscheduler import events
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from alerts.channels import load_notifiers
from alerts.digest import Period
from alerts.jobs import watch
from alerts.jobs_say import deliver, digest
from alerts.notifier import Notifier
from alerts.routing import Routing
from crawler.jobs import crawl, rests
from sentiment.brands import BrandWords
from sentiment.jobs import score_pending
from sentiment.jobs_stories import group_pending
from sentiment.layers import CurrentScorer, folder_of
from sentiment.relevance_filter import folder_of as filters_of
from sentiment.scorer import Scorer
from store.database import Database, upgrade
from store.jobs import retain
from tingfeng.clock import utc_now
from tingfeng.config import Config, SourceConfig
from tingfeng.errors import CrawlError, TingfengError, UnknownName
from tingfeng.registry import nearest

log = logging.getLogger("tingfeng.scheduler")

GRACE = timedelta(seconds=45)  # how long running crawls may go on after SIGTERM before they are told to stop too
LATE = timedelta(hours=1)  # APScheduler drops a job one second late unless told otherwise
WORKERS = 4  # crawls mostly wait for the network


@dataclass(slots=True, kw_only=True)
class Stop:
    """Whether the daemon was asked to stop, and whether patience with running crawls is over."""

    asked: threading.Event = field(default_factory=threading.Event)
    patience_over: float = float("inf")  # monotonic seconds

    def ask(self) -> None:
        self.patience_over = time.monotonic() + GRACE.total_seconds()
        self.asked.set()

    def now(self) -> bool:
        return self.asked.is_set()

    def at_once(self) -> bool:
        return time.monotonic() >= self.patience_over


class House:
    """What the jobs need, opened once per process: configuration, database, scorer, notifiers."""

    def __init__(self, config: Config, *, stop: Stop | None = None) -> None:
        self.config, self.stop = config, stop or Stop()
        self.db = Database(config.database_url)
        layers = folder_of(config.data_dir)
        self.words = BrandWords(config.brands, config.whole_words, filters=filters_of(config.data_dir))
        self._scorer = CurrentScorer(lambda: self.words.scorer(config.scorer, layers=layers), layers)

    @property
    def scorer(self) -> Scorer:
        """With the layer that is current now: `tingfeng sentiment learn` may have made another one."""
        return self._scorer.get()

    @cached_property
    def notifiers(self) -> Mapping[str, Notifier]:
        return load_notifiers(self.config.mail)

    @cached_property
    def routing(self) -> Routing:
        return Routing(routes=self.config.routes, recipients=self.config.recipients)

    @property
    def sources(self) -> tuple[SourceConfig, ...]:
        return tuple(s for s in self.config.sources if s.enabled)

    def close(self) -> None:
        self.db.close()


def crawl_source(house: House, source: SourceConfig, now: datetime) -> object:
    """Crawl one source once."""
    return crawl(
        house.db,
        source,
        house.config.brands,
        secret=house.config.secret(source.credential),
        author_secret=house.config.author_secret.get_secret_value(),
        now=now,
        state_dir=house.config.data_dir,
        author_names=house.config.privacy.author_names,
        silence_p=house.config.alerts.silence_p,
        stop=house.stop.at_once,
    )


def _crawl_all(house: House, now: datetime) -> object:
    """Every source once, whether it rests or not: somebody asked. One that another process crawls is left to it."""
    reports = (_crawled(house, source, now) for source in house.sources)
    return [report for report in reports if report is not None]


def _crawled(house: House, source: SourceConfig, now: datetime) -> object | None:
    try:
        return crawl_source(house, source, now)
    except CrawlError as e:
        if e.reason != "busy":
            raise
        log.info("crawl left to another process: source=%s", source.name)
        return None


def _score(house: House, now: datetime) -> object:
    return score_pending(house.db, house.scorer, words=house.words, stop=house.stop.now)


def _stories(house: House, now: datetime) -> object:
    return group_pending(house.db, now=now, stop=house.stop.now)


def _watch(house: House, now: datetime) -> object:
    c = house.config
    return watch(house.db, c.brands, house.sources, c.alerts, house.routing, now=now, zone=c.report_zone)


def _deliver(house: House, now: datetime) -> object:
    return deliver(house.db, house.notifiers, now=now, stop=house.stop.now)


def _digest(house: House, now: datetime) -> object:
    """Queue the digests that are due; queued ones are known by their key, so asking often is harmless."""
    c = house.config
    if now.astimezone(c.report_zone).hour < c.digest.hour:
        return []
    periods = [p for p, wanted in ((Period.DAILY, c.digest.daily), (Period.WEEKLY, c.digest.weekly)) if wanted]
    return [
        digest(house.db, c.brands, house.sources, house.routing, now=now, zone=c.report_zone, period=period)
        for period in periods
    ]


def _retain(house: House, now: datetime) -> object:
    return retain(house.db, house.config.retention, now=now)


@dataclass(frozen=True, slots=True)
class Job:
    """What to do and when."""

    run: Callable[[House, datetime], object]
    when: Callable[[Config], BaseTrigger]


def _every(seconds: int) -> Callable[[Config], BaseTrigger]:
    return lambda config: IntervalTrigger(seconds=seconds, timezone=config.report_zone)


def _daily(hour: int, minute: int) -> Callable[[Config], BaseTrigger]:
    return lambda config: CronTrigger(hour=hour, minute=minute, timezone=config.report_zone)


# "crawl" is scheduled once per source, by the source's own interval; `once crawl` crawls them all.
JOBS: dict[str, Job] = {
    "crawl": Job(_crawl_all, _every(300)),
    "score": Job(_score, _every(60)),
    "stories": Job(_stories, _every(60)),
    "watch": Job(_watch, _every(60)),
    "deliver": Job(_deliver, _every(15)),
    "digest": Job(_digest, _every(600)),
    "retention": Job(_retain, _daily(3, 30)),
}


# Who need not wait for its turn when the job before it brought something: minutes matter.
FOLLOWS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "crawl": ("score", lambda report: report.run.stored > 0),
    "score": ("stories", lambda report: report.mentions > 0 or report.entries > 0),
    "stories": ("watch", lambda report: True),  # what was scored may have been grouped in an earlier turn
    "watch": ("deliver", lambda report: report.messages > 0),
    "digest": ("deliver", lambda reports: any(r.queued for r in reports)),
}


def once(config: Config, job: str, *, now: datetime) -> object:
    """Run one job in this process and give its report. UnknownName when there is no such job."""
    if job not in JOBS:
        raise UnknownName("job", job, list(JOBS), nearest(job, JOBS))
    upgrade(config.database_url)
    house = House(config)
    try:
        return JOBS[job].run(house, now)
    finally:
        house.close()


def run(config: Config, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Run every job at its time until SIGTERM or SIGINT; running jobs are finished first. Returns 0."""
    upgrade(config.database_url)
    stop = Stop()
    house = House(config, stop=stop)
    heed_signals(stop)
    scheduler = build(house, clock)
    scheduler.start()
    log.info("tingfeng runs: sources=%d brands=%d", len(house.sources), len(config.brands))
    stop.asked.wait()
    log.info("tingfeng stops: finishing what runs")
    scheduler.shutdown(wait=True)
    house.close()
    log.info("tingfeng stopped")
    return 0


def heed_signals(stop: Stop) -> None:
    """Let SIGTERM and SIGINT ask for the end: in a thread, as the main one may hold the lock of the event just then."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=stop.ask).start())


def build(house: House, clock: Callable[[], datetime] = utc_now) -> BackgroundScheduler:
    """The scheduler with every job on it, not started."""
    scheduler = BackgroundScheduler(
        timezone=house.config.report_zone,
        executors={"default": ThreadPoolExecutor(WORKERS), "crawl": ThreadPoolExecutor(WORKERS)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": int(LATE.total_seconds())},
    )
    scheduler.add_listener(_missed, events.EVENT_JOB_MISSED | events.EVENT_JOB_MAX_INSTANCES)
    scheduler.add_listener(lambda event: _follow(scheduler, event), events.EVENT_JOB_EXECUTED)
    for name, job in JOBS.items():
        if name != "crawl":
            _add(scheduler, house, clock, name, job.run, job.when(house.config))
    for source in house.sources:
        jitter = int(source.interval.total_seconds() // 20)
        trigger = IntervalTrigger(
            seconds=int(source.interval.total_seconds()), timezone=house.config.report_zone, jitter=jitter or None
        )
        _add(scheduler, house, clock, f"crawl:{source.name}", _crawler(source), trigger, executor="crawl")
    return scheduler


def _crawler(source: SourceConfig) -> Callable[[House, datetime], object]:
    """The crawl of one source at its turn; a platform that said no is left alone for a while, longer each time."""

    def turn(house: House, now: datetime) -> object:
        rest = rests(house.db, source.name, now)
        if rest is not None:
            until = rest.until.isoformat("T", "seconds")
            log.info("crawl rests after refusals: source=%s until=%s reason=%s", source.name, until, rest.reason)
            return None
        return _crawled(house, source, now)

    return turn


def _add(
    scheduler: BackgroundScheduler,
    house: House,
    clock: Callable[[], datetime],
    name: str,
    work: Callable[[House, datetime], object],
    trigger: BaseTrigger,
    executor: str = "default",
) -> None:
    # A first turn at once: after a restart nobody should wait an interval, and missed digests are caught up.
    first: dict[str, Any] = {} if isinstance(trigger, CronTrigger) else {"next_run_time": utc_now()}
    scheduler.add_job(
        _guarded, trigger, args=(house, clock, name, work), id=name, replace_existing=True, executor=executor, **first
    )


def _guarded(
    house: House, clock: Callable[[], datetime], name: str, work: Callable[[House, datetime], object]
) -> object | None:
    """The job's report; None when it was not run or failed."""
    if house.stop.now():
        return None
    start = time.monotonic()
    try:
        report = work(house, clock())
    except TingfengError as e:
        log.error("job %s failed: %s", name, e)
    except Exception:  # the one catch-all: a bug in one job must not end the others
        log.exception("job %s broke", name)
    else:
        log.debug("job %s done: seconds=%.1f report=%s", name, time.monotonic() - start, report)
        return report
    return None


def _follow(scheduler: BackgroundScheduler, event: events.JobExecutionEvent) -> None:
    follower, brought_something = FOLLOWS.get(event.job_id.partition(":")[0], ("", bool))
    if follower and event.retval is not None and brought_something(event.retval):
        with contextlib.suppress(JobLookupError):  # taken off the table while stopping
            scheduler.modify_job(follower, next_run_time=utc_now())


def _missed(event: events.JobEvent) -> None:
    log.warning(
        "job %s was not run at its time (still busy, or the machine slept); its next turn is planned", event.job_id
    )
