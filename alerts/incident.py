"""The life of an incident, as a pure decision: quiet → opened → (ongoing | repeat | calm)* → resolved.

Rules, in the order they are asked:

- Nothing found: an open incident is CALM until it has been so for `rule.calm`, then RESOLVED. Where we are blind
  nothing can be found, so blindness calms nothing down, or only after `BLIND_CALM` times as long.
- Something found during a silence: SILENCED. It is kept as an incident nobody was told of, so the silence's end during
  the spike opens it, and its end before that ends it without a word.
- Something found: OPENED when nobody was told yet; REPEAT every `rule.repeat`, and at once when the finding is news;
  ONGOING in between.

The same serves spikes of brands, brands on hot lists and blindness of sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from alerts.facts import incident_ref
from tingfeng.model import Incident, IncidentKind, Reason, Silence

BLIND_CALM = 12  # times rule.calm: a source that never comes back must not keep an incident open for ever
TOLD = frozenset({Reason.OPENED, Reason.REPEAT, Reason.RESOLVED})  # steps that are worth a message


class Pace(Protocol):
    """How fast the life cycle runs; AlertRule is one."""

    @property
    def calm(self) -> timedelta: ...  # without a finding for this long = over

    @property
    def repeat(self) -> timedelta: ...  # told again after this long


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What speaks for an incident now: a spike of a brand, or blindness in a source."""

    since: datetime  # when it began in the data
    observed: int
    expected: float
    p_value: float
    evidence: Mapping[str, object] = field(default_factory=dict)  # JSON; kept of the strongest finding
    news: bool = False  # it says something that no message about the incident has said


def next_step(
    open_: Incident | None,
    found: Finding | None,
    silences: Sequence[Silence],
    *,
    now: datetime,
    rule: Pace,
    blind: bool = False,
) -> Reason:
    """The next step of the incident of one subject, and why.

    `open_`: its open incident, if any; `found`: what speaks for one now; `silences`: those that
    are about this subject, whenever they are; `blind`: whether what the incident rests on cannot be seen now.
    """
    if found is None:
        if open_ is None:
            return Reason.QUIET
        patience = rule.calm * (BLIND_CALM if blind else 1)
        return Reason.RESOLVED if now - open_.last_spike_at >= patience else Reason.CALM
    if any(s.starts_at <= now < s.ends_at for s in silences):
        return Reason.SILENCED
    if open_ is None or open_.told == 0:
        return Reason.OPENED
    return Reason.REPEAT if found.news or now - open_.last_told_at >= rule.repeat else Reason.ONGOING


def quiet_until(silences: Sequence[Silence], *, now: datetime) -> datetime | None:
    """End of the silence in force at `now`, joined with those that follow without a gap; None when there is none."""
    until = None
    at = now
    while ends := [s.ends_at for s in silences if s.starts_at <= at < s.ends_at]:
        until = at = max(ends)
    return until


def changed(
    open_: Incident | None, reason: Reason, found: Finding | None, *, kind: IncidentKind, subject: str, now: datetime
) -> Incident | None:
    """The incident after a step; None when nothing is to be written. A step taken twice at one `now` writes nothing."""
    if open_ is None:
        if found is None:
            return None
        fresh = Incident(
            id=0,
            kind=kind,
            subject=subject,
            version=0,
            opened_at=now,
            last_spike_at=now,
            last_told_at=now,
            told=0,
            since=found.since,
            observed=found.observed,
            expected=found.expected,
            p_value=found.p_value,
            peak_observed=found.observed,
            evidence={**found.evidence, "latest": dict(found.evidence)},
        )
        return _noted(fresh, reason, now=now)
    if found is None:
        if reason is Reason.CALM and last_step(open_) is Reason.CALM:
            return None
        return _noted(open_, reason, now=now)
    if reason in (Reason.ONGOING, Reason.SILENCED) and now <= open_.last_spike_at:
        return None
    return _noted(_stronger(open_, found, now=now), reason, now=now)


def _stronger(incident: Incident, found: Finding, *, now: datetime) -> Incident:
    """With `found` as the latest finding, and as the one it is told by when it is at least as unlikely."""
    seen = replace(incident, last_spike_at=now, peak_observed=max(incident.peak_observed, found.observed))
    if found.p_value > incident.p_value:
        return replace(seen, evidence={**incident.evidence, "latest": dict(found.evidence)})
    return replace(
        seen,
        observed=found.observed,
        expected=found.expected,
        p_value=found.p_value,
        evidence={**incident.evidence, **found.evidence, "latest": dict(found.evidence)},
    )


def _noted(incident: Incident, reason: Reason, *, now: datetime) -> Incident:
    noted = replace(incident, evidence={**incident.evidence, "step": reason.value})
    if reason is Reason.RESOLVED:
        noted = replace(noted, resolved_at=now)
    if reason in TOLD and (noted.told or reason is not Reason.RESOLVED):  # nobody told of it, nobody told it is over
        said = {**noted.evidence, "said": noted.evidence.get("latest")}
        noted = replace(noted, told=noted.told + 1, last_told_at=now, evidence=said)
    return noted


def last_step(incident: Incident) -> Reason | None:
    """The step it took last."""
    told = incident.evidence.get("step")
    return Reason(told) if isinstance(told, str) else None


def worth_noting(before: Reason | None, reason: Reason) -> bool:
    """Whether a step belongs into the incident's story: what was told, and changes; not every tick of the clock."""
    if reason in TOLD:
        return True
    return reason is not before and not (reason is Reason.ONGOING and before in TOLD)


def ref_of(incident: Incident) -> str:
    """Its name in messages and threads."""
    return incident_ref(incident.kind, incident.subject, incident.opened_at)


def latest(incident: Incident) -> Mapping[str, object]:
    """The evidence of its latest finding."""
    told = incident.evidence.get("latest")
    return told if isinstance(told, Mapping) else {}
