"""How a crawl ended: decided once, by the first thing that went wrong, and handed from the child to its parent."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from crawler.post import Post
from tingfeng.errors import CrawlError, Refused
from tingfeng.model import Query, RunStatus, storable

MAX_DETAIL = 500  # characters
FEW_SKIPS = 5  # so many unreadable posts may happen on any page
MAX_SKIPPED_SHARE = 0.2  # more than that: it is not the posts, it is the parser


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
    stats: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        since = self.covered_since.isoformat() if self.covered_since else None
        return json.dumps({name: getattr(self, name) for name in self.__slots__} | {"covered_since": since})

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """The result that `to_json` wrote. ValueError, TypeError or KeyError when it is something else."""
        table = json.loads(line)
        since = table["covered_since"]
        table["covered_since"] = datetime.fromisoformat(since) if since else None
        return cls(**table | {"status": RunStatus(table["status"])})


def name_of(query: Query | None) -> str:
    """How a query is called in a run's figures."""
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
    again: list[Post] = field(default_factory=list)  # known posts seen again; only their counts are news
    gone: list[tuple[str, str]] = field(default_factory=list)  # (platform, native id) of posts seen to be deleted
    yields: Counter[str] = field(default_factory=Counter)  # mentions by query, "brand/words"; "" without one
    newest: dict[str, datetime] = field(default_factory=dict)  # publication of the newest of them
    clock_skew: float | None = None  # seconds the servers' clock is ahead of ours; of all answers the one nearest to 0

    def end(self, error: CrawlError) -> None:
        """Something ended the crawl; what comes later is its consequence and does not count."""
        if self.error is None:
            self.error = error

    def begin(self, search: str, query: Query | None) -> None:
        self.open_searches.add(search)
        if query is not None:
            self.yields[name_of(query)] += 0

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
        if since is not None and (self.covered_since is None or since > self.covered_since):
            self.covered_since = since

    @property
    def skipped(self) -> int:
        return sum(n for name, n in self.tally.items() if name.startswith("skipped/"))

    def result(self, *, errors_logged: int) -> Result:
        """The verdict, given how many errors went to Scrapy's log."""
        error = self.error or self._unnoticed(errors_logged)
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
            stats=dict(sorted(self.tally.items())) | self._by_query(),
        )

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
        if self.open_searches:
            return CrawlError("incomplete", "unfinished: " + ", ".join(sorted(self.open_searches)))
        skipped = self.skipped
        if skipped > FEW_SKIPS and skipped > MAX_SKIPPED_SHARE * (self.found + skipped):
            why = ", ".join(f"{name[8:]} ×{n}" for name, n in self.tally.items() if name.startswith("skipped/"))
            return CrawlError("layout_changed", f"{skipped} of {self.found + skipped} posts could not be read: {why}")
        ahead = self.tally["time/ahead"]
        if ahead > FEW_SKIPS and ahead > MAX_SKIPPED_SHARE * sum(self.yields.values()):
            return CrawlError("clock_skew", f"{ahead} of {sum(self.yields.values())} posts are of the future")
        return None
