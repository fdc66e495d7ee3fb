"""Which schema a database has, and how it gets to ours: Alembic migrations shipped inside the package.

A new migration: change store/tables.py, then `python -m store.schema "what changes"`, then read what it wrote. There is
no way down: who needs the old schema back restores the backup made before, because a way down would lose new columns.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import StatementError

from store.database import engine_for, translated
from tingfeng.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(str(files("store"))) / "migrations"
LOCK = 0x74696E67  # PostgreSQL's advisory lock of whoever migrates: "ting"


def revisions() -> list[str]:
    """Every schema revision this program knows, oldest first. Read from file names: importing Alembic costs 0.3 s."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current(engine: Engine) -> str | None:
    """The revision the database says it has; None when it was never migrated."""
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and not Path(database).exists():
        return None  # connecting would create an empty file
    with engine.execution_options(tingfeng_immediate=False).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check(url: str) -> None:
    """StoreError, saying what to do, unless the database has exactly the schema of this program."""
    engine = engine_for(url)
    try:
        found = current(engine)
    except StatementError as e:
        raise translated(e) from e
    finally:
        engine.dispose()
    known = revisions()
    if found is None:
        raise StoreError("there is no Tingfeng database yet; run: tingfeng db upgrade")
    _refuse_newer(found, known)
    if found != known[-1]:
        raise StoreError(f"the database has the older schema {found}, not {known[-1]}; run: tingfeng db upgrade")


def _refuse_newer(found: str | None, known: list[str]) -> None:
    if found is not None and found not in known:
        raise StoreError(
            f"the database has schema {found}, which a newer Tingfeng made; this one knows {known[-1]}: "
            "install that version again, or restore a backup"
        )


def upgrade(url: str) -> None:
    """Bring the database to this program's schema, creating it if need be; one starter does it, others wait.

    All of it is one transaction: a killed upgrade leaves the old schema. StoreError when it cannot be done.
    """
    engine = engine_for(url)
    try:
        _make_folder(engine)
        found = current(engine)
        _refuse_newer(found, revisions())
        if found != revisions()[-1]:
            with engine.connect() as connection:
                _migrate(connection)
    except StatementError as e:
        raise translated(e) from e
    finally:
        engine.dispose()


def _make_folder(engine: Engine) -> None:
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database:
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise StoreError(f"the folder of the database cannot be made: {e}") from e


def _migrate(connection: Connection) -> None:
    from alembic import command

    if connection.dialect.name == "sqlite":
        # Copying a table in batch mode drops the old one, which would take the rows that refer to it along.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    with connection.begin():  # on SQLite BEGIN IMMEDIATE: the lock against a second starter
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's settings without an alembic.ini; env.py uses `connection` as it is."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def revise(message: str) -> None:
    """Write the migration from the last revision to the models, numbered on."""
    from alembic import command

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/old.db"
        if revisions():
            upgrade(url)
        engine = engine_for(url)
        with engine.connect() as connection, connection.begin():
            number = f"{len(revisions()) + 1:04d}"
            command.revision(config(connection), message=message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    revise(sys.argv[1])
