"""Verdicts in, buckets up: the one place where a mention becomes a number.

A (mention, brand) pair is counted once: the transaction that writes its score marks it and adds it to its bucket.
Killed before the commit, nothing happened; run twice, or by two scorers at once, the second finds the pair marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from store import buckets, corrections, relevance
from store.buckets import Count
from store.mentions import LINK, MENTION, SCORE, scored_text, verdict_of
from store.sql import Batch, chunks, one_of, table
from store.tables import MentionBrandRow, ScoreRow, SurveyResponseRow
from tingfeng.model import Correction, Score, Verdict, storable
from tingfeng.relevance import Relevance

ANSWER = table(SurveyResponseRow)
WRITE = Batch(ScoreRow, SCORE.c.keys(), lambda insert: insert.on_conflict_do_nothing())
MARKED = ("counted_by", "label", "overruled", "aspects", "relevant", "relevance", "relevance_by")
MARK = Batch(
    MentionBrandRow,
    ["key_mention_id", "key_brand", *MARKED],
    lambda _: (
        update(LINK)
        .where(LINK.c.mention_id == bindparam("key_mention_id"), LINK.c.brand == bindparam("key_brand"))
        .values({name: bindparam(name) for name in MARKED})
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A mention of a brand that stands in no bucket yet. `text` is what to score, `text_key` its key."""

    mention_id: int
    brand: str
    text_key: str
    text: str
    source: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A survey comment without a score."""

    text_key: str
    text: str


def pending(s: Session, *, limit: int) -> list[Pending]:
    """Up to `limit` uncounted pairs, in the order they were stored."""
    query = (
        select(LINK.c.mention_id, LINK.c.brand, *(MENTION.c[n] for n in ("text_key", "title", "text", "source")))
        .add_columns(MENTION.c.published_at)
        .join(MENTION, MENTION.c.id == LINK.c.mention_id)
        .where(LINK.c.counted_by.is_(None))
        .order_by(LINK.c.mention_id, LINK.c.brand)
        .limit(limit)
    )
    return [
        Pending(mention_id=i, brand=brand, text_key=key, text=scored_text(title, text), source=source, published_at=at)
        for i, brand, key, title, text, source, at in s.execute(query)
    ]


def uncounted(s: Session, since: datetime, until: datetime) -> int:
    """How many mentions published in [since, until) wait to be counted: until it is 0 the buckets say too little."""
    waiting = select(LINK.c.mention_id).where(LINK.c.counted_by.is_(None))
    period = (MENTION.c.published_at >= since, MENTION.c.published_at < until)
    return s.execute(select(func.count()).where(MENTION.c.id.in_(waiting), *period)).scalar_one()


def pending_comments(s: Session, scorer: str, version: str, limit: int) -> list[Comment]:
    """Up to `limit` survey comments, each text once, that this scorer and version has not scored."""
    scored = exists().where(SCORE.c.text_key == ANSWER.c.text_key, SCORE.c.scorer == scorer, SCORE.c.version == version)
    query = select(ANSWER.c.text_key, ANSWER.c.comment).where(ANSWER.c.text_key.is_not(None), ~scored)
    texts = {key: text for key, text in s.execute(query.order_by(ANSWER.c.id).limit(limit))}
    return [Comment(text_key=key, text=text) for key, text in texts.items()]


def known(s: Session, text_keys: Iterable[str], scorer: str, version: str) -> dict[str, Verdict]:
    """Verdicts the store already has from this scorer and version, by text key."""
    found: dict[str, Verdict] = {}
    for part in chunks(set(text_keys)):
        query = select(SCORE).where(
            one_of(s, SCORE.c.text_key, part), SCORE.c.scorer == scorer, SCORE.c.version == version
        )
        for row in s.execute(query):
            verdict = verdict_of(row)
            assert verdict is not None
            found[row.text_key] = verdict
    return found


def record(
    s: Session,
    scores: Sequence[Score],
    pending: Sequence[Pending],
    *,
    scorer: str,
    version: str,
    aspects: Mapping[tuple[int, str], str] = MappingProxyType({}),
    judged: Mapping[tuple[int, str], Relevance] = MappingProxyType({}),
) -> int:
    """Write scores, mark the pairs as counted and add them to their buckets; how many pairs were done now.

    Pairs that someone else counted meanwhile are left alone, so are pairs whose text has no score of this scorer and
    version, given here or stored. Where a person labelled the text the pair counts under that label. `aspects`, by
    (mention_id, brand), are stored as given: "name:label", joined by a tab. `judged` says whether a pair is about the
    brand, unless a person says otherwise: an irrelevant one is marked as all others and stands in no bucket. Must run
    inside `db.write()`.
    """
    corrections.hold(s)
    WRITE.run(s, sorted(map(_values, scores)))
    verdicts = {x.text_key: x.verdict for x in scores if (x.scorer, x.version) == (scorer, version)}
    verdicts |= known(s, {p.text_key for p in pending} - verdicts.keys(), scorer, version)
    wanted = {(p.mention_id, p.brand): p for p in pending if p.text_key in verdicts}
    mine = [wanted[pair] for pair in _still_uncounted(s, wanted)]
    labels = _labels(s, mine, scorer, version)
    told_whose = relevance.settled(s, {(p.mention_id, p.brand): p.text_key for p in mine}, judged)
    marks: list[tuple[Any, ...]] = []
    counts: list[Count] = []
    for p in mine:
        label, by, overruled = labels.get((p.mention_id, p.brand)), f"{scorer}/{version}", None
        verdict = verdicts[p.text_key]
        if label is not None:
            verdict, by, overruled = corrections.verdict_by(label), corrections.counted_as(label), by
        told = aspects.get((p.mention_id, p.brand), "") if aspects else ""
        whose = told_whose.get((p.mention_id, p.brand))
        meant = (whose.relevant, whose.p, whose.by) if whose else (None, None, None)
        told = storable(told) if told else told
        marks.append((p.mention_id, p.brand, by, int(verdict.label), overruled, told, *meant))
        if whose is None or whose.relevant:
            counts.append(Count(p.brand, p.source, p.published_at, verdict.label, verdict.polarity))
    MARK.run(s, marks)
    buckets.add(s, counts)
    return len(mine)


def _labels(s: Session, mine: Sequence[Pending], scorer: str, version: str) -> dict[tuple[int, str], Correction]:
    """The person's label of each pair that has one; their score rows are seen to."""
    found = corrections.current(s, {p.text_key for p in mine})
    ruled = ((p, corrections.ruling(found, p.text_key, p.brand)) for p in mine if p.text_key in found)
    labels = {(p.mention_id, p.brand): label for p, label in ruled if label is not None}
    if labels:
        keys = sorted({label.text_key for label in labels.values()})
        query = select(SCORE.c.text_key, SCORE.c.terms).where(one_of(s, SCORE.c.text_key, keys))
        query = query.where(SCORE.c.scorer == scorer, SCORE.c.version == version)
        corrections.write_scores(s, labels.values(), {key: terms for key, terms in s.execute(query)})
    return labels


def _values(score: Score) -> tuple[Any, ...]:
    """In the order of the columns of `score`."""
    v = score.verdict
    shares = (v.polarity, int(v.label), v.negative, v.neutral, v.positive)
    return (score.text_key, score.scorer, score.version, *shares, "\t".join(score.terms))


def _still_uncounted(s: Session, wanted: Mapping[tuple[int, str], Pending]) -> list[tuple[int, str]]:
    """Those pairs nobody has counted, locked until the end of this transaction.

    SQLite's writer is alone anyway; PostgreSQL waits for another scorer's commit and then looks at the row again.
    """
    found: list[tuple[int, str]] = []
    for part in chunks(sorted({mention_id for mention_id, _ in wanted})):
        query = (
            select(LINK.c.mention_id, LINK.c.brand)
            .where(one_of(s, LINK.c.mention_id, part), LINK.c.counted_by.is_(None))
            .order_by(LINK.c.mention_id, LINK.c.brand)
            .with_for_update()
        )
        found.extend((i, brand) for i, brand in s.execute(query) if (i, brand) in wanted)
    return found
