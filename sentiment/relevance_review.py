"""Which texts a person should mark next: those the judge is least sure of, and no two that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tingfeng.relevance import Relevance

POOL = 400  # of the least sure, among which unlike ones are chosen
LONGEST = 400  # characters that are compared
SAME = 0.6  # so alike is a second of the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mention worth a mark, and what is thought of it now."""

    mention_id: int
    text: str
    relevance: Relevance


def worth_marking(rows: Sequence[tuple[int, str, Relevance]], *, limit: int) -> list[Candidate]:
    """At most `limit` of (mention id, text, judgement): each time the one that is unsure and unlike those chosen."""
    pool = sorted(rows, key=lambda row: (-_unsure(row[2]), row[0]))[:POOL]
    pairs = [frozenset(pairwise(text[:LONGEST])) for _, text, _ in pool]
    like = [0.0] * len(pool)
    left = set(range(len(pool)))
    chosen: list[Candidate] = []
    while left and len(chosen) < limit:
        best = max(left, key=lambda i: (_unsure(pool[i][2]) * (1 - like[i]), -i))
        left.remove(best)
        mention_id, text, told = pool[best]
        chosen.append(Candidate(mention_id=mention_id, text=text, relevance=told))
        for i in left:
            like[i] = max(like[i], _alike(pairs[i], pairs[best]))
        left = {i for i in left if like[i] < SAME}
    return chosen


def _unsure(told: Relevance) -> float:
    """1 at p = ½, 0 where it is sure; a little is left, so that mistakes of a sure judge are found too."""
    return 0.05 + 0.95 * (1 - abs(2 * told.p - 1))


def _alike(a: frozenset[tuple[str, str]], b: frozenset[tuple[str, str]]) -> float:
    """Shared pairs of characters, 0–1 (Jaccard)."""
    both = len(a & b)
    return both / (len(a) + len(b) - both) if both else 0.0
