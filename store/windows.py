"""How far each search of a source has got, and what it missed.

For every search [since, until) of its window is either read or an open gap; nothing else may be said to be covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from store.intervals import Interval, intersect, subtract
from store.sql import insert_one, table
from store.tables_windows import SearchGapRow, SearchWindowRow

WINDOW, GAP = table(SearchWindowRow), table(SearchGapRow)
Search = tuple[str, str]  # brand, words; ("", "") where the source is read as a whole
IN_VAIN = 5  # tries in a row: nobody but an operator's back-fill tries again then
FILLABLE = ("max_pages", "asked")  # reasons; what a platform does not list any more, no try brings back


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A search was watched in [since, until), except for its open gaps."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch [since, until) nobody has read. `page`: where the last try stopped, 0 when there was none."""

    id: int
    source: str
    brand: str
    query: str
    since: datetime
    until: datetime
    reason: str  # max_pages, not_listed, asked
    found_at: datetime
    tries: int
    page: int

    @property
    def search(self) -> Search:
        return self.brand, self.query


def of(s: Session, source: str) -> dict[Search, Window]:
    """The windows of a source's searches; those never finished are not in it."""
    rows = s.execute(select(WINDOW).where(WINDOW.c.source == source))
    return {(row.brand, row.query): Window(since=row.since, until=row.until) for row in rows}


def advance(
    s: Session, source: str, search: Search, *, window: Interval, read_since: datetime, reason: str, now: datetime
) -> None:
    """A search finished that set out for `window` and read [read_since, window's end).

    What lies between the end of the last one and there is a gap from now on, under `reason`; gaps it read are closed.
    """
    since, until = window
    known = _locked(s, source, search)
    missed = (known.until if known else since, min(read_since, until))
    if missed[0] < missed[1]:
        _add_gap(s, source, search, missed, reason=reason, now=now)
    if known is None:
        key = {"source": source, "brand": search[0], "query": search[1]}
        s.execute(WINDOW.insert().values(**key, since=since, until=until, updated=now))
    elif until > known.until:
        s.execute(update(WINDOW).where(*_is(source, search)).values(until=until, updated=now))
    fill(s, source, search, read=(max(read_since, since), until), now=now)


def rewind(s: Session, source: str, *, to: datetime, now: datetime) -> None:
    """Take back what the source's searches were believed to have read after `to`: the next crawl reads it again.

    A search that was begun later than `to` goes back to its own beginning, and is remembered: without its window it
    would start where the runs that were believed too early ended. Gaps after `to` are no gaps any more, just unread.
    """
    for search, window in of(s, source).items():
        end = max(to, window.since)
        if window.until <= end:
            continue
        s.execute(update(WINDOW).where(*_is(source, search)).values(until=end, updated=now))
        mine = (GAP.c.source == source, GAP.c.brand == search[0], GAP.c.query == search[1], GAP.c.filled_at.is_(None))
        s.execute(delete(GAP).where(*mine, GAP.c.since >= end))
        s.execute(update(GAP).where(*mine, GAP.c.until > end).values(until=end, page=0))


def reach(s: Session, source: str, search: Search, *, since: datetime, now: datetime) -> None:
    """Say that the search is to be known back to `since`: what lies before its window becomes a gap, 'asked'."""
    known = _locked(s, source, search)
    if known is not None and since < known.since:
        _add_gap(s, source, search, (since, known.since), reason="asked", now=now)
        s.execute(update(WINDOW).where(*_is(source, search)).values(since=since))


def fill(s: Session, source: str, search: Search, *, read: Interval, now: datetime) -> None:
    """`read` was read after all: open gaps lose it; one read as a whole is filled, one cut in two becomes two."""
    for gap in gaps(s, source, search=search):
        left = subtract([(gap.since, gap.until)], [read])
        if left == [(gap.since, gap.until)]:
            continue
        values: dict[str, Any] = {"since": left[0][0], "until": left[0][1]} if left else {"filled_at": now}
        s.execute(update(GAP).where(GAP.c.id == gap.id).values(tries=0, **values))
        for part in left[1:]:
            _add_gap(s, source, search, part, reason=gap.reason, now=gap.found_at)


def tried(s: Session, gap_id: int, *, page: int, in_vain: bool, for_good: bool = False) -> None:
    """Remember where a try to fill the gap stopped. `for_good`: the platform lists no more, no try will help."""
    tries = IN_VAIN if for_good else GAP.c.tries + 1 if in_vain else 0
    s.execute(update(GAP).where(GAP.c.id == gap_id).values(page=page, tries=tries))


def retry(s: Session, source: str) -> None:
    """Gaps that were tried in vain too often are worth another try: an operator says so."""
    s.execute(update(GAP).where(GAP.c.source == source, GAP.c.filled_at.is_(None)).values(tries=0))


def gaps(s: Session, source: str | None = None, *, search: Search | None = None) -> list[Gap]:
    """Open gaps, newest first: of everything, of a source, or of one of its searches."""
    query = _open_gaps()
    if source is not None:
        query = query.where(GAP.c.source == source)
    if search is not None:
        query = query.where(GAP.c.brand == search[0], GAP.c.query == search[1])
    return [Gap(**row._mapping) for row in s.execute(query)]


def worth_trying(s: Session, source: str, *, limit: int) -> list[Gap]:
    """Open gaps that a platform may still list, newest first, at most `limit`."""
    hopeful = _open_gaps().where(GAP.c.source == source, GAP.c.tries < IN_VAIN, GAP.c.reason.in_(FILLABLE))
    return [Gap(**row._mapping) for row in s.execute(hopeful.limit(limit))]


def count_gaps(s: Session, source: str) -> int:
    """How many gaps of the source are open."""
    missing = select(func.count()).select_from(GAP).where(GAP.c.source == source, GAP.c.filled_at.is_(None))
    return s.execute(missing).scalar_one()


def covered(s: Session, source: str, search: Search) -> list[Interval]:
    """What the search has read, in order."""
    known = of(s, source).get(search)
    if known is None:
        return []
    return subtract([(known.since, known.until)], [(g.since, g.until) for g in gaps(s, source, search=search)])


def covered_by_all(s: Session, source: str, searches: Iterable[Search]) -> list[Interval]:
    """What every one of `searches` has read, in order; nothing when there are none."""
    stretches = [covered(s, source, search) for search in searches]
    common: Sequence[Interval] = stretches[0] if stretches else []
    for other in stretches[1:]:
        common = intersect(common, other)
    return list(common)


def _open_gaps() -> Select[Any]:
    columns = (GAP.c[name] for name in Gap.__dataclass_fields__)
    return select(*columns).where(GAP.c.filled_at.is_(None)).order_by(GAP.c.until.desc(), GAP.c.id)


def _is(source: str, search: Search) -> tuple[Any, ...]:
    return WINDOW.c.source == source, WINDOW.c.brand == search[0], WINDOW.c.query == search[1]


def _locked(s: Session, source: str, search: Search) -> Window | None:
    row = s.execute(select(WINDOW).where(*_is(source, search)).with_for_update()).first()
    return None if row is None else Window(since=row.since, until=row.until)


def _add_gap(s: Session, source: str, search: Search, stretch: Interval, *, reason: str, now: datetime) -> None:
    values = {"source": source, "brand": search[0], "query": search[1], "since": stretch[0], "until": stretch[1]}
    insert_one(s, SearchGapRow, values | {"reason": reason, "found_at": now, "tries": 0, "page": 0})
