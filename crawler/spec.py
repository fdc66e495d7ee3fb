"""What a crawl is told: everything the child process knows, sent as one JSON line on its standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from tingfeng.model import Brand, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch [since, until) that a query's searches have missed, to be read if the platform still lists it."""

    id: int
    query: Query | None  # None where the source is read as a whole
    since: datetime
    until: datetime
    page: int = 0  # where the last try stopped; 0: there was none


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSpec:
    """One crawl of one source. Secrets are in here: never log it, never put it into argv or the environment."""

    source: str  # the configured source's name
    kind: str  # a name in crawler.spiders.SPIDERS or "pkg.mod:Class"
    base_url: str | None  # None = the platform's own address
    queries: tuple[Query, ...]
    brands: tuple[Brand, ...]  # all configured ones: a post may name several
    since: datetime  # how far back to read what has no window of its own
    now: datetime  # when the crawl begins; the child adds what its monotonic clock says
    options: Mapping[str, Any]  # the spider's own, still unchecked
    database_url: str = field(repr=False)
    author_secret: str = field(repr=False)  # keys the pseudonyms of authors
    author_names: bool = False  # whether names of authors may be kept beside their pseudonyms
    credential: str | None = field(default=None, repr=False)
    robots_override_reason: str | None = None
    windows: Mapping[str, datetime] = field(default_factory=dict)  # outcome.name_of(query) → how far back to read
    gaps: tuple[Gap, ...] = ()  # to be filled after everything else, newest first
    gap_pages: int = 0  # requests that filling them may take, all in all
    probe: bool = False  # only make contact: ask a little, store nothing
    revisit: tuple[str, ...] = ()  # native ids of known posts whose counts are due to be looked at again
    time_limit: timedelta = timedelta(minutes=10)  # when the parent ends it
    interval: timedelta = timedelta(minutes=5)  # between two crawls, as configured

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True, default=_plain)

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """The spec that `to_json` wrote. ValueError, TypeError or KeyError when it is something else."""
        table = json.loads(line)
        table["queries"] = tuple(Query(**q) for q in table["queries"])
        table["brands"] = tuple(_brand(b) for b in table["brands"])
        table["since"], table["now"] = (datetime.fromisoformat(table[key]) for key in ("since", "now"))
        table["windows"] = {name: datetime.fromisoformat(since) for name, since in table["windows"].items()}
        table["gaps"] = tuple(_gap(g) for g in table["gaps"])
        table["revisit"] = tuple(table["revisit"])
        table["time_limit"], table["interval"] = (timedelta(seconds=table[key]) for key in ("time_limit", "interval"))
        return cls(**table)


def _gap(table: dict[str, Any]) -> Gap:
    since, until = (datetime.fromisoformat(table[key]) for key in ("since", "until"))
    query = Query(**table["query"]) if table["query"] else None
    return Gap(**table | {"query": query, "since": since, "until": until})


def _brand(table: dict[str, Any]) -> Brand:
    """JSON has no tuples."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Brand(**values)


def _plain(value: object) -> str | float:
    """Dates become ISO 8601, durations seconds; anything else an option may hold becomes text."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime) else str(value)
