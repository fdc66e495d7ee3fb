"""What a cell says: when, how many, where, what kind."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from crawler.post import Kind
from crawler.text import INVISIBLE, MAX_COUNT, count_of, text_of, tidy
from crawler.times import AHEAD, EARLIEST, parse_posted
from tingfeng.dates import parse_when
from tingfeng.tablefiles import Cell, cell_text

EMPTY = frozenset({"", "-", "--", "—", "——", "/", "null", "none", "nan", "n/a", "无", "暂无"})
LONGEST_EMPTY = max(map(len, EMPTY))
_DAY_ONLY = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?|\d{8}|\d{5}(?:\.0+)?")
_FORMULA = re.compile(r'="([^"]*)"')  # how exports keep spreadsheets from rounding long numbers
_REGION = re.compile(r"^(?:发布于|ip\s*(?:属地|归属地)?\s*[:：]|来自)\s*", re.I)
_KINDS = {
    **dict.fromkeys(("帖子", "微博", "笔记", "图文", "原创", "post", "主贴", "主帖"), Kind.POST),
    **dict.fromkeys(("评论", "回复", "跟帖", "comment"), Kind.COMMENT),
    **dict.fromkeys(("文章", "新闻", "专栏", "article"), Kind.ARTICLE),
    **dict.fromkeys(("问题", "提问", "question"), Kind.QUESTION),
    **dict.fromkeys(("回答", "answer"), Kind.ANSWER),
    **dict.fromkeys(("视频", "短视频", "video"), Kind.VIDEO),
    **dict.fromkeys(("投诉", "complaint"), Kind.COMPLAINT),
    **dict.fromkeys(("热搜", "热榜", "hot"), Kind.HOT),
}
_SPECIAL = re.compile("[<&\n\r\x00\ud800-\udfff]")
_WHEN_ITSELF = timedelta(seconds=1)
MAX_SERIAL = 100_000  # days; larger numbers are seconds or more
MAX_EXACT = 2**53  # a spreadsheet's numbers are exact only below it


class Clock:
    """Times of one file's cells → aware UTC; remembers what it has read, since exports repeat themselves.

    A cell's answer is (when, is_day_only, is_relative). ValueError, in Chinese, for what names no time.
    """

    def __init__(
        self, zone: ZoneInfo, *, seen_at: datetime, now: datetime, form: str | None = None, days_behind: int = 0
    ) -> None:
        self.zone, self.seen_at, self.form, self.days_behind = zone, seen_at, form, days_behind
        self.latest = now + AHEAD
        self._known: dict[Cell, tuple[datetime, bool, bool]] = {}

    def read(self, cell: Cell) -> tuple[datetime, bool, bool]:
        known = self._known.get(cell)
        if known is None:
            known = self._read(cell)
            if not EARLIEST <= known[0] <= self.latest:
                shown = f"{known[0].astimezone(self.zone):%Y-%m-%d %H:%M}"
                raise ValueError(f"时间 {shown} " + ("太早" if known[0] < EARLIEST else "在将来"))
            self._known[cell] = known
        return known

    def _read(self, cell: Cell) -> tuple[datetime, bool, bool]:
        if isinstance(cell, str):
            return self._text(cell)
        if isinstance(cell, bool) or not isinstance(cell, date | int | float):
            raise ValueError(f"看不懂的时间 {cell!r}")
        if isinstance(cell, date):
            return parse_when(cell, zone=self.zone), not isinstance(cell, datetime), False
        is_serial = cell < MAX_SERIAL
        at = parse_when(cell + self.days_behind if is_serial else cell, zone=self.zone)
        return at, is_serial and cell == int(cell), False

    def _text(self, raw: str) -> tuple[datetime, bool, bool]:
        text = raw.strip().removeprefix("'")
        if len(text) == 19 and text[4] == "-" and self.form is None:  # as most exports write it
            try:
                at = datetime.fromisoformat(text)
                return at.replace(tzinfo=self.zone).astimezone(UTC), False, False
            except (ValueError, OverflowError):
                pass
        if text.casefold() in EMPTY:
            raise ValueError("没有时间")
        try:
            return parse_when(text, zone=self.zone, form=self.form), bool(_DAY_ONLY.fullmatch(text)), False
        except ValueError:
            posted = parse_posted(text, seen_at=self.seen_at) if self.form is None else None
            if posted is None:
                raise
            return posted.at, posted.within > timedelta(hours=12), posted.within > _WHEN_ITSELF


def number_of(cell: Cell) -> int | None:
    """A count: 12, 12.0, '1,024', '1.2万', '10w+'. None for what is none, and for what was not told."""
    if isinstance(cell, str):
        if cell.isascii() and cell.isdigit() and len(cell) <= 12:
            return int(cell)
        return count_of(cell)
    if type(cell) is float or type(cell) is int:  # and not bool, which is one too
        return int(cell) if 0 <= cell <= MAX_COUNT and cell == int(cell) else None
    return None


def is_told(cell: Cell) -> bool:
    return cell != "" and not (isinstance(cell, str) and cell.strip().casefold() in EMPTY)


def words_of(cell: Cell) -> str:
    """A text without markup, invisible ends and layout, fit for every database."""
    text = cell_text(cell)
    if not _SPECIAL.search(text):
        return text.strip(INVISIBLE)
    text = text_of(text)
    return tidy(text) if "\n" in text or "\r" in text else text


def label_of(cell: Cell) -> str:
    """A name or an id: one line, without what exports put around long numbers; "" where nothing is told.

    A number that a spreadsheet has rounded is no id any more.
    """
    if isinstance(cell, str):
        if len(cell) > LONGEST_EMPTY and cell.isalnum():
            return cell  # as nearly all of them are
    elif isinstance(cell, float) and abs(cell) >= MAX_EXACT:
        return ""
    text = cell_text(cell).strip().removeprefix("'").strip()
    if text.startswith("=") and (found := _FORMULA.fullmatch(text)):
        text = found[1]
    return "" if text.casefold() in EMPTY else words_of(text)


def is_rounded(cell: Cell) -> bool:
    """Whether a spreadsheet has lost the last digits of a number: 7.3E+18."""
    if isinstance(cell, str):
        return re.fullmatch(r"\d(?:\.\d+)?[eE]\+?1[0-9]", cell.strip()) is not None
    return isinstance(cell, float) and abs(cell) >= MAX_EXACT


def region_of(label: str) -> str | None:
    """ "IP属地：广东", "发布于 广东" → "广东"."""
    return (_REGION.sub("", label) or None) if label else None


def kind_of(label: str) -> Kind | None:
    return _KINDS.get(label.casefold()) if label else None


def is_repost(label: str, head: str) -> bool:
    """Of a column "是否转发" or "是否原创", or of words in it."""
    text = label.casefold()
    if text in ("转发", "repost"):
        return True
    is_yes = text in ("是", "true", "1", "yes", "y")
    is_no = text in ("否", "false", "0", "no", "n")
    return is_no if "原创" in head else is_yes
