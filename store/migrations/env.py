"""Run by Alembic, with the connection and the lock that store.schema already holds."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from store import (  # noqa: F401  (their tables join the metadata)
    tables_hot,
    tables_privacy,
    tables_relevance,
    tables_spend,
    tables_stories,
    tables_windows,
)
from store.columns import UnixSeconds, UtcDateTime
from store.tables import MentionRow


def render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Spell our types in SQLAlchemy's words, so that an old migration never depends on today's code."""
    if kind != "type" or not isinstance(item, (UtcDateTime, UnixSeconds)):
        return False
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else "sa.BigInteger()"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=MentionRow.metadata,
    render_as_batch=True,  # SQLite changes a column by copying the table
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
