"""What a message about an incident says, before anybody renders it. `alerts.gather` reads it from the store.

Incident rows and outbox rows are written in one transaction, after rendering. So a message that OPENS an incident is
rendered before the row exists: its `incident.id` is 0. Show `ref`, which is fixed before, never changes, and is the
`thread` of all messages of the incident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.blind import BlindNow
from alerts.waves import Wave
from store.stories import Spread, StoryInPeriod
from tingfeng.growth import GrownTerm
from tingfeng.model import Incident, IncidentKind, Mention, Reason, RunStatus, Spike, Verdict

if TYPE_CHECKING:
    from store.hot import HotVisit


def incident_ref(kind: IncidentKind, subject: str, opened_at: datetime) -> str:
    """Name of an incident known before its row exists, like 'n251005031200-1f3a9c': ASCII, fit for a Message-ID."""
    digest = hashlib.blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"{kind.value[0]}{opened_at:%y%m%d%H%M%S}-{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint:
    """One step of the chart, `[start, start + step)`. `negative` None: blind then. `expected` None: unknown."""

    start: datetime
    negative: int | None
    expected: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightyPost:
    """A negative post with its reach weight (see measures.reach_weight); its link is `mention.url`."""

    mention: Mention
    verdict: Verdict
    weight: float
    copies: int = 1  # posts of its story; this is the heaviest of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A story of several posts. `wave`: what makes it a copy-paste wave; None when it is none."""

    story: StoryInPeriod
    wave: Wave | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpan:
    """We saw nothing of `source` then, which is not "nothing happened"."""

    source: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """Everything an alert mail says about a brand.

    OPENED and REPEAT carry the `spike` of now. RESOLVED has `spike` None: its numbers are those of the incident
    (`incident.observed`, `expected`, `p_value`: its most unlikely window), its posts and terms those of the whole
    episode.
    """

    reason: Reason  # OPENED, REPEAT or RESOLVED
    ref: str
    brand: str
    now: datetime
    incident: Incident  # as it will be once this step is written
    spike: Spike | None
    since: datetime  # when it began in the data
    until: datetime  # end of what is counted here, exclusive
    observed: int  # negative posts in the window (RESOLVED: in the strongest window)
    expected: float  # of the same window
    p_value: float  # chance of as many or more if nothing were going on
    baseline: str  # one Chinese sentence: what the expectation rests on
    total_mentions: int  # all posts of `since`…`until`, whatever their label
    negative_mentions: int  # the negative ones among them
    net_now: float | None  # net sentiment −1…1 of `since`…`until`; None without posts
    net_before: float | None  # the same over the days before
    days_before: int  # how many days `net_before` and `share_before` look back
    by_source: Mapping[str, int] = field(default_factory=dict)  # negative posts by source, largest first
    chart: tuple[ChartPoint, ...] = ()  # oldest first, regular
    chart_step: timedelta = timedelta(minutes=30)
    terms: tuple[GrownTerm, ...] = ()  # of the negative posts, against those before (all, if none was negative)
    posts: tuple[WeightyPost, ...] = ()  # of different stories, heaviest first, at most five
    spread: Spread = field(default_factory=Spread)  # of the negative posts of `since`…`until`
    copied: Copied | None = None  # of their stories a wave, else the one with most copies; None: nothing was copied
    blind: tuple[BlindSpan, ...] = ()  # gaps that touch the chart, over by now
    blind_now: tuple[BlindNow, ...] = ()  # sources of the brand that cannot be seen now
    to_do: tuple[str, ...] = ()  # Chinese, in order
    hot: tuple[HotVisit, ...] = ()  # the brand's places on hot lists at that moment, highest first

    @property
    def times(self) -> float | None:
        """Observed over expected; None when next to nothing was expected (then say both numbers only)."""
        return self.observed / self.expected if self.expected >= 0.05 else None

    @property
    def lasted(self) -> timedelta:
        """How long the incident has been going on, or went on."""
        return (self.incident.resolved_at or self.now) - self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessFacts:
    """Everything a mail to the operator says about a source we are blind in, or see again (RESOLVED)."""

    reason: Reason  # OPENED, REPEAT or RESOLVED
    ref: str
    source: str
    now: datetime
    incident: Incident  # as it will be once this step is written; `resolved_at`: when the source was seen again
    status: RunStatus | None  # of the newest run; None: it never ran
    cause: str  # named reason: login_required, rate_limited, timeout, stale, never_ran …
    cause_text: str  # the same as a Chinese sentence
    detail: str  # what the run noted; may be empty; hostile
    blind_since: datetime  # end of what we have seen
    last_good: datetime | None  # when the last good run finished; None: never
    brands: tuple[str, ...]  # who is affected
    doubts: tuple[Mapping[str, Any], ...] = ()  # of a silence: what was expected and what came
    missing: tuple[BlindSpan, ...] = ()  # what is still unseen since then; a good crawl may have caught up on it
    to_do: tuple[str, ...] = ()  # Chinese, in order; empty when RESOLVED

    @property
    def blind_for(self) -> timedelta:
        """How long we have been blind, or were."""
        return (self.incident.resolved_at or self.now) - self.blind_since
