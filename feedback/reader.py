"""What a reader of survey files can do. One file each in readers/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from feedback.readers import READERS
from tingfeng.errors import ImportFileError
from tingfeng.registry import nearest, resolve
from tingfeng.tablefiles import Line, Rows

MAX_BYTES = 50_000_000  # the largest file that is read; larger ones are to be split


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's head row and the rows below it, without blank ones. `how` says as what it was read."""

    columns: tuple[str, ...]
    lines: Sequence[Line]
    how: str


class SurveyReader(Protocol):
    """Turns a file into a Sheet. ImportFileError, saying what to do, when it cannot."""

    def read(self, path: Path, *, encoding: str | None = None) -> Sheet: ...


def read_sheet(path: Path, *, encoding: str | None = None) -> Sheet:
    """The sheet in `path`, by the reader its suffix stands for."""
    suffix = path.suffix.lower()
    if suffix not in READERS:
        near = nearest(suffix, READERS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ImportFileError(f"{path}: no reader for '{suffix}'{hint} (known: {', '.join(READERS)})")
    try:
        size = path.stat().st_size
    except OSError as e:
        raise ImportFileError(f"{path}: cannot be read: {e.strerror}") from e
    if size > MAX_BYTES:
        raise ImportFileError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; split it and import the parts")
    reader: SurveyReader = resolve("kind of survey file", suffix, READERS)()
    return reader.read(path, encoding=encoding)


def sheet_of(path: Path, rows: Rows) -> Sheet:
    """The first row that is not blank is the head row; trailing columns without head and cells are dropped."""
    filled = [line for line in rows.lines if any(cell != "" for cell in line.cells)]
    if not filled:
        raise ImportFileError(f"{path}: there is nothing in it ({rows.how})")
    head, *rest = filled
    return Sheet(tuple(str(cell).strip() for cell in head.cells), rest, rows.how)
