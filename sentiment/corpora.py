"""Labelled texts for training and measuring: JSON lines, plain or gzip, `{"text": …, "polarity": -1 | 0 | 1}`."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tingfeng.errors import ScoringError
from tingfeng.model import Label

_SIGNS = re.compile(r"[\W_]+")
_SAME = 30  # letters; texts that begin with the same ones are copies or near-copies


@dataclass(frozen=True, slots=True)
class Labelled:
    text: str
    label: Label
    family: str  # the file's name up to the first dot


def read_corpus(path: Path) -> list[Labelled]:
    """All texts of one file. ScoringError, naming the line, when it is not of the expected shape."""
    return list(_rows(path))


def read_corpora(folder: Path) -> list[Labelled]:
    """All texts of the `*.jsonl.gz` and `*.jsonl` files of a folder, in the order of their names."""
    files = sorted(p for pattern in ("*.jsonl.gz", "*.jsonl") for p in folder.glob(pattern))
    if not files:
        raise ScoringError(f"no *.jsonl.gz or *.jsonl in {folder}")
    return [row for path in files for row in _rows(path)]


def _rows(path: Path) -> Iterator[Labelled]:
    family = path.name.partition(".")[0]
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _row(line, family, at=f"{path.name}:{number}")
    except (OSError, EOFError) as e:
        raise ScoringError(f"cannot read {path}: {e}") from e


def _row(line: bytes, family: str, *, at: str) -> Labelled:
    try:
        row: dict[str, Any] = json.loads(line)
        text, label = row["text"], Label(row["polarity"])
    except (ValueError, LookupError, TypeError) as e:
        raise ScoringError(f'{at}: expected {{"text": …, "polarity": -1 | 0 | 1}}') from e
    if not isinstance(text, str):
        raise ScoringError(f"{at}: text is not a string")
    return Labelled(text, label, family)


def fold_of(text: str, folds: int) -> int:
    """Which of `folds` a text belongs to: copies and near-copies fall into one, or they would be their own test."""
    start = _SIGNS.sub("", text).casefold()[:_SAME]
    return int.from_bytes(blake2b(start.encode("utf-8", "replace"), digest_size=8).digest()) % folds
