"""Where each search of a source begins, and what is remembered of how far it got. Called inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.outcome import Result, name_of
from crawler.spec import CrawlSpec, Gap
from store import runs, windows
from store.database import Session
from store.intervals import subtract
from tingfeng.model import Query, Run, RunStatus

OVERLAP = timedelta(minutes=10)  # platforms list a post some time after it was written
GAPS_AT_ONCE = 5  # of one source in one run
LOOKED_AT = 200  # gaps: those of queries that are not asked any more are among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a crawl does about gaps: as usual a few pages; with `since`, whatever an operator wants to have back."""

    pages: int = 5  # requests for all gaps of one run; 0 = leave them
    since: datetime | None = None
    until: datetime | None = None  # None: now
    brand: str | None = None  # only its searches


def starts(
    s: Session, source: str, queries: Sequence[Query], *, first_window: timedelta, now: datetime
) -> dict[str, datetime]:
    """Where the search of each query begins, by `name_of`; a source read as a whole has one under "".

    A query goes on at the end of its own last finished search; a new one begins at `now` − `first_window`.
    """
    known = windows.of(s, source)
    new = now - first_window
    if not known and (last := runs.last_finished(s, source)):
        new = last.window_until - OVERLAP  # crawled before searches had windows of their own
    searches = {name_of(query): search_of(query) for query in queries}
    if ("", "") in known and not any(search in known for search in searches.values()):
        searches = {"": ("", "")}
    return {
        name: min(known[search].until, now) - OVERLAP if search in known else new for name, search in searches.items()
    }


def gaps_to_fill(s: Session, source: str, queries: Sequence[Query], past: Past, *, now: datetime) -> tuple[Gap, ...]:
    """The gaps this crawl is to try, newest first, cut to what is asked for."""
    if past.pages <= 0:
        return ()
    asked = {search_of(q): q for q in queries if past.brand in (None, q.brand)}
    if past.since is not None:
        for search in asked:
            windows.reach(s, source, search, since=past.since, now=now)
    since, until = past.since or datetime.min.replace(tzinfo=now.tzinfo), past.until or now
    cut = (
        Gap(id=g.id, query=asked[g.search], since=max(g.since, since), until=min(g.until, until), page=g.page)
        for g in windows.worth_trying(s, source, limit=LOOKED_AT)
        if g.search in asked
    )
    return tuple(gap for gap in cut if gap.since < gap.until)[:GAPS_AT_ONCE]


def covered_since(spec: CrawlSpec, result: Result) -> datetime | None:
    """How far back the blindest query got, each in its own window; None: to where the oldest of them began."""
    if result.status is not RunStatus.OK or not result.finished:
        return result.covered_since
    blindest = max(got_to or spec.windows.get(name, spec.since) for name, got_to in result.finished.items())
    return blindest if blindest > spec.since else None


def keep(s: Session, spec: CrawlSpec, result: Result, *, now: datetime) -> None:
    """Advance the windows of finished queries, however the run as a whole went; note gaps, and what was filled."""
    reason = "max_pages" if result.reaches_back == "pages" else "not_listed"
    for name, got_to in result.finished.items():
        since = spec.windows.get(name, spec.since)
        window, read_since = (since, spec.now), max(got_to or since, since)
        windows.advance(
            s, spec.source, _search(spec, name), window=window, read_since=read_since, reason=reason, now=now
        )
    given = {gap.id: gap for gap in spec.gaps}
    for filling in result.filled:
        gap = given[filling.gap]
        if filling.read_to is not None:
            windows.fill(s, spec.source, search_of(gap.query), read=(filling.read_to, gap.until), now=now)
        in_vain = filling.read_to is None and filling.page <= gap.page
        windows.tried(s, gap.id, page=filling.page, in_vain=in_vain, for_good=filling.over)


def cover(s: Session, spec: CrawlSpec, run: Run, result: Result) -> None:
    """After a good run: the source has seen what each of its searches has read by now, filled gaps included."""
    if run.status is not RunStatus.OK:
        return
    common = windows.covered_by_all(s, run.source, [_search(spec, name) for name in result.finished])
    if common:
        known = runs.coverage(s, run.source, since=common[0][0], until=common[-1][1])
        for since, until in subtract(common, known):
            runs.cover(s, run.source, since=since, until=until)


def search_of(query: Query | None) -> windows.Search:
    """A query's key in the store."""
    return (query.brand, query.text) if query else ("", "")


def _search(spec: CrawlSpec, name: str) -> windows.Search:
    """The key of what `name_of` has named; a spider may search with words of its own making."""
    query = next((query for query in spec.queries if name_of(query) == name), None)
    brand, _, text = name.partition("/")
    return search_of(query) if query else (brand, text)
