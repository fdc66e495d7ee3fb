"""What a person should label next: verdicts the model is least sure of, on posts that carry far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.mentions import COUNTS, LINK, MENTION, OURS, SCORE, MentionWithVerdict, by_ids, counted_score
from tingfeng.measures import reach_weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """`unsure` is 1 − the likeliest label's probability, 0…⅔; the list is ordered by it times the mention's weight."""

    shown: MentionWithVerdict
    unsure: float


def doubts(s: Session, brands: Sequence[str], since: datetime, until: datetime, *, limit: int) -> list[Doubt]:
    """The texts most worth a label, of counted mentions published in [since, until); each text once, by its heaviest
    copy, and none that a person has labelled for that brand.
    """
    scores = (SCORE.c.negative, SCORE.c.neutral, SCORE.c.positive)
    counts = (MENTION.c[name] for name in COUNTS)
    query = (
        select(MENTION.c.id, MENTION.c.text_key, *scores, *counts)
        .join(LINK, LINK.c.mention_id == MENTION.c.id)
        .join(SCORE, counted_score())
        .where(LINK.c.brand.in_(brands), OURS, LINK.c.overruled.is_(None), func.length(MENTION.c.text) > 0)
        .where(MENTION.c.published_at >= since, MENTION.c.published_at < until)
    )
    best: dict[str, tuple[float, float, int]] = {}
    for row in s.execute(query):
        unsure = 1 - max(row.negative, row.neutral, row.positive)
        worth = unsure * reach_weight(**{name: getattr(row, name) for name in COUNTS})
        best[row.text_key] = max(best.get(row.text_key, (-1.0, 0.0, 0)), (worth, unsure, -row.id))
    chosen = {-negated: unsure for _, unsure, negated in nlargest(limit, best.values())}
    return [Doubt(shown=shown, unsure=chosen[shown.id]) for shown in by_ids(s, list(chosen))]
