"""Buckets as regular series, honest about blindness: what no good run covered is None, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from store.buckets import BUCKETS
from store.runs import RUN, Interval, coverage_by_source
from store.sql import raw_rows
from tingfeng.clock import BUCKET, bucket_start
from tingfeng.model import Bucket, Series


def series(s: Session, brand: str, *, since: datetime, until: datetime) -> list[Series]:
    """One series per source that ever had the brand and was looked at in [since, until), all on the same grid.

    The grid runs from the bucket `since` falls into up to, not including, the first bucket that ends after `until`.
    A bucket counts as covered only when it lies whole inside the coverage: the one in which a crawl began or ended
    is None until the next crawl completes it, because half a count looks like calm.
    """
    start = bucket_start(since)
    length = (until - start) // BUCKET
    if length <= 0:
        return []
    end = start + length * BUCKET
    covered = coverage_by_source(s, since=start, until=end)
    return [
        _series(s, brand, source, start, length, covered.get(source, ()))
        for source in sources_of(s, brand)
        if source in covered or _looked_at(s, source, start, end)
    ]


def series_of(s: Session, brand: str, source: str, *, since: datetime, until: datetime) -> Series:
    """`series` of one source, whether or not it ever had the brand."""
    start = bucket_start(since)
    length = max(0, (until - start) // BUCKET)
    covered = coverage_by_source(s, since=start, until=start + length * BUCKET).get(source, ())
    return _series(s, brand, source, start, length, covered)


def _series(s: Session, brand: str, source: str, start: datetime, length: int, covered: Iterable[Interval]) -> Series:
    end = start + length * BUCKET
    negative: list[int | None] = [None] * length
    total: list[int | None] = [None] * length
    for low, high in covered:
        first, last = -((start - low) // BUCKET), (high - start) // BUCKET  # whole buckets only
        negative[first:last] = total[first:last] = [0] * max(0, last - first)
    seconds = type_coerce(BUCKETS.c.start, BigInteger)  # as stored: 24,000 datetimes would cost half of the time
    query = select(seconds, BUCKETS.c.negative, BUCKETS.c.total).where(
        BUCKETS.c.brand == brand, BUCKETS.c.source == source, BUCKETS.c.start >= start, BUCKETS.c.start < end
    )
    origin, width = int(start.timestamp()), int(BUCKET.total_seconds())
    for at, bad, every in raw_rows(s, query):
        i = (at - origin) // width
        if total[i] is not None:
            negative[i], total[i] = bad, every
    return Series(brand=brand, source=source, start=start, negative=tuple(negative), total=tuple(total))


def sources_of(s: Session, brand: str) -> list[str]:
    """Sources that ever had a mention of the brand. Hops along the key: DISTINCT would read every bucket there is."""
    found: list[str] = []
    query = select(func.min(BUCKETS.c.source)).where(BUCKETS.c.brand == brand)
    source = s.execute(query).scalar()
    while source is not None:
        found.append(source)
        source = s.execute(query.where(BUCKETS.c.source > source)).scalar()
    return found


def _looked_at(s: Session, source: str, since: datetime, until: datetime) -> bool:
    """Whether a crawl of the source was tried in [since, until), however it ended."""
    tried = select(RUN.c.id).where(RUN.c.source == source, RUN.c.started_at >= since, RUN.c.started_at <= until)
    return s.execute(tried.limit(1)).first() is not None


def buckets(s: Session, brand: str, since: datetime, until: datetime) -> list[Bucket]:
    """The stored buckets (those with mentions) that start in [since, until), by source and time."""
    query = (
        select(*(BUCKETS.c[name] for name in Bucket.__dataclass_fields__))
        .where(BUCKETS.c.brand == brand, BUCKETS.c.start >= since, BUCKETS.c.start < until)
        .order_by(BUCKETS.c.source, BUCKETS.c.start)
    )
    return [Bucket(**row._mapping) for row in s.execute(query)]
