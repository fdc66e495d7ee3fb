"""The crawl job: one source, one subprocess, one row in the table of runs.

A subprocess because Twisted's reactor starts once per process, and because a crash, a leak or a hang stays in there.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.breaker import Breaker, State
from crawler.doubt import doubted, unseen_since
from crawler.jobs_rate import alone
from crawler.jobs_windows import Past, cover, covered_since, gaps_to_fill, keep, starts
from crawler.options import FIRST_WINDOW, duration
from crawler.outcome import Filling, Result
from crawler.process import run_child
from crawler.spec import CrawlSpec
from crawler.spiders import SPIDERS
from store import breakers, reach, runs, windows
from store.database import Database, Session
from tingfeng.errors import ConfigError, UnknownName
from tingfeng.model import Brand, Query, Run, RunStatus
from tingfeng.registry import resolve

if TYPE_CHECKING:
    from tingfeng.config_model import SourceConfig

log = logging.getLogger(__name__)

USUAL = Past()
CONTACT_LIMIT = timedelta(minutes=2)
AHEAD = timedelta(days=1)  # a demo's clock may have been set back since a row was written
UNKNOWN = datetime.fromtimestamp(0, UTC)
MOST_REVISITS = 50  # known posts one run may be asked to look at again; the spider has its own budget


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """What came of one crawl. `run.status`, `run.reason` and the counts say it all."""

    run: Run
    filled: tuple[Filling, ...] = ()  # of the gaps it was given
    reaches_back: str = "none"  # how much of the past the spider can read; "pages", "listed" or "none"


def crawl(
    db: Database,
    source: SourceConfig,
    brands: Sequence[Brand],
    *,
    secret: str | None,
    author_secret: str,
    now: datetime,
    state_dir: Path,
    author_names: bool = False,
    past: Past = USUAL,
    silence_p: float = 1e-4,
    stop: Callable[[], bool] = lambda: False,
) -> CrawlReport:
    """Crawl `source` once in a subprocess and write down how it went.

    `secret` is the credential's value, if the source names one. `state_dir` takes the child's log and the source's
    lock. `past` says what is done about gaps. A silence that is less likely than `silence_p` fails the run
    (crawler.doubt). `stop` is asked twice a second and ends the crawl when it says True: the run has then failed as
    'stopped', and the windows of unfinished searches are read again. Never raises for what a platform does: a refusal,
    a time-out or a changed layout is a run with that status and reason. CrawlError 'busy' when another crawl of the
    source is under way, 'lease_lost' when another machine took this one for dead, ConfigError when first_window cannot
    be read, StoreError when the database cannot be used.
    """
    started = time.monotonic()
    with alone(db, _path(state_dir, source.name, "lock"), source.name) as lease:
        spec = _spec(db, source, brands, secret=secret, author_secret=author_secret, now=now)
        with db.write() as s:
            lease.take(s)
            runs.abandon(s, source=source.name, started_before=now + AHEAD, now=now)  # nobody else has the lease
            spec = _planned(s, spec, _first_window(source), past)
            run = runs.begin(s, source.name, window_since=spec.since, window_until=now, now=now)
        with db.read() as s:  # it may take a few tenths of a second, for which nobody else should wait
            known = reach.due(s, source.name, now=now, limit=MOST_REVISITS)
        spec = replace(spec, revisit=tuple(known), author_names=author_names)
        if source.robots_override_reason:
            log.warning("robots.txt overridden: source=%s reason=%s", source.name, source.robots_override_reason)

        def stop_now() -> bool:
            return not lease.keep() or stop()

        log_path = _path(state_dir, source.name, "log")
        result = run_child(spec, time_limit=source.time_limit, log_path=log_path, stop=stop_now)
        with db.read() as s:
            result = doubted(s, run, result, spec.queries, p=silence_p)
        ended = now + timedelta(seconds=time.monotonic() - started)
        with db.write() as s:
            lease.give_back(s)
            run = _finish(s, run, spec, result, ended)
            if unseen := unseen_since(result):
                runs.uncover(s, source.name, since=unseen, until=now)
                windows.rewind(s, source.name, to=unseen, now=ended)
    _tell(run, seconds=time.monotonic() - started)
    return CrawlReport(run=run, filled=result.filled, reaches_back=result.reaches_back)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """A source that is left alone until then, and why. `retry_after`: what the platform itself asked for, if it did."""

    until: datetime
    reason: str
    failures: int  # in a row
    retry_after: datetime | None


def rests(db: Database, source: str, now: datetime) -> Resting | None:
    """Whether a platform that said no is being left alone, until when and why; None when it may be asked now.

    Not enforced by `crawl`: an operator who has put things right does not wait.
    """
    with db.read() as s:
        breaker = Breaker(**breakers.get(s, source))
    if breaker.until is None or breaker.state(now) is not State.OPEN:
        return None
    return Resting(
        until=breaker.until, reason=breaker.reason, failures=breaker.failures, retry_after=breaker.retry_after
    )


def _set_breaker(s: Session, run: Run, result: Result, ended: datetime) -> None:
    said = result.stats.get("retry_after")
    retry_after = datetime.fromisoformat(said) if said else None
    before = Breaker(**breakers.get(s, run.source))
    after = before.after(run.status, run.reason, retry_after=retry_after, now=ended, dice=random.random())
    if after.until is None:
        breakers.remove(s, run.source)
    elif after != before:
        breakers.put(
            s,
            run.source,
            failures=after.failures,
            until=after.until,
            reason=after.reason,
            retry_after=after.retry_after,
            now=ended,
        )


def problems_of(source: SourceConfig, brands: Sequence[Brand], *, secret: str | None) -> list[str]:
    """What would keep `source` from being crawled, one line each: its kind, its options, a missing credential.

    For `check-config`: it loads the spider, and Scrapy with it, which a crawl leaves to its child.
    """
    from crawler.child import prepare

    spec = _spec(None, source, brands, secret=secret, author_secret="", now=UNKNOWN)
    try:
        prepare(spec)
    except ConfigError as e:
        return list(e.problems)
    except UnknownName as e:
        return [f"sources.{source.name}.kind: {e}"]
    return []


def contact(
    source: SourceConfig, brands: Sequence[Brand], *, secret: str | None, now: datetime, state_dir: Path
) -> Result:
    """Ask `source` once through its spider and store nothing; `stats["findings"]` holds what was found out.

    Like `crawl`, it never raises for what a platform does. It holds no lease and heeds no rest: an operator looks on.
    """
    spec = replace(_spec(None, source, brands, secret=secret, author_secret="", now=now), probe=True)
    spec = replace(spec, since=now - _first_window(source), time_limit=min(source.time_limit, CONTACT_LIMIT))
    return run_child(spec, time_limit=spec.time_limit, log_path=_path(state_dir, source.name, "contact.log"))


def queries_of(source: SourceConfig, brands: Sequence[Brand]) -> tuple[Query, ...]:
    """What a source is searched for: its queries, or else every brand by its name."""
    asked = tuple(Query(brand=q.brand, text=q.text) for q in source.queries)
    return asked or tuple(Query(brand=b.name, text=b.name) for b in brands)


def reaches_back(source: SourceConfig) -> str:
    """How much of the past the source's spider can read: "pages", "listed" or "none". It loads Scrapy."""
    kind = resolve("spider", source.kind, SPIDERS)
    return str(getattr(kind, "reaches_back", "none"))


def _planned(s: Session, spec: CrawlSpec, first_window: timedelta, past: Past) -> CrawlSpec:
    """The crawl with where each search begins, and the gaps it is to try."""
    windows = starts(s, spec.source, spec.queries, first_window=first_window, now=spec.now)
    gaps = gaps_to_fill(s, spec.source, spec.queries, past, now=spec.now)
    since = min(windows.values(), default=spec.now - first_window)
    return replace(spec, since=since, windows=windows, gaps=gaps, gap_pages=past.pages)


def _finish(s: Session, run: Run, spec: CrawlSpec, result: Result, ended: datetime) -> Run:
    keep(s, spec, result, now=ended)
    run = runs.finish(
        s,
        run.id,
        status=result.status,
        reason=result.reason,
        detail=result.detail,
        found=result.found,
        stored=result.stored,
        skipped=result.skipped,
        covered_since=covered_since(spec, result),
        stats=result.stats,
        now=ended,
    )
    cover(s, spec, run, result)
    _set_breaker(s, run, result, ended)
    return run


def _tell(run: Run, *, seconds: float) -> None:
    log.log(
        logging.INFO if run.status is RunStatus.OK else logging.WARNING,
        "crawl done: source=%s status=%s reason=%s found=%d stored=%d skipped=%d seconds=%.1f",
        *(run.source, run.status, run.reason or "-", run.found, run.stored, run.skipped, seconds),
    )


def _first_window(source: SourceConfig) -> timedelta:
    try:
        return duration(source.options.get("first_window", FIRST_WINDOW))
    except ValueError as e:
        raise ConfigError(f"sources.{source.name}.options.first_window: {e}") from e


def _spec(
    db: Database | None,
    source: SourceConfig,
    brands: Sequence[Brand],
    *,
    secret: str | None,
    author_secret: str,
    now: datetime,
) -> CrawlSpec:
    return CrawlSpec(
        source=source.name,
        kind=source.kind,
        base_url=source.base_url,
        queries=queries_of(source, brands),
        brands=tuple(brands),
        since=now,
        now=now,
        options=dict(source.options),
        database_url=db.engine.url.render_as_string(hide_password=False) if db else "",
        author_secret=author_secret,
        credential=secret,
        robots_override_reason=source.robots_override_reason,
        time_limit=source.time_limit,
        interval=source.interval,
    )


def _path(state_dir: Path, source: str, suffix: str) -> Path:
    """A file of this source in the state folder; its name cannot lead out of there."""
    state_dir.mkdir(parents=True, exist_ok=True)
    return state_dir / f"crawl-{re.sub(r'[^A-Za-z0-9_-]', '_', source)}.{suffix}"
