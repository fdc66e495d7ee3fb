"""Delivery: at least once, under one id, whatever breaks in between. The outbox is real, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.channels.smtp import SmtpNotifier
from alerts.jobs_say import ENOUGH, FAILURES_IN_A_ROW, LEASE, DeliverReport, deliver
from store import outbox
from store.database import Database
from tests.alerts.mailserver import Mailbox, mail_server, scripted_server
from tests.support.factories import make_message
from tingfeng.errors import DeliveryError
from tingfeng.model import Message

NOW = datetime(2025, 11, 20, 13, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it."""


class Channel:
    """Plays a list of outcomes: None accepts, an exception is raised; the last one repeats."""

    name = "mail"

    def __init__(self, *outcomes: BaseException | None, db: Database | None = None) -> None:
        self.outcomes, self.db = list(outcomes) or [None], db
        self.seen: list[str] = []

    def send(self, message: Message, *, now: datetime) -> None:
        self.seen.append(message.key)
        if self.db is not None:
            with self.db.write() as s:  # would wait for ever, or fail, if the job still held its transaction
                outbox.put(s, [], now=now)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome is not None:
            raise outcome


def queue(db: Database, *keys: str, **overrides: Any) -> None:
    with db.write() as s:
        outbox.put(s, [make_message(**{"key": key, "channel": "mail"} | overrides) for key in keys], now=NOW)


def waiting(db: Database) -> Sequence[outbox.Waiting]:
    with db.read() as s:
        return outbox.waiting(s)


def parked(db: Database) -> Sequence[outbox.Waiting]:
    with db.read() as s:
        return outbox.parked(s)


LATER, NEVER = DeliveryError("mailbox full"), DeliveryError("no such user", permanent=True)


def test_everything_due_is_sent_once_and_in_order(db: Database) -> None:
    queue(db, "a", "b", "c")
    channel = Channel(db=db)
    assert deliver(db, {"mail": channel}, now=NOW) == DeliverReport(sent=3)
    assert channel.seen == ["a", "b", "c"]
    assert deliver(db, {"mail": channel}, now=NOW + MINUTE) == DeliverReport()


def test_what_is_not_due_waits(db: Database) -> None:
    with db.write() as s:
        outbox.put(s, [make_message(key="later", channel="mail")], now=NOW, due_at=NOW + MINUTE * 30)
    channel = Channel()
    deliver(db, {"mail": channel}, now=NOW)
    assert channel.seen == []
    deliver(db, {"mail": channel}, now=NOW + MINUTE * 30)
    assert channel.seen == ["later"]


def test_killed_between_sending_and_marking_it_goes_out_again_under_the_same_id(db: Database) -> None:
    queue(db, "n1.1.opened.ab")
    box = Mailbox()
    with mail_server(box) as port:
        smtp = SmtpNotifier(host="127.0.0.1", port=port, security="none", sender="a@example.com")

        class Dies(SmtpNotifier):
            def send(self, message: Message, *, now: datetime) -> None:
                super().send(message, now=now)
                raise Killed

        with pytest.raises(Killed):
            deliver(db, {"mail": Dies(host="127.0.0.1", port=port, security="none", sender="a@example.com")}, now=NOW)
        assert deliver(db, {"mail": smtp}, now=NOW + LEASE - MINUTE) == DeliverReport(), "still leased to the dead"
        assert deliver(db, {"mail": smtp}, now=NOW + LEASE + MINUTE) == DeliverReport(sent=1)
        assert deliver(db, {"mail": smtp}, now=NOW + LEASE * 9) == DeliverReport()
    assert [mail["Message-ID"] for mail in box.mails] == ["<n1.1.opened.ab@example.com>"] * 2


def test_killed_before_sending_nothing_is_lost(db: Database) -> None:
    queue(db, "a")
    with pytest.raises(Killed):
        deliver(db, {"mail": Channel(Killed())}, now=NOW)
    channel = Channel()
    deliver(db, {"mail": channel}, now=NOW + LEASE + MINUTE)
    assert channel.seen == ["a"]


def test_a_refusal_for_now_backs_off_and_is_tried_again(db: Database) -> None:
    queue(db, "a")
    channel, now, waits = Channel(LATER), NOW, []
    for _ in range(9):
        report = deliver(db, {"mail": channel}, now=now)
        assert (report.failed, report.errors) == (1, ("mailbox full",))
        due = waiting(db)[0].due_at
        waits.append(round((due - now) / MINUTE))
        now = due + timedelta(seconds=1)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    deliver(db, {"mail": Channel()}, now=now)
    assert waiting(db) == []


def test_a_refusal_for_good_is_parked_at_once_and_does_not_hold_up_the_rest(db: Database) -> None:
    queue(db, "gone", "b")
    report = deliver(db, {"mail": Channel(NEVER, None)}, now=NOW)
    assert (report.sent, report.failed, report.parked) == (1, 0, 1)
    assert [(w.key, w.last_error) for w in parked(db)] == [("gone", "no such user")]


def test_after_a_day_of_trying_it_is_parked(db: Database) -> None:
    queue(db, "a")
    deliver(db, {"mail": Channel(LATER)}, now=NOW)
    report = deliver(db, {"mail": Channel(LATER)}, now=NOW + timedelta(hours=24, minutes=1))
    assert (report.failed, report.parked) == (0, 1)


def test_one_full_mailbox_does_not_stop_the_others(db: Database) -> None:
    queue(db, "a", "b", "c", "d", "e")
    report = deliver(db, {"mail": Channel(LATER, None, LATER, None)}, now=NOW)
    assert (report.sent, report.failed) == (3, 2)


def test_a_server_that_is_down_is_not_asked_for_every_message(db: Database) -> None:
    queue(db, *(f"k{i}" for i in range(10)))
    with scripted_server({}, greeting=None) as port:
        smtp = SmtpNotifier(
            host="127.0.0.1", port=port, security="none", sender="a@example.com", timeout=timedelta(seconds=0.2)
        )
        report = deliver(db, {"mail": smtp}, now=NOW)
    assert report.failed == FAILURES_IN_A_ROW
    assert len(waiting(db)) == 10


def test_a_channel_that_is_not_configured_keeps_the_message(db: Database) -> None:
    queue(db, "a", channel="wecom")
    report = deliver(db, {"mail": Channel()}, now=NOW)
    assert (report.failed, report.parked) == (1, 0)
    assert "wecom" in report.errors[0]
    assert len(waiting(db)) == 1


@pytest.mark.parametrize(
    ("why", "options", "sent"),
    [
        ("as many as were asked for", {"limit": 2}, 2),
        ("asked to stop before it began", {"stop": lambda: True}, 0),
    ],
)
def test_a_turn_ends_when_it_should(why: str, options: dict[str, Any], sent: int, sqlite_db: Database) -> None:
    queue(sqlite_db, "a", "b", "c")
    assert deliver(sqlite_db, {"mail": Channel()}, now=NOW, **options).sent == sent, why


def test_a_turn_does_not_go_on_for_ever(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(sqlite_db, "a", "b", "c")
    ticks = iter([NOW, *[NOW + ENOUGH] * 50])
    monkeypatch.setattr("alerts.jobs_say.running", lambda now: lambda: next(ticks))
    assert deliver(sqlite_db, {"mail": Channel()}, now=NOW).sent == 1


def test_two_deliverers_do_not_send_the_same(db: Database) -> None:
    queue(db, "a", "b")
    second = Channel()

    class Slow(Channel):
        def send(self, message: Message, *, now: datetime) -> None:
            super().send(message, now=now)
            if message.key == "a":  # the second comes while the first is talking
                deliver(db, {"mail": second}, now=NOW)

    first = Slow()
    deliver(db, {"mail": first}, now=NOW)
    assert (first.seen, second.seen) == (["a"], ["b"])
