"""Transactions and the schema, on both databases."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from store import corrections, database, mentions, schema, scores, series
from store.columns import Base
from store.database import Database, check, upgrade
from tests.support import postgres
from tests.support.factories import NOW, make_mention
from tingfeng.errors import StoreError
from tingfeng.model import Label, text_key


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


NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9000", "{last}", None, None

def upgrade():
    with op.batch_alter_table("mention", recreate="auto") as batch:
        batch.alter_column("region", type_=sa.String(90), existing_type=sa.String(80))
    {then}
"""


def next_release(monkeypatch: pytest.MonkeyPatch, folder: Path, then: str) -> None:
    """Pretend that this program ships one more migration."""
    shutil.copytree(schema.MIGRATIONS, folder / "migrations")
    migration = NEXT.format(then=then, last=schema.revisions()[-1])
    (folder / "migrations" / "versions" / "9000_next.py").write_text(migration)
    monkeypatch.setattr(schema, "MIGRATIONS", folder / "migrations")


def test_upgrade_of_a_database_in_use(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite copies the table and drops the old one: the rows that refer to it must stay."""
    upgrade(empty_url)
    used = Database(empty_url)
    with used.write() as s:
        mentions.add(s, [make_mention(brands=("云雀", "夜莺")), make_mention()])
    last = schema.revisions()[-1]
    next_release(monkeypatch, tmp_path, then="")
    with pytest.raises(StoreError, match=f"older schema {last}"):
        check(empty_url)
    upgrade(empty_url)
    check(empty_url)
    with used.read() as s:
        assert [m.mention.brands for m in mentions.by_ids(s, [1, 2])] == [("云雀", "夜莺"), ("云雀",)]
    used.close()


FIRST_USED = """
INSERT INTO mention (id, platform, native_id, source, url, title, text, text_key, published_at, seen_at, is_repost)
VALUES (1, 'weibo', '5', 'weibo', '', '', '坏', '{key}', '{at}', '{at}', false);
INSERT INTO mention_brand (mention_id, brand, counted_by, label) VALUES (1, '云雀', 'test/1', -1);
INSERT INTO mention_brand (mention_id, brand) VALUES (1, '夜莺');
INSERT INTO score VALUES ('{key}', 'test', '1', -0.5, -1, 0.6, 0.3, 0.1, '坏');
INSERT INTO bucket VALUES ('云雀', 'weibo', 1795143600, 1, 1, 0, 0, -0.5)
"""


def test_a_used_database_of_the_first_schema_can_be_corrected(empty_url: str) -> None:
    first_schema(empty_url)
    used = Database(empty_url)
    with used.write() as s:
        at = "2026-11-20 03:00:00.000000" + ("" if used.is_sqlite else "+00")
        for statement in FIRST_USED.format(key=text_key("坏"), at=at).split(";"):
            s.execute(text(statement))
    upgrade(empty_url)
    check(empty_url)
    published = datetime(2026, 11, 20, 3, tzinfo=UTC)
    with used.write() as s:
        assert [p.brand for p in scores.pending(s, limit=9)] == ["夜莺"]
        corrections.add(s, 1, Label.POSITIVE, author="李", now=NOW)
        [bucket] = series.buckets(s, "云雀", published, published + timedelta(minutes=5))
        assert (bucket.total, bucket.negative, bucket.positive) == (1, 0, 1)
        assert bucket.polarity_sum == pytest.approx(1.0)
    used.close()


ROWS = """
(1, 'feed:甲', 'g1', 'http://m.163.com/dy/article/J1ABCDEF0519ABCD.html?utm_source=rss', 'a'),
(2, 'feed:乙', 'g1', 'https://www.163.com/dy/article/J1ABCDEF0519ABCD.html', 'a'),
(3, 'feed:甲', 'g3', 'https://www.zhihu.com/question/1/answer/2', 'b'),
(4, 'zhihu', 'answer:2', 'https://www.zhihu.com/question/1/answer/2', 'b'),
(5, 'feed:甲', 'g5', 'https://a.example/list', 'c'),
(6, 'feed:甲', 'g6', 'https://a.example/list', 'd'),
(7, 'feed:甲', 'g7', 'https://a.example/', 'e'),
(8, 'feed:甲', 'g8', '', 'f'),
(9, 'feed:甲', 'g9', 'https://a.example/9#top', 'g'),
(10, 'weibo', '5', 'https://m.weibo.cn/detail/5', 'h')
"""


def test_articles_of_feeds_become_pages_of_the_web(empty_url: str) -> None:
    older_schema(empty_url, "0007")
    used = Database(empty_url)
    columns = "id, platform, native_id, url, text_key, source, title, text, published_at, seen_at, is_repost"
    at = "2026-11-20 03:00:00.000000" + ("" if used.is_sqlite else "+00")
    with used.write() as s:
        rows = re.sub(r"\)(?=,?\n)", f", 'x', '', 't', '{at}', '{at}', false)", ROWS)
        s.connection().exec_driver_sql(f"INSERT INTO mention ({columns}) VALUES {rows}")
    upgrade(empty_url)
    with used.read() as s:
        found = s.execute(text("SELECT id, platform, native_id FROM mention ORDER BY id")).all()
    assert {row[0]: tuple(row[1:]) for row in found} == {
        1: ("web", "https://www.163.com/dy/article/J1ABCDEF0519ABCD.html"),
        2: ("feed:乙", "g1"),  # is there already
        3: ("feed:甲", "g3"),  # is there already
        4: ("zhihu", "answer:2"),
        5: ("feed:甲", "g5"),  # its address says nothing of it
        6: ("feed:甲", "g6"),
        7: ("feed:甲", "g7"),
        8: ("feed:甲", "g8"),
        9: ("web", "https://a.example/9"),
        10: ("weibo", "5"),
    }
    used.close()


def first_schema(url: str) -> None:
    """What `upgrade` of the first release left."""
    older_schema(url, "0001")


def older_schema(url: str, revision: str) -> None:
    engine = database.engine_for(url)
    schema._make_folder(engine)
    with engine.connect() as connection, connection.begin():
        command.upgrade(schema.config(connection), revision)
    engine.dispose()


def test_a_failed_upgrade_changes_nothing(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(empty_url)
    next_release(monkeypatch, tmp_path, then='op.execute("INSERT INTO nowhere VALUES (1)")')
    with pytest.raises(StoreError, match="nowhere"):
        upgrade(empty_url)
    monkeypatch.undo()
    check(empty_url)
    db = Database(empty_url)
    columns = {c["name"]: c["type"] for c in inspect(db.engine).get_columns("mention")}
    assert str(columns["region"]) == "VARCHAR(80)"
    db.close()


def test_a_missing_file_is_not_created_by_looking(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="db upgrade"):
        check(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_database_is_left_alone(sqlite_db: Database, sqlite_url: str) -> None:
    with sqlite_db.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer Tingfeng"):
        upgrade(sqlite_url)


@pytest.mark.parametrize(
    ("why", "url"),
    [
        ("no url at all", "tingfeng.db"),
        ("unknown database", "nosuch://x/y"),
        ("a folder that is not there", "sqlite:////nowhere/at/all.db"),
    ],
)
def test_bad_urls_are_our_errors(why: str, url: str) -> None:
    with pytest.raises(StoreError):
        db = Database(url)
        with db.read() as s:
            mentions.count(s)


def test_a_folder_that_cannot_be_made_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="folder"):
        upgrade(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_checking_does_not_wait_for_a_writer(sqlite_db: Database, sqlite_url: str) -> None:
    with sqlite_db.write() as s:
        mentions.add(s, [make_mention()])
        check(sqlite_url)


def test_an_unmigrated_database_says_what_to_do(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    db = Database(empty_url)
    with pytest.raises(StoreError, match="db upgrade"), db.read() as s:
        mentions.count(s)
    db.close()


def test_two_starters_migrate_once(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, [empty_url] * 3))
    check(empty_url)


def test_migrations_know_their_order() -> None:
    script = ScriptDirectory(str(schema.MIGRATIONS))
    assert [r.revision for r in script.walk_revisions()][::-1] == schema.revisions()


def test_an_exception_rolls_back(db: Database) -> None:
    with pytest.raises(KeyError), db.write() as s:
        mentions.add(s, [make_mention()])
        raise KeyError
    with db.read() as s:
        assert mentions.count(s) == 0


def test_reading_commits_nothing(db: Database) -> None:
    with db.read() as s:
        mentions.add(s, [make_mention()])
    with db.read() as s:
        assert mentions.count(s) == 0


def test_two_writers_in_turn_lose_no_update(db: Database) -> None:
    """Read, add one, write: the pattern that loses updates when a writer begins as a reader."""
    with db.write() as s:
        s.execute(text("INSERT INTO bucket VALUES ('b', 's', 0, 0, 0, 0, 0, 0)"))

    def count_up() -> None:
        for _ in range(50):
            with db.write() as s:
                lock = "" if db.is_sqlite else " FOR UPDATE"
                total = s.execute(text(f"SELECT total FROM bucket{lock}")).scalar_one()
                s.execute(text("UPDATE bucket SET total = :n"), {"n": total + 1})

    threads = [threading.Thread(target=count_up) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with db.read() as s:
        assert s.execute(text("SELECT total FROM bucket")).scalar() == 100


def test_a_reader_does_not_wait_for_a_writer(db: Database) -> None:
    with db.write() as writing:
        mentions.add(writing, [make_mention()])
        with db.read() as s:
            assert mentions.count(s) == 0


def test_a_locked_database_is_our_error(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 1)
    with sqlite_db.write() as writing:
        mentions.add(writing, [make_mention()])
        with pytest.raises(StoreError, match="locked"), sqlite_db.write() as s:
            mentions.add(s, [make_mention()])


def test_errors_do_not_quote_rows(db: Database) -> None:
    with pytest.raises(StoreError) as caught, db.write() as s:
        s.execute(text("INSERT INTO kept VALUES ('geheim', NULL)"))
    assert "geheim" not in str(caught.value)


def test_times_come_back_as_aware_utc(db: Database) -> None:
    at = datetime(2026, 11, 20, 23, 59, 59, 123456, tzinfo=ZoneInfo("Asia/Shanghai"))
    with db.write() as s:
        mentions.add(s, [make_mention(published_at=at, seen_at=NOW)])
        (found,) = mentions.by_ids(s, [1])
    assert found.mention.published_at == at
    assert found.mention.published_at.tzinfo is UTC
    assert found.mention.seen_at == NOW


def test_every_table_is_migrated(db: Database) -> None:
    assert set(Base.metadata.tables) == set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_opening_waits_while_somebody_writes_to_a_file_that_is_not_wal_yet(tmp_path: Path) -> None:
    # SQLite answers "locked" at once then, whatever its busy time-out: two starters on a new file met it.
    writer = sqlite3.connect(tmp_path / "new.db", check_same_thread=False, isolation_level=None)
    writer.execute("CREATE TABLE t (x)")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (1)")
    ends = threading.Timer(0.3, writer.execute, ("COMMIT",))
    ends.start()
    db = Database(f"sqlite:///{tmp_path}/new.db")
    try:
        with db.read() as s:
            assert s.execute(text("SELECT count(*) FROM t")).scalar_one() == 1
    finally:
        db.close()
        ends.join()
        writer.close()
