"""The one way to a session: `db.read()` and `db.write()`. SQLite by default, PostgreSQL when outgrown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from tingfeng.errors import StoreError

__all__ = ["Database", "Session"]

BUSY_MS = 30_000  # how long a writer waits for another before it gives up


class Database:
    """An engine with the project's transaction habits.

    `write()` commits at the end or rolls back on any exception. On SQLite it starts with BEGIN IMMEDIATE: a writer
    that begins as a reader can lose its place to another writer and fail half-way.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._session(immediate=False) as s:
            yield s
            s.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._session(immediate=True) as s:
            yield s
            s.commit()

    @contextmanager
    def _session(self, *, immediate: bool) -> Iterator[Session]:
        engine = self.engine.execution_options(tingfeng_immediate=immediate)
        try:
            with Session(engine, expire_on_commit=False) as s:
                yield s
        except OperationalError as e:
            if "locked" in str(e.orig):
                raise StoreError("the database is locked by another process") from e
            raise

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as e:
        raise StoreError("database url cannot be read; expected sqlite:///path or postgresql://host/name") from e
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    return create_engine(parsed, pool_pre_ping=True)


def _sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late and is never IMMEDIATE
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("tingfeng_immediate", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
