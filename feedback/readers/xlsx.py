"""XLSX: the first visible sheet that has anything in it."""

from __future__ import annotations

from pathlib import Path

from feedback.reader import Sheet, sheet_of
from tingfeng.tablefiles import read_xlsx


class XlsxReader:
    def read(self, path: Path, *, encoding: str | None = None) -> Sheet:
        return sheet_of(path, read_xlsx(path))
