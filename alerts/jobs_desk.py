"""What a person at the desk asks and does: look at incidents, sources and messages, be quiet on purpose, try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alerts.source_state import SourceState, state_of
from store import hot, incidents, outbox, silences
from store.database import Database
from store.hot import HotBoard, HotVisit
from store.incidents import IncidentStep
from store.outbox import Waiting
from tingfeng.model import Brand, Incident, Silence

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStory:
    """An incident and what happened to it, oldest first."""

    incident: Incident
    steps: tuple[IncidentStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxState:
    """Messages that were not sent: those that wait for their turn, and those that need a person."""

    waiting: tuple[Waiting, ...]
    parked: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotLists:
    """Visits to hot lists, the highest place first, and every list with its last look."""

    visits: tuple[HotVisit, ...]
    boards: tuple[HotBoard, ...]


def hot_lists(db: Database, brands: Sequence[str], since: datetime, until: datetime) -> HotLists:
    """What of the brands was on hot lists at some moment of [since, until)."""
    with db.read() as s:
        visits = hot.visits(s, since, until, brands=brands)
        return HotLists(visits=tuple(visits), boards=tuple(hot.boards(s)))


def find_incidents(db: Database, since: datetime, until: datetime, *, subject: str | None = None) -> list[Incident]:
    """Incidents that were open at some moment of [since, until), newest first."""
    with db.read() as s:
        return incidents.between(s, since, until, subject)[::-1]


def incident_story(db: Database, incident_id: int) -> IncidentStory:
    """StoreError when there is none of that id."""
    with db.read() as s:
        return IncidentStory(incident=incidents.get(s, incident_id), steps=tuple(incidents.steps(s, incident_id)))


def source_states(
    db: Database, sources: Sequence[SourceConfig], brands: Sequence[Brand], *, now: datetime
) -> list[SourceState]:
    """How each source is doing, in the given order."""
    with db.read() as s:
        return [state_of(s, source, brands, now=now) for source in sources]


def outbox_state(db: Database) -> OutboxState:
    with db.read() as s:
        return OutboxState(waiting=tuple(outbox.waiting(s)), parked=tuple(outbox.parked(s)))


def retry_parked(db: Database, ids: Sequence[int] | None, *, now: datetime) -> list[int]:
    """Take parked messages up again (None: all of them); the ids that were parked."""
    with db.write() as s:
        wanted = [w.id for w in outbox.parked(s)] if ids is None else ids
        return [i for i in wanted if outbox.retry(s, i, now=now)]


def add_silence(db: Database, silence: Silence) -> Silence:
    """The same with its id. StoreError when it ends before it begins."""
    with db.write() as s:
        return silences.add(s, silence)


def end_silence(db: Database, silence_id: int, *, now: datetime) -> bool:
    """False when there is none of that id that has not ended yet."""
    with db.write() as s:
        return silences.end(s, silence_id, now=now)


def find_silences(db: Database) -> list[Silence]:
    """Every silence there ever was, oldest first."""
    with db.read() as s:
        return silences.all(s)


def preview_digest(
    db: Database,
    brands: Sequence[Brand],
    sources: Sequence[SourceConfig],
    *,
    own: Sequence[Brand],
    period: str,
    now: datetime,
    zone: ZoneInfo,
) -> str:
    """The newest finished period's digest about the brands `own` as a page for the browser; nothing is queued."""
    from alerts import digest, render  # drawing is wanted here and nowhere else

    span = digest.span_of(digest.Period(period), now=now, zone=zone)
    with db.read() as s:
        facts = digest.gather(s, own, brands, sources, span, now=now, zone=zone)
    return render.preview_html(render.render_digest(facts, zone=zone))
