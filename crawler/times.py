"""All the ways platforms spell a time → aware UTC. Evidence in, never a guess: what cannot be told is None.

Texts without a zone are Chinese pages: +08:00.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

CHINA = timezone(timedelta(hours=8))
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # no post is older than the public web
MOST_SKEW = timedelta(hours=1)  # between a platform's clock and ours, before nothing can be placed in time
AHEAD = timedelta(days=1)  # clocks differ; what lies further in the future is not a time of posting
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Read from recordings, not documented: sources.md 1.0.
_WEIBO_EPOCH, _WEIBO_SHIFT = 515_483_463, 22


@dataclass(frozen=True, slots=True)
class Posted:
    """A time as precise as its spelling: the true one lies in [at, at + within)."""

    at: datetime
    within: timedelta


def parse_posted(text: str, *, seen_at: datetime) -> Posted | None:
    """The time `text` names, for somebody who read it at `seen_at`; None when it names none, or an impossible one."""
    text = text.strip()
    for form in _FORMS:
        found = form(text, seen_at)
        if found is not None:
            return found if EARLIEST <= found.at <= seen_at + AHEAD else None
    return None


def weibo_id_time(mid: int | str) -> datetime | None:
    """When a Weibo post was made, to the second, from its id. None when the id is too short or impossible."""
    try:
        number = int(mid)
    except ValueError:
        return None
    if not 0 < number < 1 << 62:
        return None
    seconds = (number >> _WEIBO_SHIFT) + _WEIBO_EPOCH
    at = _EPOCH + timedelta(seconds=seconds)
    # The scheme began in 2011; smaller ids are of an older kind that holds no time.
    return at if seconds - _WEIBO_EPOCH > 30_000_000 * 10 else None


def weibo_posted(text: str, mid: int | str, *, seen_at: datetime) -> tuple[datetime | None, bool]:
    """When a Weibo post was published, and whether its id and its text contradict each other by more than a day.

    A text that is exact to the second is believed; otherwise the id fills in what the text leaves open. A text
    that names no more than the day, without an id that falls on that day, is not enough: None.
    """
    told = parse_posted(text, seen_at=seen_at)
    by_id = weibo_id_time(mid)
    if told is None:
        usable = by_id is not None and EARLIEST <= by_id <= seen_at + AHEAD and not text.strip()
        return (by_id if usable else None), False
    if told.within <= timedelta(seconds=1):
        return told.at, by_id is not None and abs(told.at - by_id) > DAY
    if by_id is not None and told.at - DAY <= by_id < told.at + told.within + DAY:
        return by_id, False
    if by_id is not None and by_id <= seen_at and _same_day_of_another_year(text, by_id):
        return by_id, True  # a page read long after it was saved
    return (told.at if told.within <= timedelta(hours=1) else None), by_id is not None


def _same_day_of_another_year(text: str, by_id: datetime) -> bool:
    """Whether `text` names a day without a year, and the id's day is that one, give or take a day."""
    found = _SHORT.fullmatch(text.strip())
    if not found:
        return False
    days = ((by_id.astimezone(CHINA) + n * DAY).date() for n in (-1, 0, 1))
    return (int(found[1]), int(found[2])) in {(day.month, day.day) for day in days}


_MONTHS = {  # not calendar.month_abbr: that speaks the machine's language
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_ENGLISH = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) (\d{1,2}) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d) (\d{4})"
)
_AGO = re.compile(r"(\d{1,6})\s*(秒|分钟|小时|天)(?:钟)?之?前")
_NAMED_DAY = re.compile(r"(今天|昨天|前天)\s*(\d{1,2}):(\d\d)(?::(\d\d))?")
_SHORT = re.compile(r"(\d{1,2})(?:-|月)(\d{1,2})日?(?:\s*(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_LONG = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:\s*(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_MAIL = re.compile(r"(?:[A-Za-z]{3,9},\s*)?\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4} \d{1,2}:\d\d.{0,30}")
_EPOCH_TEXT = re.compile(r"\d{9,10}|\d{12,13}")
_AGO_UNITS = {
    "秒": timedelta(seconds=1),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "天": timedelta(days=1),
}
_NAMED = {"今天": 0, "昨天": 1, "前天": 2}
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def _english(text: str, _seen_at: datetime) -> Posted | None:
    """Sat Nov 21 10:00:00 +0800 2026 – every post of m.weibo.cn has it; strptime is slow and speaks local languages."""
    found = _ENGLISH.fullmatch(text)
    if not found:
        return None
    month, day, clock, hours, minutes, year = found.groups()
    try:
        local = datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day:0>2}T{clock}{hours}:{minutes}")
        return Posted(local.astimezone(UTC), _SECOND)
    except (KeyError, ValueError, OverflowError):
        return None


def _ago(text: str, seen_at: datetime) -> Posted | None:
    """刚刚, 5分钟前, 3小时前: counted down from when the page was read."""
    if text in ("刚刚", "刚才"):
        return Posted(seen_at - _MINUTE, _MINUTE)
    found = _AGO.fullmatch(text)
    if not found:
        return None
    unit = _AGO_UNITS[found[2]]
    try:
        # Platforms round down: "5分钟前" is 5 to 6 minutes ago. The middle would be a guess; take what is said.
        return Posted(seen_at - int(found[1]) * unit, unit)
    except OverflowError:
        return None


def _named_day(text: str, seen_at: datetime) -> Posted | None:
    """今天 12:30, 昨天12:30: a Chinese day."""
    found = _NAMED_DAY.fullmatch(text)
    if not found:
        return None
    day = seen_at.astimezone(CHINA).date() - timedelta(days=_NAMED[found[1]])
    return _chinese(day.year, day.month, day.day, found[2], found[3], found[4])


def _short(text: str, seen_at: datetime) -> Posted | None:
    """06-14, 08月21日 10:00: the latest such day that had begun when the page was read."""
    found = _SHORT.fullmatch(text)
    if not found:
        return None
    today = seen_at.astimezone(CHINA).date()
    month, day = int(found[1]), int(found[2])
    for year in range(today.year, today.year - 9, -1):  # 29 February may lie eight years back
        try:
            if date(year, month, day) <= today:
                return _chinese(year, month, day, found[3], found[4], found[5])
        except ValueError:
            continue
    return None


def _long(text: str, _seen_at: datetime) -> Posted | None:
    """2013-04-11, 2024年08月21日 10:00, 2026/06/04 08:09:11."""
    found = _LONG.fullmatch(text)
    return _chinese(int(found[1]), int(found[2]), int(found[3]), found[4], found[5], found[6]) if found else None


def _iso(text: str, _seen_at: datetime) -> Posted | None:
    """2026-11-21T10:00:00Z and the like (RFC 3339)."""
    if not _ISO.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text)
        return Posted((at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(UTC), _SECOND)
    except (ValueError, OverflowError):
        return None


def _mail(text: str, _seen_at: datetime) -> Posted | None:
    """Wed, 11 Jun 2025 08:30:01 GMT (RFC 822, as RSS has it). CST is Chicago to some and China to others: None."""
    if not _MAIL.fullmatch(text) or text.endswith("CST"):
        return None
    try:
        at = parsedate_to_datetime(text)
        zone = UTC if text.endswith("-0000") else CHINA
        return Posted((at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC), _SECOND)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _epoch(text: str, _seen_at: datetime) -> Posted | None:
    """1732154400 or 1732154400000."""
    if not _EPOCH_TEXT.fullmatch(text):
        return None
    return from_epoch(int(text) if len(text) <= 10 else int(text) // 1000)


def from_epoch(seconds: float) -> Posted | None:
    """Unix seconds; None when no calendar has them."""
    try:
        return Posted(_EPOCH + timedelta(seconds=seconds), _SECOND)
    except (OverflowError, ValueError):
        return None


def _chinese(
    year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None
) -> Posted | None:
    at = _moment(year, month, day, hour or "0", minute or "0", second or "0")
    if at is None:
        return None
    within = DAY if hour is None else _SECOND if second else _MINUTE
    try:
        return Posted(at.replace(tzinfo=CHINA).astimezone(UTC), within)
    except OverflowError:
        return None


def _moment(year: int, month: int, day: int, hour: str, minute: str, second: str) -> datetime | None:
    try:
        return datetime(year, month, day, int(hour), int(minute), min(int(second), 59))  # noqa: DTZ001  # zone follows
    except ValueError:
        return None


_FORMS: tuple[Callable[[str, datetime], Posted | None], ...] = (
    _english,
    _ago,
    _named_day,
    _short,
    _long,
    _iso,
    _mail,
    _epoch,
)
