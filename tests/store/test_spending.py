"""What paid sources have cost: reserved before, settled after, never more than the day allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from store import spending
from store.database import Database
from store.spending import Spending
from tests.support.factories import NOW
from tingfeng.errors import StoreError

DAY = spending.day_of(NOW)


def reserve(db: Database, records: int, *, cap: int = 100, now: datetime = NOW, source: str = "weibo") -> bool:
    with db.write() as s:
        return spending.reserve(s, source, records=records, cap=cap, now=now)


def settle(db: Database, reserved: int, used: int, price: str | None = "0.004") -> None:
    each = None if price is None else Decimal(price)
    with db.write() as s:
        spending.settle(s, "weibo", DAY, reserved=reserved, used=used, price=each, currency="CNY")


def today(db: Database, *, now: datetime = NOW) -> Spending:
    with db.read() as s:
        return spending.today(s, "weibo", now)


def test_a_source_that_asked_for_nothing_has_spent_nothing(db):
    assert today(db) == Spending(day=DAY)


def test_what_is_reserved_counts_until_it_is_settled(db):
    assert reserve(db, 20)
    assert today(db).records == 20
    settle(db, 20, 13)
    found = today(db)
    assert (found.records, found.cost, found.price, found.currency) == (13, Decimal("0.052"), Decimal("0.004"), "CNY")


def test_prices_add_up_exactly(db):
    for _ in range(3):
        assert reserve(db, 10)
        settle(db, 10, 10, "0.1")
    assert today(db).cost == Decimal("3.0"), "as floats they would not"


def test_an_unknown_price_leaves_the_cost_unknown_and_counts_the_records(db):
    assert reserve(db, 10)
    settle(db, 10, 10, None)
    assert (today(db).records, today(db).cost) == (10, None)


def test_the_last_records_are_not_given_twice(db):
    assert reserve(db, 60) and not reserve(db, 41) and reserve(db, 40) and not reserve(db, 1)
    assert today(db).records == 100


def test_whoever_is_killed_leaves_the_reservation(db_url):
    first = Database(db_url)
    assert reserve(first, 100)
    first.close()
    second = Database(db_url)
    assert not reserve(second, 1)
    second.close()


def test_many_at_once_never_exceed_the_budget(db):
    def take(_: int) -> bool:
        try:
            return reserve(db, 7)
        except StoreError:
            return False

    with ThreadPoolExecutor(4) as pool:
        granted = sum(pool.map(take, range(24)))
    assert granted == 14 and today(db).records == 98


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-20T15:59:59+00:00", date(2026, 11, 20)),
        ("2026-11-20T16:00:00+00:00", date(2026, 11, 21)),
    ],
)
def test_the_day_is_chinas(at, day):
    assert spending.day_of(datetime.fromisoformat(at)) == day


def test_a_new_day_and_another_source_have_budgets_of_their_own(db):
    assert reserve(db, 100)
    assert reserve(db, 100, now=NOW + timedelta(days=1)) and reserve(db, 100, source="other")


def test_settling_what_is_not_there_changes_nothing(db):
    settle(db, 10, 10)
    assert today(db) == Spending(day=DAY)
