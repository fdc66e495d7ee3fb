"""The scoring job: texts without a verdict → score rows and buckets, a batch and a transaction at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sentiment.scorer import Scorer
from store import scores
from store.database import Database
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


@dataclass(slots=True)
class _Tally:
    texts: int = 0
    mentions: int = 0
    comments: int = 0


def score_pending(
    db: Database,
    scorer: Scorer,
    *,
    batch: int = BATCH,
    progress: Callable[[int], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> ScoreReport:
    """Score whatever has no verdict yet. Safe to kill at any line and to run twice.

    `progress` is called after each batch with the number of mentions and comments done so far; `stop` is asked before
    each batch and ends the run when it says True.
    """
    started = time.monotonic()
    tally = _Tally()
    stopped = False
    for step in (_mentions, _comments):
        while not (stopped := bool(stop and stop())) and step(db, scorer, batch, tally):
            if progress:
                progress(tally.mentions + tally.comments)
        if stopped:
            break
    took = time.monotonic() - started
    report = ScoreReport(
        texts=tally.texts, mentions=tally.mentions, comments=tally.comments, seconds=took, stopped=stopped
    )
    log.info(
        "score done: scorer=%s/%s texts=%d mentions=%d comments=%d seconds=%.2f",
        *(scorer.name, scorer.version, report.texts, report.mentions, report.comments, report.seconds),
    )
    return report


def _mentions(db: Database, scorer: Scorer, batch: int, tally: _Tally) -> bool:
    """One batch of mentions; False when there is none left."""
    with db.read() as s:
        pending = scores.pending(s, limit=batch)
        known = scores.known(s, {p.text_key for p in pending}, scorer.name, scorer.version)
    if not pending:
        return False
    fresh = _judge(scorer, {p.text_key: p.text for p in pending if p.text_key not in known})  # no transaction is open
    with db.write() as s:
        tally.mentions += scores.record(s, fresh, pending, scorer=scorer.name, version=scorer.version)
    tally.texts += len(fresh)
    return True


def _comments(db: Database, scorer: Scorer, batch: int, tally: _Tally) -> bool:
    """One batch of survey comments; False when there is none left."""
    with db.read() as s:
        pending = scores.pending_comments(s, scorer.name, scorer.version, batch)
    if not pending:
        return False
    fresh = _judge(scorer, {c.text_key: c.text for c in pending})
    with db.write() as s:
        scores.record(s, fresh, [], scorer=scorer.name, version=scorer.version)
    tally.texts += len(fresh)
    tally.comments += len(fresh)
    return True


def _judge(scorer: Scorer, texts: Mapping[str, str]) -> list[Score]:
    """Each distinct text once."""
    verdicts = scorer.score(list(texts.values()))
    return [
        Score(text_key=key, scorer=scorer.name, version=scorer.version, verdict=verdict)
        for key, verdict in zip(texts, verdicts, strict=True)
    ]
