"""Retention: what is older than the rule says goes, in small transactions; counts and coverage stay. And erasure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Table, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from store import erasure
from store.corrections import CORRECTION
from store.database import Database
from store.erasure import Receipt
from store.feedback import ANSWER
from store.hot import ENTRY
from store.mentions import MENTION, SCORE, MentionWithVerdict, by_ids
from store.outbox import OUTBOX
from store.relevance import MARK
from store.runs import RUN
from store.sql import affected, insert_into
from store.stories import STORY, STORY_KEY, WINDOW
from store.tables import KeptRow
from store.windows import GAP
from tingfeng.model import RunStatus

BATCH = 2_000  # rows of one transaction: others wait for it a few hundredths of a second


class Rule(Protocol):
    """How long rows are kept; tingfeng.config.RetentionRule is one. `surveys`, `corrections` None: for ever."""

    @property
    def mentions(self) -> timedelta: ...
    @property
    def deleted(self) -> timedelta: ...
    @property
    def scores(self) -> timedelta: ...
    @property
    def runs(self) -> timedelta: ...
    @property
    def outbox(self) -> timedelta: ...
    @property
    def surveys(self) -> timedelta | None: ...
    @property
    def corrections(self) -> timedelta | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainReport:
    """How many rows were deleted."""

    mentions: int
    scores: int
    runs: int
    outbox: int
    surveys: int
    corrections: int = 0  # labels people gave: what a text says, and whose it is
    stories: int = 0
    blanked: int = 0  # posts the platform deleted, whose words went now
    hot: int = 0


def retain(db: Database, rule: Rule, *, now: datetime) -> RetainReport:
    """Delete what is older than `rule` keeps.

    Labels of a person that go stay counted; later copies of their texts count under the model's verdict.
    Never deletes buckets, coverage, windows, open gaps, unsent messages or the last good run of a source.
    """
    _remember(db, now - rule.mentions)
    _sweep(db, GAP, GAP.c.filled_at < now - rule.runs)
    return RetainReport(
        mentions=_sweep(db, MENTION, MENTION.c.published_at < now - rule.mentions),
        blanked=_blank(db, now - rule.deleted),
        surveys=_sweep_old(db, ANSWER.c.answered_at, now, rule.surveys),
        corrections=sum(_sweep_old(db, table.c.at, now, rule.corrections) for table in (CORRECTION, MARK)),
        scores=_sweep_scores(db, now - min(rule.scores, rule.mentions)),
        runs=_sweep(db, RUN, _old_runs(now - rule.runs)),
        outbox=_sweep(db, OUTBOX, OUTBOX.c.sent_at < now - rule.outbox),
        stories=_sweep_stories(db, now - WINDOW),
        hot=_sweep(db, ENTRY, ENTRY.c.last_seen < now - rule.mentions),
    )


def _remember(db: Database, since: datetime) -> None:
    """From now on older mentions are refused: their buckets stay, so they would be counted a second time."""
    with db.write() as s:
        statement = insert_into(s, KeptRow).values(what="mention", since=since)
        later = case((statement.excluded.since > KeptRow.since, statement.excluded.since), else_=KeptRow.since)
        s.execute(statement.on_conflict_do_update(index_elements=["what"], set_={"since": later}))


def _old_runs(cutoff: datetime) -> ColumnElement[bool]:
    last_ok = select(func.max(RUN.c.id)).where(RUN.c.status == RunStatus.OK).group_by(RUN.c.source)
    return and_(RUN.c.started_at < cutoff, RUN.c.status != RunStatus.RUNNING, RUN.c.id.not_in(last_ok))


def _sweep(db: Database, table: Table, condition: ColumnElement[bool]) -> int:
    some = select(table.c.id).where(condition).limit(BATCH)
    return _repeat(db, lambda s: affected(s, table.delete().where(table.c.id.in_(some))))


def _sweep_old(db: Database, at: Column[Any], now: datetime, kept: timedelta | None) -> int:
    """Nothing is old when it is kept for ever (None)."""
    return 0 if kept is None else _sweep(db, at.table, at < now - kept)


def _blank(db: Database, cutoff: datetime) -> int:
    """Take the words out of posts that their platform deleted before `cutoff`; that they were there stays counted."""
    wordy = or_(MENTION.c.text != "", MENTION.c.title != "", MENTION.c.author_name.is_not(None))
    some = select(MENTION.c.id).where(MENTION.c.deleted_at < cutoff, wordy).limit(BATCH)
    blank = update(MENTION).where(MENTION.c.id.in_(some)).values(text="", title="", author_name=None)
    return _repeat(db, lambda s: affected(s, blank))


def _repeat(db: Database, step: Callable[[Session], int]) -> int:
    """Run `step` in transactions of its own until it deletes nothing more; how many rows it deleted."""
    deleted = 0
    while True:
        with db.write() as s:
            n = step(s)
        deleted += n
        if n == 0:
            return deleted


def _sweep_scores(db: Database, cutoff: datetime) -> int:
    """Scores that neither a mention since `cutoff` nor a survey answer refers to, walked through in key order."""
    mentioned = exists().where(MENTION.c.text_key == SCORE.c.text_key, MENTION.c.published_at >= cutoff)
    answered = exists().where(ANSWER.c.text_key == SCORE.c.text_key)
    deleted, after = 0, ""
    while True:
        with db.write() as s:
            keys = _next_keys(s, after)
            if not keys:
                return deleted
            within = SCORE.c.text_key.between(keys[0], keys[-1])
            deleted += affected(s, SCORE.delete().where(within, ~or_(mentioned, answered)))
        after = keys[-1]


def _next_keys(s: Session, after: str) -> list[Any]:
    query = select(SCORE.c.text_key).distinct().where(SCORE.c.text_key > after)
    return list(s.execute(query.order_by(SCORE.c.text_key).limit(BATCH)).scalars())


def _sweep_stories(db: Database, cutoff: datetime) -> int:
    """Stories without mentions that nobody joined since `cutoff`; before them the keys of all such old stories."""
    old = select(STORY.c.id).where(STORY.c.seen_at < cutoff)
    after = -1
    while True:
        query = select(STORY_KEY.c.key).where(STORY_KEY.c.key > after).order_by(STORY_KEY.c.key).limit(BATCH)
        with db.write() as s:
            keys = s.execute(query).scalars().all()
            if not keys:
                break
            within = STORY_KEY.c.key.between(keys[0], keys[-1])
            s.execute(STORY_KEY.delete().where(within, STORY_KEY.c.story_id.in_(old)))
        after = keys[-1]
    mentioned = exists().where(MENTION.c.story_id == STORY.c.id)
    return _sweep(db, STORY, and_(STORY.c.seen_at < cutoff, ~mentioned))


def erase(db: Database, author_key: str, *, by: str, reason: str, now: datetime) -> Receipt:
    """Erase everything said under a pseudonym, in one transaction; see store.erasure."""
    with db.write() as s:
        return erasure.erase(s, author_key, by=by, reason=reason, now=now)


def posts_of(db: Database, author_key: str) -> list[MentionWithVerdict]:
    """What is stored of an author, oldest first: what an erasure would take, or a person may ask to see."""
    with db.read() as s:
        ids = s.execute(select(MENTION.c.id).where(MENTION.c.author_key == author_key).order_by(MENTION.c.published_at))
        return by_ids(s, list(ids.scalars()))


def erasures(db: Database) -> list[Receipt]:
    """Every erasure there was, newest first."""
    with db.read() as s:
        return erasure.receipts(s)
