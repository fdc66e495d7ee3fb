"""XLSX: the first visible sheet that has anything in it. Dates stay dates, numbers stay numbers."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from feedback.reader import Line, Sheet, sheet_of
from tingfeng.errors import ImportFileError

MAX_UNPACKED = 500_000_000  # bytes; an archive can unpack to a thousand times its size
MAX_CELLS = 20_000_000  # of a sheet's bounding box, which the library keeps whole in memory
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 20


class XlsxReader:
    def read(self, path: Path, *, encoding: str | None = None) -> Sheet:
        _check(path)
        try:
            return _read(path)
        except PasswordError as e:
            raise ImportFileError(f"{path}: is protected by a password; save a copy without one") from e
        except (CalamineError, OSError) as e:
            raise ImportFileError(f"{path}: is not a readable XLSX workbook; save it again as XLSX or CSV") from e


def _read(path: Path) -> Sheet:
    with CalamineWorkbook.from_path(str(path)) as book:
        shown = [m.name for m in book.sheets_metadata if m.visible == SheetVisibleEnum.Visible]
        sheets = [sheet for name in shown if (sheet := book.get_sheet_by_name(name)).height]
        if not sheets:
            raise ImportFileError(f"{path}: no sheet has anything in it")
        return sheet_of(path, _lines(sheets[0]), f"XLSX, sheet '{sheets[0].name}'")


def _lines(sheet: CalamineSheet) -> list[Line]:
    rows = sheet.to_python(skip_empty_area=True)
    first = sheet.start[0] + 1 if sheet.start else 1
    return [
        Line(first + i, tuple(cell.strip() if isinstance(cell, str) else cell for cell in row))
        for i, row in enumerate(rows)
    ]


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
    rows, columns, tail = 0, 0, b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            text = tail + chunk
            for letters, digits in set(_CELL.findall(text)):
                rows, columns = max(rows, int(digits)), max(columns, _column(letters))
            tail = text[-300:]
    if rows * columns > MAX_CELLS:
        raise ImportFileError(
            f"{path}: a sheet reaches down to row {rows:,} and column {columns:,}; delete the empty rows and columns"
        )


def _column(letters: bytes) -> int:
    """ "A" → 1, "XFD" → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
