"""A survey file's way into the store: everything once, what is wrong beside the file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from feedback.jobs import ImportReport, import_survey
from store import feedback
from tingfeng.errors import ImportFileError
from tingfeng.model import Brand

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
BRANDS = (Brand(name="云雀"),)
HEAD = "提交时间,推荐意愿,满意度,意见\n"
ROWS = "2026-11-02 09:05,9,5,很好\n2026-11-02 09:05,9,5,很好\n2026-11-03,3,,太慢\n"


@pytest.fixture
def db(sqlite_db):
    """Both dialects are the store's own tests' business."""
    return sqlite_db


@pytest.fixture
def load(db, tmp_path):
    def load_file(
        text: str, *, name: str = "a.csv", mapping: dict[str, str] | None = None, **more: Any
    ) -> ImportReport:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        fields: dict[str, Any] = {"brand": "云雀", "brands": BRANDS, "zone": ZONE, "now": NOW}
        return import_survey(db, path, mapping or {}, **fields | more)

    return load_file


def stored(db) -> list[tuple[Any, ...]]:
    with db.read() as s:
        found = feedback.ratings(s, "云雀", datetime(2000, 1, 1, tzinfo=UTC), NOW)
    return [(r.answered_at, r.nps, r.csat, r.comment) for r in found]


def test_identical_rows_both_count_and_a_second_import_adds_nothing(load, db):
    first = load(HEAD + ROWS)
    assert (first.rows, first.added, first.known, first.rejected) == (3, 3, 0, 0)
    before = stored(db)
    assert len(before) == 3
    again = load(HEAD + ROWS)
    assert (again.added, again.known) == (0, 3)
    assert stored(db) == before


def test_a_later_export_adds_only_what_is_new(load):
    load(HEAD + ROWS)
    later = load(HEAD + ROWS + "2026-11-02 09:05,9,5,很好\n2026-11-04,7,4,\n", name="later.csv")
    assert (later.added, later.known) == (2, 3)


def test_the_same_answers_as_a_workbook_are_known(load, db, tmp_path):
    load(HEAD + ROWS)
    book = openpyxl.Workbook()
    for cells in (
        ("提交时间", "推荐意愿", "满意度", "意见"),
        (datetime(2026, 11, 2, 9, 5), 9, 5, "很好"),  # noqa: DTZ001 -- a cell is naive
        (datetime(2026, 11, 2, 9, 5), 9, 5, "很好"),  # noqa: DTZ001
        ("2026年11月3日", 3, None, "太慢"),
    ):
        book.active.append(cells)
    book.save(tmp_path / "a.xlsx")
    report = import_survey(db, tmp_path / "a.xlsx", {}, brand="云雀", zone=ZONE, now=NOW)
    assert (report.added, report.known, report.rejected) == (0, 3, 0)


def test_rejected_rows_stand_beside_the_file_with_their_reasons(load):
    report = load(
        HEAD + '2026-11-02,12,5,"=HYPERLINK(""x"")"\n2027-01-01,9,5,好\n2026-11-02,-1,5,-\n2026-11-05,9,4,好\n'
    )
    assert (report.added, report.rejected) == (1, 3)
    assert report.rejected_file is not None
    assert report.rejected_file.name == "a.csv.rejected.csv"
    raw = report.rejected_file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), "a spreadsheet needs the mark"
    assert list(csv.reader(raw.decode("utf-8-sig").splitlines())) == [
        ["提交时间", "推荐意愿", "满意度", "意见", "拒收行号", "拒收说明"],
        ["2026-11-02", "12", "5", '\'=HYPERLINK("x")', "2", "NPS 应为 0–10 的整数，却是“12”"],
        ["2027-01-01", "9", "5", "好", "3", "日期 2027-01-01 00:00 在将来"],
        ["2026-11-02", "-1", "5", "'-", "4", "NPS 应为 0–10 的整数，却是“-1”"],
    ]
    assert report.reasons["NPS 应为 0–10 的整数，却是“12”"] == 1


def test_corrected_rejected_rows_can_be_imported(load, tmp_path):
    report = load(HEAD + ROWS + "2026-11-02,12,5,好\n")
    fixed = report.rejected_file.read_text("utf-8-sig").replace(",12,", ",10,")
    assert load(fixed, name="fixed.csv").added == 1


def test_nothing_rejected_writes_no_file(load, tmp_path):
    assert load(HEAD + ROWS).rejected_file is None
    assert [p.name for p in tmp_path.glob("*.csv*")] == ["a.csv"]


def test_a_dry_run_touches_nothing(load, db, tmp_path):
    report = load(HEAD + ROWS + "x,1,1,\n", dry_run=True)
    assert (report.rows, report.added, report.rejected, report.dry_run) == (4, 0, 1, True)
    assert stored(db) == []
    assert [p.name for p in tmp_path.glob("*.csv*")] == ["a.csv"]


def test_the_mapping_and_how_it_was_read_are_told(load):
    report = load("日期;打分\n2026-11-02;9\n", mapping={"nps": "打分"})
    assert report.columns == {"date": "日期", "nps": "打分"}
    assert report.how == "CSV, UTF-8, semicolon"


def test_rows_may_name_their_brand(load, db):
    report = load("日期,品牌,nps\n2026-11-02,云雀,9\n2026-11-02,云鹊,9\n", brand=None)
    assert (report.added, report.rejected) == (1, 1)


@pytest.mark.parametrize(
    ("why", "text", "says"),
    [
        ("no brand anywhere", HEAD, "no column for the brand.*--map brand=.*--brand"),
        (
            "a mistyped column names file and encoding",
            "日期,x\n2026-11-02,1\n",
            r"a\.csv \(CSV, UTF-8, comma\): no column",
        ),
    ],
)
def test_a_file_that_cannot_be_imported_at_all(load, db, why, text, says):
    with pytest.raises(ImportFileError, match=says):
        load(text, brand=None)
    assert stored(db) == []


def test_batches_report_progress(load, monkeypatch):
    monkeypatch.setattr("feedback.jobs.BATCH", 2)
    heard: list[tuple[int, int]] = []
    load(HEAD + ROWS, progress=lambda done, of: heard.append((done, of)))
    assert heard == [(2, 3), (3, 3)]


def test_a_folder_that_cannot_be_written(load, tmp_path: Path):
    (tmp_path / "a.csv.rejected.csv").mkdir()
    with pytest.raises(ImportFileError, match="rejected rows cannot be written"):
        load(HEAD + "x,1,1,\n")
