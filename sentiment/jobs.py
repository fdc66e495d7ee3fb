"""The scoring job: texts without a verdict → score rows and buckets, a batch and a transaction at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sentiment.scorer import Scorer
from store.database import Database

BATCH = 2000  # mentions per transaction: about a tenth of a second of scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """What one run did. `texts` were scored afresh, `mentions` (a mention per brand) and `comments` got a verdict."""

    texts: int
    mentions: int
    comments: int
    seconds: float
    stopped: bool  # asked to stop before everything was done


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
    raise NotImplementedError
