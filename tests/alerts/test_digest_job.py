"""A digest goes out once per period and reader, complete or saying what is missing, whoever is killed when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes, policy
from types import SimpleNamespace
from typing import Any

import pytest

from alerts.channels.smtp import SmtpNotifier
from alerts.digest import Period
from alerts.jobs_say import BRANDS_PER_MAIL, PATIENCE, DigestReport, deliver, digest
from alerts.routing import Routing
from store import incidents, mentions, outbox
from store.database import Database, Session
from store.outbox import Waiting
from tests.alerts.mailserver import Mailbox, mail_server
from tests.alerts.tea import (
    BRANDS,
    COFFEE,
    DAY,
    HOUR,
    LI,
    MIDNIGHT,
    NOW,
    SHANGHAI,
    TEA,
    WANG,
    WEIBO,
    ZHIHU,
    a_week,
    seen,
)
from tests.support.factories import (
    make_incident,
    make_mention,
    stored_run,
)
from tingfeng import drawing
from tingfeng.config import RecipientConfig, RouteConfig
from tingfeng.model import Brand, IncidentKind, RunStatus


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are tested elsewhere; here only that there is one."""
    pixel = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
        b"\x00\x00\x00\x0bIDATx\x9cc`\x00\x02\x00\x00\x05\x00\x01z^\xab?\x00\x00\x00\x00IEND\xaeB`\x82"
    )
    engine = SimpleNamespace(vegalite_to_png=lambda spec, **options: pixel)
    monkeypatch.setattr(drawing, "_engine", lambda: engine)


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
