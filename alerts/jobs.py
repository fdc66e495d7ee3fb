"""The job `watch`: buckets → finding → step → incident and outbox rows in one transaction.

For each brand and each source: read, decide, gather and render with no transaction for writing open, then write the
incident, its step and its messages together, as a compare-and-set. Killed before that, nothing happened and the next
turn decides again; outrun by another watcher, nothing is said twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from alerts import cases, render
from alerts.cases import Case
from alerts.detectors import load_detector
from alerts.facts import AlertFacts, FreshnessFacts
from alerts.freshness import Outage
from alerts.hot_lists import HotFacts
from alerts.incident import TOLD, changed, last_step, next_step, quiet_until, ref_of, worth_noting
from alerts.render import Rendered
from alerts.routing import Routing, recipient_key
from store import incidents, outbox
from store.database import Database
from tingfeng.errors import StoreError
from tingfeng.model import Brand, Incident, IncidentKind, Message, Reason, Spike

if TYPE_CHECKING:
    from tingfeng.config import AlertRule, SourceConfig

log = logging.getLogger(__name__)

CHANNEL = "mail"
_CHANGING = (
    *("last_spike_at", "last_told_at", "told", "observed", "expected", "p_value"),
    *("peak_observed", "resolved_at", "evidence"),
)


class Renderer(Protocol):
    """Turns facts into a message; the module `alerts.render` is one."""

    def render_alert(self, facts: AlertFacts, *, zone: ZoneInfo) -> Rendered: ...

    def render_hot(self, facts: HotFacts, *, zone: ZoneInfo) -> Rendered: ...

    def render_freshness(self, facts: FreshnessFacts, *, zone: ZoneInfo) -> Rendered: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStep:
    """What one look at one brand or source came to."""

    kind: IncidentKind
    subject: str
    reason: Reason
    incident: Incident | None = None  # as it is now; None when there is none
    spike: Spike | None = None
    outage: Outage | None = None
    messages: int = 0  # put into the outbox
    unrouted: bool = False  # there was something to say and nobody to say it to
    outrun: bool = False  # another watcher wrote first; nothing was written or said here


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    """What one turn came to: brands first, in the order given, then sources, then what is no longer configured."""

    steps: tuple[WatchStep, ...]

    @property
    def messages(self) -> int:
        return sum(step.messages for step in self.steps)

    def count(self, reason: Reason) -> int:
        """How many subjects took that step."""
        return sum(step.reason is reason and not step.outrun for step in self.steps)


def watch(
    db: Database,
    brands: Sequence[Brand],
    sources: Sequence[SourceConfig],
    rule: AlertRule,
    routing: Routing,
    *,
    now: datetime,
    zone: ZoneInfo,
    renderer: Renderer = render,
) -> WatchReport:
    """Look at every own brand (competitors are compared, not watched) and every enabled source once, as of `now`.

    UnknownName or ConfigError when the rule's detector cannot be used.
    """
    turn = _Turn(db=db, routing=routing, now=now, zone=zone, renderer=renderer)
    detector = load_detector(rule)
    own = [brand for brand in brands if not brand.competitor_of]
    live = [source for source in sources if source.enabled]
    steps: list[WatchStep] = []
    for brand in own:
        with db.read() as s:
            case = cases.of_brand(s, brand, live, detector, rule, now=now)
        steps.append(turn.take(case))
        with db.read() as s:
            listed = cases.of_hot_lists(s, brand, live, rule, now=now)
        if listed is not None:
            steps.append(turn.take(listed))
    for source in live:
        with db.read() as s:
            case = cases.of_source(s, source, own, now=now)
        steps.append(turn.take(case))
    with db.read() as s:
        left = cases.of_unwatched(s, [brand.name for brand in own], [source.name for source in live], now=now)
    steps.extend(turn.take(case) for case in left)
    report = WatchReport(steps=tuple(steps))
    _log(report)
    return report


def _log(report: WatchReport) -> None:
    told = {reason: report.count(reason) for reason in (*sorted(TOLD), Reason.SILENCED)}
    log.info(
        "watch done: subjects=%d %s messages=%d outrun=%d",
        len(report.steps),
        " ".join(f"{reason}={n}" for reason, n in told.items()),
        report.messages,
        sum(step.outrun for step in report.steps),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What stays the same over all subjects of one turn."""

    db: Database
    routing: Routing
    now: datetime
    zone: ZoneInfo
    renderer: Renderer

    def take(self, case: Case) -> WatchStep:
        """Take the case's next step, and say it if it is worth a message."""
        reason = next_step(case.open, case.finding, case.silences, now=self.now, rule=case.pace, blind=case.blind)
        step = WatchStep(
            kind=case.kind,
            subject=case.subject,
            reason=reason,
            incident=case.open,
            spike=case.spike,
            outage=case.outage,
        )
        after = changed(case.open, reason, case.finding, kind=case.kind, subject=case.subject, now=self.now)
        if after is None:
            return step
        if reason is Reason.RESOLVED and case.over_at:
            after = replace(after, resolved_at=case.over_at)
        said = reason in TOLD and after.told > 0 and case.route is not None
        messages = self._messages(case, after, reason) if said else []
        written = self._write(case, after, reason, messages)
        if written is None:
            return replace(step, outrun=True)
        if said and not messages:
            log.warning("nobody to tell: %s of %s %s, no route for '%s'", case.kind, case.subject, reason, case.route)
        return replace(step, incident=written, messages=len(messages), unrouted=said and not messages)

    def _messages(self, case: Case, incident: Incident, reason: Reason) -> list[Message]:
        """One message per recipient: nobody sees who else was told."""
        brand = None if case.kind is IncidentKind.FRESHNESS else case.subject
        recipients = self.routing.to(case.route, brand) if case.route else []
        if not recipients or case.facts is None:
            return []
        with self.db.read() as s:
            facts = case.facts(s, incident, reason)
        if isinstance(facts, AlertFacts):
            said = self.renderer.render_alert(facts, zone=self.zone)
        elif isinstance(facts, HotFacts):
            said = self.renderer.render_hot(facts, zone=self.zone)
        else:
            said = self.renderer.render_freshness(facts, zone=self.zone)
        ref = ref_of(incident)
        return [
            Message(
                key=f"{ref}.{incident.told}.{reason}.{recipient_key(to.email)}",
                channel=CHANNEL,
                recipient=to.email,
                subject=said.subject,
                text=said.text,
                html=said.html,
                images=said.images,
                thread=ref,
            )
            for to in recipients
        ]

    def _write(self, case: Case, after: Incident, reason: Reason, messages: Sequence[Message]) -> Incident | None:
        """Incident, step and messages in one transaction; None when another watcher was faster."""
        # Only an end can be worth a message during a silence: it waits for the silence's end.
        due_at = quiet_until(case.silences, now=self.now)
        try:
            with self.db.write() as s:
                if case.open is None:
                    written = incidents.insert(s, after)
                else:
                    written = incidents.update(s, case.open, **{name: getattr(after, name) for name in _CHANGING})
                if worth_noting(last_step(case.open) if case.open else None, reason):
                    incidents.add_step(s, written, at=self.now, reason=reason)
                outbox.put(s, messages, now=self.now, due_at=due_at)
        except StoreError:
            if not self._outrun(case):
                raise
            log.info("outrun: %s of %s was changed by another watcher", case.kind, case.subject)
            return None
        return written

    def _outrun(self, case: Case) -> bool:
        with self.db.read() as s:
            there = incidents.open_one(s, case.kind, case.subject)
        return _at(there) != _at(case.open)


def _at(incident: Incident | None) -> tuple[int, int] | None:
    return (incident.id, incident.version) if incident else None
