"""Whose turn it is, across processes and machines: leases, and slots of a rate. Both by the database's own clock.

The database's, because machines that share it may disagree about the time, and a demo's `now` is a story's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from store.sql import affected, insert_into, run_many, table
from store.tables_windows import LeaseRow, RateSlotRow

LEASE, SLOT = table(LeaseRow), table(RateSlotRow)
FAR = timedelta(minutes=10)  # a slot ahead by more than this and two blocks was taken by a clock that went wrong


def clock(s: Session) -> datetime:
    """What time it is for everybody who uses this database."""
    if s.get_bind().dialect.name == "sqlite":
        text = s.execute(select(func.strftime("%Y-%m-%d %H:%M:%f", "now"))).scalar_one()
        return datetime.fromisoformat(text + "+00:00")
    at: datetime = s.execute(select(func.clock_timestamp())).scalar_one()
    return at.astimezone(UTC)


def take(s: Session, name: str, holder: str, *, span: timedelta, now: datetime) -> bool:
    """Take the lease until `now` + `span` if it is free, over, or the holder's own already; whether it worked."""
    free = or_(LEASE.c.holder == holder, LEASE.c.until <= now)
    mine = {"holder": holder, "until": now + span}
    statement = insert_into(s, LeaseRow).on_conflict_do_update(index_elements=["name"], set_=mine, where=free)
    return run_many(s, statement, [{"name": name, **mine}]) == 1


def renew(s: Session, name: str, holder: str, *, span: timedelta, now: datetime) -> bool:
    """Keep it for another `span`; False when somebody else has taken it meanwhile."""
    mine = (LEASE.c.name == name, LEASE.c.holder == holder)
    return affected(s, update(LEASE).where(*mine).values(until=now + span)) == 1


def give_back(s: Session, name: str, holder: str) -> bool:
    """End the lease; False when it was somebody else's by then."""
    return affected(s, delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder)) == 1


def take_slots(
    s: Session, key: str, holder: str, *, earliest: datetime, gaps: Sequence[timedelta], now: datetime
) -> tuple[datetime, int]:
    """When `key` may be asked next, not before `earliest`, and how many slots from there on are the holder's.

    All of `gaps` (each the time a slot lasts), if the holder was the last to take one as well; the first only, if it
    shares `key` with others. Called inside a write transaction: slots are given out one after the other.
    """
    begin = {"key": key, "holder": "", "next_at": earliest}
    s.execute(insert_into(s, RateSlotRow).values(begin).on_conflict_do_nothing())
    row = s.execute(select(SLOT).where(SLOT.c.key == key).with_for_update()).one()
    queue = FAR + 2 * sum(gaps, timedelta())  # of a slow host even one block reaches further than FAR
    first = max(earliest, row.next_at) if row.next_at <= now + queue else earliest
    count = len(gaps) if row.holder == holder else 1
    values = {"holder": holder, "next_at": first + sum(gaps[:count], timedelta())}
    s.execute(update(SLOT).where(SLOT.c.key == key).values(values))
    return first, count


def return_slots(s: Session, key: str, holder: str, *, after: datetime) -> None:
    """What the holder took beyond `after` is not needed, if nobody has queued up behind it."""
    mine = (SLOT.c.key == key, SLOT.c.holder == holder, SLOT.c.next_at > after)
    s.execute(update(SLOT).where(*mine).values(next_at=after))
