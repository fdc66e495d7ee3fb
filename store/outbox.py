"""What will be said. Put in the transaction that decided it, claimed with a lease, sent outside, then marked.

A deliverer that dies while it sends lets its lease run out and the message is sent again, under the same key: at least
once, recognisable as the same.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from store.sql import affected, chunks, insert_into, run_many, table
from store.tables import OutboxRow
from tingfeng.model import InlineImage, Message, storable

OUTBOX = table(OutboxRow)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=60)
GIVE_UP_AFTER = timedelta(hours=24)  # of trying; then a person has to look
ERROR_MAX = 2_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that is ours to send until `claimed_until`. `attempts` counts this one."""

    id: int
    message: Message
    attempts: int
    created_at: datetime
    tried_since: datetime
    claimed_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that has not been sent, without its text."""

    id: int
    key: str
    channel: str
    recipient: str
    subject: str
    created_at: datetime
    due_at: datetime
    attempts: int
    last_error: str
    parked_at: datetime | None


def put(s: Session, messages: Sequence[Message], *, now: datetime, due_at: datetime | None = None) -> int:
    """Queue messages; how many were new. A key that was ever queued is not queued again."""
    rows = [_values(m, now=now, due_at=due_at or now) for m in messages]
    return run_many(s, insert_into(s, OutboxRow).on_conflict_do_nothing(), rows)


def known(s: Session, keys: Sequence[str]) -> set[str]:
    """Those of `keys` that were ever queued: what has been said need not be rendered again."""
    return {
        key for part in chunks(keys) for key in s.execute(select(OUTBOX.c.key).where(OUTBOX.c.key.in_(part))).scalars()
    }


def _values(m: Message, *, now: datetime, due_at: datetime) -> dict[str, Any]:
    images = [{"cid": i.cid, "alt": i.alt, "png": base64.b64encode(i.png).decode("ascii")} for i in m.images]
    return {
        "key": m.key,
        "channel": m.channel,
        "recipient": m.recipient,
        "thread": m.thread,
        "subject": storable(m.subject),
        "text": storable(m.text),
        "html": None if m.html is None else storable(m.html),
        "images": images,
        "created_at": now,
        "due_at": due_at,
        "attempts": 0,
        "last_error": "",
    }


def claim(s: Session, *, now: datetime, lease: timedelta) -> Claimed | None:
    """Take the message that has been due longest and hold it for `lease`; None when nothing is due.

    Safe for any number of deliverers: SQLite's writer is alone, PostgreSQL skips rows another one is taking.
    """
    free = or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= now)
    due = (
        select(OUTBOX.c.id)
        .where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.parked_at.is_(None), OUTBOX.c.due_at <= now, free)
        .order_by(OUTBOX.c.due_at, OUTBOX.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    message_id = s.execute(due).scalar()
    if message_id is None:
        return None
    values = {
        "claimed_until": now + lease,
        "attempts": OUTBOX.c.attempts + 1,
        "tried_since": func.coalesce(OUTBOX.c.tried_since, now),
    }
    s.execute(OUTBOX.update().where(OUTBOX.c.id == message_id).values(values))
    return _claimed(s.execute(select(OUTBOX).where(OUTBOX.c.id == message_id)).one())


def _claimed(row: Any) -> Claimed:
    images = tuple(InlineImage(cid=i["cid"], alt=i["alt"], png=base64.b64decode(i["png"])) for i in row.images)
    names = ("key", "channel", "recipient", "subject", "text", "html", "thread")
    return Claimed(
        id=row.id,
        message=Message(**{name: getattr(row, name) for name in names}, images=images),
        attempts=row.attempts,
        created_at=row.created_at,
        tried_since=row.tried_since,
        claimed_until=row.claimed_until,
    )


def sent(s: Session, item: Claimed, *, now: datetime) -> None:
    """It was accepted. True even when the lease ran out meanwhile: said is said."""
    unsent = (OUTBOX.c.id == item.id, OUTBOX.c.sent_at.is_(None))
    s.execute(OUTBOX.update().where(*unsent).values(sent_at=now, claimed_until=None, parked_at=None, last_error=""))


def failed(s: Session, item: Claimed, *, error: Exception | str, permanent: bool = False, now: datetime) -> bool:
    """Due again after 1, 2, 4 … 60 minutes, or parked: when `permanent`, or after a day of trying.

    True when it was parked. Changes nothing when the lease ran out and another deliverer has taken it.
    """
    give_up = permanent or now - item.tried_since >= GIVE_UP_AFTER
    ours = (OUTBOX.c.id == item.id, OUTBOX.c.sent_at.is_(None), OUTBOX.c.attempts == item.attempts)
    values: dict[str, Any] = {"claimed_until": None, "last_error": storable(str(error))[:ERROR_MAX]}
    values |= {"parked_at": now} if give_up else {"due_at": now + wait_after(item.attempts)}
    return affected(s, OUTBOX.update().where(*ours).values(values)) > 0 and give_up


def wait_after(attempts: int) -> timedelta:
    """How long to wait after the attempt of this number, counted from 1."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts - 1, 10)))


def retry(s: Session, message_id: int, *, now: datetime) -> bool:
    """Take a parked message up again, with a fresh day of trying; False when it is not parked."""
    parked_one = (OUTBOX.c.id == message_id, OUTBOX.c.parked_at.is_not(None), OUTBOX.c.sent_at.is_(None))
    fresh = {"parked_at": None, "due_at": now, "claimed_until": None, "tried_since": None, "attempts": 0}
    return affected(s, OUTBOX.update().where(*parked_one).values(fresh)) > 0


def waiting(s: Session) -> list[Waiting]:
    """Neither sent nor parked, the longest due first."""
    return _unsent(s, OUTBOX.c.parked_at.is_(None))


def parked(s: Session) -> list[Waiting]:
    """Given up on: they need a person."""
    return _unsent(s, OUTBOX.c.parked_at.is_not(None))


def _unsent(s: Session, condition: Any) -> list[Waiting]:
    query = select(*(OUTBOX.c[name] for name in Waiting.__dataclass_fields__))
    rows = s.execute(query.where(OUTBOX.c.sent_at.is_(None), condition).order_by(OUTBOX.c.due_at, OUTBOX.c.id))
    return [Waiting(**row._mapping) for row in rows]


def next_due(s: Session) -> datetime | None:
    """When the next waiting message is due; None when none waits."""
    query = select(func.min(OUTBOX.c.due_at)).where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.parked_at.is_(None))
    return s.execute(query).scalar()
