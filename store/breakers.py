"""The breakers of sources, so that a rest outlives a restart. A source without a row is not resting."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store.sql import insert_into, table
from store.tables_windows import BreakerRow

BREAKER = table(BreakerRow)
FIELDS = ("failures", "until", "reason", "retry_after")


def get(s: Session, source: str) -> dict[str, Any]:
    """failures, until, reason and retry_after; empty when the source is not resting."""
    columns = (BREAKER.c[name] for name in FIELDS)
    row = s.execute(select(*columns).where(BREAKER.c.source == source)).first()
    return {} if row is None else dict(row._mapping)


def put(
    s: Session, source: str, *, failures: int, until: datetime, reason: str, retry_after: datetime | None, now: datetime
) -> None:
    """Let the source rest."""
    values = {"failures": failures, "until": until, "reason": reason[:60], "retry_after": retry_after, "updated": now}
    statement = insert_into(s, BreakerRow).values(source=source, **values)
    s.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))


def remove(s: Session, source: str) -> None:
    """It may be asked again."""
    s.execute(delete(BREAKER).where(BREAKER.c.source == source))
