"""The crawl job: one source, one subprocess, one row in the table of runs.

A subprocess because Twisted's reactor starts once per process, and because a crash, a leak or a hang stays in there.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.doubt import doubted, unseen_since
from crawler.options import FIRST_WINDOW, duration
from crawler.outcome import Result
from crawler.spec import CrawlSpec
from store import runs
from store.database import Database, Session
from tingfeng.errors import ConfigError, CrawlError, UnknownName
from tingfeng.model import Brand, Query, Run, RunStatus

if TYPE_CHECKING:
    from tingfeng.config_model import SourceConfig

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=10)  # platforms list a post some time after it was written
GRACE = timedelta(seconds=10)  # between asking a child to end and ending it
AHEAD = timedelta(days=1)  # a demo's clock may have been set back since a row was written
FIRST_REST, LONGEST_REST = timedelta(minutes=15), timedelta(hours=12)
REMEMBERED = 12  # runs; as many refusals in a row make the longest rest
UNKNOWN = datetime.fromtimestamp(0, UTC)
ASK_STOP = 0.5  # seconds between two questions whether to stop
MAX_RESULT = 65_536  # bytes read of a child's answer


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """What came of one crawl. `run.status`, `run.reason` and the counts say it all."""

    run: Run


def crawl(
    db: Database,
    source: SourceConfig,
    brands: Sequence[Brand],
    *,
    secret: str | None,
    author_secret: str,
    now: datetime,
    state_dir: Path,
    silence_p: float = 1e-4,
    stop: Callable[[], bool] = lambda: False,
) -> CrawlReport:
    """Crawl `source` once in a subprocess and write down how it went.

    `secret` is the credential's value, if the source names one. `state_dir` takes the child's log and the source's
    lock. A silence that is less likely than `silence_p` fails the run (crawler.doubt). `stop` is asked twice a second
    and ends the crawl when it says True: the run has then failed as 'stopped', and its window is read again. Never
    raises for what a platform does: a refusal, a time-out or a changed layout is a run with that status and reason.
    CrawlError 'busy' when another crawl of the source is under way, ConfigError when
    first_window cannot be read, StoreError when the database cannot be used.
    """
    started = time.monotonic()
    with _alone(state_dir, source.name):
        with db.write() as s:
            runs.abandon(s, source=source.name, started_before=now + AHEAD, now=now)  # nobody else holds the lock
            last = runs.last_finished(s, source.name)
            since = _seen_until(s, last) - OVERLAP if last else now - _first_window(source)
            run = runs.begin(s, source.name, window_since=since, window_until=now, now=now)
        if source.robots_override_reason:
            log.warning("robots.txt overridden: source=%s reason=%s", source.name, source.robots_override_reason)
        spec = _spec(db, source, brands, secret=secret, author_secret=author_secret, since=since, now=now)
        result = run_child(spec, time_limit=source.time_limit, log_path=_path(state_dir, source.name, "log"), stop=stop)
        with db.read() as s:
            result = doubted(s, run, result, spec.queries, p=silence_p)
        ended = now + timedelta(seconds=time.monotonic() - started)
        with db.write() as s:
            run = _finish(s, run, result, ended)
            if unseen := unseen_since(result):
                runs.uncover(s, source.name, since=unseen, until=now)
    _tell(run, seconds=time.monotonic() - started)
    return CrawlReport(run=run)


def resting_until(db: Database, source: str, *, now: datetime) -> datetime | None:
    """Until when a platform that said no should be left alone; None when it may be asked now.

    The first refusal in a row rests the source for FIRST_REST, each further one for twice as long, up to LONGEST_REST.
    Not enforced by `crawl`: an operator who has put things right does not wait.
    """
    with db.read() as s:
        newest = runs.recent(s, limit=REMEMBERED, source=source)
    refused = list(itertools.takewhile(lambda run: run.status is RunStatus.REFUSED, newest))
    if not refused:
        return None
    until = (refused[0].finished_at or refused[0].started_at) + min(LONGEST_REST, FIRST_REST * 2 ** (len(refused) - 1))
    return until if until > now else None


def problems_of(source: SourceConfig, brands: Sequence[Brand], *, secret: str | None) -> list[str]:
    """What would keep `source` from being crawled, one line each: its kind, its options, a missing credential.

    For `check-config`: it loads the spider, and Scrapy with it, which a crawl leaves to its child.
    """
    from crawler.child import prepare

    spec = _spec(None, source, brands, secret=secret, author_secret="", since=UNKNOWN, now=UNKNOWN)
    try:
        prepare(spec)
    except ConfigError as e:
        return list(e.problems)
    except UnknownName as e:
        return [f"sources.{source.name}.kind: {e}"]
    return []


def _seen_until(s: Session, last: Run) -> datetime:
    """Where the next window starts: the end of the last good run's, or of what is still believed of it."""
    return min(last.window_until, runs.covered_until(s, last.source) or last.window_until)


def _finish(s: Session, run: Run, result: Result, ended: datetime) -> Run:
    return runs.finish(
        s,
        run.id,
        status=result.status,
        reason=result.reason,
        detail=result.detail,
        found=result.found,
        stored=result.stored,
        skipped=result.skipped,
        covered_since=result.covered_since,
        stats=result.stats,
        now=ended,
    )


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
    since: datetime,
    now: datetime,
) -> CrawlSpec:
    asked = tuple(Query(brand=q.brand, text=q.text) for q in source.queries)
    return CrawlSpec(
        source=source.name,
        kind=source.kind,
        base_url=source.base_url,
        queries=asked or tuple(Query(brand=b.name, text=b.name) for b in brands),
        brands=tuple(brands),
        since=since,
        now=now,
        options=dict(source.options),
        database_url=db.engine.url.render_as_string(hide_password=False) if db else "",
        author_secret=author_secret,
        credential=secret,
        robots_override_reason=source.robots_override_reason,
        time_limit=source.time_limit,
    )


def _path(state_dir: Path, source: str, suffix: str) -> Path:
    """A file of this source in the state folder; its name cannot lead out of there."""
    state_dir.mkdir(parents=True, exist_ok=True)
    return state_dir / f"crawl-{re.sub(r'[^A-Za-z0-9_-]', '_', source)}.{suffix}"


@contextlib.contextmanager
def _alone(state_dir: Path, source: str) -> Iterator[None]:
    """Holds the source's lock, which dies with this process. CrawlError 'busy' when somebody else has it."""
    with _path(state_dir, source, "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise CrawlError("busy", f"another crawl of '{source}' is under way") from e
        yield


def run_child(
    spec: CrawlSpec, *, time_limit: timedelta, log_path: Path, stop: Callable[[], bool] = lambda: False
) -> Result:
    """Crawl in a subprocess; it is gone when this returns. A child without an answer has failed as 'crash'."""
    command = [sys.executable, "-m", "crawler.child"]
    with (
        log_path.open("wb") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        ) as child,
    ):
        try:
            _send(child, spec)
            ended_by = _wait(child, time_limit, stop)
        finally:
            _end(child)
        answer = child.stdout.read(MAX_RESULT) if child.stdout else b""
    result = _understand(answer) or _crashed(child.returncode, log_path)
    if ended_by == "timeout":
        detail = f"not done after {time_limit.total_seconds():g} s"
        return replace(result, status=RunStatus.FAILED, reason=ended_by, detail=detail)
    if ended_by == "stopped":
        return replace(result, status=RunStatus.FAILED, reason=ended_by, detail="Tingfeng was stopped")
    return result


def _wait(child: subprocess.Popen[bytes], time_limit: timedelta, stop: Callable[[], bool]) -> str:
    """Until the child ends (""), its time is over ("timeout") or we are to stop ("stopped")."""
    deadline = time.monotonic() + time_limit.total_seconds()
    while (left := deadline - time.monotonic()) > 0:
        if stop():
            return "stopped"
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=min(left, ASK_STOP))
            return ""
    return "timeout"


def _send(child: subprocess.Popen[bytes], spec: CrawlSpec) -> None:
    """The spec as one line. Standard input stays open: its end tells the child that we are gone."""
    if child.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError):  # died at once; its exit code tells
        child.stdin.write(spec.to_json().encode() + b"\n")
        child.stdin.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end if it still runs (what it has read is stored then), and end it if it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=GRACE.total_seconds())
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _understand(answer: bytes) -> Result | None:
    line = answer.strip().rpartition(b"\n")[2]
    try:
        return Result.from_json(line)
    except (ValueError, TypeError, KeyError):
        return None


def _crashed(code: int, log_path: Path) -> Result:
    with log_path.open("rb") as errors:
        errors.seek(max(0, log_path.stat().st_size - 2_000))
        last = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    return Result(status=RunStatus.FAILED, reason="crash", detail=f"exit code {code}: {last[:300]}")
