"""What the dialects spell differently, and how batches are cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import ARRAY, Column, ColumnElement, Dialect, Executable, Table, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from store.columns import Base

IN_LIMIT = 5_000  # values of one list in a query

T = TypeVar("T")


def table(row: type[Base]) -> Table:
    """The Core table of a model: batches go round the ORM, which costs four times as much."""
    return cast(Table, row.__table__)


DialectInsert = sqlite.Insert | postgresql.Insert


def insert_into(s: Session, row: type[Base]) -> DialectInsert:
    """An INSERT of this session's dialect, so that ON CONFLICT can be said."""
    return _insert(s.get_bind().dialect, table(row))


def _insert(dialect: Dialect, into: Table) -> DialectInsert:
    return sqlite.insert(into) if dialect.name == "sqlite" else postgresql.insert(into)


Processor = Callable[[Any], Any] | None


class Batch:
    """A statement that runs for thousands of rows, compiled once per dialect and fed with plain tuples.

    SQLAlchemy's own executemany looks at every value of every row again, which costs twice what SQLite needs to store
    it. `columns` name and type the values of a row; those of an UPDATE's WHERE are bound as `key_<column>`.
    """

    def __init__(self, row: type[Base], columns: Sequence[str], build: Callable[[DialectInsert], Executable]) -> None:
        self.table, self.columns, self.build = table(row), tuple(columns), build
        self._ready: dict[str, tuple[str, list[str], list[Processor], bool]] = {}

    def run(self, s: Session, rows: Sequence[tuple[Any, ...]]) -> int:
        """How many rows of the table were touched. ValueError for a naive time."""
        if not rows:
            return 0
        connection = s.connection()
        dialect = connection.dialect
        if dialect.name not in self._ready:
            self._ready[dialect.name] = self._prepare(dialect)
        sql, names, processors, positional = self._ready[dialect.name]
        given = dict(zip(self.columns, zip(*rows, strict=True), strict=True))
        values = [map(p, given[n]) if p else given[n] for n, p in zip(names, processors, strict=True)]
        plain: Any = list(zip(*values, strict=True))
        if not positional:
            plain = [dict(zip(names, row, strict=True)) for row in plain]
        return max(connection.exec_driver_sql(sql, plain).rowcount, 0)

    def _prepare(self, dialect: Dialect) -> tuple[str, list[str], list[Processor], bool]:
        statement = self.build(_insert(dialect, self.table))
        compiled = cast(SQLCompiler, cast(Any, statement).compile(dialect=dialect, column_keys=self.columns))
        names = list(compiled.positiontup or self.columns)
        types = (self.table.c[name.removeprefix("key_")].type for name in names)
        return (
            str(compiled),
            names,
            [t.dialect_impl(dialect).bind_processor(dialect) for t in types],
            compiled.positional,
        )


def one_of(s: Session, column: Column[Any], values: Sequence[str] | Sequence[int]) -> ColumnElement[bool]:
    """`column IN values` with the whole list as one parameter: SQLAlchemy would prepare each value on its own.

    `column` must lead an index: PostgreSQL, as long as it has no statistics, else compares all rows with all values.
    """
    if s.get_bind().dialect.name == "sqlite":
        listed = func.json_each(json.dumps(values)).table_valued("value", name="listed")
        return column.in_(select(listed.c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))


def run_many(s: Session, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run `statement` once per row (executemany); how many rows of the table it touched. No rows: nothing happens."""
    if not rows:
        return 0
    result = s.execute(statement, cast(Any, rows), execution_options={"preserve_rowcount": True})
    return max(cast("CursorResult[Any]", result).rowcount, 0)


def affected(s: Session, statement: Executable) -> int:
    """Run one statement; how many rows it touched."""
    return cast("CursorResult[Any]", s.execute(statement)).rowcount


def insert_one(s: Session, row: type[Base], values: Mapping[str, Any]) -> int:
    """Insert a row; its id. Not by RETURNING, which SQLite before 3.35 does not know (RHEL 9 still has 3.34)."""
    result = cast("CursorResult[Any]", s.execute(table(row).insert().values(values)))
    key = result.inserted_primary_key
    assert key is not None  # every table with an id gives it
    return int(key[0])


def raw_rows(s: Session, query: Executable) -> list[tuple[Any, ...]]:
    """All rows as the driver gives them, for long lists of plain numbers: SQLAlchemy's rows cost twice the query."""
    cursor = cast("CursorResult[Any]", s.execute(query)).cursor
    assert cursor is not None  # a SELECT always has one
    return cast("list[tuple[Any, ...]]", cursor.fetchall())


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    """`values` in lists of at most `size`."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
