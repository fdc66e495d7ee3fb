"""The scoring job: texts without a verdict → score rows, whose they are, buckets; a transaction per batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sentiment.brands import Aspects, BrandWords
from sentiment.relevance import Judge
from sentiment.scorer import Scorer
from sentiment.terms import terms_of
from sentiment.tokenizer import Tokenizer
from store import hot, scores
from store.database import Database
from store.scores import Pending
from tingfeng.model import Score

BATCH = 2000  # mentions per transaction: about a tenth of a second of scoring

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """What one run did. `texts` were scored afresh, `mentions` (a mention per brand) and `comments` got a verdict."""

    texts: int
    mentions: int
    comments: int
    seconds: float
    stopped: bool  # asked to stop before everything was done
    entries: int = 0  # of hot lists, judged


@dataclass(slots=True)
class _Work:
    """What a run works with, and how much of it is done."""

    db: Database
    scorer: Scorer
    tokenizer: Tokenizer
    batch: int
    aspects: Callable[[Sequence[Pending]], Aspects]
    judge: Judge
    texts: int = 0
    mentions: int = 0
    comments: int = 0
    entries: int = 0


def score_pending(
    db: Database,
    scorer: Scorer,
    *,
    batch: int = BATCH,
    words: BrandWords | None = None,
    progress: Callable[[int], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> ScoreReport:
    """Score whatever has no verdict yet. Safe to kill at any line and to run twice.

    `words` is what the configuration says of brands. `progress` is called after each batch with the number of mentions
    and comments done so far; `stop` is asked before each batch and ends the run when it says True.
    """
    started = time.monotonic()
    words = words or BrandWords(())
    work = _Work(db, scorer, words.tokenizer, batch, words.aspects(scorer), words.relevance)
    stopped = False
    while _entries(work):  # a handful, and somebody may be waiting to be told
        pass
    for step in (_mentions, _comments):
        while not (stopped := bool(stop and stop())) and step(work):
            if progress:
                progress(work.mentions + work.comments)
        if stopped:
            break
    took = time.monotonic() - started
    report = ScoreReport(
        texts=work.texts,
        mentions=work.mentions,
        comments=work.comments,
        seconds=took,
        stopped=stopped,
        entries=work.entries,
    )
    log.info(
        "score done: scorer=%s/%s texts=%d mentions=%d comments=%d seconds=%.2f",
        *(scorer.name, scorer.version, report.texts, report.mentions, report.comments, report.seconds),
    )
    return report


def _mentions(work: _Work) -> bool:
    """One batch of mentions; False when there is none left."""
    name, version = work.scorer.name, work.scorer.version
    with work.db.read() as s:
        pending = scores.pending(s, limit=work.batch)
        known = scores.known(s, {p.text_key for p in pending}, name, version)
    if not pending:
        return False
    fresh = _judge(work, {p.text_key: p.text for p in pending if p.text_key not in known})  # no transaction is open
    told = work.aspects(pending)
    whose = work.judge.judge(pending)
    with work.db.write() as s:
        work.mentions += scores.record(s, fresh, pending, scorer=name, version=version, aspects=told, judged=whose)
    work.texts += len(fresh)
    return True


def _entries(work: _Work) -> bool:
    """One batch of hot-list entries: how each title reads, whether it is about its brand. They are never counted."""
    with work.db.read() as s:
        pending = hot.unjudged(s, limit=work.batch)
    if not pending:
        return False
    labels = [verdict.label for verdict in work.scorer.score([p.title for p in pending])]
    whose = work.judge.judge(pending)
    by = f"{work.scorer.name}/{work.scorer.version}"
    with work.db.write() as s:
        for entry, label in zip(pending, labels, strict=True):
            told = whose.get((entry.mention_id, entry.brand))
            hot.judge(s, entry.mention_id, label=label, relevant=told.relevant if told else None, by=by)
    work.entries += len(pending)
    return True


def _comments(work: _Work) -> bool:
    """One batch of survey comments; False when there is none left."""
    name, version = work.scorer.name, work.scorer.version
    with work.db.read() as s:
        pending = scores.pending_comments(s, name, version, work.batch)
    if not pending:
        return False
    fresh = _judge(work, {c.text_key: c.text for c in pending})
    with work.db.write() as s:
        scores.record(s, fresh, [], scorer=name, version=version)
    work.texts += len(fresh)
    work.comments += len(fresh)
    return True


def _judge(work: _Work, texts: Mapping[str, str]) -> list[Score]:
    """Each distinct text once."""
    name, version = work.scorer.name, work.scorer.version
    given = list(texts.values())
    rows = zip(texts, work.scorer.score(given), terms_of(given, work.tokenizer), strict=True)
    return [Score(text_key=key, scorer=name, version=version, verdict=v, terms=said) for key, v, said in rows]
