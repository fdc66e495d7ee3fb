"""What travels between the parts of an import: what was wished for, what a file yields, what had to be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crawler.post import Post
from tingfeng.tablefiles import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a file is to be read. `seen_at`: when it was made, for times such as "5分钟前"."""

    zone: ZoneInfo  # of times that name none
    now: datetime
    seen_at: datetime
    form: str = "auto"  # a key of gather.FORMS, a reader or a family
    mapping: Mapping[str, str] = field(default_factory=dict)  # field → head of its column
    platform: str | None = None  # of rows that name none
    date_format: str | None = None  # as strptime
    encoding: str | None = None
    label: str = "import"  # the source that rows of no platform belong to


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no post, and why, in Chinese: whoever made the file reads it."""

    number: int  # of the row or the entry in its file, from 1
    reasons: tuple[str, ...]
    cells: tuple[Cell, ...] = ()


class Row(NamedTuple):
    """A post with where it stood; `brand`: as the row names it, "" if it does not."""

    number: int
    post: Post
    brand: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(slots=True, kw_only=True)
class Gathered:
    """A file made ready. `items` is read once; `notes` is complete only after that."""

    how: str  # as what it was read
    size: int  # how many items are to be expected
    items: Iterable[Row | Rejected]
    columns: Mapping[str, str] = field(default_factory=dict)  # field → head of its column
    ignored: tuple[str, ...] = ()  # heads of columns that are not read
    head: tuple[str, ...] = ()
    notes: Counter[str] = field(default_factory=Counter)  # what else is worth knowing, by what
