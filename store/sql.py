"""What the dialects spell differently, and how batches are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from store.tables import Base

IN_LIMIT = 5_000  # values of one IN list; SQLite takes 32,766 parameters a statement, PostgreSQL 65,535

T = TypeVar("T")


def table(row: type[Base]) -> Table:
    """The Core table of a model: batches go round the ORM, which costs four times as much."""
    return cast(Table, row.__table__)


def insert_into(s: Session, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of this session's dialect, so that ON CONFLICT can be said."""
    return sqlite.insert(table(row)) if is_sqlite(s) else postgresql.insert(table(row))


def is_sqlite(s: Session) -> bool:
    return s.get_bind().dialect.name == "sqlite"


def run_many(s: Session, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run `statement` once per row (executemany); how many rows of the table it touched. No rows: nothing happens."""
    if not rows:
        return 0
    result = s.execute(statement, cast(Any, rows), execution_options={"preserve_rowcount": True})
    return max(cast("CursorResult[Any]", result).rowcount, 0)


def affected(s: Session, statement: Executable) -> int:
    """Run one statement; how many rows it touched."""
    return cast("CursorResult[Any]", s.execute(statement)).rowcount


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    """`values` in lists of at most `size`."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
