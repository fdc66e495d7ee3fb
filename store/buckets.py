"""The buckets: five minutes of counts. They change only here, in the transaction that marks the pairs they count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from store.sql import Batch, table
from store.tables import BucketRow
from tingfeng.clock import bucket_start
from tingfeng.model import Label

BUCKETS = table(BucketRow)
SUMS = ("total", "negative", "neutral", "positive", "polarity_sum")
ADD = Batch(
    BucketRow,
    ["brand", "source", "start", *SUMS],
    lambda insert: insert.on_conflict_do_update(
        index_elements=["brand", "source", "start"],
        set_={name: BUCKETS.c[name] + insert.excluded[name] for name in SUMS},
    ),
)


class Count(NamedTuple):
    """A mention of a brand as it enters its bucket; `times` −1 takes it out again."""

    brand: str
    source: str
    published_at: datetime
    label: Label
    polarity: float
    times: int = 1


def add(s: Session, counts: Iterable[Count]) -> None:
    """Put them into their buckets, or out of them."""
    sums: dict[tuple[str, str, datetime], list[float]] = {}
    for c in counts:
        bucket = sums.setdefault((c.brand, c.source, bucket_start(c.published_at)), [0, 0, 0, 0.0])
        bucket[c.label + 1] += c.times  # negative, neutral, positive
        bucket[3] += c.times * c.polarity
    # In key order, as everyone does: two writers cannot lock each other out.
    ADD.run(s, [(*at, sum(b[:3]), *b) for at, b in sorted(sums.items())])
