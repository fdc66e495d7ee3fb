"""Transactions and the schema, on both databases."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from store import mentions
from store.database import Database, check, upgrade
from store.tables import Base
from tests.support import postgres
from tests.support.factories import make_mention
from tingfeng.errors import StoreError


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'new.db'}"
    return postgres.create(request.getfixturevalue("pg_url_base"), tmp_path.name)


def test_models_and_migrations_agree(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrade_of_an_empty_database(empty_url: str) -> None:
    began = time.process_time()
    upgrade(empty_url)
    assert time.process_time() - began < 1.5
    check(empty_url)
    db = Database(empty_url)
    with db.write() as s:
        assert mentions.add(s, [make_mention()]) == 1
    upgrade(empty_url)  # again: nothing to do, nothing lost
    with db.read() as s:
        assert mentions.count(s) == 1
    db.close()


@pytest.mark.parametrize(
    ("why", "statement", "says"),
    [
        ("older: say how to get on", "UPDATE alembic_version SET version_num = '0000'", "0000"),
        ("newer: do not touch it", "UPDATE alembic_version SET version_num = '9999'", "newer Tingfeng"),
        ("never migrated", "DROP TABLE alembic_version", "db upgrade"),
    ],
)
def test_check_says_what_to_do(sqlite_db: Database, sqlite_url: str, why: str, statement: str, says: str) -> None:
    with sqlite_db.write() as s:
        s.execute(text(statement))
    with pytest.raises(StoreError, match=says):
        check(sqlite_url)
