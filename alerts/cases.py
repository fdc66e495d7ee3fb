"""Everything the next step of one subject depends on, read from the store: a brand's spike or its places on hot
lists, a source's blindness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts import hot_lists
from alerts.baseline import SEEN_ENOUGH, covered
from alerts.blind import RECENT_RUNS, looking_for
from alerts.detector import Detector
from alerts.facts import AlertFacts, FreshnessFacts
from alerts.freshness import Outage, outage
from alerts.gather import gather, gather_freshness
from alerts.hot_lists import BACK, HotFacts, gather_hot
from alerts.incident import Finding, Pace, latest
from alerts.routing import RouteKind
from store import incidents, runs, silences
from store.database import Session
from store.series import series as read_series
from tingfeng.clock import BUCKET
from tingfeng.model import Brand, Incident, IncidentKind, Reason, RunStatus, Series, Silence, Spike

if TYPE_CHECKING:
    from tingfeng.config import AlertRule, SourceConfig

Facts = AlertFacts | FreshnessFacts | HotFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPace:
    """A pace that no rule sets."""

    calm: timedelta
    repeat: timedelta


# Calm: a source that fails every other time stays one incident. Repeat: it takes hands, not nerves.
SOURCE_PACE = FixedPace(calm=timedelta(minutes=15), repeat=timedelta(days=1))
AT_ONCE = FixedPace(calm=timedelta(0), repeat=timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One subject. `facts` reads what a message about a step would say; `route` None: there is nobody to tell."""

    kind: IncidentKind
    subject: str
    open: Incident | None
    pace: Pace
    finding: Finding | None = None
    silences: Sequence[Silence] = ()
    route: RouteKind | None = None
    facts: Callable[[Session, Incident, Reason], Facts] | None = None
    blind: bool = False  # what the incident rests on cannot be seen now
    over_at: datetime | None = None  # when it ended, where that is known better than "now"
    spike: Spike | None = None
    outage: Outage | None = None


def of_brand(
    s: Session, brand: Brand, sources: Sequence[SourceConfig], detector: Detector, rule: AlertRule, *, now: datetime
) -> Case:
    """Whether a brand is spiking, through the sources that are configured now."""
    names = {source.name for source in sources}
    found = read_series(s, brand.name, since=now - rule.history, until=now)
    history = [one for one in found if one.source in names]
    spike = detector.judge(history, now=now)
    open_ = incidents.open_one(s, IncidentKind.NEGATIVE_SPIKE, brand.name)
    return Case(
        kind=IncidentKind.NEGATIVE_SPIKE,
        subject=brand.name,
        open=open_,
        pace=rule,
        finding=_of_spike(spike) if spike else None,
        silences=[x for x in silences.active(s, at=now) if x.covers(brand.name, at=now)],
        route="alert",
        facts=lambda s, incident, reason: gather(
            s,
            brand,
            incident,
            spike,
            reason,
            series=history,
            sources=sources,
            hot=hot_lists.standing(s, brand.name, sources, since=now - BACK, now=now).on,
            now=now,
        ),
        blind=open_ is not None and rests_on_unseen(open_, history, names, window=rule.window),
        spike=spike,
    )


def of_hot_lists(
    s: Session, brand: Brand, sources: Sequence[SourceConfig], rule: AlertRule, *, now: datetime
) -> Case | None:
    """Whether a brand is on a hot list; None where there is no list to look at and nothing to end."""
    open_ = incidents.open_one(s, IncidentKind.HOT_LIST, brand.name)
    since = min(open_.since if open_ else now, now - BACK)
    found = hot_lists.standing(s, brand.name, sources, since=since, now=now)
    if not found.looked and open_ is None:
        return None
    finding = hot_lists.finding(found, open_)
    return Case(
        kind=IncidentKind.HOT_LIST,
        subject=brand.name,
        open=open_,
        pace=rule,
        finding=finding,
        silences=[x for x in silences.active(s, at=now) if x.covers(brand.name, at=now)],
        route="alert",
        facts=lambda s, incident, reason: gather_hot(s, brand.name, incident, finding, reason, found, now=now),
        blind=open_ is not None and hot_lists.rests_on_unseen(open_, found),
        over_at=open_.last_spike_at if open_ else None,
    )


def of_source(s: Session, source: SourceConfig, own: Sequence[Brand], *, now: datetime) -> Case:
    """Whether we are blind in a source."""
    recent = runs.recent(s, limit=RECENT_RUNS, source=source.name)
    found = outage(source, runs.health(s, [source.name], now)[0], recent, now=now)
    open_ = incidents.open_one(s, IncidentKind.FRESHNESS, source.name)
    good = [run.finished_at for run in recent if run.status is RunStatus.OK and run.finished_at is not None]
    affected = [brand.name for brand in own if looking_for(brand.name, [source])]
    return Case(
        kind=IncidentKind.FRESHNESS,
        subject=source.name,
        open=open_,
        pace=SOURCE_PACE,
        finding=_of_outage(found) if found else None,
        # A silence of one brand says nothing about a source; one of everything does.
        silences=[x for x in silences.active(s, at=now) if x.brand is None],
        route="operator",
        facts=lambda s, incident, reason: gather_freshness(s, incident, found, reason, brands=affected, now=now),
        over_at=min((at for at in good if open_ and at > open_.last_spike_at), default=None),
        outage=found,
    )


def of_unwatched(s: Session, brands: Iterable[str], sources: Iterable[str], *, now: datetime) -> list[Case]:
    """Open incidents of what is no longer configured: nothing would ever end them, so they end now, without a word."""
    own = set(brands)
    watched = {IncidentKind.NEGATIVE_SPIKE: own, IncidentKind.HOT_LIST: own, IncidentKind.FRESHNESS: set(sources)}
    return [
        Case(kind=one.kind, subject=one.subject, open=one, pace=AT_ONCE)
        for one in incidents.between(s, now, now + BUCKET)
        if one.resolved_at is None and one.subject not in watched[one.kind]
    ]


def rests_on_unseen(
    incident: Incident, history: Sequence[Series], watched: AbstractSet[str], *, window: timedelta
) -> bool:
    """Whether a source that carried the incident's latest window cannot be seen in the newest one.

    Sources that are no longer configured do not count: they will never be seen again.
    """
    told = latest(incident).get("by_source")
    carried = set(told) & watched if isinstance(told, dict) else set()
    size = window // BUCKET
    seen = {
        one.source for one in history if covered(one, len(one.negative) - size, len(one.negative)) >= SEEN_ENOUGH * size
    }
    return bool(carried - seen)


def _of_spike(spike: Spike) -> Finding:
    return Finding(
        since=spike.since,
        observed=spike.observed,
        expected=spike.expected,
        p_value=spike.p_value,
        evidence={
            "since": spike.since.isoformat(),
            "until": spike.until.isoformat(),
            "total": spike.total,
            "by_source": dict(spike.by_source),
            "blind_sources": list(spike.blind_sources),
            "detector": spike.detector,
            "baseline": spike.baseline,
        },
    )


def _of_outage(found: Outage) -> Finding:
    return Finding(
        since=found.blind_since,
        observed=found.failures,
        expected=0.0,
        p_value=1.0,
        evidence={"cause": found.cause, "detail": found.detail, "status": found.status.value},
    )
