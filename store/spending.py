"""What paid sources have cost: records are reserved before a request and settled by its answer.

Whoever is killed in between leaves the reservation: a budget may be thought smaller than it is, never larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store.sql import affected, insert_into, table
from store.tables_spend import SpendingRow

SPENDING = table(SpendingRow)
CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A source's day so far. `records` counts reserved ones too; `cost` is None while no price has been told."""

    day: date  # in UTC+8
    records: int = 0
    cost: Decimal | None = None
    price: Decimal | None = None  # of one record, as last told
    currency: str = ""


def day_of(now: datetime) -> date:
    """The day in UTC+8 that `now` (aware) lies in."""
    return now.astimezone(CHINA).date()


def today(s: Session, source: str, now: datetime) -> Spending:
    """What `source` has used up of the day that `now` lies in; zeros when it has asked for nothing yet.

    For a budget to be shown: `records` of the source's option `daily_records`, and `cost` in `currency`.
    """
    day = day_of(now)
    row = s.execute(select(SPENDING).where(SPENDING.c.source == source, SPENDING.c.day == day)).first()
    if row is None:
        return Spending(day=day)
    return Spending(
        day=day,
        records=row.records,
        cost=None if row.cost is None else Decimal(row.cost),
        price=None if row.price is None else Decimal(row.price),
        currency=row.currency,
    )


def reserve(s: Session, source: str, *, records: int, cap: int, now: datetime) -> bool:
    """Take `records` from the day's budget of `cap`; False, and nothing taken, when so many are not left.

    Decided by the statement itself: two processes cannot both take the last ones.
    """
    day = day_of(now)
    empty = {"source": source, "day": day, "records": 0, "cost": None, "price": None, "currency": ""}
    s.execute(insert_into(s, SpendingRow).values(empty).on_conflict_do_nothing())
    room = (SPENDING.c.source == source, SPENDING.c.day == day, SPENDING.c.records + records <= cap)
    return affected(s, update(SPENDING).where(*room).values(records=SPENDING.c.records + records)) == 1


def settle(
    s: Session, source: str, day: date, *, reserved: int, used: int, price: Decimal | None, currency: str = ""
) -> None:
    """The answer came: of `reserved` records of `day` only `used` are paid for, at `price` each if that is known."""
    which = (SPENDING.c.source == source, SPENDING.c.day == day)
    row = s.execute(select(SPENDING.c.records, SPENDING.c.cost).where(*which).with_for_update()).first()
    if row is None:
        return
    values: dict[str, object] = {"records": max(0, row.records - reserved + used)}
    if price is not None:
        cost = Decimal(row.cost or 0) + price * used
        values |= {"cost": str(cost), "price": str(price), "currency": currency[:20]}
    s.execute(update(SPENDING).where(*which).values(values))
