"""What a digest counts, what it calls missing, and that it goes out once. The store is real."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts import digest as d
from alerts.channels.smtp import SmtpNotifier
from alerts.digest import BrandFacts, Period, span_of
from alerts.jobs_say import BRANDS_PER_MAIL, PATIENCE, DigestReport, deliver, digest
from alerts.routing import Routing
from store import feedback, incidents, mentions, outbox
from store.database import Database, Session
from store.outbox import Waiting
from tests.alerts.mailserver import Mailbox, mail_server
from tests.support.factories import (
    make_incident,
    make_mention,
    make_response,
    make_verdict,
    stored_run,
    stored_scored,
)
from tingfeng import drawing
from tingfeng.config import QueryConfig, RecipientConfig, RouteConfig, SourceConfig
from tingfeng.model import Brand, IncidentKind, Label, RunStatus

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)  # Thursday 09:00 in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2025, 11, 19, 16, 0, tzinfo=UTC)  # where Wednesday ends in Shanghai
TEA, COFFEE = Brand(name="云杉奶茶", aliases=("云杉",)), Brand(name="拾光咖啡", competitor_of=("云杉奶茶",))
BRANDS = (TEA, COFFEE)
LI = RecipientConfig(name="李", email="li@example.com")
WANG = RecipientConfig(name="王", email="wang@example.com")


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are tested elsewhere; here only that there is one."""
    pixel = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
        b"\x00\x00\x00\x0bIDATx\x9cc`\x00\x02\x00\x00\x05\x00\x01z^\xab?\x00\x00\x00\x00IEND\xaeB`\x82"
    )
    engine = SimpleNamespace(vegalite_to_png=lambda spec, **options: pixel)
    monkeypatch.setattr(drawing, "_engine", lambda: engine)


def source(name: str, *brands: str) -> SourceConfig:
    return SourceConfig(name=name, kind="feed", queries=tuple(QueryConfig(brand=b, text=b) for b in brands))


WEIBO, ZHIHU = source("weibo"), source("zhihu")


def say(s: Session, label: Label, n: int, *, at: datetime, brand: str = TEA.name, **overrides: Any) -> None:
    """`n` posts of that label, counted."""
    terms = overrides.pop("terms", ("好喝",))
    posts = [make_mention(brands=(brand,), published_at=at, **overrides) for _ in range(n)]
    stored_scored(s, posts, make_verdict(label, terms=terms))


def seen(s: Session, name: str, since: datetime, until: datetime) -> None:
    stored_run(s, name, since=since, until=until)


def a_week(s: Session) -> None:
    """Both sources seen for two weeks up to now; Wednesday 12 posts, Tuesday 8, each with a rival's."""
    for name in ("weibo", "zhihu"):
        seen(s, name, NOW - 14 * DAY, NOW)
    noon = MIDNIGHT - 12 * HOUR
    say(s, Label.NEGATIVE, 6, at=noon, terms=("吸管", "塑料", "云杉"))
    say(s, Label.POSITIVE, 3, at=noon)
    say(s, Label.NEUTRAL, 3, at=noon, source="zhihu")
    say(s, Label.POSITIVE, 6, at=noon, brand=COFFEE.name)
    say(s, Label.NEGATIVE, 1, at=noon - DAY)
    say(s, Label.POSITIVE, 7, at=noon - DAY)
    say(s, Label.POSITIVE, 24, at=noon - DAY, brand=COFFEE.name)


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
        say(s, Label.NEGATIVE, 1, at=at, text="喝出塑料", followers=2_000_000, likes=900)
    first = facts(db).worst[0]
    assert (first.mention.text, first.mention.followers, first.copies) == ("喝出塑料", 2_000_000, 4)


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


def routes(*to: RecipientConfig, brands: tuple[str, ...] = (), kinds: tuple[Any, ...] = ("digest",)) -> Routing:
    route = RouteConfig(to=tuple(r.name for r in to), brands=brands, kinds=kinds)
    return Routing(routes=(route,), recipients=to)


def run(
    db: Database, period: str = "daily", *, now: datetime = NOW, brands: Sequence[Brand] = BRANDS, **given: Any
) -> DigestReport:
    sources, routing = given.get("sources", (WEIBO, ZHIHU)), given.get("routing", routes(LI, WANG))
    return digest(db, brands, sources, routing, now=now, zone=SHANGHAI, period=Period(period))


def queued(db: Database) -> list[Waiting]:
    with db.read() as s:
        return outbox.waiting(s)


def test_once_per_period_and_reader(db: Database) -> None:
    with db.write() as s:
        a_week(s)
    assert run(db).queued == 2
    assert run(db, now=NOW + HOUR) == DigestReport(
        period=Period.DAILY, since=MIDNIGHT - DAY, until=MIDNIGHT, queued=0, known=2
    )
    assert run(db, "weekly").queued == 2, "another period, another mail"
    assert sorted(w.recipient for w in queued(db)) == ["li@example.com"] * 2 + ["wang@example.com"] * 2
    with db.write() as s:
        seen(s, "weibo", NOW, NOW + DAY)
        seen(s, "zhihu", NOW, NOW + DAY)
    assert run(db, now=NOW + DAY).queued == 2, "a new day, a new mail"


def test_a_reader_who_joins_later_gets_theirs(db: Database) -> None:
    with db.write() as s:
        a_week(s)
    run(db, routing=routes(LI))
    report = run(db, routing=routes(LI, WANG))
    assert (report.queued, report.known) == (1, 1)


def test_it_arrives(db: Database) -> None:
    with db.write() as s:
        a_week(s)
    run(db, routing=routes(LI))
    box = Mailbox()
    with mail_server(box) as port:
        smtp = SmtpNotifier(host="127.0.0.1", port=port, security="none", sender="a@example.com")
        deliver(db, {"mail": smtp}, now=NOW)
    mail = message_from_bytes(box.raw[0], policy=policy.default)
    assert mail["Subject"] == "【听风·日报】11月19日 云杉奶茶 声量 12，负面 50%"
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    assert "声量份额 67%，前一天 25%" in body.get_content()


@pytest.mark.parametrize(
    ("why", "routing"),
    [
        ("nobody asked for digests", routes(LI, kinds=("alert",))),
        ("no routes", Routing()),
        ("only about a rival", routes(LI, brands=(COFFEE.name,))),
    ],
)
def test_nobody_to_tell(why: str, routing: Routing, sqlite_db: Database) -> None:
    with sqlite_db.write() as s:
        a_week(s)
    assert run(sqlite_db, routing=routing).queued == 0, why


def test_before_the_first_crawl_there_is_nothing_to_report(sqlite_db: Database) -> None:
    with sqlite_db.write() as s:
        seen(s, "weibo", MIDNIGHT + HOUR, NOW)
    assert run(sqlite_db, sources=(WEIBO,)).queued == 0
    with sqlite_db.write() as s:
        incidents.insert(s, make_incident(subject="weibo", kind=IncidentKind.FRESHNESS, opened_at=MIDNIGHT - HOUR))
    assert run(sqlite_db, sources=(WEIBO,)).queued == 2, "blind all day is worth saying"


def test_after_an_outage_it_waits_for_what_is_being_caught_up(sqlite_db: Database) -> None:
    with sqlite_db.write() as s:
        seen(s, "weibo", NOW - 14 * DAY, MIDNIGHT - 5 * HOUR)
        seen(s, "zhihu", NOW - 14 * DAY, NOW)
    assert run(sqlite_db).waiting_for == ("weibo",)
    with sqlite_db.write() as s:
        seen(s, "weibo", MIDNIGHT - 5 * HOUR, NOW)
        mentions.add(s, [make_mention(brands=(TEA.name,), published_at=MIDNIGHT - HOUR)])
    assert run(sqlite_db).waiting_for == ("score",)
    assert run(sqlite_db, now=MIDNIGHT + PATIENCE).queued == 2, "but not for ever"
    with sqlite_db.read() as s:
        item = s.execute(outbox.OUTBOX.select()).first()
    assert item is not None and "还有帖子没有完成情感评分" in item.text


def test_a_source_that_was_asked_and_refused_is_not_waited_for(sqlite_db: Database) -> None:
    with sqlite_db.write() as s:
        seen(s, "weibo", NOW - 14 * DAY, MIDNIGHT - 5 * HOUR)
        seen(s, "zhihu", NOW - 14 * DAY, NOW)
        stored_run(s, "weibo", since=MIDNIGHT - 5 * HOUR, until=NOW, status=RunStatus.REFUSED, reason="login_required")
    assert run(sqlite_db).queued == 2


def test_many_brands_are_split_over_mails_that_clients_take(sqlite_db: Database) -> None:
    brands = [Brand(name=f"品牌{i}") for i in range(2 * BRANDS_PER_MAIL + 1)]
    with sqlite_db.write() as s:
        seen(s, "weibo", NOW - 14 * DAY, NOW)
    assert run(sqlite_db, brands=brands, sources=(WEIBO,), routing=routes(LI)).queued == 3
    assert {w.recipient for w in queued(sqlite_db)} == {"li@example.com"}


def test_killed_half_way_the_rest_is_queued_later(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    with sqlite_db.write() as s:
        a_week(s)
    both = Routing(
        routes=(
            RouteConfig(to=("李",), kinds=("digest",)),
            RouteConfig(to=("王",), brands=("别家",), kinds=("digest",)),
        ),
        recipients=(LI, WANG),
    )
    brands = (*BRANDS, Brand(name="别家"))
    real, calls = outbox.put, []

    def put(s: Session, messages: Any, *, now: datetime, due_at: datetime | None = None) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return real(s, messages, now=now, due_at=due_at)

    monkeypatch.setattr(outbox, "put", put)
    with pytest.raises(Killed):
        run(sqlite_db, brands=brands, routing=both)
    assert len(queued(sqlite_db)) == 1
    assert run(sqlite_db, brands=brands, routing=both).queued == 1
    assert len({w.key for w in queued(sqlite_db)}) == 2
