"""Erasing an author: every row that holds what the person said goes, counts stay, and the posts cannot come back.

What stays is the receipt, which knows the author only by pseudonym: without it the next crawl would collect the same
posts again (mentions.add leaves out the authors it names). Buckets are counts without persons and stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, or_, select, update
from sqlalchemy.orm import Session

from store import stories
from store.corrections import CORRECTION
from store.feedback import ANSWER
from store.mentions import ERASURE, LINK, MENTION, SCORE
from store.outbox import OUTBOX
from store.reach import REACH
from store.relevance import MARK
from store.sql import affected, chunks, insert_one, one_of
from store.tables_privacy import ErasureRow
from tingfeng.model import storable

REDACTED = "[内容已应个人要求删除 erased on request]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an erasure removed. `removed`: rows by table; `mentions`: posts among them."""

    id: int
    author_key: str
    at: datetime
    by: str
    reason: str
    mentions: int
    removed: dict[str, int]


def erase(s: Session, author_key: str, *, by: str, reason: str, now: datetime) -> Receipt:
    """Erase everything said under this pseudonym and write the receipt. Must run inside `db.write()`.

    Also without any post: the person's later ones will not be taken in. Messages already sent are blanked where they
    show one of the posts; mail in other people's boxes is out of reach.
    """
    if s.get_bind().dialect.name == "sqlite":
        s.connection().exec_driver_sql("PRAGMA secure_delete=ON")  # else the words stay readable in the file
    stories.hold(s)
    posts = s.execute(select(MENTION.c.id, MENTION.c.text_key, MENTION.c.url).where(MENTION.c.author_key == author_key))
    found = posts.all()
    ids, keys = [row.id for row in found], sorted({row.text_key for row in found})
    removed = {"outbox": _redact(s, [row.url for row in found if row.url])}
    for table in (REACH, LINK, CORRECTION, MARK):
        removed[table.name] = sum(_delete(s, table, one_of(s, table.c.mention_id, part)) for part in chunks(ids))
    told = stories.of_mentions(s, ids)
    removed["mention"] = sum(_delete(s, MENTION, one_of(s, MENTION.c.id, part)) for part in chunks(ids))
    stories.recount(s, told, now=now)
    stories.drop_empty(s, told)
    removed["score"] = removed["labels of its texts"] = 0
    for part in chunks(keys):
        removed["score"] += _delete(s, SCORE, one_of(s, SCORE.c.text_key, part), ~_used(SCORE))
        removed["labels of its texts"] += sum(
            _delete(s, table, one_of(s, table.c.text_key, part), ~_used(table)) for table in (CORRECTION, MARK)
        )
    receipt = Receipt(
        id=0,
        author_key=author_key,
        at=now,
        by=storable(by)[:120],
        reason=storable(reason),
        mentions=len(ids),
        removed={name: n for name, n in removed.items() if n},
    )
    values = {name: getattr(receipt, name) for name in receipt.__slots__ if name != "id"}
    return Receipt(**{**values, "id": insert_one(s, ErasureRow, values)})


def _used(table: Table) -> ColumnElement[bool]:
    """Whether the text of a row is also somebody else's."""
    return or_(
        exists().where(MENTION.c.text_key == table.c.text_key), exists().where(ANSWER.c.text_key == table.c.text_key)
    )


def _delete(s: Session, table: Table, *where: ColumnElement[bool]) -> int:
    return affected(s, table.delete().where(*where))


def _redact(s: Session, urls: Sequence[str]) -> int:
    """Blank messages that are through (sent or given up) and link to one of `urls`."""
    through = or_(OUTBOX.c.sent_at.is_not(None), OUTBOX.c.parked_at.is_not(None))
    blank: dict[str, Any] = {"subject": REDACTED, "text": REDACTED, "html": None, "images": []}
    shows = (OUTBOX.c.text.contains(url, autoescape=True) for url in urls)
    return sum(affected(s, update(OUTBOX).where(through, condition).values(blank)) for condition in shows)


def receipts(s: Session) -> list[Receipt]:
    """Every erasure there was, newest first."""
    query = select(*(ERASURE.c[name] for name in Receipt.__dataclass_fields__)).order_by(ERASURE.c.id.desc())
    return [Receipt(**row._mapping) for row in s.execute(query)]
