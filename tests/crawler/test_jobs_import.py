"""An import stores each post once, claims no coverage, and may be killed anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.jobs import crawl
from crawler.jobs_import import import_posts
from crawler.options import Options
from crawler.spec import CrawlSpec
from crawler.spiders.base import TingfengSpider
from store import mentions, runs
from store.database import Database
from store.tables import MentionBrandRow, MentionRow
from tests.support import weibo_pages
from tests.support.factories import NOW
from tests.support.imports import BRANDS, SECRET, bring_in, wish
from tingfeng.errors import ImportFileError, UnknownName
from tingfeng.model import RunStatus
from tingfeng.privacy import Pseudonyms

HEAD = "内容,发布时间,微博链接,作者,点赞数,品牌\n"
ROWS = (
    "云雀真好,2026-11-19 08:05:00,https://weibo.com/1234567890/z0JH2lOMb,王,3,\n"
    "skylark 也好,2026-11-19 08:06:00,https://m.weibo.cn/detail/3501756485200076,李,4,\n"
    "与谁都无关,2026-11-19 08:07:00,https://m.weibo.cn/detail/3501756485200077,李,4,\n"
    "没提名字,2026-11-19 08:08:00,https://m.weibo.cn/detail/3501756485200078,李,4,山雀\n"
    "山雀是鸟类,2026-11-19 08:09:00,https://m.weibo.cn/detail/3501756485200079,李,4,\n"
    "别家,2026-11-19 08:09:00,https://m.weibo.cn/detail/3501756485200080,李,4,云却\n"
    "没有时间,,https://m.weibo.cn/detail/3501756485200081,李,4,\n"
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROWS, "utf-8")
    return path


def links(db: Database) -> set[tuple[str, str]]:
    with db.read() as s:
        rows = s.query(MentionRow.native_id, MentionBrandRow.brand)
        return {tuple(row) for row in rows.join(MentionBrandRow, MentionBrandRow.mention_id == MentionRow.id)}


def test_rows_become_mentions_of_whom_they_name(db, file):
    report = bring_in(db, [file])
    assert (report.rows, report.added, report.known, report.rejected) == (7, 4, 0, 3)
    assert links(db) == {
        ("3501756485200075", "云雀"),
        ("3501756485200076", "云雀"),
        ("3501756485200078", "山雀"),
        ("3501756485200079", "山雀"),  # whether the bird is meant, the scoring job judges
    }
    assert [left.row.number for left in report.left] == [4, 7, 8]
    assert "是不是“云雀”" in report.left[1].row.reasons[0]


def test_again_adds_nothing_and_grows_counts(db, file):
    bring_in(db, [file])
    file.write_text((HEAD + ROWS).replace("王,3", "王,30"), "utf-8")
    again = bring_in(db, [file, file])
    assert (again.rows, again.added, again.known, again.rejected) == (14, 0, 8, 6)
    with db.read() as s:
        assert s.query(MentionRow.likes).filter_by(native_id="3501756485200075").scalar() == 30
        assert mentions.count(s) == 4


def test_an_operator_may_say_whose_all_rows_are(sqlite_db, file):
    report = bring_in(sqlite_db, [file], brand="山雀")
    assert report.added == 6
    assert ("3501756485200077", "山雀") in links(sqlite_db)
    assert {brand for number, brand in links(sqlite_db) if number == "3501756485200075"} == {"云雀", "山雀"}


def test_authors_are_the_pseudonyms_that_spiders_make(sqlite_db, file):
    bring_in(sqlite_db, [file])
    spec = CrawlSpec(
        source="x",
        kind="x",
        base_url="http://127.0.0.1",
        queries=(),
        brands=BRANDS,
        since=NOW,
        now=NOW,
        options={},
        database_url="",
        author_secret=SECRET,
        time_limit=timedelta(minutes=1),
    )
    spider = type("S", (TingfengSpider,), {"platform": "weibo", "home": ""})(spec=spec, options=Options())
    with sqlite_db.read() as s:
        keys = dict(s.query(MentionRow.native_id, MentionRow.author_key).all())
    assert keys["3501756485200075"] == spider.author_key("1234567890")
    assert keys["3501756485200076"] == spider.author_key("name:李")


def test_names_are_kept_only_where_the_operator_asks_for_them(sqlite_db, file, tmp_path):
    bring_in(sqlite_db, [file])
    (tmp_path / "b.csv").write_text((HEAD + ROWS).replace("35017564852", "45017564852"), "utf-8")
    bring_in(sqlite_db, [tmp_path / "b.csv"], author_names=True)
    with sqlite_db.read() as s:
        names = dict(s.query(MentionRow.native_id, MentionRow.author_name).all())
    assert (names["3501756485200076"], names["4501756485200076"]) == (None, "李")


def test_a_run_is_written_and_claims_nothing(db, file):
    bring_in(db, [file])
    with db.read() as s:
        (run,) = runs.recent(s, limit=5)
        assert (run.source, run.status, run.found, run.stored, run.skipped) == ("import:agency", RunStatus.OK, 4, 4, 3)
        assert run.window_since == run.window_until == NOW
        assert runs.coverage_by_source(s, since=NOW - timedelta(days=9), until=NOW + timedelta(days=9)) == {}
        assert runs.last_finished(s, "agency") is None  # the next crawl of such a source reads its whole first window


def test_the_next_crawl_of_a_source_of_that_name_is_not_shortened(sqlite_db, file, tmp_path):
    from tingfeng.config import SourceConfig

    bring_in(sqlite_db, [file])
    source = SourceConfig(name="agency", kind="feed", base_url="http://127.0.0.1:9", options={"first_window": "3d"})
    report = crawl(sqlite_db, source, BRANDS, secret=None, author_secret=SECRET, now=NOW, state_dir=tmp_path)
    assert report.run.window_since == NOW - timedelta(days=3)


def test_a_dry_run_touches_no_database(file):
    db = Database("sqlite:////nowhere/at/all.db")
    report = bring_in(db, [file], dry_run=True)
    assert (report.rows, report.added, report.rejected) == (7, 0, 3)


def test_what_retention_has_deleted_does_not_come_back(sqlite_db, file):
    from store.tables import KeptRow

    with sqlite_db.write() as s:
        s.add(KeptRow(what="mention", since=NOW - timedelta(hours=1)))
    report = bring_in(sqlite_db, [file])
    assert report.added == 0
    assert report.reasons["早于保留期限，该时段的数据已清理"] == 6


def test_nothing_is_stored_when_one_of_the_files_cannot_be_read(sqlite_db, file, tmp_path):
    (tmp_path / "b.csv").write_text("x,y\n1,2\n", "utf-8")
    with pytest.raises(ImportFileError, match=r"b\.csv"):
        bring_in(sqlite_db, [file, tmp_path / "b.csv"])
    with sqlite_db.read() as s:
        assert mentions.count(s) == 0
        assert runs.recent(s, limit=1) == []


@pytest.mark.parametrize(
    ("told", "says"), [({"brand": "云却"}, "did you mean '云雀'"), ({"form": "cvs"}, "did you mean 'csv'")]
)
def test_unknown_names(sqlite_db, file, told, says):
    with pytest.raises(UnknownName, match=says):
        bring_in(sqlite_db, [file], **told)


def test_progress(sqlite_db, file, monkeypatch):
    monkeypatch.setattr("crawler.jobs_import.BATCH", 3)
    heard: list[tuple[int, int]] = []
    import_posts(
        sqlite_db,
        [(file, wish())],
        source="agency",
        brands=BRANDS,
        author_secret=SECRET,
        now=NOW,
        progress=lambda done, of: heard.append((done, of)),
    )
    assert heard == [(3, 7), (6, 7), (7, 7)]


def test_one_post_by_recording_and_by_table_is_one_mention_of_one_author(sqlite_db, tmp_path):
    blog = weibo_pages.post(NOW - timedelta(hours=3), n=7)
    answer = {
        "request": {"url": "https://m.weibo.cn/api/container/getIndex?containerid=100103type%3D61%26q%3Dx"},
        "response": {
            "status": 200,
            "content": {"mimeType": "application/json", "text": json.dumps(weibo_pages.page([blog]))},
        },
    }
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": [answer]}}), "utf-8")
    row = f"云雀,2026-11-20,https://weibo.com/{blog['user']['id']}/{blog['mid']}\n"
    (tmp_path / "b.csv").write_text("微博正文,发布时间,微博链接\n" + row, "utf-8")
    report = bring_in(sqlite_db, [tmp_path / "a.har", tmp_path / "b.csv"])
    assert (report.added, report.known) == (1, 1)
    with sqlite_db.read() as s:
        (row,) = s.query(MentionRow.native_id, MentionRow.author_key, MentionRow.published_at, MentionRow.likes)
    assert row == (blog["mid"], Pseudonyms(SECRET).of("weibo", blog["user"]["id"]), NOW - timedelta(hours=3), 1_000_000)


KILLED = """
import sys
from pathlib import Path
import crawler.jobs_import
from store.database import Database
from tests.support.imports import bring_in
crawler.jobs_import.BATCH = 50
bring_in(Database(sys.argv[1]), [Path(sys.argv[2])])
"""


def test_killed_in_the_middle_and_run_again(sqlite_url, tmp_path):
    number = 6_000
    file = tmp_path / "many.jsonl"
    with file.open("w") as out:
        for i in range(number):
            out.write(json.dumps({"id": f"note-{i:06}", "text": f"云雀 {i}", "date": "2026-11-19 08:05:00"}) + "\n")
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen([sys.executable, "-c", KILLED, sqlite_url, str(file)], cwd=root)
    db = Database(sqlite_url)
    deadline = time.monotonic() + 60
    while stored(db) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    before = stored(db)
    assert 0 < before < number
    assert before % 50 == 0  # whole batches only
    report = bring_in(db, [file])
    assert (report.added, report.known) == (number - before, before)
    assert stored(db) == number
    db.close()


def stored(db: Database) -> int:
    with db.read() as s:
        return mentions.count(s)
