"""A brand on hot lists: where it stands now, whether that is news, and what a mail about it says.

Pure but for `standing`, which reads. A list that could not be looked at lately shows nothing: its entries neither
stand nor are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts import advice
from alerts.facts import BlindSpan
from alerts.incident import Finding, latest, ref_of
from store import hot, reports
from store.database import Session
from store.hot import HotVisit
from tingfeng.model import Incident, Reason

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

TOP = 10  # places that everybody sees
BACK = timedelta(days=1)  # how far back is looked for entries that may still stand
TITLES = 5  # kept with the incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A brand's places on the lists of the sources that are configured. `looked`: whether there are such lists."""

    on: tuple[HotVisit, ...]  # there at the last look, highest first
    left: tuple[HotVisit, ...]  # there before, but no more
    unseen: tuple[HotVisit, ...]  # there when we last could look, too long ago to say
    blind: tuple[BlindSpan, ...]  # lists that were not looked at lately, by list
    looks: tuple[tuple[str, datetime], ...]  # each list with its last look

    @property
    def looked(self) -> bool:
        return bool(self.looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotFacts:
    """Everything a mail says about a brand on hot lists: OPENED, REPEAT, or RESOLVED when it is on none any more."""

    reason: Reason
    ref: str
    brand: str
    now: datetime
    incident: Incident  # as it will be once this step is written
    standing: Standing
    entered: tuple[str, ...]  # lists that no message has named yet
    climbed: bool  # into the first ten, which no message has said yet
    total_mentions: int  # posts about the brand since then, hot lists aside
    negative_mentions: int
    to_do: tuple[str, ...]  # Chinese, in order

    @property
    def lasted(self) -> timedelta:
        """How long it has been on lists, or was."""
        return (self.incident.resolved_at or self.now) - self.incident.since


def standing(s: Session, brand: str, sources: Sequence[SourceConfig], *, since: datetime, now: datetime) -> Standing:
    """Where `brand` stands as of `now`; visits that ended before `since` are left out.

    A list that several sources look at is seen as long as one of them sees it.
    """
    patience = {source.name: source.stale_after for source in sources}
    looks = [look for look in hot.boards(s) if look.source in patience]
    fresh = {look.board: look for look in looks if now - look.looked_at <= patience[look.source]}
    own = {(look.board, look.source): look for look in looks}
    found = hot.visits(s, since, now + BACK, brands=[brand]) if looks else []
    on: list[HotVisit] = []
    left: list[HotVisit] = []
    unseen: list[HotVisit] = []
    for visit in found:
        look = own.get((visit.board, visit.source))
        if look is None:
            continue  # seen by a source that is no longer configured
        if now - look.looked_at > patience[look.source]:
            look = fresh.get(visit.board, look)
        there = visit.last_seen >= look.looked_at
        (left if not there else on if visit.board in fresh else unseen).append(visit)
    last = {look.board: max(x.looked_at for x in looks if x.board == look.board) for look in looks}
    return Standing(
        on=tuple(sorted(on, key=lambda v: (v.last_rank, v.first_seen))),
        left=tuple(left),
        unseen=tuple(unseen),
        blind=tuple(BlindSpan(source=name, since=at, until=now) for name, at in last.items() if name not in fresh),
        looks=tuple(last.items()),
    )


def finding(now_on: Standing, open_: Incident | None) -> Finding | None:
    """What speaks for an incident now; None while the brand is on no list we can see.

    It is news when it names a list that no message has named yet, or the first ten for the first time.
    """
    if not now_on.on:
        return None
    said = _said(open_)
    boards = sorted({v.board for v in now_on.on})
    top = min(v.last_rank for v in now_on.on) <= TOP
    new, climbed = [name for name in boards if name not in said.boards], top and not said.top
    return Finding(
        since=min(v.first_seen for v in now_on.on),
        observed=len(now_on.on),
        expected=0.0,
        p_value=1.0,
        news=bool(new) or climbed,
        evidence={
            "boards": boards,
            "listed": sorted({*said.boards, *boards}),
            "entered": new,
            "top": top or said.top,
            "climbed": climbed and not new,
            "best": min(v.best_rank for v in now_on.on),
            "titles": [v.title[:100] for v in now_on.on[:TITLES]],
        },
    )


@dataclass(frozen=True, slots=True)
class _Said:
    boards: frozenset[str] = frozenset()
    top: bool = False


def _said(open_: Incident | None) -> _Said:
    """What the last message of the incident had told by then."""
    told = open_.evidence.get("said") if open_ is not None and open_.told else None
    if not isinstance(told, dict):
        return _Said()
    listed = told.get("listed")
    return _Said(frozenset(map(str, listed)) if isinstance(listed, list) else frozenset(), bool(told.get("top")))


def rests_on_unseen(incident: Incident, now_on: Standing) -> bool:
    """Whether a list on which the brand was seen last cannot be seen now."""
    boards = latest(incident).get("boards")
    return bool({b.source for b in now_on.blind} & set(boards if isinstance(boards, list) else ()))


def gather_hot(
    s: Session,
    brand: str,
    incident: Incident,
    found: Finding | None,
    reason: Reason,
    now_on: Standing,
    *,
    now: datetime,
) -> HotFacts:
    """The facts of a mail. `incident`: as it will be once the step is written."""
    counts = reports.totals(s, [brand], incident.since, now)[brand]
    evidence = found.evidence if found else {}
    entered = evidence.get("entered")
    return HotFacts(
        reason=reason,
        ref=ref_of(incident),
        brand=brand,
        now=now,
        incident=incident,
        standing=replace(now_on, left=tuple(v for v in now_on.left if v.last_seen >= incident.since)),
        entered=tuple(entered) if isinstance(entered, list) else (),
        climbed=bool(evidence.get("climbed")),
        total_mentions=counts.total,
        negative_mentions=counts.negative,
        to_do=advice.hot_steps(reason),
    )
