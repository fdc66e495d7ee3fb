"""Whether we are blind in a source: a quiet brand and a broken crawler look alike, so this is asked every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store.runs import Health
from tingfeng.model import Run, RunStatus

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

# Runs that we ended ourselves: the next one follows at once, and staleness catches it if it does not.
OWN_DOING = frozenset({"stopped", "killed"})
BAD = (RunStatus.REFUSED, RunStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """We do not see a source now. `cause` is a named reason, see alerts.advice.CAUSES."""

    source: str
    cause: str
    detail: str  # what the run noted; hostile
    status: RunStatus
    blind_since: datetime
    failures: int  # runs that went wrong since the last good one
    doubts: tuple[Mapping[str, Any], ...] = ()  # what was expected and what came, see tingfeng.yields.Doubt


def outage(source: SourceConfig, health: Health, recent: Sequence[Run], *, now: datetime) -> Outage | None:
    """The outage of a source, if there is one: its last run failed or was refused, or its last good one is too old.

    `recent`: its newest runs, newest first. A source that was never tried is not out: nothing has been asked of it yet.
    """
    if health.latest is None:
        return None
    since = health.last_ok_at or health.failing_since or health.latest.started_at
    bad = _last_bad(health, recent)
    if bad is not None:
        return Outage(
            source=source.name,
            cause=bad.reason or "unknown",
            detail=bad.detail,
            status=bad.status,
            blind_since=since,
            failures=health.failures,
            doubts=tuple(bad.stats.get("doubts") or ()),
        )
    last = health.last_ok.finished_at if health.last_ok else None
    if now - (last or since) <= source.stale_after:
        return None
    return Outage(
        source=source.name,
        cause="stale",
        detail="",
        status=health.latest.status,
        blind_since=since,
        failures=health.failures,
    )


def _last_bad(health: Health, recent: Sequence[Run]) -> Run | None:
    """The newest run that went wrong by no doing of ours since the last good one."""
    for run in recent:
        if health.last_ok is not None and run.id == health.last_ok.id:
            return None
        if run.status in BAD and run.reason not in OWN_DOING:
            return run
    return None
