"""How a crawl ended: decided once, by the first thing that went wrong, and handed from the child to its parent."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from crawler.post import Post
from tingfeng.errors import CrawlError, Refused
from tingfeng.model import Query, RunStatus, storable

START = "start"  # the search that is open until all others were begun
MAX_DETAIL = 500  # characters
FEW_SKIPS = 5  # so many unreadable posts may happen on any page
MAX_SKIPPED_SHARE = 0.2  # more than that: it is not the posts, it is the parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What came of one gap: read from its end back to `read_to` (None: nothing of it). `page`: where it stopped."""

    gap: int  # its id
    read_to: datetime | None
    page: int
    over: bool = False  # the platform lists no more of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the child tells its parent, as one JSON line."""

    status: RunStatus
    reason: str = ""
    detail: str = ""
    found: int = 0  # different mentions seen
    stored: int = 0  # of those, new in the store
    skipped: int = 0  # posts that could not be read
    covered_since: datetime | None = None  # None: the whole window
    # How far back each finished query was read, by name_of; None: to the start of its window.
    finished: dict[str, datetime | None] = field(default_factory=dict)
    filled: tuple[Filling, ...] = ()  # what came of the gaps the crawl was given
    reaches_back: str = "none"  # the spider's own word
    stats: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, default=_plain)

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """The result that `to_json` wrote. ValueError, TypeError or KeyError when it is something else."""
        table = json.loads(line)
        table["status"] = RunStatus(table["status"])
        table["covered_since"] = _moment(table["covered_since"])
        table["finished"] = {name: _moment(since) for name, since in table["finished"].items()}
        table["filled"] = tuple(Filling(**f | {"read_to": _moment(f["read_to"])}) for f in table["filled"])
        return cls(**table)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else asdict(value)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def name_of(query: Query | None) -> str:
    """How a query is called in a run's figures and windows; "" for a source that is read as a whole."""
    return f"{query.brand}/{query.text}" if query else ""


@dataclass(slots=True)
class Outcome:
    """Collects what happens during a crawl. Success needs evidence: every search must have said that it is done."""

    error: CrawlError | None = None
    pages: int = 0  # answers received
    found: int = 0
    stored: int = 0
    finish_reason: str = ""  # Scrapy's word for how it ended
    covered_since: datetime | None = None
    tally: Counter[str] = field(default_factory=Counter)  # "skipped/time", "page/empty" …
    open_searches: set[str] = field(default_factory=set)
    whose: dict[str, set[str]] = field(default_factory=dict)  # search → its queries; one may serve several
    through: dict[str, datetime | None] = field(default_factory=dict)  # closed search → how far back it got
    filled: list[Filling] = field(default_factory=list)
    reaches_back: str = "none"
    retry_after: datetime | None = None
    probe: bool = False  # only contact was made: searches stay open, one good answer is enough
    findings: dict[str, Any] = field(default_factory=dict)  # by a probe
    lost: bool = False  # something that was read did not reach the store
    named_errors: int = 0  # of the errors in Scrapy's log, those that a search has raised under a name
    again: list[Post] = field(default_factory=list)  # known posts seen again; only their counts are news
    gone: list[tuple[str, str]] = field(default_factory=list)  # (platform, native id) of posts seen to be deleted
    yields: Counter[str] = field(
        default_factory=Counter
    )  # mentions by query, "brand/words", "" without one; or by hot list
    newest: dict[str, datetime] = field(default_factory=dict)  # publication of the newest of them
    clock_skew: float | None = None  # seconds the servers' clock is ahead of ours; of all answers the one nearest to 0

    def end(self, error: CrawlError) -> None:
        """Something ended the crawl; what comes later is its consequence and does not count."""
        if self.error is None:
            self.error = error

    def begin(self, search: str, query: Query | None) -> None:
        self.open_searches.add(search)
        if search != START:
            self.whose.setdefault(search, set()).add(name_of(query))
            self.yields[name_of(query)] += 0  # also of what is read as a whole: nothing is a number, too

    def wait_until(self, at: datetime) -> None:
        """The platform said not to come back before; of several words the longest counts."""
        self.retry_after = max(at, self.retry_after or at)

    def heard(self, query: Query | None, published_at: datetime) -> None:
        """One more mention was found on behalf of `query`."""
        name = name_of(query)
        self.yields[name] += 1
        if name not in self.newest or published_at > self.newest[name]:
            self.newest[name] = published_at

    def met_clock(self, skew: float) -> None:
        """An answer told the time: `skew` seconds ahead of ours."""
        if self.clock_skew is None or abs(skew) < abs(self.clock_skew):
            self.clock_skew = skew

    def done(self, search: str, since: datetime | None) -> None:
        """One search got back no further than `since`; the run as a whole is as blind as its blindest search."""
        self.open_searches.discard(search)
        self.through[search] = since
        if since is not None and (self.covered_since is None or since > self.covered_since):
            self.covered_since = since

    def finished(self) -> dict[str, datetime | None]:
        """Queries all of whose searches are done, and how far back the blindest of them got; None: all the way.

        A search on behalf of no query counts for all. As long as not every search was begun (`start` is open), the
        query begun last may have more of them.
        """
        for_all = [search for search, names in self.whose.items() if "" in names]
        queries = {name: for_all.copy() for names in self.whose.values() for name in names if name} or {"": for_all}
        for search, names in self.whose.items():
            for name in names - {""}:
                queries[name].append(search)
        if START in self.open_searches and self.whose:
            for name in list(self.whose.values())[-1] or {""}:
                queries.pop(name, None)
        done = {name: [self.through[s] for s in own] for name, own in queries.items() if self._are_through(own)}
        return {name: max((t for t in times if t), default=None) for name, times in done.items()}

    def _are_through(self, searches: list[str]) -> bool:
        return bool(searches) and all(s in self.through and s not in self.open_searches for s in searches)

    @property
    def skipped(self) -> int:
        return sum(n for name, n in self.tally.items() if name.startswith("skipped/"))

    def result(self, *, errors_logged: int) -> Result:
        """The verdict, given how many errors went to Scrapy's log."""
        error = self.error or self._unnoticed(errors_logged)
        sound = not (self.lost or self._unreadable() or errors_logged > self.named_errors)
        status = (
            RunStatus.OK if error is None else RunStatus.REFUSED if isinstance(error, Refused) else RunStatus.FAILED
        )
        return Result(
            status=status,
            reason=error.reason if error else "",
            detail=storable(error.detail[:MAX_DETAIL]) if error else "",
            found=self.found,
            stored=self.stored,
            skipped=self.skipped,
            covered_since=self.covered_since,
            finished=self.finished() if sound else {},
            filled=tuple(self.filled) if sound else (),
            reaches_back=self.reaches_back,
            stats=self._stats(),
        )

    def _stats(self) -> dict[str, Any]:
        stats = dict(sorted(self.tally.items())) | self._by_query()
        if self.probe:
            stats["findings"] = self.findings
        return stats | ({"retry_after": self.retry_after.isoformat()} if self.retry_after else {})

    def _by_query(self) -> dict[str, Any]:
        """What later runs are compared with: mentions by query, the newest of each, and how the clocks differ."""
        told: dict[str, Any] = {"yields": dict(sorted(self.yields.items()))}
        told["newest"] = {name: at.isoformat(timespec="seconds") for name, at in sorted(self.newest.items())}
        return told if self.clock_skew is None else told | {"clock_skew": round(self.clock_skew)}

    def _unnoticed(self, errors_logged: int) -> CrawlError | None:
        """Scrapy ends with success whatever happened; this is what it would have passed over."""
        if self.finish_reason != "finished":
            return CrawlError("stopped", f"Scrapy ended with '{self.finish_reason}'")
        if errors_logged:
            return CrawlError("crash", f"{errors_logged} errors in the log")
        if self.probe and not self.pages:
            return CrawlError("incomplete", "nothing was asked")
        if self.open_searches and not self.probe:
            return CrawlError("incomplete", "unfinished: " + ", ".join(sorted(self.open_searches)))
        skipped = self.skipped
        if self._unreadable():
            why = ", ".join(f"{name[8:]} ×{n}" for name, n in self.tally.items() if name.startswith("skipped/"))
            return CrawlError("layout_changed", f"{skipped} of {self.found + skipped} posts could not be read: {why}")
        ahead = self.tally["time/ahead"]
        if ahead > FEW_SKIPS and ahead > MAX_SKIPPED_SHARE * sum(self.yields.values()):
            return CrawlError("clock_skew", f"{ahead} of {sum(self.yields.values())} posts are of the future")
        return None

    def _unreadable(self) -> bool:
        skipped = self.skipped
        return skipped > FEW_SKIPS and skipped > MAX_SKIPPED_SHARE * (self.found + skipped)
