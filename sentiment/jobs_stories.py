"""The grouping job: mentions without a story → stories, a batch and a transaction at a time.

It lives here because texts must be normalised before they are compared, and this room has the one normalisation.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sentiment.text import Normaliser
from store import stories
from store.database import Database
from store.stories import StoryInPeriod
from tingfeng.stories import prints

BATCH = 1_000  # mentions of one transaction: others wait for it about a quarter of a second

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoriesReport:
    """What one run did: `mentions` got a story, `stories` of them are new."""

    mentions: int
    stories: int
    seconds: float
    stopped: bool  # asked to stop before everything was done


def group_pending(
    db: Database, *, now: datetime, batch: int = BATCH, stop: Callable[[], bool] = lambda: False
) -> StoriesReport:
    """Give every mention without a story its own. Safe to kill at any line, to run twice, and to run twice at once."""
    started, joined, founded = time.monotonic(), 0, 0
    normaliser = Normaliser()
    while not (stopped := stop()):
        with db.read() as s:
            pending = stories.pending(s, limit=batch)
        if not pending:
            break
        texts = normaliser.batch([one.text for one in pending])
        made = prints(texts.codes, texts.bounds)  # no transaction is open
        with db.write() as s:
            mentions, new = stories.join(s, pending, made, now=now)
        joined, founded = joined + mentions, founded + new
    report = StoriesReport(mentions=joined, stories=founded, seconds=time.monotonic() - started, stopped=stopped)
    log.info("stories done: mentions=%d new=%d seconds=%.2f", joined, founded, report.seconds)
    return report


def find_stories(
    db: Database, since: datetime, until: datetime, *, brand: str | None = None, limit: int
) -> list[StoryInPeriod]:
    """The stories with most copies published in [since, until), largest first; of all brands without `brand`."""
    with db.read() as s:
        return stories.largest(s, since, until, brand=brand, limit=limit)
