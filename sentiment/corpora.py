"""Labelled texts for training and measuring: JSON lines, plain or gzip, or tables with a head line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from tingfeng.errors import ScoringError
from tingfeng.model import Label
from tingfeng.registry import nearest

T = TypeVar("T")

_SIGNS = re.compile(r"[\W_]+")
_SAME = 30  # letters; texts that begin with the same ones are copies or near-copies
_TABLES = (".csv", ".tsv")
_WORKBOOKS = (".xlsx", ".xls", ".et", ".numbers")
_SEPARATORS = (",", "\t", ";")
# The first name of each is the one we tell people.
_TEXT_COLUMNS = ("text", "文本", "内容", "正文", "评论", "content", "review")
_LABEL_COLUMNS = ("label", "polarity", "标签", "情感", "极性", "sentiment")
_NAMES = {
    **{"-1": Label.NEGATIVE, "negative": Label.NEGATIVE, "负面": Label.NEGATIVE},
    **{"0": Label.NEUTRAL, "neutral": Label.NEUTRAL, "中性": Label.NEUTRAL},
    **{"1": Label.POSITIVE, "positive": Label.POSITIVE, "正面": Label.POSITIVE},
}
_ALSO = {"+1": "1", "neg": "negative", "pos": "positive", "负": "负面", "中": "中性", "正": "正面"}
_LINE = '{"text": …, "polarity": -1 | 0 | 1}'


@dataclass(frozen=True, slots=True)
class Labelled:
    text: str
    label: Label
    family: str  # the file's name up to the first dot
    at: str = ""  # file:line


def read_corpus(path: Path) -> list[Labelled]:
    """All texts of one file. ScoringError, naming the line, when it is not of the expected shape."""
    return list(_rows(path))


def read_corpora(folder: Path) -> list[Labelled]:
    """All texts of the `*.jsonl.gz` and `*.jsonl` files of a folder, in the order of their names."""
    files = sorted(p for pattern in ("*.jsonl.gz", "*.jsonl") for p in folder.glob(pattern))
    if not files:
        raise ScoringError(f"no *.jsonl.gz or *.jsonl in {folder}")
    return [row for path in files for row in _rows(path)]


def spread(rows: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly spread from the first on."""
    if most >= len(rows):
        return list(rows)
    return [rows[i * len(rows) // most] for i in range(most)]


def label_of(value: object) -> Label:
    """-1, 0, 1, "negative", "负面" and the like; ValueError, naming the nearest that is one, otherwise."""
    said = unicodedata.normalize("NFKC", str(value)).strip().casefold().replace("−", "-")
    said = said.removesuffix(".0")  # spreadsheets write whole numbers so once a cell of the column was empty
    found = _NAMES.get(_ALSO.get(said, said))
    if found is None or isinstance(value, bool):
        near = nearest(said, _NAMES)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ValueError(f"label '{str(value)[:40]}' is none{hint} (known: {', '.join(_NAMES)})")
    return found


def _rows(path: Path) -> Iterator[Labelled]:
    suffix = path.suffix.casefold()
    if suffix in _WORKBOOKS:
        raise ScoringError(f"{path.name} is a workbook: save the sheet as CSV, with the columns text and label")
    return _table(path) if suffix in _TABLES else _lines(path)


def _family(path: Path) -> str:
    return path.name.partition(".")[0]


def _lines(path: Path) -> Iterator[Labelled]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _row(line, _family(path), at=f"{path.name}:{number}")
    except (OSError, EOFError) as e:
        raise ScoringError(f"cannot read {path}: {e}") from e


def _row(line: bytes, family: str, *, at: str) -> Labelled:
    try:
        row: dict[str, Any] = json.loads(line)
        text, polarity = row["text"], row["polarity"] if "polarity" in row else row["label"]
    except (ValueError, LookupError, TypeError) as e:
        raise ScoringError(f"{at}: expected {_LINE}") from e
    if not isinstance(text, str):
        raise ScoringError(f"{at}: text is not a string")
    return Labelled(text, _label(polarity, at), family, at)


def _label(value: object, at: str) -> Label:
    try:
        return label_of(value)
    except ValueError as e:
        raise ScoringError(f"{at}: {e}") from e


def _table(path: Path) -> Iterator[Labelled]:
    text = _decoded(path)
    # Strict: an unclosed quotation mark would otherwise swallow the rest of the file without a word.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    begin = 1
    columns: tuple[int, int] | None = None
    try:
        for cells in rows:
            at, begin = f"{path.name}:{begin}", rows.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells, at)
                continue
            if len(cells) <= max(columns):
                raise ScoringError(f"{at}: has {len(cells)} of the {max(columns) + 1} cells needed")
            text, label = (cells[i] for i in columns)
            yield Labelled(text, _label(label, at), _family(path), at)
    except csv.Error as e:
        raise ScoringError(f"{path.name}:{begin}: cannot be read as CSV: {e}") from e
    if columns is None:
        raise ScoringError(f"{path.name}:1: expected a head line with the columns text and label")


def _decoded(path: Path) -> str:
    """UTF-8 if every byte fits, else GB18030, which spreadsheets still write."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise ScoringError(f"cannot read {path}: {e}") from e
    for name in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    raise ScoringError(f"cannot read {path}: neither UTF-8 nor GB18030; save it as UTF-8")


def _separator(text: str) -> str:
    """The sign that parts the head line most often, a comma if none does."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=head.count)


def _columns(head: Sequence[str], at: str) -> tuple[int, int]:
    """Where the text and the label stand."""
    named = [cell.strip().casefold() for cell in head]
    return _column(named, _TEXT_COLUMNS, at), _column(named, _LABEL_COLUMNS, at)


def _column(named: Sequence[str], wanted: Sequence[str], at: str) -> int:
    for name in wanted:
        if name in named:
            return named.index(name)
    near = next((cell for cell in named if nearest(cell, wanted)), None)
    hint = f"; is it '{near}'?" if near else ""
    raise ScoringError(f"{at}: no column '{wanted[0]}' (has: {', '.join(named)}){hint}")


def fold_of(text: str, folds: int) -> int:
    """Which of `folds` a text belongs to: copies and near-copies fall into one, or they would be their own test."""
    start = same_start(text)
    return int.from_bytes(blake2b(start.encode("utf-8", "replace"), digest_size=8).digest()) % folds


def same_start(text: str) -> str:
    """The first thirty letters without signs or case: copies and near-copies share them."""
    return _SIGNS.sub("", text).casefold()[:_SAME]
