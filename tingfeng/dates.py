"""When an answer was given, in the spellings of spreadsheets and survey tools."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- day 0 of a serial is local, like the serial
_SERIALS = (32_874.0, 73_051.0)  # 1990…2100
_CLOCK = (
    r"(?:[T\s,]*(?P<half>上午|下午|晚上|中午|凌晨)?\s*(?P<h>\d{1,2})(?:[:时点](?P<mi>\d{1,2})分?"
    r"(?:[:]?(?P<s>\d{1,2})(?:\.\d{1,9})?秒?)?)?时?点?\s*(?P<ampm>[ap]m)?)?"
)
_YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})(?P<sep>[-/.年])\s*(?P<m>\d{1,2})(?:(?<=\d)[-/.月])\s*(?P<d>\d{1,2})[日号]?" + _CLOCK
)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[T\s]?(?P<h>\d{2}):?(?P<mi>\d{2}):?(?P<s>\d{2})?)?")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: i for i, name in enumerate(_NAMES, 1)}
_ENGLISH = re.compile(
    r"(?:(?P<mon>[a-z]{3})[a-z]*\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?|(?P<d2>\d{1,2})[\s-](?P<mon2>[a-z]{3})[a-z]*)"
    r"[\s-]\s*(?P<y>\d{4})" + _CLOCK
)
_DAY_OR_MONTH_FIRST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b.*")


def parse_when(value: object, *, zone: ZoneInfo, form: str | None = None) -> datetime:
    """The moment, in UTC; what names no zone is local to `zone`, a bare day is its 00:00.

    `form` is a strptime pattern that replaces all guessing for texts. ValueError, in Chinese, for anything else.
    """
    if isinstance(value, datetime):
        return _utc(value, zone)
    if isinstance(value, date):
        return _utc(datetime.combine(value, time()), zone)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"看不懂的日期 {value!r}")
    if isinstance(value, str):
        return _text(value, zone, form)
    return _number(float(value), zone)


def _utc(at: datetime, zone: ZoneInfo) -> datetime:
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # the years 1 and 9999
        raise ValueError(f"看不懂的日期 {at.isoformat()}") from None


def _number(value: float, zone: ZoneInfo) -> datetime:
    """An Excel serial day, or seconds or milliseconds since 1970."""
    if _SERIALS[0] <= value <= _SERIALS[1]:
        # Serials carry a binary fraction of a day: to the nearest second.
        return _utc(_EXCEL_EPOCH + timedelta(seconds=round(value * 86_400)), zone)
    for scale in (1, 1_000):
        if 631_152_000 <= value / scale <= 4_102_444_800:
            return datetime.fromtimestamp(value / scale, UTC)
    raise ValueError(f"看不懂的日期 {value:g}")


def _text(raw: str, zone: ZoneInfo, form: str | None) -> datetime:
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", raw)).strip()
    if form:
        try:
            return _utc(datetime.strptime(text, form), zone)  # noqa: DTZ007 -- the zone is given in the next step
        except ValueError:
            raise ValueError(f"日期 '{raw}' 不符合格式 {form}") from None
    for read in _READERS:
        if at := read(text):
            return _utc(at, zone)
    if re.fullmatch(r"\d{5}(\.\d+)?|\d{10}|\d{13}", text):
        return _number(float(text), zone)
    if _DAY_OR_MONTH_FIRST.fullmatch(text):
        raise ValueError(f"日期 '{raw}' 分不清日和月，请用 --date-format 指明，例如 %d/%m/%Y")
    raise ValueError(f"看不懂的日期 '{raw}'")


def _iso(text: str) -> datetime | None:
    """ISO 8601 with all its offsets; only what begins as a written-out day, for fromisoformat takes more."""
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _pattern(pattern: re.Pattern[str]) -> Callable[[str], datetime | None]:
    def read(text: str) -> datetime | None:
        found = pattern.fullmatch(text.casefold())
        return _moment(found.groupdict()) if found else None

    return read


_READERS = (_iso, _pattern(_YEAR_FIRST), _pattern(_COMPACT), _pattern(_ENGLISH))


def _moment(parts: dict[str, str | None]) -> datetime | None:
    name = parts.get("mon") or parts.get("mon2")
    month = _MONTHS.get(name or "") if name else int(parts["m"] or 0)
    day = int(parts.get("d") or parts.get("d2") or 0)
    hour, minute, second = (int(parts.get(key) or 0) for key in ("h", "mi", "s"))
    half = parts.get("half") or parts.get("ampm")
    if half:
        if not 1 <= hour <= 12 and half in ("am", "pm"):
            return None
        hour = _of_day(hour, half)
    try:
        return datetime(int(parts["y"] or 0), month or 0, day, hour, minute, second)  # noqa: DTZ001 -- zone comes later
    except ValueError:
        return None


def _of_day(hour: int, half: str) -> int:
    """The hour of the day, 0–23, of an hour of a half day; "下午13点" is already one."""
    if half in ("pm", "下午", "晚上") and hour < 12:
        return hour + 12
    if half == "中午" and hour < 3:
        return hour + 12
    if half in ("am", "上午", "凌晨") and hour == 12:
        return 0
    return hour
