"""What a digest says, before anybody renders it: facts of one period, per own brand, read from store.reports.

Hours in which a source was blind are missing, not zero: totals of such a period are too small, changes against it are
no more than a hint, and the facts carry the gaps so that the reader is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alerts.blind import BlindNow, blind_now, looking_for
from alerts.facts import Copied
from alerts.gather import most_copied
from store import hot, incidents, mentions, reports, runs, scores, stories
from store.database import Session
from store.hot import HotVisit
from store.mentions import MentionWithVerdict
from store.reports import BlindSpan, Day, SurveyWeek, Totals
from store.stories import Spread
from tingfeng import measures
from tingfeng.clock import day_bounds, local_day
from tingfeng.growth import GrownTerm, grown
from tingfeng.model import Brand, Incident, IncidentKind, Label, RunStatus

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

CHART_DAYS, SURVEY_WEEKS = 14, 8
WORST, BEST, TERMS = 3, 2, 8  # how many posts and terms are shown
TERM_MIN, TERM_Z = 3, 2.0  # a term "grew" with at least this many posts and standard deviations


class Period(StrEnum):
    DAILY = "daily"  # yesterday
    WEEKLY = "weekly"  # Monday to Sunday of last week


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A reported period of whole local days, [since, until), and the one before it."""

    period: Period
    first: date
    last: date
    since: datetime
    until: datetime
    before_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One brand's part of the conversation. `share_before` None: nothing was said, or seen, in the period before."""

    brand: str
    is_own: bool
    counts: Totals
    share: float
    share_before: float | None

    @property
    def net(self) -> float | None:
        return measures.net_sentiment(self.counts.positive, self.counts.negative, self.counts.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandFacts:
    """What a digest says of one own brand. `before` None: all sources were blind in the whole period before."""

    brand: str
    now: Totals
    before: Totals | None
    voices: tuple[Voice, ...]  # most mentions first; only the brand itself when it has no competitors
    days: tuple[Day, ...]  # two weeks up to the end of the period
    by_source: Mapping[str, Totals]
    worst: tuple[MentionWithVerdict, ...]  # negative posts, heaviest first
    best: tuple[MentionWithVerdict, ...]  # positive posts, heaviest first
    terms: tuple[GrownTerm, ...]  # against the terms of the weeks before, strongest first
    incidents: tuple[Incident, ...]
    weeks: tuple[SurveyWeek, ...]  # oldest first, the last holds the end of the period
    blind: tuple[BlindSpan, ...]
    blind_before: tuple[BlindSpan, ...]
    hot: tuple[HotVisit, ...] = ()  # its visits to hot lists that touch the period, highest first
    hot_boards: tuple[str, ...] = ()  # the lists we look at
    spread: Spread = field(default_factory=Spread)
    copied: Copied | None = None  # a copy-paste wave, else the text with most copies


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """Everything one digest mail says."""

    span: Span
    now: datetime
    brands: tuple[BrandFacts, ...]
    sources: tuple[str, ...]
    blind: tuple[BlindSpan, ...]  # of any source
    unscored: bool  # posts of the period wait for their score and are not counted yet
    blind_now: tuple[BlindNow, ...] = ()  # sources of these brands that cannot be seen as of `now`


def span_of(period: Period, *, now: datetime, zone: ZoneInfo) -> Span:
    """The last finished period before `now`: yesterday, or last week from Monday to Sunday."""
    today = local_day(now, zone)
    length = 7 if period is Period.WEEKLY else 1
    end = today - timedelta(days=today.weekday()) if period is Period.WEEKLY else today
    first = end - timedelta(days=length)
    return Span(
        period=period,
        first=first,
        last=end - timedelta(days=1),
        since=day_bounds(first, zone)[0],
        until=day_bounds(end, zone)[0],
        before_since=day_bounds(first - timedelta(days=length), zone)[0],
    )


def unfinished(s: Session, sources: Sequence[SourceConfig], span: Span, *, now: datetime) -> list[str]:
    """What a digest of `span` should wait for: sources that have not been asked since it ended, unscored posts.

    A source that was asked and failed, or never ran at all, is not waited for: the digest says it was blind.
    """
    waiting = []
    for health in runs.health(s, [source.name for source in sources], now):
        seen = health.last_ok_at is not None and health.last_ok_at >= span.until
        tried = health.latest and health.latest.started_at >= span.until and health.latest.status != RunStatus.RUNNING
        if health.latest and not seen and not tried:
            waiting.append(health.source)
    return waiting + (["score"] if has_unscored(s, span) else [])


def has_unscored(s: Session, span: Span) -> bool:
    """Whether posts published before the end of the period are not counted yet (the oldest thousand are looked at)."""
    return any(p.published_at < span.until for p in scores.pending(s, limit=1_000))


def has_anything(s: Session, brands: Sequence[Brand], sources: Sequence[SourceConfig], span: Span) -> bool:
    """Whether we were there in the period at all: something seen, said or broken. False before the first crawl."""
    names = {source.name for source in sources}
    seen = runs.coverage_by_source(s, since=span.since, until=span.until)
    said = reports.totals(s, [b.name for b in brands], span.since, span.until)
    return (
        any(seen.get(name) for name in names)
        or any(t.total for t in said.values())
        or bool(incidents.between(s, span.since, span.until))
    )


def gather(
    s: Session,
    own: Sequence[Brand],
    brands: Sequence[Brand],
    sources: Sequence[SourceConfig],
    span: Span,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> DigestFacts:
    """The facts of `span` about the brands `own`, compared with their competitors among `brands`."""
    # A hot list holds no mentions: whether it was seen says nothing about how complete the counts are.
    lists = {board.source for board in hot.boards(s)}
    names = [source.name for source in sources if source.name not in lists]
    return DigestFacts(
        span=span,
        now=now,
        brands=tuple(_brand(s, brand, brands, sources, span, zone) for brand in own),
        sources=tuple(source.name for source in sources),
        blind=tuple(reports.blind(s, names, span.since, span.until)),
        blind_now=blind_now(s, [one for one in sources if any(looking_for(b.name, [one]) for b in own)], now=now),
        unscored=has_unscored(s, span),
    )


def _brand(
    s: Session, brand: Brand, brands: Sequence[Brand], sources: Sequence[SourceConfig], span: Span, zone: ZoneInfo
) -> BrandFacts:
    # A hot list holds no mentions: whether it was seen says nothing about how complete the counts are.
    boards = [b for b in hot.boards(s) if b.source in {source.name for source in sources}]
    lists = {b.source for b in boards}
    name = brand.name
    looked = [source.name for source in looking_for(name, sources) if source.name not in lists]
    rivals = [b.name for b in brands if name in b.competitor_of]
    now = reports.totals(s, [name, *rivals], span.since, span.until)
    before = reports.totals(s, [name, *rivals], span.before_since, span.since)
    blind_before = reports.blind(s, looked, span.before_since, span.since)
    nothing_before = not before[name].total and _all_blind(blind_before, looked, span)
    return BrandFacts(
        brand=name,
        now=now[name],
        before=None if nothing_before else before[name],
        voices=_voices(name, now, None if nothing_before else before),
        days=tuple(reports.daily(s, name, _days_before(span, CHART_DAYS, zone), span.until, zone)),
        by_source=reports.by_source(s, name, span.since, span.until),
        worst=tuple(mentions.top(s, name, span.since, span.until, label=Label.NEGATIVE, limit=WORST)),
        best=tuple(mentions.top(s, name, span.since, span.until, label=Label.POSITIVE, limit=BEST)),
        terms=_grown(s, brand, span),
        incidents=tuple(incidents.between(s, span.since, span.until, name, IncidentKind.NEGATIVE_SPIKE)),
        weeks=tuple(reports.survey_weeks(s, name, _days_before(span, 7 * SURVEY_WEEKS - 6, zone), span.until, zone)),
        blind=tuple(reports.blind(s, looked, span.since, span.until)),
        blind_before=tuple(blind_before),
        hot=tuple(hot.visits(s, span.since, span.until, brands=[name])),
        hot_boards=tuple(dict.fromkeys(b.board for b in boards)),
        spread=stories.spread(s, name, span.since, span.until),
        copied=most_copied(s, name, span.since, span.until),
    )


def _days_before(span: Span, days: int, zone: ZoneInfo) -> datetime:
    """Start of the day that makes `days` local days up to the end of the period."""
    return day_bounds(span.last - timedelta(days=days - 1), zone)[0]


def _all_blind(blind: Sequence[BlindSpan], sources: Sequence[str], span: Span) -> bool:
    """Whether none of the sources saw anything of the period before."""
    whole = {b.source for b in blind if b.since <= span.before_since and b.until >= span.since}
    return whole >= set(sources)


def _voices(own: str, now: Mapping[str, Totals], before: Mapping[str, Totals] | None) -> tuple[Voice, ...]:
    share = measures.share_of_voice({brand: t.total for brand, t in now.items()})
    said_before = before and any(t.total for t in before.values())
    share_before = measures.share_of_voice({b: t.total for b, t in before.items()}) if before and said_before else {}
    voices = (
        Voice(brand=b, is_own=b == own, counts=t, share=share[b], share_before=share_before.get(b))
        for b, t in now.items()
    )
    return tuple(sorted(voices, key=lambda v: -v.counts.total))


def _grown(s: Session, brand: Brand, span: Span) -> tuple[GrownTerm, ...]:
    """Terms that stand out against the four periods before (weekly), or the seven (daily)."""
    back = (span.until - span.since) * (4 if span.period is Period.WEEKLY else 7)
    name = brand.name
    return grown(
        reports.term_counts(s, name, span.since, span.until),
        reports.term_counts(s, name, span.since - back, span.since),
        posts_now=reports.totals(s, [name], span.since, span.until)[name].total,
        posts_before=reports.totals(s, [name], span.since - back, span.since)[name].total,
        least=TERM_MIN,
        least_z=TERM_Z,
        limit=TERMS,
        ignore=brand.words,
    )
