"""A person's labels: stored for good, and the one thing that wins over every scorer.

Of the labels of a text the newest that was not revoked is in force for a brand: its own, or one for every brand. A
label belongs to the text, so every copy is counted under it: those already counted are moved from bucket to bucket in
the transaction that stores the label, later ones meet it in `scores.record`. Whoever writes a label and whoever counts
exclude each other (`stand_still`, `hold`): else a copy counted at that moment would miss the label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from store import buckets
from store.buckets import Count
from store.mentions import LINK, MENTION, SCORE, scored_text
from store.sql import Batch, affected, chunks, insert_one, one_of, table
from store.tables import CorrectionRow, MentionBrandRow, ScoreRow
from tingfeng.errors import StoreError
from tingfeng.model import Correction, Label, Verdict, storable

CORRECTION = table(CorrectionRow)
Worth = tuple[Label, float]  # label and polarity, as a bucket takes them
PERSON = "person"  # the scorer of a person's verdict; its version is the correction's id
AUTHOR_MAX = 120  # characters
_LOCK = 0x6C61626C  # PostgreSQL's advisory lock of labels: "labl"
_MARK = Batch(
    MentionBrandRow,
    ["key_mention_id", "key_brand", "counted_by", "label", "overruled"],
    lambda _: (
        update(LINK)
        .where(LINK.c.mention_id == bindparam("key_mention_id"), LINK.c.brand == bindparam("key_brand"))
        .values({name: bindparam(name) for name in ("counted_by", "label", "overruled")})
    ),
)
_WRITE = Batch(
    ScoreRow,
    SCORE.c.keys(),
    lambda insert: insert.on_conflict_do_update(
        index_elements=["text_key", "scorer", "version"],
        set_={"terms": insert.excluded.terms},
        where=SCORE.c.terms == literal_column("''"),
    ),
)


def hold(s: Session) -> None:
    """Until the end of this transaction no label is written; many may hold at once. SQLite's writer is alone anyway."""
    if s.get_bind().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))


def stand_still(s: Session) -> None:
    """Until the end of this transaction nobody else counts or writes a label."""
    if s.get_bind().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def add(
    s: Session,
    mention_id: int,
    label: Label,
    *,
    brand: str | None = None,
    author: str,
    note: str = "",
    now: datetime,
) -> Correction:
    """Label the text of a mention, for one brand of it or for every brand, and count all its copies under that.

    StoreError when there is no such mention, or it is not about that brand. Must run inside `db.write()`.
    """
    stand_still(s)
    found = s.execute(select(MENTION.c.text_key, MENTION.c.title, MENTION.c.text).where(MENTION.c.id == mention_id))
    mention = found.one_or_none()
    if mention is None:
        raise StoreError(f"no mention {mention_id}")
    if brand is not None:
        refuse_other(s, mention_id, brand)
    values = {
        "mention_id": mention_id,
        "brand": brand,
        "text_key": mention.text_key,
        "text": scored_text(mention.title, mention.text),
        "label": int(label),
        "author": storable(author)[:AUTHOR_MAX],
        "note": storable(note),
        "at": now,
    }
    made = get(s, insert_one(s, CorrectionRow, values))
    _recount(s, made.text_key, made.brand)
    return made


def refuse_other(s: Session, mention_id: int, brand: str) -> None:
    """StoreError unless the mention is linked with that brand."""
    names = sorted(s.execute(select(LINK.c.brand).where(LINK.c.mention_id == mention_id)).scalars())
    if brand not in names:
        raise StoreError(f"mention {mention_id} is not about '{brand}' but about {', '.join(names)}")


def revoke(s: Session, correction_id: int, *, now: datetime) -> bool:
    """Take a label back, with those it superseded; False when that was done before. Copies return to the model's
    verdict, or to an older label for every brand. StoreError when there is none of that id.
    """
    stand_still(s)
    found = get(s, correction_id)
    if found.revoked_at is not None:
        return False
    older = [CORRECTION.c.text_key == found.text_key, CORRECTION.c.id <= found.id, CORRECTION.c.revoked_at.is_(None)]
    if found.brand is not None:
        older.append(CORRECTION.c.brand == found.brand)
    affected(s, CORRECTION.update().where(*older).values(revoked_at=now))
    _recount(s, found.text_key, found.brand)
    return True


def get(s: Session, correction_id: int) -> Correction:
    """StoreError when there is none of that id."""
    row = s.execute(select(CORRECTION).where(CORRECTION.c.id == correction_id)).one_or_none()
    if row is None:
        raise StoreError(f"no correction {correction_id}; list them with: tingfeng sentiment corrections")
    return _correction(row)


def listing(s: Session) -> list[Correction]:
    """Every label there is, newest first: in force, superseded and revoked ones."""
    return [_correction(row) for row in s.execute(select(CORRECTION).order_by(CORRECTION.c.id.desc()))]


def _correction(row: Row[Any]) -> Correction:
    return Correction(**{**row._mapping, "label": Label(row.label)})


def current(s: Session, text_keys: Iterable[str] | None = None) -> dict[str, list[Correction]]:
    """The labels in force by text (None: of all texts), newest first: at most one per brand and one for every brand."""
    query = select(CORRECTION).where(CORRECTION.c.revoked_at.is_(None)).order_by(CORRECTION.c.id.desc())
    parts = [None] if text_keys is None else list(chunks(sorted(set(text_keys))))
    found: dict[str, list[Correction]] = {}
    for part in parts:
        rows = s.execute(query if part is None else query.where(one_of(s, CORRECTION.c.text_key, part)))
        for made in map(_correction, rows):
            newer = found.setdefault(made.text_key, [])
            if not any(other.brand in (None, made.brand) for other in newer):
                newer.append(made)
    return found


def ruling(found: Mapping[str, Sequence[Correction]], text_key: str, brand: str) -> Correction | None:
    """Of what `current` found, the label under which the text counts for that brand; None: the model's."""
    return next((c for c in found.get(text_key, ()) if c.rules(brand)), None)


def training_rows(s: Session) -> list[tuple[str, Label]]:
    """Distinct texts with the label in force, in the order they were first labelled.

    Left out are those whose label depends on the brand: a scorer knows no brand.
    """
    found = sorted(current(s).values(), key=lambda labels: labels[-1].id)
    return [(labels[0].text, labels[0].label) for labels in found if len({c.label for c in labels}) == 1]


def verdict_by(correction: Correction) -> Verdict:
    """Sure of it: all the probability is on the label."""
    label = correction.label
    shares = {name: float(label is kind) for name, kind in zip(("negative", "neutral", "positive"), Label, strict=True)}
    return Verdict(polarity=float(label), label=label, **shares)


def counted_as(correction: Correction) -> str:
    """What stands in `mention_brand.counted_by`."""
    return f"{PERSON}/{correction.id}"


def write_scores(s: Session, wanted: Iterable[Correction], terms: Mapping[str, str]) -> None:
    """A score row per label. `terms`, by text, as stored; they are filled in where a label came before the terms."""
    rows = {c.id: c for c in wanted}
    _WRITE.run(s, [_score_row(c, terms.get(c.text_key, "")) for _, c in sorted(rows.items())])


def _score_row(c: Correction, terms: str) -> tuple[Any, ...]:
    v = verdict_by(c)
    return (c.text_key, PERSON, str(c.id), v.polarity, int(v.label), v.negative, v.neutral, v.positive, terms)


def _recount(s: Session, text_key: str, brand: str | None) -> None:
    """Let every counted copy of the text (of that brand) stand under what is now in force, its bucket too."""
    rows = s.execute(select(SCORE.c.terms).where(SCORE.c.text_key == text_key))
    terms = max((r.terms for r in rows), default="")
    found = current(s, [text_key])
    write_scores(s, found.get(text_key, ()), {text_key: terms})
    known = counted_under(s, [text_key]).get(text_key, {})
    marks: list[tuple[Any, ...]] = []
    counts: list[Count] = []
    for pair in counted_copies(s, text_key, brand):
        label = ruling(found, text_key, pair.brand)
        if label is not None:
            new: Worth | None = (label.label, float(label.label))
            mark: tuple[Any, ...] = (counted_as(label), int(label.label), pair.overruled or pair.counted_by)
        elif pair.overruled is not None:
            new = known.get(pair.overruled)
            mark = (pair.overruled, int(new[0]), None) if new else (None, None, None)  # to be scored again
        else:
            continue
        marks.append((pair.mention_id, pair.brand, *mark))
        if pair.relevant is not False:  # else it stands in no bucket
            place = (pair.brand, pair.source, pair.published_at)
            counts += [Count(*place, *worth(pair, known), times=-1), *([Count(*place, *new)] if new else [])]
    _MARK.run(s, marks)
    buckets.add(s, counts)


def counted_under(s: Session, text_keys: Iterable[str]) -> dict[str, dict[str, Worth]]:
    """What each text adds to a bucket, by text key and then by what may stand in `counted_by`."""
    found: dict[str, dict[str, Worth]] = {}
    for part in chunks(sorted(set(text_keys))):
        for r in s.execute(select(SCORE).where(one_of(s, SCORE.c.text_key, part))):
            found.setdefault(r.text_key, {})[f"{r.scorer}/{r.version}"] = (Label(r.label), float(r.polarity))
    return found


def worth(pair: Row[Any], known: Mapping[str, Worth]) -> Worth:
    """What a counted pair added to its bucket. Retention may have had the score: then its label says the most."""
    return Label(pair.label), known.get(pair.counted_by, (pair.label, float(pair.label)))[1]


def counted_pairs() -> Select[Any]:
    """Counted pairs with their place in the buckets, in the order in which everybody locks them."""
    return (
        select(LINK.c.mention_id, LINK.c.brand, LINK.c.counted_by, LINK.c.label, LINK.c.overruled)
        .add_columns(LINK.c.relevant, LINK.c.relevance_by, MENTION.c.text_key, MENTION.c.source, MENTION.c.published_at)
        .join(MENTION, MENTION.c.id == LINK.c.mention_id)
        .where(LINK.c.counted_by.is_not(None))
        .order_by(LINK.c.mention_id, LINK.c.brand)
        .with_for_update(of=LINK)
    )


def counted_copies(s: Session, text_key: str, brand: str | None) -> Sequence[Row[Any]]:
    """The counted copies of a text, of that brand or of all, locked."""
    query = counted_pairs().where(MENTION.c.text_key == text_key)
    return s.execute(query if brand is None else query.where(LINK.c.brand == brand)).all()
