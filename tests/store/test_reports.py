"""What digest and mail read: plain sums of periods, and what was not seen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from store import feedback, mentions, reports, runs
from store.database import Database, Session
from store.reports import BlindSpan, Totals
from tests.support.factories import NOW, make_mention, make_response, make_verdict, stored_scored
from tingfeng.model import Label

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Hours = list[tuple[float, float]]


def said(s: Session, label: Label, at: datetime, n: int = 1, **overrides: object) -> None:
    posts = [make_mention(published_at=at, **overrides) for _ in range(n)]
    stored_scored(s, posts, make_verdict(label))


def test_totals_per_brand_in_the_order_asked(db: Database) -> None:
    with db.write() as s:
        said(s, Label.NEGATIVE, NOW, 3)
        said(s, Label.POSITIVE, NOW, source="zhihu")
        said(s, Label.NEUTRAL, NOW, 2, brands=("夜莺",))
        said(s, Label.NEGATIVE, NOW + DAY)  # the first moment that no longer counts
        found = reports.totals(s, ["夜莺", "没有", "云雀"], NOW, NOW + DAY)
        sources = reports.by_source(s, "云雀", NOW, NOW + DAY)
    assert list(found) == ["夜莺", "没有", "云雀"]
    assert found["夜莺"] == Totals(total=2, neutral=2)
    assert found["没有"] == Totals()
    assert found["云雀"] == Totals(total=4, negative=3, positive=1, polarity_sum=pytest.approx(-1.5))
    assert [(name, t.total, t.negative) for name, t in sources.items()] == [("weibo", 3, 3), ("zhihu", 1, 0)]


def test_days_are_local_and_say_how_much_was_seen(db: Database) -> None:
    midnight = datetime(2026, 11, 18, 16, tzinfo=UTC)  # 19 November in Shanghai
    with db.write() as s:
        said(s, Label.NEGATIVE, midnight - timedelta(seconds=1))
        said(s, Label.NEGATIVE, midnight, 2)
        said(s, Label.NEGATIVE, midnight, source="zhihu")
        runs.cover(s, "weibo", since=midnight - 12 * HOUR, until=midnight + DAY)
        runs.cover(s, "zhihu", since=midnight, until=midnight + DAY)
        runs.cover(s, "other", since=midnight - 9 * DAY, until=midnight + DAY)  # never had the brand
        found = reports.daily(s, "云雀", midnight - DAY, midnight + DAY + timedelta(seconds=1), SHANGHAI)
    assert [(d.day, d.counts.total, d.covered) for d in found] == [
        (date(2026, 11, 18), 1, 0.25),
        (date(2026, 11, 19), 3, 1.0),
        (date(2026, 11, 20), 0, 0.0),
    ]


def test_a_day_of_25_hours_is_one_day(db: Database) -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # 25 October in Berlin, when the clock goes back
    with db.write() as s:
        said(s, Label.NEGATIVE, start)
        said(s, Label.NEGATIVE, start + 25 * HOUR - timedelta(seconds=1))
        said(s, Label.NEGATIVE, start + 25 * HOUR)
        runs.cover(s, "weibo", since=start, until=start + 25 * HOUR)
        found = reports.daily(s, "云雀", start, start + 25 * HOUR, BERLIN)
        assert reports.daily(s, "云雀", start, start, BERLIN) == []
    assert [(d.day, d.counts.total, d.covered) for d in found] == [(date(2026, 10, 25), 2, 1.0)]


def test_terms_count_posts_not_words(db: Database) -> None:
    with db.write() as s:
        for text, copies, label, terms in (
            ("a", 2, Label.NEGATIVE, ("起火", "电池", "起火")),
            ("b", 1, Label.NEGATIVE, ("电池",)),
            ("c", 4, Label.POSITIVE, ("好看",)),
            ("d", 1, Label.NEUTRAL, ()),
        ):
            stored_scored(s, [make_mention(text=text) for _ in range(copies)], make_verdict(label), terms=terms)
        stored_scored(s, [make_mention(published_at=NOW)], terms=("太晚",))
        stored_scored(s, [make_mention(brands=("夜莺",))], terms=("别家",))
        mentions.add(s, [make_mention(text="a")])  # not counted yet
        negative = reports.term_counts(s, "云雀", NOW - DAY, NOW, Label.NEGATIVE)
        every = reports.term_counts(s, "云雀", NOW - DAY, NOW)
    assert negative == Counter({"电池": 3, "起火": 2})
    assert every == Counter({"好看": 4, "电池": 3, "起火": 2})


def test_terms_come_from_the_score_that_was_counted(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="a")], terms=("旧",), version="1")
        stored_scored(s, [make_mention(text="b")], terms=("旧",), version="1")
        stored_scored(s, [make_mention(text="a")], terms=("新",), version="2")
        assert reports.term_counts(s, "云雀", NOW - DAY, NOW) == Counter({"旧": 2, "新": 1})


def test_survey_weeks_stand_beside_what_was_said(db: Database) -> None:
    monday = datetime(2026, 11, 15, 16, tzinfo=UTC)  # 16 November in Shanghai
    with db.write() as s:
        for at, nps, csat in ((monday, 9, None), (monday + 7 * DAY - HOUR, 3, 5), (monday + 7 * DAY, 10, 1)):
            feedback.add(s, [make_response(answered_at=at, nps=nps, csat=csat)], now=NOW)
        feedback.add(s, [make_response(answered_at=monday, brand="夜莺")], now=NOW)
        said(s, Label.NEGATIVE, monday + DAY, 2)
        found = reports.survey_weeks(s, "云雀", monday - HOUR, monday + 3 * DAY, SHANGHAI)
    assert [(w.monday, w.nps, w.csat, w.mentions.negative) for w in found] == [
        (date(2026, 11, 9), (), (), 0),
        (date(2026, 11, 16), (9, 3), (5,), 2),
    ]


@pytest.mark.parametrize(
    ("why", "covered", "want"),
    [
        ("never seen", [], [(0, 24)]),
        ("always seen", [(-1, 25)], []),
        ("before, between, after", [(2, 4), (6, 20)], [(0, 2), (4, 6), (20, 24)]),
        ("a hole too small to speak of", [(0, 12), (12.4, 24)], []),
        ("a hole just long enough", [(0, 12), (12.5, 24)], [(12, 12.5)]),
    ],
)
def test_blind_spans(
    db: Database, why: str, covered: list[tuple[float, float]], want: list[tuple[float, float]]
) -> None:
    with db.write() as s:
        for since, until in covered:
            runs.cover(s, "weibo", since=NOW + since * HOUR, until=NOW + until * HOUR)
        runs.cover(s, "zhihu", since=NOW, until=NOW + DAY)
        found = reports.blind(s, ["weibo", "zhihu"], NOW, NOW + DAY)
    assert found == [BlindSpan(source="weibo", since=NOW + a * HOUR, until=NOW + b * HOUR) for a, b in want], why
