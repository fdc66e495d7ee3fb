"""Fixtures for every room. `db` gives an empty database, once as SQLite and once as PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import settings

from store.database import Database, upgrade
from tests.support import postgres
from tests.support.factories import NOW

# At a desk every run tries new inputs; in CI a red run must say something of the commit, not of its luck.
CI = os.environ.get("CI") == "true"
settings.register_profile("tingfeng", deadline=None, max_examples=40, print_blob=True, derandomize=CI)
settings.load_profile("tingfeng")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpora and recorded pages beside the checkout, or TINGFENG_SHARED."""
    path = Path(os.environ.get("TINGFENG_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not path.is_dir():
        pytest.skip("needs the shared corpora and fixtures: set TINGFENG_SHARED to their folder")
    return path


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def pg_url_base() -> Iterator[str]:
    """Address of a temporary PostgreSQL, with `{name}` for the database; one server per test process."""
    programs = postgres.binaries()
    if programs is None:
        missing = "no PostgreSQL server programs (initdb, postgres) on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with postgres.server(programs) as base:
        yield base


@pytest.fixture(scope="session")
def pg_migrated(pg_url_base: str) -> str:
    url = postgres.create(pg_url_base, "test")
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_migrated: Path) -> str:
    """An empty migrated SQLite database, for tests to which the dialect does not matter."""
    return f"sqlite:///{shutil.copy(sqlite_migrated, tmp_path / 'tingfeng.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url = str(request.getfixturevalue("pg_migrated"))
    postgres.empty(url)
    return url


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    database = Database(db_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_db(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()
