"""Runs: every attempt to crawl a source leaves a row; those that went well extend the source's coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from store.sql import affected, insert_into, insert_one, table
from store.tables import CoverageRow, RunRow
from tingfeng.errors import StoreError
from tingfeng.model import Run, RunStatus, storable

RUN, COVERAGE = table(RunRow), table(CoverageRow)
Interval = tuple[datetime, datetime]  # inclusive, exclusive
NEWEST = 5  # runs: nearly always enough to find the last good one


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a source is doing. `failures` counts the finished runs since the last one that went well."""

    source: str
    last_ok: Run | None
    latest: Run | None  # running ones included
    failures: int
    failing_since: datetime | None  # start of the first of those failures

    @property
    def last_ok_at(self) -> datetime | None:
        """Up to when the source has been seen."""
        return self.last_ok.window_until if self.last_ok else None


def begin(s: Session, source: str, *, window_since: datetime, window_until: datetime, now: datetime) -> Run:
    """A new running row: it sets out to cover [window_since, window_until)."""
    values = {
        "source": source,
        "status": RunStatus.RUNNING,
        "started_at": now,
        "window_since": window_since,
        "window_until": window_until,
        "reason": "",
        "detail": "",
        "found": 0,
        "stored": 0,
        "skipped": 0,
        "stats": {},
    }
    return get(s, insert_one(s, RunRow, values))


def get(s: Session, run_id: int) -> Run:
    """StoreError when there is no such run."""
    run = _first(s, _runs().where(RUN.c.id == run_id))
    if run is None:
        raise StoreError(f"no run {run_id}")
    return run


def finish(
    s: Session,
    run_id: int,
    *,
    status: RunStatus,
    now: datetime,
    reason: str = "",
    detail: str = "",
    found: int = 0,
    stored: int = 0,
    skipped: int = 0,
    covered_since: datetime | None = None,
    stats: Mapping[str, Any] | None = None,
) -> Run:
    """Close a running row; an ok one extends coverage. StoreError when the run is unknown or already closed.

    `covered_since`: how far back the pages really went, when not all the way to the start of the window.
    """
    values = {
        "status": RunStatus(status),
        "finished_at": now,
        "reason": reason[:60],
        "detail": storable(detail),
        "found": found,
        "stored": stored,
        "skipped": skipped,
        "covered_since": covered_since,
        "stats": dict(stats or {}),
    }
    running = (RUN.c.id == run_id, RUN.c.status == RunStatus.RUNNING)
    if not affected(s, update(RUN).where(*running).values(values)):
        raise StoreError(f"run {run_id} is not running")
    run = get(s, run_id)
    if run.status is RunStatus.OK:
        cover(s, run.source, since=run.covered_since or run.window_since, until=run.window_until)
    return run


def cover(s: Session, source: str, *, since: datetime, until: datetime) -> None:
    """Merge [since, until) into the source's coverage; an empty stretch changes nothing."""
    if until <= since:
        return
    touching = (COVERAGE.c.source == source, COVERAGE.c.since <= until, COVERAGE.c.until >= since)
    found = s.execute(select(COVERAGE.c.since, COVERAGE.c.until).where(*touching).with_for_update()).all()
    s.execute(delete(COVERAGE).where(*touching))
    merged = {"since": min([since, *(a for a, _ in found)]), "until": max([until, *(b for _, b in found)])}
    statement = insert_into(s, CoverageRow)
    longer = case((statement.excluded.until > COVERAGE.c.until, statement.excluded.until), else_=COVERAGE.c.until)
    keep_longer = statement.on_conflict_do_update(index_elements=["source", "since"], set_={"until": longer})
    s.execute(keep_longer, {"source": source, **merged})  # a conflict means that another run of the source ended now


def last_finished(s: Session, source: str) -> Run | None:
    """The newest run of the source that went well. Windows belong to searches: see store.windows."""
    return _first(s, _runs(source).where(RUN.c.status == RunStatus.OK))


def latest(s: Session, source: str) -> Run | None:
    """The newest run of the source, however it went."""
    return _first(s, _runs(source))


def recent(s: Session, *, limit: int, source: str | None = None) -> list[Run]:
    """The newest runs, newest first."""
    if source is None:
        return [_run(row) for row in s.execute(_runs().limit(limit))]
    return [_run(row) for row in s.execute(_NEWEST_OF, {"source": source, "limit": limit})]


def good(s: Session, source: str, *, limit: int, accept: str, accept_before: datetime) -> list[Run]:
    """The newest runs of the source that went well, newest first; and those that failed as `accept` before then."""
    accepted = and_(RUN.c.reason == accept, RUN.c.started_at < accept_before)
    query = _runs(source).where(or_(RUN.c.status == RunStatus.OK, accepted)).limit(limit)
    return [_run(row) for row in s.execute(query)]


def coverage(s: Session, source: str, *, since: datetime, until: datetime) -> list[Interval]:
    """What of [since, until) the source was seen in: merged, in order, cut to those bounds."""
    return coverage_by_source(s, since=since, until=until).get(source, [])


def coverage_by_source(s: Session, *, since: datetime, until: datetime) -> dict[str, list[Interval]]:
    """`coverage` of every source that has any in [since, until)."""
    query = (
        select(COVERAGE.c.source, COVERAGE.c.since, COVERAGE.c.until)
        .where(COVERAGE.c.since < until, COVERAGE.c.until > since)
        .order_by(COVERAGE.c.source, COVERAGE.c.since)
    )
    found: dict[str, list[Interval]] = {}
    for source, start, end in s.execute(query):
        intervals = found.setdefault(source, [])
        start, end = max(start, since), min(end, until)
        if intervals and start <= intervals[-1][1]:
            start, end = intervals[-1][0], max(end, intervals.pop()[1])
        intervals.append((start, end))
    return found


def health(s: Session, sources: Sequence[str], now: datetime) -> list[Health]:
    """How each source is doing as of `now` (later runs are not looked at)."""
    return [_health(s, source, now) for source in sources]


def _health(s: Session, source: str, now: datetime) -> Health:
    newest = [_run(row) for row in s.execute(_NEWEST_UNTIL, {"source": source, "now": now, "limit": NEWEST})]
    last_ok = next((run for run in newest if run.status is RunStatus.OK), None)
    if last_ok is None and len(newest) == NEWEST:
        return _long_failing(s, source, now, latest=newest[0])
    bad = [run.started_at for run in newest if run.status in (RunStatus.REFUSED, RunStatus.FAILED)]
    bad = [at for at in bad if last_ok is None or at > last_ok.started_at]
    latest = newest[0] if newest else None
    return Health(
        source=source, last_ok=last_ok, latest=latest, failures=len(bad), failing_since=min(bad, default=None)
    )


def _long_failing(s: Session, source: str, now: datetime, *, latest: Run) -> Health:
    """The same of a source whose newest runs do not reach back to a good one."""
    last_ok = _first(s, _runs(source).where(RUN.c.started_at <= now, RUN.c.status == RunStatus.OK))
    failed = [RUN.c.source == source, RUN.c.started_at <= now]
    failed.append(RUN.c.status.in_([RunStatus.REFUSED, RunStatus.FAILED]))
    if last_ok is not None:
        failed.append(RUN.c.started_at > last_ok.started_at)
    failures, since = s.execute(select(func.count(), func.min(RUN.c.started_at)).where(*failed)).one()
    return Health(source=source, last_ok=last_ok, latest=latest, failures=failures, failing_since=since)


def abandon(s: Session, *, started_before: datetime, now: datetime, source: str | None = None) -> int:
    """Close rows (of one source) left running by killed processes as failed/'killed'; how many there were."""
    left = [RUN.c.status == RunStatus.RUNNING, RUN.c.started_at < started_before]
    if source is not None:
        left.append(RUN.c.source == source)
    values = {"status": RunStatus.FAILED, "reason": "killed", "finished_at": now}
    return affected(s, update(RUN).where(*left).values(values))


def _runs(source: str | None = None) -> Select[Any]:
    query = select(*(RUN.c[name] for name in Run.__dataclass_fields__))
    query = query.order_by(RUN.c.started_at.desc(), RUN.c.id.desc())
    return query if source is None else query.where(RUN.c.source == source)


# Asked for every source in every turn of the watch: built once, since building and hashing a query costs more than it.
_OF_SOURCE = _runs().where(RUN.c.source == bindparam("source"))
_NEWEST_OF = _OF_SOURCE.limit(bindparam("limit"))
_NEWEST_UNTIL = _OF_SOURCE.where(RUN.c.started_at <= bindparam("now")).limit(bindparam("limit"))


def _first(s: Session, query: Select[Any]) -> Run | None:
    row = s.execute(query.limit(1)).first()
    return None if row is None else _run(row)


def _run(row: Any) -> Run:
    return Run(**{**row._mapping, "status": RunStatus(row.status)})
