"""The outbox: everything is said at least once, under one key, and never by two at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest

from store import outbox
from store.database import Database
from store.outbox import Claimed
from tests.support.factories import NOW, make_message
from tingfeng.errors import DeliveryError
from tingfeng.model import InlineImage, Message

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LEASE = 5 * MINUTE


def put(db: Database, *messages: Message, minutes: int = 0) -> int:
    with db.write() as s:
        return outbox.put(s, messages, now=NOW + minutes * MINUTE)


def claim(db: Database, minutes: float = 0) -> Claimed | None:
    with db.write() as s:
        return outbox.claim(s, now=NOW + minutes * MINUTE, lease=LEASE)


def must_claim(db: Database, minutes: float = 0) -> Claimed:
    item = claim(db, minutes)
    assert item is not None
    return item


def test_a_message_comes_out_as_it_went_in(db: Database) -> None:
    message = make_message(
        html="<p>负面</p>", thread="n1", images=(InlineImage(cid="c", png=b"\x89PNG\x00", alt="图"),)
    )
    assert put(db, message, make_message()) == 2
    item = must_claim(db)
    assert (item.message, item.attempts, item.claimed_until) == (message, 1, NOW + LEASE)


def test_a_key_is_queued_once_for_ever(db: Database) -> None:
    message = make_message()
    assert put(db, message, message) == 1
    assert put(db, message) == 0
    item = must_claim(db)
    with db.write() as s:
        outbox.sent(s, item, now=NOW)
    assert put(db, message) == 0
    assert claim(db, 100) is None


def test_the_longest_due_goes_first_and_nothing_goes_early(db: Database) -> None:
    late, early, future = make_message(), make_message(), make_message()
    put(db, late, minutes=2)
    put(db, early, minutes=1)
    with db.write() as s:
        outbox.put(s, [future], now=NOW, due_at=NOW + HOUR)
        assert outbox.next_due(s) == NOW + MINUTE
    assert claim(db, 0) is None
    assert [must_claim(db, 3).message.key for _ in range(2)] == [early.key, late.key]
    assert claim(db, 3) is None


def test_a_lease_holds_until_it_runs_out(db: Database) -> None:
    put(db, make_message())
    first = must_claim(db)
    assert claim(db, 4.9) is None
    second = must_claim(db, 5)
    assert (second.id, second.attempts) == (first.id, 2)
    with db.write() as s:  # the first deliverer wakes up again: it no longer has a say in failing
        assert not outbox.failed(s, first, error="late", permanent=True, now=NOW + 6 * MINUTE)
        assert outbox.parked(s) == []
        outbox.sent(s, first, now=NOW + 6 * MINUTE)  # but what was said was said
        assert outbox.waiting(s) == []


def test_back_off_then_parked_after_a_day(db: Database) -> None:
    put(db, make_message())
    waits, minutes = [], 0.0
    while True:
        item = must_claim(db, minutes)
        now = NOW + minutes * MINUTE
        with db.write() as s:
            parked = outbox.failed(s, item, error=DeliveryError("mail: refused"), now=now)
            due = outbox.next_due(s)
        if parked:
            break
        assert due is not None
        waits.append((due - now) / MINUTE)
        assert claim(db, (due - NOW) / MINUTE - 0.01) is None
        minutes = (due - NOW) / MINUTE
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert 24 * 60 <= minutes < 25 * 60
    with db.read() as s:
        (stuck,) = outbox.parked(s)
        assert (stuck.last_error, outbox.waiting(s), outbox.next_due(s)) == ("mail: refused", [], None)


def test_a_permanent_failure_is_parked_at_once_and_a_person_may_retry(db: Database) -> None:
    put(db, make_message(subject="主题"))
    item = must_claim(db)
    with db.write() as s:
        assert outbox.failed(s, item, error="no such mailbox", permanent=True, now=NOW)
        (stuck,) = outbox.parked(s)
        assert (stuck.subject, stuck.attempts, stuck.parked_at) == ("主题", 1, NOW)
    assert claim(db, 10_000) is None
    with db.write() as s:
        assert outbox.retry(s, stuck.id, now=NOW + 48 * HOUR)
        assert not outbox.retry(s, stuck.id, now=NOW + 48 * HOUR)
    again = must_claim(db, 48 * 60)
    with db.write() as s:
        assert not outbox.failed(s, again, error="busy", now=NOW + 48 * HOUR), "a fresh day of trying"


def test_trying_starts_when_it_is_due_not_when_it_was_put(db: Database) -> None:
    with db.write() as s:
        outbox.put(s, [make_message()], now=NOW, due_at=NOW + 72 * HOUR)
    item = must_claim(db, 72 * 60)
    with db.write() as s:
        assert not outbox.failed(s, item, error="busy", now=NOW + 72 * HOUR)


@pytest.mark.parametrize("deliverers", [3])
def test_two_deliverers_never_hold_the_same(db: Database, deliverers: int) -> None:
    put(db, *(make_message() for _ in range(40)))
    taken: list[str] = []

    def deliver() -> None:
        while (item := claim(db)) is not None:
            taken.append(item.message.key)
            with db.write() as s:
                outbox.sent(s, item, now=NOW)

    threads = [threading.Thread(target=deliver) for _ in range(deliverers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(taken) == 40
    assert set(Counter(taken).values()) == {1}
