"""What a digest counts and what it calls missing, on a real store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts import digest as d
from alerts.digest import BrandFacts, Period, span_of
from store import feedback, incidents
from store.database import Database
from tests.alerts.tea import (
    BRANDS,
    COFFEE,
    DAY,
    HOUR,
    MIDNIGHT,
    NOW,
    SHANGHAI,
    TEA,
    WEIBO,
    ZHIHU,
    a_week,
    say,
    seen,
    source,
)
from tests.support.factories import (
    make_incident,
    make_response,
)
from tingfeng.config import SourceConfig
from tingfeng.model import IncidentKind, Label


def facts(db: Database, period: Period = Period.DAILY, sources: Sequence[SourceConfig] = (WEIBO, ZHIHU)) -> BrandFacts:
    span = span_of(period, now=NOW, zone=SHANGHAI)
    with db.read() as s:
        return d.gather(s, [TEA], BRANDS, sources, span, now=NOW, zone=SHANGHAI).brands[0]


@pytest.mark.parametrize(
    ("why", "period", "now", "zone", "first", "last", "hours"),
    [
        ("yesterday, local", Period.DAILY, NOW, SHANGHAI, date(2025, 11, 19), date(2025, 11, 19), 24),
        ("just past local midnight", Period.DAILY, MIDNIGHT, SHANGHAI, date(2025, 11, 19), date(2025, 11, 19), 24),
        ("just before it", Period.DAILY, MIDNIGHT - HOUR, SHANGHAI, date(2025, 11, 18), date(2025, 11, 18), 24),
        ("Monday to Sunday of last week", Period.WEEKLY, NOW, SHANGHAI, date(2025, 11, 10), date(2025, 11, 16), 168),
        (
            "on a Monday it is the week that just ended",
            Period.WEEKLY,
            datetime(2025, 11, 16, 16, 0, tzinfo=UTC),
            SHANGHAI,
            date(2025, 11, 10),
            date(2025, 11, 16),
            168,
        ),
        (
            "a week with a clock change is an hour shorter",
            Period.WEEKLY,
            datetime(2025, 3, 31, 12, 0, tzinfo=UTC),
            ZoneInfo("Europe/Berlin"),
            date(2025, 3, 24),
            date(2025, 3, 30),
            167,
        ),
    ],
)
def test_periods(why: str, period: Period, now: datetime, zone: ZoneInfo, first: date, last: date, hours: int) -> None:
    span = span_of(period, now=now, zone=zone)
    assert (span.first, span.last) == (first, last), why
    assert (span.until - span.since) == hours * HOUR and span.until <= now, why
    before = span_of(period, now=span.since, zone=zone)
    assert (before.since, before.until) == (span.before_since, span.since)


def test_counts_of_the_day_against_the_day_before(db: Database) -> None:
    with db.write() as s:
        a_week(s)
    found = facts(db)
    assert (found.now.total, found.now.negative, found.now.positive) == (12, 6, 3)
    assert found.before is not None and (found.before.total, found.before.negative) == (8, 1)
    assert [(v.brand, v.is_own, round(v.share, 2), v.share_before) for v in found.voices] == [
        ("云杉奶茶", True, 0.67, 0.25),
        ("拾光咖啡", False, 0.33, 0.75),
    ]
    assert found.voices[0].net == pytest.approx(-0.25)
    assert {name: t.total for name, t in found.by_source.items()} == {"weibo": 9, "zhihu": 3}
    assert (len(found.worst), len(found.best)) == (3, 2)
    assert {m.verdict.label for m in found.worst if m.verdict} == {Label.NEGATIVE}
    assert len(found.days) == 14 and found.days[-1].day == date(2025, 11, 19)
    assert found.blind == found.blind_before == ()


def test_terms_that_grew_are_not_the_brands_own_names(db: Database) -> None:
    with db.write() as s:
        a_week(s)
        for days in range(2, 8):
            say(s, Label.POSITIVE, 20, at=MIDNIGHT - 12 * HOUR - days * DAY)
        say(s, Label.NEGATIVE, 40, at=MIDNIGHT - 2 * HOUR, terms=("吸管", "塑料", "云杉"))
    assert {t.term for t in facts(db).terms} == {"吸管", "塑料"}


def test_the_heaviest_posts_come_first_with_their_copies(db: Database) -> None:
    with db.write() as s:
        a_week(s)
        at = MIDNIGHT - 2 * HOUR
        say(s, Label.NEGATIVE, 3, at=at, text="喝出塑料")
        say(s, Label.NEGATIVE, 1, at=at, text="喝出塑料", followers=3_000_000, likes=900)
    first = facts(db).worst[0]
    assert (first.mention.text, first.mention.followers, first.copies) == ("喝出塑料", 3_000_000, 4)


@pytest.mark.parametrize(
    ("why", "spans", "blind_hours", "comparable"),
    [
        ("all seen", [(-14 * DAY, timedelta())], 0, True),
        ("six hours of Wednesday missing", [(-14 * DAY, -20 * HOUR), (-14 * HOUR, timedelta())], 6, True),
        ("Tuesday not seen at all", [(-24 * HOUR, timedelta())], 0, False),
    ],
)
def test_missing_hours_are_missing(
    why: str, spans: list[tuple[timedelta, timedelta]], blind_hours: int, comparable: bool, db: Database
) -> None:
    with db.write() as s:
        for since, until in spans:
            seen(s, "weibo", MIDNIGHT + since, MIDNIGHT + until)
        say(s, Label.NEGATIVE, 2, at=MIDNIGHT - 2 * HOUR)
    found = facts(db, sources=(WEIBO,))
    assert sum((b.until - b.since for b in found.blind), timedelta()) == blind_hours * HOUR, why
    assert (found.before is not None) is comparable, "nothing seen before is not zero before"
    assert (found.voices[0].share_before is None) is True


def test_only_sources_that_look_for_the_brand_make_it_blind(db: Database) -> None:
    with db.write() as s:
        seen(s, "weibo", NOW - 14 * DAY, NOW)
    other = source("forum", COFFEE.name)
    assert facts(db, sources=(WEIBO, other)).blind == ()
    assert {b.source for b in facts(db, sources=(WEIBO, source("forum", TEA.name))).blind} == {"forum"}


def test_incidents_and_surveys_of_the_same_weeks(db: Database) -> None:
    with db.write() as s:
        a_week(s)
        incidents.insert(s, make_incident(subject=TEA.name, opened_at=MIDNIGHT - 3 * HOUR, since=MIDNIGHT - 4 * HOUR))
        incidents.insert(s, make_incident(subject="weibo", kind=IncidentKind.FRESHNESS, opened_at=MIDNIGHT - HOUR))
        answers = [make_response(brand=TEA.name, answered_at=MIDNIGHT - n * DAY, nps=9 - n, csat=5) for n in (1, 2, 9)]
        feedback.add(s, answers, now=NOW)
    found = facts(db)
    assert [i.subject for i in found.incidents] == [TEA.name]
    assert len(found.weeks) == d.SURVEY_WEEKS and found.weeks[-1].monday == date(2025, 11, 17)
    assert sorted(found.weeks[-1].nps) == [7, 8] and found.weeks[-2].nps == (0,)
    assert found.weeks[-1].mentions.total == 20
