"""Tables as people send them, read the same way wherever they come in: CSV in the usual encodings, and XLSX.

Nothing is guessed by statistics: the same bytes are always read the same way, and `how` says which.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from tingfeng.errors import ImportFileError

Cell = str | float | int | bool | datetime | date | time | timedelta

_MARKS = (  # the four-byte marks first: UTF-32 LE begins like UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
MAX_UNPACKED = 500_000_000  # bytes; an archive can unpack to a thousand times its size
MAX_CELLS = 20_000_000  # of a sheet's bounding box, which the library keeps whole in memory
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_FROM_1904 = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true)["']""")
# A cell right of column AZ or below row 299,999. Without one the box is small enough, and nothing has to be counted.
_FAR = re.compile(rb'r="(?:(?:[A-Z]{3}|[B-Z][A-Z])\d|[A-Z]{1,3}(?:\d{7}|[3-9]\d{5})")')
_CHUNK = 1 << 20
_BRACKETS = re.compile(r"[(\[【<{].*?[)\]】>}]")
_NUMBER = re.compile(r"^(?:q\s*)?\d{1,3}\s*[.、:)]\s*|^\*\s*|\s*\*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file as it stands there: its number, from 1, and its cells ("" where there is nothing)."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a file, blank ones among them. `how` says as what it was read.

    `days_behind`: how many days too few a bare number has that stands for a day: 1462 where they count from 1904.
    """

    lines: Sequence[Line]
    how: str
    days_behind: int = 0


def cell_text(cell: Cell) -> str:
    """A cell as a reader of the sheet sees it: whole numbers without ".0", days and times as ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)


def harmless(cell: Cell) -> str:
    """A cell as text that no spreadsheet runs as a formula: what begins like one gets an apostrophe before it."""
    text = cell_text(cell)
    is_formula = re.match(r"\s*[=+\-@|%＝＋－＠]|[\t\r\n]", text) and not re.fullmatch(r"[+-]?\d+(\.\d+)?", text)
    return f"'{text}" if is_formula else text


def plain_head(head: str) -> str:
    """A column head without numbering, brackets, marks of duty, width and case: "Q1. NPS (0-10) *" → "nps"."""
    text = unicodedata.normalize("NFKC", head).casefold().replace("_", " ").strip()
    text = _NUMBER.sub("", _BRACKETS.sub(" ", text))
    return re.sub(r"\s+", " ", text).strip(" :*?")


# --- CSV


def read_csv(path: Path, *, encoding: str | None = None) -> Rows:
    """CSV as spreadsheets and vendors export it: UTF-8, UTF-16 or GB18030 (GBK); comma, semicolon or tab.

    A mark at the start decides the encoding; without one, UTF-8 if every byte fits, else GB18030 if every byte fits.
    ImportFileError, saying what to do, when it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise ImportFileError(f"{path}: cannot be read: {e.strerror}") from e
    if raw.startswith(_BINARY):
        raise ImportFileError(f"{path}: not a CSV file but a workbook or document; give it its own suffix")
    text, name = decode(path, raw, encoding)
    text, separator = _separator(text)
    return Rows(list(_csv_lines(path, text, separator)), f"CSV, {name}, {_NAMES.get(separator, separator)}")


def decode(path: Path, raw: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text in a file, and the encoding it is in. ImportFileError when it is in none we know, or binary."""
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    for name in (encoding,) if encoding else (marked,) if marked else ("utf-8", "gb18030"):
        try:
            text = raw.decode(name)
        except LookupError as e:
            raise ImportFileError(f"unknown encoding '{name}'; try utf-8, gb18030 or big5") from e
        except UnicodeError:
            continue
        if "\0" in text:
            raise ImportFileError(f"{path}: has NUL characters: not a text file, or not {name}")
        return text.removeprefix("\ufeff"), name.removesuffix("-sig").upper()
    tried = f"not {encoding or marked}" if encoding or marked else "neither UTF-8 nor GB18030 (GBK)"
    raise ImportFileError(f"{path}: is {tried}; save it as UTF-8, or name its encoding with --encoding")


def _separator(text: str) -> tuple[str, str]:
    """The separator that parts the first line most often, a comma if none does; an Excel "sep=;" line decides."""
    first, _, rest = text.partition("\n")
    told = first.strip()
    if told.startswith("sep=") and len(told) == 5:
        return "\n" + rest, told[4]  # the empty line keeps the line numbers
    head = next((line for line in text.splitlines() if line.strip()), "")
    counts = {sign: len(next(csv.reader([head], delimiter=sign), [])) for sign in _NAMES}
    return text, max(_NAMES, key=lambda sign: counts[sign])


def _csv_lines(path: Path, text: str, separator: str) -> Iterator[Line]:
    # Strict, for an unclosed quotation mark would otherwise swallow the rest of the file without a word.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begin = 1
    try:
        for cells in rows:
            yield Line(begin, tuple(map(str.strip, cells)))
            begin = rows.line_num + 1
    except csv.Error as e:
        raise ImportFileError(f"{path}: line {begin}: cannot be read as CSV: {e}") from e


# --- XLSX


def read_xlsx(path: Path) -> Rows:
    """The first visible sheet that has anything in it. Dates stay dates, numbers stay numbers.

    ImportFileError, saying what to do, when it cannot be read or would not fit in memory.
    """
    _check(path)
    try:
        return _read(path)
    except PasswordError as e:
        raise ImportFileError(f"{path}: is protected by a password; save a copy without one") from e
    except (CalamineError, BadZipFile, KeyError, OSError) as e:
        raise ImportFileError(f"{path}: is not a readable XLSX workbook; save it again as XLSX or CSV") from e


def _read(path: Path) -> Rows:
    with CalamineWorkbook.from_path(str(path)) as book:
        shown = [m.name for m in book.sheets_metadata if m.visible == SheetVisibleEnum.Visible]
        sheets = [sheet for name in shown if (sheet := book.get_sheet_by_name(name)).height]
        if not sheets:
            raise ImportFileError(f"{path}: no sheet has anything in it")
        return Rows(_sheet_lines(sheets[0]), f"XLSX, sheet '{sheets[0].name}'", _days_behind(path))


def _sheet_lines(sheet: CalamineSheet) -> list[Line]:
    rows = sheet.to_python(skip_empty_area=True)
    first = sheet.start[0] + 1 if sheet.start else 1
    return [
        Line(first + i, tuple([cell.strip() if isinstance(cell, str) else cell for cell in row]))
        for i, row in enumerate(rows)
    ]


def _days_behind(path: Path) -> int:
    with ZipFile(path) as archive, archive.open("xl/workbook.xml") as part:
        return 1_462 if _FROM_1904.search(part.read(_CHUNK)) else 0


def _check(path: Path) -> None:
    """ImportFileError for what would exhaust memory: the library would end the whole process."""
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise ImportFileError(f"{path}: unpacks to more than {MAX_UNPACKED // 1_000_000} MB; split it")
            for part in parts:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part.filename):
                    _check_box(path, archive, part.filename)
    except (BadZipFile, OSError, NotImplementedError, RuntimeError) as e:
        if path.read_bytes()[:4] == b"\xd0\xcf\x11\xe0":  # the container of .xls, and of encrypted .xlsx
            text = "is an old .xls or protected by a password; save a copy as XLSX without one"
        else:
            text = "is not an XLSX workbook; save it again as XLSX or CSV"
        raise ImportFileError(f"{path}: {text}") from e


def _check_box(path: Path, archive: ZipFile, name: str) -> None:
    if not any(_FAR.search(text) for text in _parts(archive, name)):
        return
    rows, columns = 0, 0
    for text in _parts(archive, name):
        for letters, digits in set(_CELL.findall(text)):
            rows, columns = max(rows, int(digits)), max(columns, _column(letters))
    if rows * columns > MAX_CELLS:
        raise ImportFileError(
            f"{path}: a sheet reaches down to row {rows:,} and column {columns:,}; delete the empty rows and columns"
        )


def _parts(archive: ZipFile, name: str) -> Iterator[bytes]:
    """A member piece by piece, each with the end of the one before: a cell's address is never cut in two."""
    tail = b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            yield tail + chunk
            tail = chunk[-300:]


def _column(letters: bytes) -> int:
    """ "A" → 1, "XFD" → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
