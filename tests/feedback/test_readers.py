"""The same bytes are read the same way, and a file that cannot be read says what to do."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from feedback.reader import read_sheet
from tingfeng.errors import ImportFileError

TEXT = "日期,评论\n2026-11-02,还可以\n"


def written(folder: Path, raw: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("why", "raw", "how"),
    [
        ("UTF-8", TEXT.encode(), "CSV, UTF-8, comma"),
        ("UTF-8 with a mark, as Excel writes it", b"\xef\xbb\xbf" + TEXT.encode(), "CSV, UTF-8, comma"),
        ("GBK, as Chinese Excel writes it", TEXT.encode("gbk"), "CSV, GB18030, comma"),
        ("GB18030 with a rare sign", TEXT.replace("还", "㐀").encode("gb18030"), "CSV, GB18030, comma"),
        ("UTF-16, Excel's Unicode text", TEXT.replace(",", "\t").encode("utf-16"), "CSV, UTF-16, tab"),
        ("semicolons", TEXT.replace(",", ";").encode(), "CSV, UTF-8, semicolon"),
        ("tabs", TEXT.replace(",", "\t").encode(), "CSV, UTF-8, tab"),
        ("Excel's own hint", b"sep=;\r\n" + TEXT.replace(",", ";").encode(), "CSV, UTF-8, semicolon"),
        ("Windows line ends", TEXT.replace("\n", "\r\n").encode(), "CSV, UTF-8, comma"),
        ("commas within a quoted head", b'"a,b,c";d\n1;2\n', "CSV, UTF-8, semicolon"),
    ],
)
def test_how_csv_is_read(tmp_path, why, raw, how):
    sheet = read_sheet(written(tmp_path, raw))
    assert sheet.how == how, why
    assert len(sheet.columns) == 2, why
    assert len(sheet.lines) == 1, why
    assert "\ufeff" not in sheet.columns[0], why


def test_line_numbers_are_those_of_the_file(tmp_path):
    sheet = read_sheet(written(tmp_path, '\n日期,评论\n2026-11-02,"两\n行"\n\n2026-11-03,x\n'.encode()))
    assert [(line.number, line.cells) for line in sheet.lines] == [
        (3, ("2026-11-02", "两\n行")),
        (6, ("2026-11-03", "x")),
    ]


@pytest.mark.parametrize(
    ("why", "name", "raw", "says"),
    [
        ("no such suffix", "a.xlxs", b"x", "no reader for '.xlxs'; did you mean '.xlsx'"),
        ("nothing in it", "a.csv", b"", "nothing in it"),
        ("only blank lines", "a.csv", b"\n,,\n", "nothing in it"),
        ("neither encoding", "a.csv", b"a,b\n\xff\xff\xff", "is neither UTF-8 nor GB18030.*--encoding"),
        ("a workbook called CSV", "a.csv", b"PK\x03\x04...", "not a CSV file but a workbook"),
        ("binary", "a.csv", b"a\x00b", "NUL characters"),
        ("an open quotation mark", "a.csv", b'a,b\n1,"2\n3,4\n', "line 2: cannot be read as CSV"),
        ("not a workbook", "a.xlsx", b"a,b\n1,2", "not an XLSX workbook"),
        ("old or encrypted", "a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls or protected by a password"),
    ],
)
def test_unreadable_files_say_what_to_do(tmp_path, why, name, raw, says):
    with pytest.raises(ImportFileError, match=says):
        read_sheet(written(tmp_path, raw, name))


def test_a_missing_file(tmp_path):
    with pytest.raises(ImportFileError, match="cannot be read: No such file"):
        read_sheet(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("encoding", "says"), [("big5", None), ("utf-8", "is not utf-8"), ("utf-9", "unknown encoding")]
)
def test_the_operator_may_name_the_encoding(tmp_path, encoding, says):
    path = written(tmp_path, "日期,評論\n2026-11-02,還可以\n".encode("big5"))
    if says is None:
        assert read_sheet(path, encoding=encoding).columns == ("日期", "評論")
        return
    with pytest.raises(ImportFileError, match=says):
        read_sheet(path, encoding=encoding)


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "空表"
    hidden = book.create_sheet("隐藏")
    hidden["A1"] = "x"
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("答卷")
    sheet["B3"], sheet["C3"], sheet["D3"] = "日期", "NPS", "评论"
    sheet["B4"], sheet["C4"], sheet["D4"] = datetime(2026, 11, 2, 9, 5), 9, " 好 "  # noqa: DTZ001 -- a cell is naive
    sheet["B6"], sheet["C6"] = date(2026, 11, 3), 9.5
    book.save(path)
    return path


def test_a_workbook_keeps_its_types_and_row_numbers(tmp_path):
    sheet = read_sheet(workbook(tmp_path / "a.xlsx"))
    assert sheet.how == "XLSX, sheet '答卷'"
    assert sheet.columns == ("日期", "NPS", "评论")
    assert [(line.number, line.cells) for line in sheet.lines] == [
        (4, (datetime(2026, 11, 2, 9, 5), 9.0, "好")),  # noqa: DTZ001 -- a cell is naive
        (6, (date(2026, 11, 3), 9.5, "")),
    ]


def test_a_workbook_that_would_exhaust_memory_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "日期", 1
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(ImportFileError, match="down to row 1,048,576 and column 16,384"):
        read_sheet(tmp_path / "a.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tingfeng.tablefiles.MAX_UNPACKED", 1_000)
    with pytest.raises(ImportFileError, match="unpacks to more than"):
        read_sheet(workbook(tmp_path / "a.xlsx"))


def test_an_archive_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(ImportFileError, match="not a readable XLSX workbook"):
        read_sheet(tmp_path / "a.xlsx")
