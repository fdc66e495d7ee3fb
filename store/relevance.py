"""People's marks "us" and "not us": stored for good, and the one thing that wins over rules and filters.

Of the marks of a text and a brand the newest that was not revoked is in force. It belongs to the text, so every copy
follows it: those already judged move into their buckets or out of them in the transaction that stores the mark, later
ones meet it in `scores.record`. Marks and labels share one lock with whoever counts (`corrections.stand_still`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from store import buckets, corrections
from store.buckets import Count
from store.mentions import LINK, MENTION, scored_text
from store.sql import Batch, affected, chunks, insert_one, one_of, table
from store.tables import MentionBrandRow
from store.tables_relevance import RelevanceMarkRow
from tingfeng.errors import StoreError
from tingfeng.model import storable, text_key
from tingfeng.relevance import PERSON, Relevance, RelevanceMark

MARK = table(RelevanceMarkRow)
_OF_PAIR = ("counted_by", "label", "overruled", "relevant", "relevance", "relevance_by")
_WAITS = dict.fromkeys(_OF_PAIR)  # to be judged and scored again
_SET = Batch(
    MentionBrandRow,
    ["key_mention_id", "key_brand", "relevant", "relevance", "relevance_by"],
    lambda _: (
        update(LINK)
        .where(LINK.c.mention_id == bindparam("key_mention_id"), LINK.c.brand == bindparam("key_brand"))
        .values({name: bindparam(name) for name in ("relevant", "relevance", "relevance_by")})
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mention as it was judged for a brand; `relevant` None: it was not."""

    mention_id: int
    brand: str
    text_key: str
    text: str  # as judged
    relevant: bool | None
    relevance: float | None
    by: str | None


def mark(
    s: Session, mention_id: int, brand: str, relevant: bool, *, author: str, note: str = "", now: datetime
) -> RelevanceMark:
    """Say whether the text of a mention is about the brand; all its copies follow at once.

    StoreError when there is no such mention, or nothing links it with that brand. Must run inside `db.write()`.
    """
    corrections.stand_still(s)
    found = s.execute(select(MENTION.c.title, MENTION.c.text).where(MENTION.c.id == mention_id))
    mention = found.one_or_none()
    if mention is None:
        raise StoreError(f"no mention {mention_id}")
    corrections.refuse_other(s, mention_id, brand)
    text = scored_text(mention.title, mention.text)
    return _store(s, mention_id, text, brand, relevant, author=author, note=note, now=now)


def mark_text(
    s: Session, text: str, brand: str, relevant: bool, *, author: str, note: str = "", now: datetime
) -> RelevanceMark:
    """The same of a text that need not be in the store, as a mention's title and text would give it."""
    corrections.stand_still(s)
    return _store(s, None, storable(text), brand, relevant, author=author, note=note, now=now)


def _store(
    s: Session, mention_id: int | None, text: str, brand: str, relevant: bool, *, author: str, note: str, now: datetime
) -> RelevanceMark:
    values = {
        "mention_id": mention_id,
        "brand": brand,
        "text_key": text_key(text),
        "text": text,
        "relevant": relevant,
        "author": storable(author)[: corrections.AUTHOR_MAX],
        "note": storable(note),
        "at": now,
    }
    made = get(s, insert_one(s, RelevanceMarkRow, values))
    _follow(s, made)
    return made


def unmark(s: Session, mark_id: int, *, now: datetime) -> bool:
    """Take a mark back, with those it superseded; False when that was done before. StoreError when there is none.

    Its copies leave their buckets and wait to be judged again.
    """
    corrections.stand_still(s)
    found = get(s, mark_id)
    if found.revoked_at is not None:
        return False
    same = (MARK.c.text_key == found.text_key, MARK.c.brand == found.brand)
    affected(s, MARK.update().where(*same, MARK.c.id <= found.id, MARK.c.revoked_at.is_(None)).values(revoked_at=now))
    if (found.text_key, found.brand) not in current(s, [found.text_key]):
        pairs = corrections.counted_copies(s, found.text_key, found.brand)
        _let_wait(s, [p for p in pairs if (p.relevance_by or "").startswith(f"{PERSON}/")])
    return True


def get(s: Session, mark_id: int) -> RelevanceMark:
    """StoreError when there is none of that id."""
    row = s.execute(select(MARK).where(MARK.c.id == mark_id)).one_or_none()
    if row is None:
        raise StoreError(f"no mark {mark_id}; list them with: tingfeng brands marks")
    return RelevanceMark(**row._mapping)


def listing(s: Session, brand: str | None = None) -> list[RelevanceMark]:
    """Every mark there is, of that brand or of all, newest first: in force, superseded and revoked ones."""
    query = select(MARK).order_by(MARK.c.id.desc())
    rows = s.execute(query if brand is None else query.where(MARK.c.brand == brand))
    return [RelevanceMark(**row._mapping) for row in rows]


def current(
    s: Session, text_keys: Iterable[str] | None = None, *, brand: str | None = None
) -> dict[tuple[str, str], RelevanceMark]:
    """The marks in force by (text_key, brand), of those texts (None: of all) and of that brand (None: of all)."""
    query = select(MARK).where(MARK.c.revoked_at.is_(None)).order_by(MARK.c.id)
    if brand is not None:
        query = query.where(MARK.c.brand == brand)
    parts = [None] if text_keys is None else list(chunks(sorted(set(text_keys))))
    found: dict[tuple[str, str], RelevanceMark] = {}
    for part in parts:
        for row in s.execute(query if part is None else query.where(one_of(s, MARK.c.text_key, part))):
            found[row.text_key, row.brand] = RelevanceMark(**row._mapping)
    return found


def settled(
    s: Session, pairs: Mapping[tuple[int, str], str], judged: Mapping[tuple[int, str], Relevance]
) -> dict[tuple[int, str], Relevance]:
    """What holds for each of `pairs` (with its text_key): a person's mark before what was `judged`; else nothing."""
    marks = current(s, pairs.values())
    found = {pair: judged[pair] for pair in pairs if pair in judged}
    return found | {
        (mention_id, brand): marks[key, brand].judgement
        for (mention_id, brand), key in pairs.items()
        if (key, brand) in marks
    }


def _follow(s: Session, made: RelevanceMark) -> None:
    """Let every counted copy of the text stand as the mark says."""
    told = made.judgement
    pairs = corrections.counted_copies(s, made.text_key, made.brand)
    moved = [p for p in pairs if (p.relevant is not False) != told.relevant]
    buckets.add(s, _counts(s, moved, 1 if told.relevant else -1))
    _SET.run(s, [(p.mention_id, p.brand, told.relevant, told.p, told.by) for p in pairs])


def _counts(s: Session, pairs: Sequence[Row[Any]], times: int) -> list[Count]:
    sums = corrections.counted_under(s, {p.text_key for p in pairs})
    return [
        Count(p.brand, p.source, p.published_at, *corrections.worth(p, sums.get(p.text_key, {})), times=times)
        for p in pairs
    ]


def _let_wait(s: Session, pairs: Sequence[Row[Any]]) -> None:
    """Out of the buckets, to be judged and scored again."""
    buckets.add(s, _counts(s, [p for p in pairs if p.relevant is not False], -1))
    for brand in sorted({p.brand for p in pairs}):
        for part in chunks(sorted(p.mention_id for p in pairs if p.brand == brand)):
            affected(s, LINK.update().where(one_of(s, LINK.c.mention_id, part), LINK.c.brand == brand).values(**_WAITS))


def let_wait(s: Session, brand: str, since: datetime, until: datetime, *, version: str, rules: str, limit: int) -> int:
    """Let up to `limit` mentions of the brand, published in [since, until), wait to be judged again; how many.

    Left alone are those a person judged, those of `version` (as `relevance_by` says it), and those that `rules`, which
    come before any filter, ruled out. Must run inside `db.write()`.
    """
    corrections.stand_still(s)
    told = LINK.c.relevance_by
    done = (told == version) | told.startswith(f"{PERSON}/") | ((told == rules) & LINK.c.relevant.is_(False))
    query = (
        corrections.counted_pairs()
        .where(LINK.c.brand == brand, MENTION.c.published_at >= since, MENTION.c.published_at < until)
        .where(told.is_(None) | ~done)
        .limit(limit)
    )
    pairs = s.execute(query).all()
    _let_wait(s, pairs)
    return len(pairs)


def judged(s: Session, brand: str, since: datetime, until: datetime, *, limit: int) -> list[Judged]:
    """The newest mentions of the brand published in [since, until), each text once, that no person has marked."""
    query = (
        select(MENTION.c.id, MENTION.c.text_key, MENTION.c.title, MENTION.c.text)
        .add_columns(LINK.c.relevant, LINK.c.relevance, LINK.c.relevance_by)
        .join(LINK, LINK.c.mention_id == MENTION.c.id)
        .where(LINK.c.brand == brand, MENTION.c.published_at >= since, MENTION.c.published_at < until)
        .order_by(MENTION.c.published_at.desc(), MENTION.c.id.desc())
        .limit(limit)
    )
    marked = {key for key, _ in current(s, brand=brand)}
    found: dict[str, Judged] = {}
    for row in s.execute(query):
        if row.text_key not in marked and row.text_key not in found:
            found[row.text_key] = Judged(
                mention_id=row.id,
                brand=brand,
                text_key=row.text_key,
                text=scored_text(row.title, row.text),
                relevant=row.relevant,
                relevance=row.relevance,
                by=row.relevance_by,
            )
    return list(found.values())
