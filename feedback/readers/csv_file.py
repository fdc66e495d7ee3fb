"""CSV as spreadsheets and survey sites export it: UTF-8 or GB18030 (GBK), separated by comma, semicolon or tab."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from feedback.reader import Line, Sheet, sheet_of
from tingfeng.errors import ImportFileError

_MARKS = (  # the four-byte marks first: UTF-32 LE begins like UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")


class CsvReader:
    """A mark at the start decides the encoding; without one, UTF-8 if every byte fits, else GB18030 if every byte fits.

    Nothing is guessed by statistics: the same bytes are always read the same way, and `how` says which.
    """

    def read(self, path: Path, *, encoding: str | None = None) -> Sheet:
        try:
            raw = path.read_bytes()
        except OSError as e:
            raise ImportFileError(f"{path}: cannot be read: {e.strerror}") from e
        if raw.startswith(_BINARY):
            raise ImportFileError(f"{path}: not a CSV file but a workbook or document; give it its own suffix")
        text, name = _decode(path, raw, encoding)
        text, separator = _separator(text)
        lines = list(_lines(path, text, separator))
        return sheet_of(path, lines, f"CSV, {name}, {_NAMES.get(separator, separator)}")


def _decode(path: Path, raw: bytes, encoding: str | None) -> tuple[str, str]:
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    for name in (encoding,) if encoding else (marked,) if marked else ("utf-8", "gb18030"):
        try:
            text = raw.decode(name)
        except LookupError as e:
            raise ImportFileError(f"unknown encoding '{name}'; try utf-8, gb18030 or big5") from e
        except UnicodeError:
            continue
        if "\0" in text:
            raise ImportFileError(f"{path}: has NUL characters: not a CSV file, or not {name}")
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


def _lines(path: Path, text: str, separator: str) -> Iterator[Line]:
    # Strict, for an unclosed quotation mark would otherwise swallow the rest of the file without a word.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begin = 1
    try:
        for cells in rows:
            yield Line(begin, tuple(cell.strip() for cell in cells))
            begin = rows.line_num + 1
    except csv.Error as e:
        raise ImportFileError(f"{path}: line {begin}: cannot be read as CSV: {e}") from e
