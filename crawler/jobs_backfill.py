"""Back-fill: crawl a source again and again, each time with a budget for its past, until nothing is missing any more.

Each round is an ordinary crawl that also reads gaps, so the present is not forgotten meanwhile, and everything that
keeps a crawl polite holds for it. What a round has read stays read: killed and repeated, it goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.jobs import CrawlReport
from crawler.jobs_windows import Past, search_of
from store import windows
from store.database import Database, Session
from store.intervals import Interval, intersect, subtract
from store.windows import IN_VAIN
from tingfeng.model import Query, RunStatus

PAGES = 100  # requests for the past in one round; the time limit of the source usually ends it before


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What came of it.

    `ended`: filled, dry_run, stopped, stuck (no round brings more), cannot (the spider reads no past), resting, or the
    reason of the run that did not go well.
    """

    source: str
    missing_before: timedelta  # summed over the searches
    missing: timedelta
    rounds: int
    stored: int
    reaches_back: str  # the spider's word
    ended: str


def backfill(
    db: Database,
    source: str,
    queries: Sequence[Query],
    crawl: Callable[[Past], CrawlReport],
    *,
    reaches_back: str,
    since: datetime,
    until: datetime,
    brand: str | None = None,
    resting: bool = False,
    dry_run: bool = False,
    tell: Callable[[timedelta, timedelta], None] = lambda missing, before: None,
    stop: Callable[[], bool] = lambda: False,
) -> BackfillReport:
    """Read what the searches for `queries` have missed in [since, until). `crawl` is one round.

    Nothing is asked of a source that rests, or whose spider does not reach back by "pages". `tell` hears after each
    round what is missing still, and what was at first. StoreError when the database cannot be used; what a platform
    does is in the report.
    """
    ours = [query for query in queries if brand in (None, query.brand)]

    def left() -> timedelta:
        with db.read() as s:
            return sum((_missing(s, source, query, (since, until)) for query in ours), timedelta())

    before = missing = left()
    rounds, stored, in_vain = 0, 0, 0
    cannot = "cannot" if reaches_back != "pages" else "resting" if resting else ""
    ended = "dry_run" if dry_run else cannot
    if not ended:
        with db.write() as s:
            windows.retry(s, source)
    while missing and not ended:
        report = crawl(Past(pages=PAGES, since=since, until=until, brand=brand))
        rounds, stored, was, missing = rounds + 1, stored + report.run.stored, missing, left()
        tell(missing, before)
        in_vain = 0 if missing < was else in_vain + 1
        ended = _end_of(report, in_vain=in_vain, first=rounds == 1) or ("stopped" if stop() else "")
    return BackfillReport(
        source=source,
        missing_before=before,
        missing=missing,
        rounds=rounds,
        stored=stored,
        reaches_back=reaches_back,
        ended=ended if missing or dry_run else "filled",
    )


def _end_of(report: CrawlReport, *, in_vain: int, first: bool) -> str:
    """Why there is to be no further round; "" when there is. The first one may have had to find out what is missing."""
    if report.run.status is not RunStatus.OK:
        return report.run.reason
    on_the_way = any(not filling.over for filling in report.filled)
    return "" if in_vain == 0 or first or (on_the_way and in_vain < IN_VAIN) else "stuck"


def _missing(s: Session, source: str, query: Query, wanted: Interval) -> timedelta:
    """How much of `wanted` the query's search has not read."""
    unread = subtract([wanted], intersect([wanted], windows.covered(s, source, search_of(query))))
    return sum((until - since for since, until in unread), timedelta())
