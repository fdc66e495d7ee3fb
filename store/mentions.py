"""Mentions in and out: each utterance once, linked to the brands it is about."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nlargest
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, literal, select, update
from sqlalchemy.orm import Session

from store.sql import Batch, chunks, insert_into, one_of, run_many, table
from store.tables import KeptRow, MentionBrandRow, MentionRow, ScoreRow
from store.tables_privacy import ErasureRow
from tingfeng.measures import reach_weight
from tingfeng.model import Label, Mention, Verdict, storable, text_key
from tingfeng.privacy import followers_bucket, mask

MENTION, LINK, SCORE = table(MentionRow), table(MentionBrandRow), table(ScoreRow)
ERASURE = table(ErasureRow)
LATER = ("deleted_at", "story_id")  # columns that other jobs fill in
TAKEN = [name for name in MENTION.c.keys()[1:] if name not in LATER]  # all but the id
INSERT = Batch(MentionRow, TAKEN, lambda insert: insert.on_conflict_do_nothing())
REGION_MAX = NAME_MAX = 80  # characters
NATIVE_ID_MAX = 300  # characters; feeds use whole addresses as ids
COUNTS = ("followers", "reposts", "comments", "likes")
OURS = LINK.c.relevant.is_not(False)  # what every count and list asks for: the brand is meant, or nobody judged


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionWithVerdict:
    """A stored mention as reports show it. `verdict` None: not scored yet. `copies`: posts of its story."""

    id: int
    mention: Mention
    verdict: Verdict | None
    weight: float  # measures.reach_weight
    copies: int = 1


def scored_text(title: str, text: str) -> str:
    """What the scorer reads: the title belongs to what was said, unless the text begins with it anyway."""
    return f"{title}\n{text}" if title and not text.startswith(title) else text


def add(s: Session, mentions: Sequence[Mention]) -> int:
    """Take in a batch; the number of mentions that were new.

    Known ones gain brands and grown counts. Those older than retention keeps are left out: they were counted once;
    so are those of authors who asked to be erased.
    ValueError for a naive time or a mention without a brand.
    """
    merged = _merge(without_erased(s, mentions), kept_since(s))
    known = _known(s, merged)
    stored = INSERT.run(s, [_values(key, m) for key, (m, _) in merged.items() if key not in known])
    _refresh(s, merged, known)
    _link(s, merged)
    return stored


def without_erased(s: Session, mentions: Sequence[Mention]) -> list[Mention]:
    """Those of authors who did not ask to be erased."""
    authors = sorted({m.author_key for m in mentions if m.author_key})
    erased: set[str] = set()
    for part in chunks(authors):
        erased.update(s.execute(select(ErasureRow.author_key).where(one_of(s, ERASURE.c.author_key, part))).scalars())
    return [m for m in mentions if m.author_key not in erased] if erased else list(mentions)


Key = tuple[str, str]  # platform, native id as stored


def _merge(mentions: Iterable[Mention], since: datetime | None) -> dict[Key, tuple[Mention, set[str]]]:
    """One entry per identity, in key order: two crawlers that insert in one order cannot lock each other out."""
    merged: dict[Key, tuple[Mention, set[str]]] = {}
    for m in mentions:
        if not m.brands:
            raise ValueError(f"mention {m.platform}/{m.native_id} without a brand")
        if since is not None and m.published_at < since:
            continue
        key = (m.platform, stored_id(m.native_id))
        if key in merged:
            merged[key][1].update(m.brands)
        else:
            merged[key] = (m, set(m.brands))
    return dict(sorted(merged.items()))


def stored_id(native_id: str) -> str:
    """The id as the column takes it: too long ones keep their beginning and end in a digest of the whole."""
    clean = storable(native_id)
    if len(clean) <= NATIVE_ID_MAX:
        return clean
    digest = hashlib.blake2b(clean.encode(), digest_size=16).hexdigest()
    return f"{clean[: NATIVE_ID_MAX - 33]}#{digest}"


def _values(key: Key, m: Mention) -> tuple[Any, ...]:
    """In the order of TAKEN."""
    text, title = mask(storable(m.text)), mask(storable(m.title))
    return (
        *key,
        m.source,
        storable(m.url),
        title,
        text,
        text_key(scored_text(title, text)),
        m.published_at,
        m.seen_at,
        m.author_key,
        followers_bucket(m.followers),
        m.reposts,
        m.comments,
        m.likes,
        storable(m.region)[:REGION_MAX] if m.region else m.region,
        m.is_repost,
        m.kind,
        stored_id(m.parent) if m.parent else None,
        storable(m.author_name)[:NAME_MAX] if m.author_name else None,
    )


def _known(s: Session, keys: Iterable[Key]) -> dict[Key, Row[Any]]:
    """The rows of those keys that the store already has."""
    by_platform: dict[str, list[str]] = defaultdict(list)
    for platform, native_id in keys:
        by_platform[platform].append(native_id)
    columns = (MENTION.c.native_id, MENTION.c.id, *(MENTION.c[name] for name in COUNTS))
    found: dict[Key, Row[Any]] = {}
    for platform, ids in by_platform.items():
        for part in chunks(ids):
            query = select(*columns).where(MENTION.c.platform == platform, one_of(s, MENTION.c.native_id, part))
            found.update(((platform, row.native_id), row) for row in s.execute(query))
    return found


def _refresh(s: Session, merged: Mapping[Key, tuple[Mention, set[str]]], known: Mapping[Key, Row[Any]]) -> None:
    """Write counts of known posts where they grew; "not told" never overwrites a number."""
    grown: list[dict[str, Any]] = []
    for key, row in known.items():
        before: tuple[int | None, ...] = tuple(row[2:])
        best = tuple(map(_larger, before, _counts(merged[key][0])))
        if best != before:
            grown.append({"b_id": row.id, **dict(zip(COUNTS, best, strict=True))})
    statement = update(MENTION).where(MENTION.c.id == bindparam("b_id"))
    in_order = sorted(grown, key=itemgetter("b_id"))  # as everyone does, so that two crawlers cannot deadlock
    run_many(s, statement.values({name: bindparam(name) for name in COUNTS}), in_order)


def _counts(m: Mention) -> tuple[int | None, ...]:
    """In the order of COUNTS, as they are stored."""
    return followers_bucket(m.followers), m.reposts, m.comments, m.likes


def _larger(before: int | None, now: int | None) -> int | None:
    return before if now is None else now if before is None else max(before, now)


def _link(s: Session, merged: Mapping[Key, tuple[Mention, set[str]]]) -> None:
    """Say whose they are, old and new alike; one statement per brand lets the database look up the ids itself."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (platform, native_id), (_, brands) in merged.items():
        for brand in brands:
            groups[platform, brand].append(native_id)
    for (platform, brand), ids in sorted(groups.items()):
        for part in chunks(ids):
            ours = (MENTION.c.platform == platform, one_of(s, MENTION.c.native_id, part))
            these = select(MENTION.c.id, literal(brand)).where(*ours).order_by(MENTION.c.id)
            insert = insert_into(s, MentionBrandRow).from_select(["mention_id", "brand"], these)
            s.execute(insert.on_conflict_do_nothing())


def kept_since(s: Session) -> datetime | None:
    """Retention has deleted what was published before this; None when it never ran."""
    return s.execute(select(KeptRow.since).where(KeptRow.what == "mention")).scalar()


def by_ids(s: Session, ids: Sequence[int], *, brand: str | None = None) -> list[MentionWithVerdict]:
    """Mentions with the verdict they were counted under, in the order of `ids`; unknown ids are left out, and so are
    brands they do not mean.

    A person may have labelled a text for one brand only: the verdict is then that of `brand`, where it is given.
    """
    rows: dict[int, Any] = {}
    brands: dict[int, set[str]] = defaultdict(set)
    for part in chunks(ids):
        for row in s.execute(_with_verdict().where(one_of(s, MENTION.c.id, part))):
            brands[row.id].add(row.brand)
            if row.id not in rows or (row.polarity is not None and rows[row.id].brand != brand):
                rows[row.id] = row
    return [_shown(rows[i], tuple(sorted(brands[i]))) for i in ids if i in rows]


def _with_verdict() -> Select[Any]:
    """Mentions with each of the brands they mean and, where counted, the score they were counted under."""
    scores = (SCORE.c.polarity, SCORE.c.label, SCORE.c.negative, SCORE.c.neutral, SCORE.c.positive)
    return select(MENTION, LINK.c.brand, *scores).select_from(
        MENTION.join(LINK, and_(LINK.c.mention_id == MENTION.c.id, OURS)).outerjoin(SCORE, counted_score())
    )


def counted_score() -> Any:
    """Join condition: the score under which a mention stands in the buckets."""
    return and_(SCORE.c.text_key == MENTION.c.text_key, SCORE.c.scorer + "/" + SCORE.c.version == LINK.c.counted_by)


def _shown(row: Any, brands: tuple[str, ...]) -> MentionWithVerdict:
    fields = {name: getattr(row, name) for name in Mention.__dataclass_fields__ if name != "brands"}
    mention = Mention(**fields, brands=brands)
    return MentionWithVerdict(id=row.id, mention=mention, verdict=verdict_of(row), weight=_weight(row))


def verdict_of(row: Any) -> Verdict | None:
    """The verdict in a row that carries the columns of `score`; None where the outer join found none."""
    if row.polarity is None:
        return None
    return Verdict(
        polarity=row.polarity,
        label=Label(row.label),
        negative=row.negative,
        neutral=row.neutral,
        positive=row.positive,
    )


def _weight(row: Any) -> float:
    return reach_weight(**{name: getattr(row, name) for name in COUNTS})


def top(
    s: Session, brand: str, since: datetime, until: datetime, *, label: Label | None = None, limit: int = 5
) -> list[MentionWithVerdict]:
    """The heaviest mentions published in [since, until), heaviest first; of each story only its heaviest copy."""
    query = (
        select(MENTION.c.id, MENTION.c.text_key, MENTION.c.story_id, *(MENTION.c[name] for name in COUNTS))
        .join(LINK, LINK.c.mention_id == MENTION.c.id)
        .where(LINK.c.brand == brand, OURS, MENTION.c.published_at >= since, MENTION.c.published_at < until)
    )
    if label is not None:
        query = query.where(LINK.c.label == int(label))
    stories: dict[int | str, list[tuple[float, int]]] = defaultdict(list)
    for row in s.execute(query):
        stories[row.story_id or row.text_key].append((_weight(row), -row.id))
    heaviest = nlargest(limit, ((*max(posts), len(posts)) for posts in stories.values()))
    copies = {-negated: n for _, negated, n in heaviest}
    return [replace(m, copies=copies[m.id]) for m in by_ids(s, list(copies), brand=brand)]


def count(s: Session) -> int:
    """How many mentions the store holds."""
    return s.execute(select(func.count()).select_from(MENTION)).scalar_one()
