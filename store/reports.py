"""What digest, mail and pages read. Counts come from the buckets, which outlive the mentions.

Periods are [since, until) and apply to the start of a bucket; local days begin on bucket bounds in every zone of today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from store import feedback
from store.buckets import BUCKETS
from store.mentions import LINK, MENTION, OURS, SCORE, counted_score
from store.runs import Interval, coverage, coverage_by_source
from store.series import sources_of
from tingfeng.clock import day_bounds, local_day
from tingfeng.model import Label

LEAST_BLIND = timedelta(minutes=30)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of mentions. Share of voice and net sentiment are made from them in tingfeng.measures."""

    total: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    polarity_sum: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local day of a brand. `covered`: share 0…1 of the day, over all sources of the brand, that was seen."""

    day: date
    counts: Totals
    covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyWeek:
    """What was answered in a local week (Monday to Sunday), beside what was said unasked in the same week."""

    monday: date
    nps: tuple[int, ...]
    csat: tuple[int, ...]
    mentions: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpan:
    """We saw nothing of `source` in [since, until), which is not "nothing happened"."""

    source: str
    since: datetime
    until: datetime


def totals(s: Session, brands: Sequence[str], since: datetime, until: datetime) -> dict[str, Totals]:
    """Counts per brand over all sources, every brand of `brands` present and in that order."""
    query = (
        _sums(since, until).add_columns(BUCKETS.c.brand).where(BUCKETS.c.brand.in_(brands)).group_by(BUCKETS.c.brand)
    )
    found = {row.brand: _totals(row) for row in s.execute(query)}
    return {brand: found.get(brand, Totals()) for brand in brands}


def by_source(s: Session, brand: str, since: datetime, until: datetime) -> dict[str, Totals]:
    """Counts of a brand per source with mentions, most mentions first."""
    query = _sums(since, until).where(BUCKETS.c.brand == brand)
    found = {source: s.execute(query.where(BUCKETS.c.source == source)).one() for source in sources_of(s, brand)}
    counts = {source: _totals(row) for source, row in found.items() if row.total}
    return dict(sorted(counts.items(), key=lambda item: (-item[1].total, item[0])))


def yielded(s: Session, source: str, brands: Sequence[str], since: datetime, until: datetime) -> int:
    """Mentions of these brands that a source brought; one of several brands counts for each."""
    query = _sums(since, until).where(BUCKETS.c.brand.in_(brands), BUCKETS.c.source == source)
    return int(s.execute(query).one().total or 0)


def _sums(since: datetime, until: datetime) -> Select[Any]:
    sums = [func.sum(BUCKETS.c[name]).label(name) for name in Totals.__dataclass_fields__]
    return select(*sums).where(BUCKETS.c.start >= since, BUCKETS.c.start < until)


def _totals(row: Any) -> Totals:
    names = ("total", "negative", "neutral", "positive")
    return Totals(**{name: int(getattr(row, name)) for name in names}, polarity_sum=float(row.polarity_sum))


def daily(s: Session, brand: str, since: datetime, until: datetime, zone: ZoneInfo) -> list[Day]:
    """Every local day that [since, until) touches, oldest first, whole."""
    sources = sources_of(s, brand)
    days = _days(since, until, zone)
    found: list[Day] = []
    for day in days:
        start, end = day_bounds(day, zone)
        seen = coverage_by_source(s, since=start, until=end)
        seconds = sum(_seconds(seen.get(source, ())) for source in sources)
        covered = seconds / ((end - start).total_seconds() * len(sources)) if sources else 0.0
        found.append(Day(day=day, counts=totals(s, [brand], start, end)[brand], covered=covered))
    return found


def _days(since: datetime, until: datetime, zone: ZoneInfo) -> list[date]:
    if until <= since:
        return []
    first, last = local_day(since, zone), local_day(until - timedelta(microseconds=1), zone)
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def _seconds(intervals: Sequence[Interval]) -> float:
    return sum((end - start).total_seconds() for start, end in intervals)


def term_counts(s: Session, brand: str, since: datetime, until: datetime, label: Label | None = None) -> Counter[str]:
    """In how many counted mentions of the brand, published in [since, until), each term stands."""
    query = (
        select(SCORE.c.terms, func.count())
        .select_from(MENTION)
        .join(LINK, LINK.c.mention_id == MENTION.c.id)
        .join(SCORE, counted_score())
        .where(LINK.c.brand == brand, OURS, MENTION.c.published_at >= since, MENTION.c.published_at < until)
        .group_by(SCORE.c.terms)
    )
    if label is not None:
        query = query.where(LINK.c.label == int(label))
    counts: Counter[str] = Counter()
    for terms, posts in s.execute(query):
        for term in set(filter(None, terms.split("\t"))):
            counts[term] += posts
    return counts


def aspect_counts(s: Session, brand: str, since: datetime, until: datetime) -> dict[str, Totals]:
    """How the counted mentions of the brand, published in [since, until), judge each aspect; most judged first."""
    query = (
        select(LINK.c.aspects, func.count())
        .join(MENTION, MENTION.c.id == LINK.c.mention_id)
        .where(LINK.c.brand == brand, OURS, MENTION.c.published_at >= since, MENTION.c.published_at < until)
        .where(LINK.c.aspects != "", LINK.c.counted_by.is_not(None))
        .group_by(LINK.c.aspects)
    )
    counts: dict[str, Counter[int]] = {}
    for told, posts in s.execute(query):
        for name, label in {part.rpartition(":")[::2] for part in told.split("\t")}:
            counts.setdefault(name, Counter())[int(label)] += posts
    found = {
        name: Totals(total=n.total(), negative=n[-1], neutral=n[0], positive=n[1], polarity_sum=float(n[1] - n[-1]))
        for name, n in counts.items()
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1].total, item[0])))


def survey_weeks(s: Session, brand: str, since: datetime, until: datetime, zone: ZoneInfo) -> list[SurveyWeek]:
    """The local weeks that [since, until) touches, whole, oldest first; those without answers too."""
    days = _days(since, until, zone)
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days})
    found: list[SurveyWeek] = []
    for monday in mondays:
        start, end = day_bounds(monday, zone)[0], day_bounds(monday + WEEK, zone)[0]
        answers = feedback.ratings(s, brand, start, end)
        found.append(
            SurveyWeek(
                monday=monday,
                nps=tuple(a.nps for a in answers if a.nps is not None),
                csat=tuple(a.csat for a in answers if a.csat is not None),
                mentions=totals(s, [brand], start, end)[brand],
            )
        )
    return found


def blind(
    s: Session, sources: Sequence[str], since: datetime, until: datetime, *, at_least: timedelta = LEAST_BLIND
) -> list[BlindSpan]:
    """Stretches of [since, until) of `at_least` this length in which a source was not seen, by source and time."""
    spans: list[BlindSpan] = []
    for source in sources:
        edge = since
        for start, end in [*coverage(s, source, since=since, until=until), (until, until)]:
            if start > edge and start - edge >= at_least:
                spans.append(BlindSpan(source=source, since=edge, until=start))
            edge = end
    return spans
