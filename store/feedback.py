"""Survey answers: asked-for opinion, kept apart from mentions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.sql import insert_into, run_many, table
from store.tables import SurveyResponseRow
from tingfeng.model import SurveyResponse, storable, text_key
from tingfeng.privacy import mask

ANSWER = table(SurveyResponseRow)


def add(s: Session, responses: Sequence[SurveyResponse], *, now: datetime) -> int:
    """Store answers; how many were new. The same `row_key` again adds nothing."""
    rows = [_values(r, now) for r in responses]
    return run_many(s, insert_into(s, SurveyResponseRow).on_conflict_do_nothing(), rows)


def _values(r: SurveyResponse, now: datetime) -> dict[str, Any]:
    comment = mask(storable(r.comment))
    return {
        "row_key": r.row_key,
        "source": storable(r.source)[:300],
        "brand": r.brand,
        "answered_at": r.answered_at,
        "nps": r.nps,
        "csat": r.csat,
        "comment": comment,
        "text_key": text_key(comment) if comment.strip() else None,
        "segment": storable(r.segment)[:120],
        "imported_at": now,
    }


def ratings(s: Session, brand: str, since: datetime, until: datetime) -> list[SurveyResponse]:
    """Answers given in [since, until), oldest first."""
    query = (
        select(*(ANSWER.c[name] for name in SurveyResponse.__dataclass_fields__))
        .where(ANSWER.c.brand == brand, ANSWER.c.answered_at >= since, ANSWER.c.answered_at < until)
        .order_by(ANSWER.c.answered_at, ANSWER.c.id)
    )
    return [SurveyResponse(**row._mapping) for row in s.execute(query)]
