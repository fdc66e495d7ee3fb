"""A series on file, judged as it would have been live: CSV lines in, one score per row out.

Strictly online but for the bin width, which the first rows give. Blind are rows that are missing and values that are
empty. A score of 0.5 or more says "would alert at this row"; below that lies an episode that is known already.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from typing import NamedTuple

from alerts.cores.fast import FastCore
from alerts.cores.slow import SlowCore
from alerts.episode import News, Pace, Told, news
from tingfeng.clock import BUCKET
from tingfeng.errors import ImportFileError

FIRST_ROWS = 12  # what the bin width is learnt from; nothing is said in the first day anyway
MOST = 1e9  # posts in one bin; more is a mistake, not a storm
KNOWN = 0.25  # score of a row in an episode that was told


class Row(NamedTuple):
    """One bin. `stamp`: its start as it was written; `posts` None is blind."""

    stamp: str
    at: datetime
    posts: float | None


def rows_of(lines: Iterable[str], *, name: str) -> Iterator[Row]:
    """The rows below a header `timestamp,value`, oldest first. ImportFileError with name and line of a bad one."""
    table = csv.reader(lines, strict=True)
    try:
        if (header := [cell.strip().lower() for cell in next(table, [])]) != ["timestamp", "value"]:
            raise ImportFileError(f"{name}:1: expected the header 'timestamp,value', got {','.join(header)[:60]!r}")
        last: datetime | None = None
        for cells in table:
            try:
                row = _row(cells)
                if last is not None and not last < row.at:  # TypeError: one has an offset, the other none
                    raise ValueError(f"{row.stamp} is not after the row before")
            except (ValueError, TypeError) as e:
                raise ImportFileError(f"{name}:{table.line_num}: {e}") from e
            last = row.at
            yield row
    except (csv.Error, UnicodeDecodeError) as e:
        raise ImportFileError(f"{name}:{table.line_num}: not CSV in UTF-8 ({e})") from e


def _row(cells: list[str]) -> Row:
    """ValueError with a text for people."""
    if len(cells) != 2:
        raise ValueError(f"expected two cells, a time and a count, got {len(cells)}")
    stamp, value = cells
    try:
        at = datetime.fromisoformat(stamp.strip())
    except ValueError:
        raise ValueError(f"expected a time such as 2026-01-05 08:15:00, got {stamp[:40]!r}") from None
    if not value.strip():
        return Row(stamp, at, None)
    try:
        count = float(value)
    except ValueError:
        count = math.nan
    if not 0 <= count <= MOST:
        raise ValueError(f"expected a count from 0 to {MOST:,.0f}, or nothing where blind, got {value[:40]!r}")
    return Row(stamp, at, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The cores on one series, and how often one episode is told."""

    fast: FastCore = field(default_factory=FastCore)
    slow: SlowCore = field(default_factory=SlowCore)
    pace: Pace = field(default_factory=Pace)

    def scores(self, rows: Iterable[Row]) -> Iterator[tuple[Row, float]]:
        """Each row with its score 0…1, as soon as it is read, but for the first few. ImportFileError: odd bin width."""
        rows = iter(rows)
        first = list(islice(rows, FIRST_ROWS))
        step = step_of(first)
        try:
            fast, slow = self.fast.begin(step), self.slow.begin(step)
        except ValueError as e:
            raise ImportFileError(f"the first rows are {step} apart: {e}") from e
        last = told = None
        for row in chain(first, rows):
            if last is not None:
                # Blind bins move no clock: after a day of them more change nothing.
                for _ in range(min(timedelta(days=1) // step, round((row.at - last) / step) - 1)):
                    self.fast.feed(fast, None)
                    self.slow.feed(slow, None)
            last = row.at
            found = self.fast.feed(fast, row.posts), self.slow.feed(slow, row.posts)
            strength = max((one.strength for one in found if one), default=0.0)
            if not strength:
                yield row, 0.0
            elif news(told, strength, now=row.at, pace=self.pace) is News.ONGOING:
                yield row, KNOWN
            else:
                told = Told(row.at, strength)
                yield row, 1 - 0.5 / strength


def step_of(rows: list[Row]) -> timedelta:
    """The bin width: the least distance between neighbours; five minutes when there are none."""
    return min((b.at - a.at for a, b in pairwise(rows)), default=BUCKET)
