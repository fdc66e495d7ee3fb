"""Files of labels that people wrote: JSON lines or CSV, every mistake told at once with its file and line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sentiment.corpora import label_of
from tingfeng.errors import ScoringError
from tingfeng.model import Label, storable

_TOLD = 20  # mistakes

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A label for a stored mention; `at` says where it was asked for."""

    mention_id: int
    label: Label
    brand: str | None = None
    note: str = ""
    at: str = ""


def read_wanted(path: Path) -> list[Wanted]:
    """Rows of {"id", "label"} and, if wanted, "brand" and "note". ScoringError with a line per mistake."""
    return read_rows(path, _wanted)


def read_texts(path: Path) -> list[tuple[str, Label]]:
    """Rows of {"text", "label" or "polarity"}, each text once. ScoringError with a line per mistake."""
    seen: dict[str, tuple[Label, str]] = {}

    def one(row: Mapping[str, Any], at: str) -> tuple[str, Label]:
        text, label = row.get("text"), label_of(row.get("label", row.get("polarity")))
        if not isinstance(text, str) or not text.strip():
            raise ValueError('expected "text" with something in it')
        first, where = seen.setdefault(storable(text), (label, at))
        if first is not label:
            raise ValueError(f"the same text is {first.name.lower()} at {where}")
        return storable(text), label

    return list(dict(read_rows(path, one)).items())


def _wanted(row: Mapping[str, Any], at: str) -> Wanted:
    number = mention_number(row)
    brand, note = row.get("brand"), row.get("note")
    label = label_of(row.get("label"))
    return Wanted(mention_id=number, label=label, brand=str(brand) if brand else None, note=str(note or ""), at=at)


def mention_number(row: Mapping[str, Any]) -> int:
    """The "id" of a row. ValueError when it is no number of a mention."""
    number = str(row.get("id", "")).strip()
    if isinstance(row.get("id"), bool) or not (number.isascii() and number.isdecimal() and int(number) < 1 << 63):
        raise ValueError(f"expected \"id\" to be the number of a mention, got '{number}'")
    return int(number)


def read_rows(path: Path, one: Callable[[Mapping[str, Any], str], T]) -> list[T]:
    """What `one` makes of each row and where it stands. ScoringError with a line per ValueError of `one`."""
    found: list[T] = []
    problems: list[str] = []
    for number, row in _rows(path):
        at = f"{path.name}:{number}"
        try:
            if not isinstance(row, dict):
                raise ValueError(row if isinstance(row, str) else "expected an object")
            found.append(one(row, at))
        except ValueError as e:
            problems.append(f"{at}: {e}")
    if problems:
        more = [f"{path.name}: … and {len(problems) - _TOLD} more 另有更多"] if len(problems) > _TOLD else []
        raise ScoringError("\n".join([*problems[:_TOLD], *more]))
    if not found:
        raise ScoringError(f"{path.name}: no rows in it")
    return found


def _rows(path: Path) -> Iterator[tuple[int, object]]:
    """Line number and row; instead of a row what is wrong with the line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise ScoringError(f"{path.name}: not UTF-8") from e
    except OSError as e:
        raise ScoringError(f"{path}: {e.strerror}") from e
    if path.suffix.lower() == ".csv":
        lines = csv.DictReader(io.StringIO(text, newline=""))
        try:
            for row in lines:
                yield lines.line_num, {k: v for k, v in row.items() if k and v not in (None, "")}
        except csv.Error as e:
            raise ScoringError(f"{path.name}:{lines.line_num}: {e}") from e
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _parsed(line)


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
