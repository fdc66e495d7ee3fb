"""Stories in and out: which mentions are near-copies of each other, and how far each text has spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from store.mentions import LINK, MENTION, OURS, scored_text
from store.sql import Batch, chunks, one_of, raw_rows, table
from store.tables import MentionRow
from store.tables_stories import StoryKeyRow, StoryRow
from tingfeng.model import Label
from tingfeng.stories import NO_HASH, WAYS, WIDTH, Ids, Keys, Prints, Sketches, group

STORY, STORY_KEY = table(StoryRow), table(StoryKeyRow)
COPIES_MOST = 5_000
WINDOW = timedelta(days=14)  # a story that nobody joined for so long is not joined any more

_LOCK = 0x73746F72  # PostgreSQL's advisory lock of whoever groups: "stor"
_PUT = Batch(
    StoryKeyRow,
    ["key", "way", "story_id"],
    lambda insert: insert.on_conflict_do_update(
        index_elements=["key", "way"], set_={"story_id": insert.excluded.story_id}
    ),
)
_FOUND = Batch(StoryRow, STORY.c.keys(), lambda insert: insert)
_SUMS = ("copies", "authors", "sources", "first_at", "last_at", "mention_id", "platform", "source", "seen_at")
_COUNTED = Batch(
    StoryRow,
    ["key_id", *_SUMS],
    lambda _: update(STORY).where(STORY.c.id == bindparam("key_id")).values({n: bindparam(n) for n in _SUMS}),
)
_JOIN = Batch(
    MentionRow,
    ["key_id", "story_id"],
    lambda _: update(MENTION).where(MENTION.c.id == bindparam("key_id")).values(story_id=bindparam("story_id")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ungrouped:
    """A mention without a story. `text` is what to compare."""

    id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How many posts there are, by how many authors, saying how many different things."""

    posts: int = 0
    stories: int = 0
    authors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPost:
    """The first post of a story that was seen at all. `url` "" when it is not stored any more."""

    platform: str
    source: str
    published_at: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryInPeriod:
    """What became of a story in a period. `first` may lie before it; `text` is its, or a copy's where it is gone."""

    id: int
    text: str
    copies: int
    authors: int
    sources: int
    since: datetime  # of the copies in the period
    until: datetime  # of the last of them
    first: FirstPost


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One post of a story. `author`: a pseudonym, or the source where none is told."""

    published_at: datetime
    author: str
    is_repost: bool
    kind: str


def pending(s: Session, *, limit: int) -> list[Ungrouped]:
    """Up to `limit` mentions without a story, in the order they were stored."""
    columns = (MENTION.c.id, MENTION.c.title, MENTION.c.text)
    said = or_(MENTION.c.text != "", MENTION.c.title != "")  # the words of deleted posts are gone
    query = select(*columns).where(MENTION.c.story_id.is_(None), said).order_by(MENTION.c.id).limit(limit)
    return [Ungrouped(id=i, text=scored_text(title, text)) for i, title, text in s.execute(query)]


def hold(s: Session) -> None:
    """Until the end of this transaction nobody else changes stories. SQLite's writer is alone anyway."""
    if s.get_bind().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def join(s: Session, batch: Sequence[Ungrouped], prints: Prints, *, now: datetime) -> tuple[int, int]:
    """Give each mention its story; how many mentions got one now, and how many stories are new.

    Those that somebody else grouped meanwhile are left alone. Must run inside `db.write()`; one at a time.
    """
    hold(s)
    left = _still_ungrouped(s, [one.id for one in batch])
    rows = np.array([i for i, one in enumerate(batch) if one.id in left], dtype=np.int64)
    if not len(rows):
        return 0, 0
    mine = [batch[i] for i in rows]
    index = StoreIndex(s, now=now)
    ids = group(Prints(prints.keys[rows], prints.sketches[rows]), index)
    _JOIN.run(s, [(one.id, int(story)) for one, story in zip(mine, ids, strict=True)])
    recount(s, np.unique(ids).tolist(), now=now)
    return len(mine), index.new


def _still_ungrouped(s: Session, ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(ids):
        query = select(MENTION.c.id).where(one_of(s, MENTION.c.id, part), MENTION.c.story_id.is_(None))
        found.update(s.execute(query).scalars())
    return found


class StoreIndex:
    """The stories of the store, as tingfeng.stories looks them up."""

    def __init__(self, s: Session, *, now: datetime) -> None:
        self.s, self.now, self.new = s, now, 0

    def find(self, keys: Keys) -> Ids:
        wanted, place = np.unique(keys, return_inverse=True)
        behind = np.zeros((len(wanted), WAYS), dtype=np.int64)
        for part in chunks(wanted[wanted != 0].tolist()):
            query = select(STORY_KEY.c.key, STORY_KEY.c.way, STORY_KEY.c.story_id)
            rows = raw_rows(self.s, query.where(one_of(self.s, STORY_KEY.c.key, part)))
            if rows:
                key, way, story = np.fromiter(chain.from_iterable(rows), np.int64, 3 * len(rows)).reshape(-1, 3).T
                behind[np.searchsorted(wanted, key), way] = story
        return behind[place.reshape(keys.shape)]

    def sketches(self, stories: Ids) -> Sketches:
        wanted, place = np.unique(stories, return_inverse=True)
        made = np.full((len(wanted), WIDTH), NO_HASH, dtype=np.uint32)
        for part in chunks(wanted.tolist()):
            query = select(STORY.c.id, STORY.c.sketch).where(one_of(self.s, STORY.c.id, part))
            for story, blob in self.s.execute(query):
                sketch = np.frombuffer(blob, dtype="<u4")
                made[np.searchsorted(wanted, story), : len(sketch)] = sketch
        return made[place]

    def found(self, prints: Prints, rows: NDArray[np.int64]) -> Ids:
        last = self.s.execute(select(func.max(STORY.c.id))).scalar() or 0
        ids = last + 1 + np.arange(len(rows), dtype=np.int64)
        self.new += len(rows)
        blank = (self.now, 0, "", "", self.now, self.now, 0, 0, 0)  # what recount fills in, from the mentions
        sketches = map(_packed, prints.sketches[rows])
        _FOUND.run(self.s, [(i, sketch, *blank) for i, sketch in zip(ids.tolist(), sketches, strict=True)])
        keys, owners = prints.keys[rows], np.broadcast_to(ids[:, None], (len(rows), prints.keys.shape[1]))
        pairs = np.stack((keys[keys != 0], owners[keys != 0] % WAYS, owners[keys != 0]), axis=1)
        # Of two founders at one place the later stays; the driver must not be given both in one order here and
        # another there.
        _PUT.run(self.s, [tuple(row) for row in pairs[np.lexsort(pairs.T[::-1])].tolist()])
        return ids


def _packed(sketch: NDArray[np.uint32]) -> bytes:
    packed: bytes = sketch[sketch != NO_HASH].astype("<u4").tobytes()
    return packed


def _author() -> ColumnElement[str]:
    """Who said it; what has no named author was said by its source."""
    return func.coalesce(MENTION.c.author_key, MENTION.c.source)


def of_mentions(s: Session, ids: Sequence[int]) -> list[int]:
    """The stories these mentions belong to."""
    found: set[int] = set()
    for part in chunks(ids):
        query = select(MENTION.c.story_id).where(one_of(s, MENTION.c.id, part), MENTION.c.story_id.is_not(None))
        found.update(s.execute(query).scalars())
    return sorted(found)


def drop_empty(s: Session, stories: Sequence[int]) -> None:
    """Take away those of the stories that have no mention left, with their keys."""
    for part in chunks(stories):
        left = select(MENTION.c.story_id).where(one_of(s, MENTION.c.story_id, part))
        empty = sorted({*part} - set(s.execute(left).scalars()))
        s.execute(STORY_KEY.delete().where(one_of(s, STORY_KEY.c.story_id, empty)))
        s.execute(STORY.delete().where(one_of(s, STORY.c.id, empty)))


def recount(s: Session, stories: Sequence[int], *, now: datetime) -> None:
    """Count the mentions of these stories again; `now`: when they were seen last."""
    rows: list[tuple[Any, ...]] = []
    for part in chunks(stories):
        sums = _sums().where(one_of(s, MENTION.c.story_id, part)).group_by(MENTION.c.story_id).subquery()
        earliest = and_(MENTION.c.story_id == sums.c.id, MENTION.c.published_at == sums.c.first_at)
        first = select(sums.c.id, func.min(MENTION.c.id).label("first")).join(MENTION, earliest).group_by(sums.c.id)
        of = first.subquery()
        query = select(sums, MENTION.c.id, MENTION.c.platform, MENTION.c.source)
        query = query.join(of, of.c.id == sums.c.id).join(MENTION, MENTION.c.id == of.c.first)
        rows += [(*row, now) for row in s.execute(query)]
    _COUNTED.run(s, sorted(rows))


def _sums() -> Select[Any]:
    return select(
        MENTION.c.story_id.label("id"),
        func.count().label("copies"),
        func.count(_author().distinct()).label("authors"),
        func.count(MENTION.c.source.distinct()).label("sources"),
        func.min(MENTION.c.published_at).label("first_at"),
        func.max(MENTION.c.published_at).label("last_at"),
    )


def _within(query: Any, brand: str | None, since: datetime, until: datetime, label: Label | None) -> Any:
    query = query.where(MENTION.c.published_at >= since, MENTION.c.published_at < until)
    if brand is None:
        return query.where(exists().where(LINK.c.mention_id == MENTION.c.id, OURS))  # once, however many it means
    query = query.join(LINK, LINK.c.mention_id == MENTION.c.id).where(LINK.c.brand == brand, OURS)
    return query.where(LINK.c.counted_by.is_not(None) if label is None else LINK.c.label == label)


def spread(s: Session, brand: str, since: datetime, until: datetime, *, label: Label | None = None) -> Spread:
    """Of the counted mentions of the brand published in [since, until). Not yet grouped ones go by equal text."""
    ungrouped = case((MENTION.c.story_id.is_(None), MENTION.c.text_key))
    stories = func.count(MENTION.c.story_id.distinct()) + func.count(ungrouped.distinct())
    query = select(func.count(), stories, func.count(_author().distinct())).select_from(MENTION)
    row = s.execute(_within(query, brand, since, until, label)).one()
    return Spread(posts=row[0], stories=row[1], authors=row[2])


def largest(
    s: Session,
    since: datetime,
    until: datetime,
    *,
    brand: str | None = None,
    label: Label | None = None,
    least: int = 2,
    limit: int = 20,
) -> list[StoryInPeriod]:
    """The stories with most copies published in [since, until), at least `least`; of all brands without `brand`.

    Texts of a few letters are left out: 转发微博 and 好喝 are said alike by many who copied nothing.
    """
    told = exists().where(STORY.c.id == MENTION.c.story_id, func.length(STORY.c.sketch) > 0)
    sums = _within(_sums().where(told), brand, since, until, label)
    sums = sums.group_by(MENTION.c.story_id).having(func.count() >= least)
    some = sums.order_by(func.count().desc(), MENTION.c.story_id).limit(limit).subquery()
    first = MENTION.alias("first")
    query = (
        select(some, STORY.c.platform, STORY.c.source, STORY.c.first_at.label("began"))
        .add_columns(first.c.url, first.c.title, first.c.text)
        .join(STORY, STORY.c.id == some.c.id)
        .outerjoin(first, first.c.id == STORY.c.mention_id)
        .order_by(some.c.copies.desc(), some.c.id)
    )
    rows = s.execute(query).all()
    texts = _texts(s, [row.id for row in rows if not row.text], since, until)
    return [_told(row, scored_text(row.title, row.text) if row.text else texts.get(row.id, "")) for row in rows]


def copies(
    s: Session, story: int, since: datetime, until: datetime, *, brand: str, label: Label | None = None
) -> list[Copy]:
    """The posts of a story about the brand published in [since, until), oldest first; the first COPIES_MOST of them."""
    columns = (MENTION.c.published_at, _author(), MENTION.c.is_repost, MENTION.c.kind)
    query = _within(select(*columns).where(MENTION.c.story_id == story), brand, since, until, label)
    rows = s.execute(query.order_by(MENTION.c.published_at, MENTION.c.id).limit(COPIES_MOST))
    return [Copy(published_at=at, author=author, is_repost=again, kind=kind) for at, author, again, kind in rows]


def _texts(s: Session, stories: Sequence[int], since: datetime, until: datetime) -> dict[int, str]:
    """A text of each story, of the first copy in the period that still has its words."""
    if not stories:
        return {}
    said = (MENTION.c.published_at >= since, MENTION.c.published_at < until, MENTION.c.text != "")
    chosen = select(func.min(MENTION.c.id)).where(one_of(s, MENTION.c.story_id, stories), *said)
    query = select(MENTION.c.story_id, MENTION.c.title, MENTION.c.text)
    query = query.where(MENTION.c.id.in_(chosen.group_by(MENTION.c.story_id)))
    return {story: scored_text(title, text) for story, title, text in s.execute(query)}


def _told(row: Any, text: str) -> StoryInPeriod:
    return StoryInPeriod(
        id=row.id,
        text=text,
        copies=row.copies,
        authors=row.authors,
        sources=row.sources,
        since=row.first_at,
        until=row.last_at,
        first=FirstPost(platform=row.platform, source=row.source, published_at=row.began, url=row.url or ""),
    )


def count(s: Session) -> int:
    return s.execute(select(func.count()).select_from(STORY)).scalar_one()
