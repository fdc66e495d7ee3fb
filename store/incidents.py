"""Incidents: at most one of a kind is open per subject (a partial unique index says so), and each change is a
compare-and-set on `version`, so that two watchers cannot tell the same thing twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from store.sql import affected, insert_into, run_many, table
from store.tables import IncidentRow, IncidentStepRow
from tingfeng.errors import StoreError
from tingfeng.model import Incident, IncidentKind, Reason

INCIDENT, STEP = table(IncidentRow), table(IncidentStepRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """What happened to an incident, when and why."""

    incident_id: int
    at: datetime
    reason: Reason
    observed: int
    expected: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStats:
    """Incidents that touched a period. Times of `mean_minutes` are from opening to resolution, of those resolved."""

    total: int
    opened: int  # opened in the period
    resolved: int  # resolved in the period
    open: int  # still open at its end
    told: int  # messages' worth of telling, over all of them
    mean_minutes: float | None


def insert(s: Session, incident: Incident) -> Incident:
    """Open an incident as given; its `id` and `version` are set here. StoreError when one is open already."""
    first = replace(incident, version=1)
    if not run_many(s, insert_into(s, IncidentRow).on_conflict_do_nothing(), [_values(first)]):
        raise StoreError(f"an incident is open already: {incident.kind} of {incident.subject}")
    new_id = select(func.max(INCIDENT.c.id)).where(
        INCIDENT.c.kind == first.kind, INCIDENT.c.subject == first.subject, INCIDENT.c.opened_at == first.opened_at
    )
    return replace(first, id=s.execute(new_id).scalar_one())


def _values(incident: Incident) -> dict[str, Any]:
    values = {name: getattr(incident, name) for name in Incident.__dataclass_fields__ if name != "id"}
    return values | {"evidence": dict(incident.evidence)}


def open_one(s: Session, kind: IncidentKind, subject: str) -> Incident | None:
    """The open incident of this kind and subject."""
    row = s.execute(_OPEN_ONE, {"kind": kind, "subject": subject}).first()
    return None if row is None else _incident(row)


def get(s: Session, incident_id: int) -> Incident:
    """StoreError when there is none of that id."""
    row = s.execute(_incidents().where(INCIDENT.c.id == incident_id)).first()
    if row is None:
        raise StoreError(f"no incident {incident_id}")
    return _incident(row)


def update(s: Session, incident: Incident, **changes: Any) -> Incident:
    """Write `incident` with `changes` if nobody changed it since it was read; the incident as it is now.

    StoreError when somebody did: read it again and decide again.
    """
    changed = replace(incident, **changes, version=incident.version + 1)
    unchanged = (INCIDENT.c.id == incident.id, INCIDENT.c.version == incident.version)
    if not affected(s, INCIDENT.update().where(*unchanged).values(_values(changed))):
        raise StoreError(f"incident {incident.id} was changed by somebody else")
    return changed


def add_step(s: Session, incident: Incident, *, at: datetime, reason: Reason) -> None:
    """Note what happened to `incident`, with its numbers as they are."""
    step = IncidentStep(
        incident_id=incident.id,
        at=at,
        reason=reason,
        observed=incident.observed,
        expected=incident.expected,
        p_value=incident.p_value,
    )
    s.execute(STEP.insert().values(asdict(step)))


def steps(s: Session, incident_id: int) -> list[IncidentStep]:
    """The story of an incident, oldest first."""
    query = select(*(STEP.c[name] for name in IncidentStep.__dataclass_fields__))
    rows = s.execute(query.where(STEP.c.incident_id == incident_id).order_by(STEP.c.at, STEP.c.id))
    return [IncidentStep(**{**row._mapping, "reason": Reason(row.reason)}) for row in rows]


def between(
    s: Session, since: datetime, until: datetime, subject: str | None = None, kind: IncidentKind | None = None
) -> list[Incident]:
    """Incidents that were open at some moment of [since, until), oldest first."""
    query = _incidents().where(_touches(since, until)).order_by(INCIDENT.c.opened_at, INCIDENT.c.id)
    if subject is not None:
        query = query.where(INCIDENT.c.subject == subject)
    if kind is not None:
        query = query.where(INCIDENT.c.kind == kind)
    return [_incident(row) for row in s.execute(query)]


def _touches(since: datetime, until: datetime) -> Any:
    still_open = or_(INCIDENT.c.resolved_at.is_(None), INCIDENT.c.resolved_at > since)
    return (INCIDENT.c.opened_at < until) & still_open


def stats(s: Session, since: datetime, until: datetime, subject: str | None = None) -> IncidentStats:
    """Figures of the incidents of [since, until)."""
    found = between(s, since, until, subject)
    ended = [i for i in found if i.resolved_at is not None and i.resolved_at < until]
    minutes = [(i.resolved_at - i.opened_at).total_seconds() / 60 for i in ended if i.resolved_at is not None]
    return IncidentStats(
        total=len(found),
        opened=sum(i.opened_at >= since for i in found),
        resolved=len(ended),
        open=len(found) - len(ended),
        told=sum(i.told for i in found),
        mean_minutes=sum(minutes) / len(minutes) if minutes else None,
    )


def _incidents() -> Select[Any]:
    return select(*(INCIDENT.c[name] for name in Incident.__dataclass_fields__))


# Asked for every brand and source in every turn of the watch: built once.
_OPEN_ONE = _incidents().where(
    INCIDENT.c.kind == bindparam("kind"), INCIDENT.c.subject == bindparam("subject"), INCIDENT.c.resolved_at.is_(None)
)


def _incident(row: Any) -> Incident:
    return Incident(**{**row._mapping, "kind": IncidentKind(row.kind)})
