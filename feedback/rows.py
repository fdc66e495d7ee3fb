"""From a row of a survey file to an answer, or to the reasons why it is none."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from tingfeng.dates import EARLIEST, parse_when
from tingfeng.model import Brand, SurveyResponse, storable
from tingfeng.registry import nearest
from tingfeng.tablefiles import Cell, Line, cell_text

T = TypeVar("T")

# What survey tools write where nothing was answered.
_SKIPPED = frozenset({"", "(跳过)", "(空)", "-", "--", "—", "/", "n/a", "na", "null", "none", "nan", "未填", "未回答"})
_CSAT_WORDS = {
    **{"非常不满意": 1, "很不满意": 1, "不满意": 2, "较不满意": 2, "一般": 3, "满意": 4, "比较满意": 4},
    **{"非常满意": 5, "很满意": 5, "very dissatisfied": 1, "dissatisfied": 2, "neutral": 3},
    **{"satisfied": 4, "very satisfied": 5},
}
_RATING = re.compile(r"(-?\d{1,4}(?:\.\d{1,6})?)\s*(?:分|星|points?|stars?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that is no answer, and why, in Chinese: whoever made the file reads it."""

    line: Line
    reasons: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class RowJudge:
    """Judges the rows of one file, in order; counts identical ones, so that each keeps its own key."""

    columns: Mapping[str, int]
    width: int
    source: str
    zone: ZoneInfo
    now: datetime
    brand: str | None = None
    brands: Sequence[Brand] = ()
    date_format: str | None = None
    seen: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(init=False)  # brand by every word it goes by, case-folded

    def __post_init__(self) -> None:
        self.names = {word.casefold(): b.name for b in reversed(self.brands) for word in reversed(b.words)}

    def judge(self, line: Line) -> SurveyResponse | Rejected:
        """The answer in a row, or every reason why there is none."""
        reasons: list[str] = []
        surplus = sum(cell != "" for cell in line.cells[self.width :])
        if surplus:
            reasons.append(f"比表头多出 {surplus} 格，可能有内容缺少引号")
        answered_at = _or_reason(reasons, lambda: self._when(self._cell(line, "date")))
        brand = _or_reason(reasons, lambda: self._brand(text_of(self._cell(line, "brand"))))
        nps = _or_reason(reasons, lambda: rating(self._cell(line, "nps"), 0, 10, "NPS"))
        csat = _or_reason(reasons, lambda: rating(self._cell(line, "csat"), 1, 5, "CSAT"))
        comment, segment = text_of(self._cell(line, "comment")), text_of(self._cell(line, "segment"))
        if not reasons and nps is None and csat is None and not comment:
            reasons.append("推荐意愿、满意度和意见都是空的")
        if reasons or answered_at is None or brand is None:
            return Rejected(line=line, reasons=tuple(reasons))
        contents = (brand, answered_at.isoformat(), nps, csat, comment, segment, text_of(self._cell(line, "id")))
        return SurveyResponse(
            row_key=self._key(contents),
            source=self.source,
            brand=brand,
            answered_at=answered_at,
            nps=nps,
            csat=csat,
            comment=comment,
            segment=segment,
        )

    def _cell(self, line: Line, key: str) -> Cell:
        at = self.columns.get(key)
        return line.cells[at] if at is not None and at < len(line.cells) else ""

    def _when(self, cell: Cell) -> datetime:
        if cell == "" or (isinstance(cell, str) and cell.casefold() in _SKIPPED):
            raise ValueError("没有日期")
        at = parse_when(cell, zone=self.zone, form=self.date_format)
        if at > self.now:
            raise ValueError(f"日期 {at.astimezone(self.zone):%Y-%m-%d %H:%M} 在将来")
        if at < EARLIEST:
            raise ValueError(f"日期 {at.astimezone(self.zone):%Y-%m-%d} 太早")
        return at

    def _brand(self, said: str) -> str:
        """The brand a row is about: what it says, else the one given for the file."""
        if not said:
            if self.brand is None:
                raise ValueError("没有品牌")
            return self.brand
        if not self.brands:
            if len(said) > 80:
                raise ValueError("品牌名超过 80 个字")
            return said
        if said.casefold() in self.names:
            return self.names[said.casefold()]
        near = nearest(said, [word for b in self.brands for word in b.words])
        raise ValueError(f"未配置的品牌“{said[:80]}”" + (f"，是不是“{near}”？" if near else ""))

    def _key(self, contents: Sequence[object]) -> str:
        """Key of a row: its contents, and which one it is among identical rows of the file.

        The file's name is no part of it: a later export that repeats the old rows adds only the new ones.
        """
        same = "\x1f".join("" if part is None else str(part) for part in contents)
        self.seen[same] += 1
        return hashlib.blake2b(f"{same}\x1f{self.seen[same]}".encode(), digest_size=16).hexdigest()


def _or_reason(reasons: list[str], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except ValueError as e:
        reasons.append(str(e))
        return None


def text_of(cell: Cell) -> str:
    """A cell as text: trimmed, lines ended by LF, whole numbers without ".0", nothing where nothing was answered."""
    text = storable(cell_text(cell)).replace("\r\n", "\n").replace("\r", "\n").strip()
    return "" if _plain(text) in _SKIPPED else text


def rating(cell: Cell, low: int, high: int, name: str) -> int | None:
    """A whole number from `low` to `high`; None when it was not answered. ValueError, in Chinese, otherwise."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell)
    else:
        text = _plain(str(cell)) if isinstance(cell, str) else "?"
        if text in _SKIPPED:
            return None
        if name == "CSAT" and text in _CSAT_WORDS:
            return _CSAT_WORDS[text]
        found = _RATING.fullmatch(text)
        number = float(found[1]) if found else -1.0
    if not (low <= number <= high and number.is_integer()):
        raise ValueError(f"{name} 应为 {low}–{high} 的整数，却是“{str(cell)[:40]}”")
    return int(number)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
