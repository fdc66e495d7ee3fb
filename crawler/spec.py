"""What a crawl is told: everything the child process knows, sent as one JSON line on its standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from tingfeng.model import Brand, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSpec:
    """One crawl of one source. Secrets are in here: never log it, never put it into argv or the environment."""

    source: str  # the configured source's name
    kind: str  # a name in crawler.spiders.SPIDERS or "pkg.mod:Class"
    base_url: str | None  # None = the platform's own address
    queries: tuple[Query, ...]
    brands: tuple[Brand, ...]  # all configured ones: a post may name several
    since: datetime  # how far back to read
    now: datetime  # when the crawl begins; the child adds what its monotonic clock says
    options: Mapping[str, Any]  # the spider's own, still unchecked
    database_url: str = field(repr=False)
    author_secret: str = field(repr=False)  # keys the pseudonyms of authors
    author_names: bool = False  # whether names of authors may be kept beside their pseudonyms
    credential: str | None = field(default=None, repr=False)
    robots_override_reason: str | None = None
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
        table["revisit"] = tuple(table["revisit"])
        table["time_limit"], table["interval"] = (timedelta(seconds=table[key]) for key in ("time_limit", "interval"))
        return cls(**table)


def _brand(table: dict[str, Any]) -> Brand:
    """JSON has no tuples."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Brand(**values)


def _plain(value: object) -> str | float:
    """Dates become ISO 8601, durations seconds; anything else an option may hold becomes text."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime) else str(value)
