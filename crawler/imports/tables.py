"""CSV, XLSX, JSON and JSON lines → rows under heads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from crawler.imports.files import MAX_BYTES, too_large
from crawler.imports.gathered import Gathered, Rejected, Row, Wish
from crawler.imports.mapping import find_head, map_columns
from crawler.imports.rows import RowReader
from tingfeng.errors import ImportFileError
from tingfeng.tablefiles import Cell, Line, Rows, decode, read_csv, read_xlsx

MAX_LINE = 1_000_000  # characters of one JSON line; no post is longer
LOOKED_AT = 1_000  # objects, of which the keys are taken
DEEPEST = 3  # levels of objects within objects
Parsed = Line | Rejected
_NESTED = frozenset((dict, list))


def csv_table(path: Path, wish: Wish) -> Gathered:
    _check_size(path)
    return _sheet(path, read_csv(path, encoding=wish.encoding), wish)


def xlsx_table(path: Path, wish: Wish) -> Gathered:
    _check_size(path)
    return _sheet(path, read_xlsx(path), wish)


def _check_size(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise too_large(path)
    except OSError as e:
        raise ImportFileError(f"{path}: cannot be read: {e.strerror}") from e


def _sheet(path: Path, rows: Rows, wish: Wish) -> Gathered:
    head, below = find_head(rows.lines)
    if not head:
        raise ImportFileError(f"{path}: there is nothing in it ({rows.how})")
    filled = (line for line in rows.lines[below:] if any(line.cells) or any(cell != "" for cell in line.cells))
    return gathered(path, head, filled, len(rows.lines) - below, rows.how, wish, days_behind=rows.days_behind)


def gathered(
    path: Path,
    head: tuple[str, ...],
    lines: Iterable[Parsed],
    size: int,
    how: str,
    wish: Wish,
    *,
    days_behind: int = 0,
) -> Gathered:
    """The posts of rows under a head. ImportFileError when its columns are not those of posts."""
    try:
        columns = map_columns(head, wish.mapping)
    except ImportFileError as e:
        raise ImportFileError(f"{path} ({how}): {e}") from e
    reader = RowReader(columns, wish, days_behind=days_behind)
    for name in columns.repeated:
        reader.notes[f"stands twice, the first is read 列名重复，取第一列: {name}"] += 1
    read = set(columns.at.values())
    return Gathered(
        how=how,
        size=size,
        items=_read(reader, lines),
        columns={field: head[i] for field, i in columns.at.items()},
        ignored=tuple(name for i, name in enumerate(head) if name and i not in read),
        head=head,
        notes=reader.notes,
    )


def _read(reader: RowReader, lines: Iterable[Parsed]) -> Iterator[Row | Rejected]:
    for line in lines:
        yield line if isinstance(line, Rejected) else reader.read(line)


# --- JSON


def jsonl_table(path: Path, raw: bytes, wish: Wish) -> Gathered:
    """One JSON object per line. Lines that are none are rejected, each on its own."""
    text, name = decode(path, raw, wish.encoding)
    parsed = [_object(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return _objects(path, parsed, f"JSON lines, {name}", wish)


def json_table(path: Path, data: Sequence[Any], wish: Wish) -> Gathered:
    """A JSON array of objects."""
    parsed = [
        (number, one) if isinstance(one, dict) else Rejected(number, ("不是 JSON 对象",))
        for number, one in enumerate(data, 1)
    ]
    return _objects(path, parsed, "JSON array", wish)


def loads(text: str | bytes) -> Any:
    """JSON, also with the lone surrogates that strict parsers refuse. ValueError for anything else."""
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            return json.loads(text)
        except RecursionError as e:
            raise ValueError("nested too deep") from e


def _object(number: int, line: str) -> tuple[int, dict[str, Any]] | Rejected:
    if len(line) > MAX_LINE:
        return Rejected(number, (f"一行超过 {MAX_LINE:,} 个字符",))
    try:
        data = loads(line)
    except ValueError:
        return Rejected(number, ("不是完整的 JSON",), (line[:200],))
    return (number, data) if isinstance(data, dict) else Rejected(number, ("不是 JSON 对象",), (line[:200],))


def _objects(path: Path, parsed: Sequence[tuple[int, dict[str, Any]] | Rejected], how: str, wish: Wish) -> Gathered:
    good = [one for one in parsed if not isinstance(one, Rejected)]
    if not good:
        raise ImportFileError(f"{path}: no JSON object in it ({how})")
    head = tuple(dict.fromkeys(key for _, one in good[:LOOKED_AT] for key in _flat(one)))
    lines = (one if isinstance(one, Rejected) else Line(one[0], _cells(one[1], head)) for one in parsed)
    return gathered(path, head, lines, len(parsed), how, wish)


def _cells(data: dict[str, Any], head: Sequence[str]) -> tuple[Cell, ...]:
    get = (data if _NESTED.isdisjoint(map(type, data.values())) else _flat(data)).get
    return tuple(["" if (value := get(key)) is None else value for key in head])


def _flat(data: dict[str, Any], before: str = "", depth: int = 1) -> dict[str, Any]:
    """Objects within it as "user.name"; lists of words as one text, other lists left out."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            if depth < DEEPEST:
                flat |= _flat(value, f"{before}{key}.", depth + 1)
        elif isinstance(value, list):
            flat[before + key] = " ".join(one for one in value if isinstance(one, str))
        else:
            flat[before + key] = value
    return flat
