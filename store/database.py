"""The one way to a session: `db.read()` and `db.write()`. SQLite by default, PostgreSQL when outgrown."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, StatementError
from sqlalchemy.orm import Session

from tingfeng.errors import StoreError

__all__ = ["Database", "Session", "check", "upgrade"]

SQLITE = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    # Index pages are hit at random: with 2 MB of cache and a checkpoint every 4 MB, as by default, storing 200,000
    # mentions took three times the system time.
    "cache_size=-16384",  # KiB
    "wal_autocheckpoint=4000",  # pages of 4 KiB
)
BUSY_MS = 30_000  # how long a writer waits for another before it gives up


class Database:
    """An engine with the project's transaction habits.

    `write()` commits at the end or rolls back on any exception. On SQLite it starts with BEGIN IMMEDIATE: a writer
    that begins as a reader can lose its place to another writer and fail half-way.
    """

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)
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
        except StatementError as e:
            raise translated(e) from e

    def close(self) -> None:
        self.engine.dispose()


def upgrade(url: str) -> None:
    """Create the database or bring it to this program's schema; see store.schema."""
    from store import schema

    schema.upgrade(url)


def check(url: str) -> None:
    """StoreError, saying what to do, unless the database has exactly this program's schema; see store.schema."""
    from store import schema

    schema.check(url)


def translated(e: StatementError) -> Exception:
    """SQLAlchemy's error in our words: other rooms do not know SQLAlchemy. No values of rows get into the text."""
    if not isinstance(e, DBAPIError):
        return ValueError(str(e.orig))  # a value no column takes, such as a naive datetime
    said = str(e.orig).strip().partition("\n")[0]
    if "locked" in said:
        return StoreError("the database is locked by another process")
    if "no such table" in said or "does not exist" in said:
        return StoreError(f"the database is not set up ({said}); run: tingfeng db upgrade")
    return StoreError(f"the database cannot do this: {said}")


def engine_for(url: str) -> Engine:
    """An engine with our settings. StoreError when the url cannot be read or its driver is not installed."""
    try:
        return _engine(url)
    except (ArgumentError, NoSuchModuleError) as e:
        raise StoreError("database url cannot be read; expected sqlite:///path or postgresql://host/name") from e
    except ModuleNotFoundError as e:
        raise StoreError(f"no driver for this database ({e.name}); install tingfeng[postgres]") from e


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    return create_engine(parsed, pool_pre_ping=True)


def _sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late and is never IMMEDIATE
    for pragma in (f"busy_timeout={BUSY_MS}", *SQLITE):
        _patiently(connection, f"PRAGMA {pragma}")


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Run it, waiting for others: SQLite ignores its busy time-out while somebody switches a new file to WAL."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as e:
            if "locked" not in str(e) or time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("tingfeng_immediate", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
