"""Known posts looked at again: how far they got over time, and which of them the platform has deleted since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, literal, select, update
from sqlalchemy.orm import Session

from store.mentions import MENTION, stored_id
from store.sql import Batch, affected, chunks, one_of, table
from store.tables_privacy import ReachRow

REACH = table(ReachRow)
FIRST_LOOK = timedelta(hours=1)  # after publication
LAST_LOOK = timedelta(days=14)  # nobody's post grows after that
YOUNG = timedelta(hours=6)
FOLLOWED = 500  # posts of a source
COUNTS = ("reposts", "comments", "likes")
_WRITE = Batch(ReachRow, ["mention_id", "at", *COUNTS], lambda insert: insert.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A known post as it was seen again. A count of None means "not told"."""

    platform: str
    native_id: str
    reposts: int | None = None
    comments: int | None = None
    likes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The counts of a post at one moment."""

    at: datetime
    reposts: int | None
    comments: int | None
    likes: int | None


def due(s: Session, source: str, *, now: datetime, limit: int) -> list[str]:
    """Native ids of up to `limit` posts of the source to be looked at again, the most talked of first.

    A post is looked at each time its age has doubled since the last look: 1 h, 2 h, 4 h … after publication, for 14
    days. Most of what a post will ever get comes early, and this costs ten requests a post in all. Only the FOLLOWED
    most talked of are followed, of the last hours and of all: nobody has requests for everything.
    """
    if limit <= 0:
        return []
    ids = {i for back in (YOUNG, LAST_LOOK) for i in _most_talked_of(s, source, now - back, now - FIRST_LOOK)}
    last = select(REACH.c.mention_id, func.max(REACH.c.at).label("at")).group_by(REACH.c.mention_id).subquery()
    query = (
        select(*(MENTION.c[name] for name in ("native_id", "published_at", "seen_at")), last.c.at)
        .add_columns(*(MENTION.c[name] for name in COUNTS))
        .outerjoin(last, last.c.mention_id == MENTION.c.id)
        .where(one_of(s, MENTION.c.id, sorted(ids)))
    )
    waiting = [row for row in s.execute(query) if _is_due(row, now)]
    waiting.sort(key=lambda row: (-sum(n or 0 for n in row[4:]), row.published_at))
    return [row.native_id for row in waiting[:limit]]


def _most_talked_of(s: Session, source: str, since: datetime, until: datetime) -> list[int]:
    talk = sum((func.coalesce(MENTION.c[name], 0) for name in COUNTS), literal(0))
    query = (
        select(MENTION.c.id)
        .where(MENTION.c.published_at > since, MENTION.c.published_at <= until)
        .where(MENTION.c.source == source, MENTION.c.deleted_at.is_(None))
        .where(MENTION.c.kind != "comment")  # asked for as a post it is one that does not exist, and would be buried
        .order_by(talk.desc(), MENTION.c.published_at)
        .limit(FOLLOWED)
    )
    return list(s.execute(query).scalars())


def _is_due(row: Row[Any], now: datetime) -> bool:
    looked = max(row.at or row.seen_at, row.published_at)
    return bool(now - looked >= max(FIRST_LOOK, looked - row.published_at))


def record(s: Session, seen: Iterable[Seen], *, now: datetime) -> int:
    """Keep the counts of those of `seen` that are stored, and let the mention's own grow; how many there were."""
    rows: list[tuple[Any, ...]] = []
    by_platform: dict[str, dict[str, Seen]] = {}
    for one in seen:
        by_platform.setdefault(one.platform, {})[stored_id(one.native_id)] = one
    for platform, known in sorted(by_platform.items()):
        for part in chunks(sorted(known)):
            query = select(MENTION.c.id, MENTION.c.native_id, *(MENTION.c[name] for name in COUNTS)).where(
                one_of(s, MENTION.c.native_id, part), MENTION.c.platform == platform
            )
            for mention_id, native_id, *before in s.execute(query).all():
                counts = _counts(known[native_id])
                rows.append((mention_id, now, *counts))
                _grow(s, mention_id, before, counts)
    _WRITE.run(s, rows)
    return len(rows)


def _grow(s: Session, mention_id: int, before: Sequence[int | None], counts: Sequence[int | None]) -> None:
    grown = {name: n for name, old, n in zip(COUNTS, before, counts, strict=True) if n is not None and n > (old or -1)}
    if grown:
        s.execute(update(MENTION).where(MENTION.c.id == mention_id).values(grown))


def _counts(seen: Seen) -> tuple[int | None, ...]:
    return tuple(getattr(seen, name) for name in COUNTS)


def bury(s: Session, gone: Sequence[tuple[str, str]], *, now: datetime) -> int:
    """Mark the stored ones of `gone`, (platform, native id), as deleted by now; how many were not so before."""
    buried = 0
    for platform in sorted({platform for platform, _ in gone}):
        for part in chunks(sorted({stored_id(i) for p, i in gone if p == platform})):
            these = (
                MENTION.c.platform == platform,
                one_of(s, MENTION.c.native_id, part),
                MENTION.c.deleted_at.is_(None),
            )
            buried += affected(s, update(MENTION).where(*these).values(deleted_at=now))
    return buried


def history(s: Session, mention_id: int) -> list[Look]:
    """How a post's counts grew, oldest first; nothing when it was never looked at again."""
    query = select(REACH.c.at, *(REACH.c[name] for name in COUNTS)).where(REACH.c.mention_id == mention_id)
    return [Look(**row._mapping) for row in s.execute(query.order_by(REACH.c.at))]
