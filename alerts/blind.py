"""Which sources we cannot see now, for those who read about a brand: one line each, "微博自 03:10 起看不到"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from alerts.freshness import outage
from store import runs
from store.database import Session

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

RECENT_RUNS = 20  # more than alerts.cases.SOURCE_PACE.calm holds of runs a minute apart


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindNow:
    """Nothing has been seen of `source` since then; `cause` is a named reason, see tingfeng.refusals."""

    source: str
    since: datetime
    cause: str


def looking_for(brand: str, sources: Sequence[SourceConfig]) -> list[SourceConfig]:
    """The sources that search for the brand; a source without queries searches for all."""
    return [s for s in sources if not s.queries or any(q.brand == brand for q in s.queries)]


def blind_now(s: Session, sources: Sequence[SourceConfig], *, now: datetime) -> tuple[BlindNow, ...]:
    """Those of `sources` that are out as of `now`. One that was seen again since is not among them."""
    found = []
    for source, health in zip(sources, runs.health(s, [one.name for one in sources], now), strict=True):
        recent = [run for run in runs.recent(s, limit=RECENT_RUNS, source=source.name) if run.started_at <= now]
        out = outage(source, health, recent, now=now)
        if out is not None:
            found.append(BlindNow(source=source.name, since=out.blind_since, cause=out.cause))
    return tuple(found)
