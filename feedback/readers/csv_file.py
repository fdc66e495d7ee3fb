"""CSV as spreadsheets and survey sites export it."""

from __future__ import annotations

from pathlib import Path

from feedback.reader import Sheet, sheet_of
from tingfeng.tablefiles import read_csv


class CsvReader:
    def read(self, path: Path, *, encoding: str | None = None) -> Sheet:
        return sheet_of(path, read_csv(path, encoding=encoding))
