"""Every spelling of a time, and no guessing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.times import EARLIEST, Posted, from_epoch, parse_posted, weibo_id_time, weibo_posted
from tests.support.weibo_pages import mid_of, told

SEEN = datetime(2026, 11, 21, 4, 30, 15, tzinfo=UTC)  # 12:30:15 in China
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("why", "text", "at", "within"),
    [
        ("full English form", "Sat Nov 21 10:00:00 +0800 2026", utc(2026, 11, 21, 2), SECOND),
        ("… of another zone", "Sat Nov 21 10:00:00 -0500 2026", utc(2026, 11, 21, 15), SECOND),
        ("… on a leap day", "Thu Feb 29 00:00:00 +0800 2024", utc(2024, 2, 28, 16), SECOND),
        ("just now", "刚刚", SEEN - MINUTE, MINUTE),
        ("seconds ago", "30秒前", SEEN - 30 * SECOND, SECOND),
        ("minutes ago", "5分钟前", SEEN - 5 * MINUTE, MINUTE),
        ("minutes ago, spaced", " 5 分钟前 ", SEEN - 5 * MINUTE, MINUTE),
        ("hours ago", "3小时前", SEEN - 3 * HOUR, HOUR),
        ("days ago", "2天前", SEEN - 2 * DAY, DAY),
        ("today", "今天 12:30", utc(2026, 11, 21, 4, 30), MINUTE),
        ("today, as s.weibo.com spells it", "今天12:30", utc(2026, 11, 21, 4, 30), MINUTE),
        ("yesterday", "昨天 23:59", utc(2026, 11, 20, 15, 59), MINUTE),
        ("the day before", "前天 00:00", utc(2026, 11, 18, 16), MINUTE),
        ("short, this year", "06-14", utc(2026, 6, 13, 16), DAY),
        ("short, only last year had it by now", "12-31", utc(2025, 12, 30, 16), DAY),
        ("short leap day", "02-29", utc(2024, 2, 28, 16), DAY),
        ("Chinese, without year", "08月21日 10:00", utc(2026, 8, 21, 2), MINUTE),
        ("Chinese, with year", "2024年08月21日 10:00", utc(2024, 8, 21, 2), MINUTE),
        ("date alone", "2013-04-11", utc(2013, 4, 10, 16), DAY),
        ("date and time without zone", "2026-06-04 08:09:11", utc(2026, 6, 4, 0, 9, 11), SECOND),
        ("slashes", "2026/06/04 08:09", utc(2026, 6, 4, 0, 9), MINUTE),
        ("RFC 3339", "2026-11-21T10:00:00Z", utc(2026, 11, 21, 10), SECOND),
        ("RFC 3339, offset, fraction", "2026-11-21T10:00:00.25+08:00", utc(2026, 11, 21, 2, 0, 0, 250_000), SECOND),
        ("RFC 822", "Wed, 11 Jun 2025 08:30:01 GMT", utc(2025, 6, 11, 8, 30, 1), SECOND),
        ("RFC 822, two-letter day", "Wed, 4 Jun 2025 08:30:01 +0800", utc(2025, 6, 4, 0, 30, 1), SECOND),
        ("RFC 822 without weekday", "11 Jun 2025 08:30:01 +0800", utc(2025, 6, 11, 0, 30, 1), SECOND),
        ("RFC 822 without zone is Chinese too", "Wed, 11 Jun 2025 08:30:01", utc(2025, 6, 11, 0, 30, 1), SECOND),
        ("Unix seconds", "1732154400", utc(2024, 11, 21, 2), SECOND),
        ("Unix milliseconds", "1732154400000", utc(2024, 11, 21, 2), SECOND),
        ("a clock somewhat ahead of ours", "Sat Nov 21 12:40:00 +0800 2026", utc(2026, 11, 21, 4, 40), SECOND),
    ],
)  # fmt: skip
def test_spellings(why, text, at, within):
    assert parse_posted(text, seen_at=SEEN) == Posted(at, within), why


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("nothing", ""),
        ("words", "很久以前"),
        ("no such day", "Sat Nov 31 10:00:00 +0800 2026"),
        ("no such month", "Sat Foo 21 10:00:00 +0800 2026"),
        ("no such hour", "今天 25:00"),
        ("no such date", "13-45"),
        ("next month", "2026-12-25 10:00"),
        ("before the web", "1970-01-01 00:00"),
        ("older than time itself", "999999天前"),
        ("CST is Chicago to some and China to others", "Wed, 11 Jun 2025 08:30:01 CST"),
        ("a number that is no time", "42"),
    ],
)
def test_what_names_no_time_is_none(why, text):
    assert parse_posted(text, seen_at=SEEN) is None, why


@given(
    st.text(max_size=40)
    | st.from_regex(r"\d{0,6}(分钟|小时|天|秒)前|\d{1,4}[-年/]\d{1,2}[-月/]\d{1,3}日? ?\d?\d:\d\d", fullmatch=True)
)
def test_any_text_is_a_time_in_range_or_none(text):
    found = parse_posted(text, seen_at=SEEN)
    assert found is None or EARLIEST <= found.at <= SEEN + DAY


@given(st.integers(int(utc(2012, 1, 1).timestamp()), int(SEEN.timestamp())))
def test_the_full_form_comes_back_to_the_second(seconds):
    at = datetime.fromtimestamp(seconds, UTC)
    assert parse_posted(told(at), seen_at=SEEN) == Posted(at, SECOND)
    assert weibo_id_time(mid_of(at, 4_194_303)) == at


@pytest.mark.parametrize(
    ("why", "mid", "at"),
    [
        ("a recorded post of 2019 and its created_at", "4383411844046171", utc(2019, 6, 15, 3, 44, 46)),
        ("an id of the old kind holds no time", "3000000000", None),
        ("no number", "HyTZc60ew", None),
        ("negative", "-5", None),
        ("beyond 62 bits", str(1 << 70), None),
    ],
)
def test_time_from_a_weibo_id(why, mid, at):
    assert weibo_id_time(mid) == at, why


JUST = utc(2026, 11, 21, 4, 27, 3)


@pytest.mark.parametrize(
    ("why", "text", "mid", "want"),
    [
        ("an exact text is believed", told(JUST), mid_of(JUST + SECOND), (JUST, False)),
        ("… even against its id, which is told", told(JUST), mid_of(JUST - 3 * DAY), (JUST, True)),
        ("… and without a usable id", told(JUST), "123", (JUST, False)),
        ("the id gives minutes their seconds", "3分钟前", mid_of(JUST), (JUST, False)),
        ("the id gives a day its hour", "11-21", mid_of(JUST), (JUST, False)),
        ("a day without a fitting id is not enough", "06-14", mid_of(JUST), (None, True)),
        ("a day without an id is not enough", "06-14", "123", (None, False)),
        ("minutes without an id are", "3分钟前", "123", (SEEN - 3 * MINUTE, False)),
        ("no text at all: the id alone", "", mid_of(JUST), (JUST, False)),
        ("an unknown text is not overruled", "昨日黄花", mid_of(JUST), (None, False)),
        ("neither", "", "123", (None, False)),
    ],
)
def test_weibo_times(why, text, mid, want):
    assert weibo_posted(text, mid, seen_at=SEEN) == want, why


@pytest.mark.parametrize("seconds", [1e20, float("inf"), float("nan"), -1e20])
def test_impossible_epochs_are_none(seconds):
    assert from_epoch(seconds) is None


@pytest.mark.parametrize(
    ("why", "text", "days", "believed"),
    [
        ("a page read years after it was saved", "06-14", 0, True),
        ("the neighbouring day", "06-15", 0, True),
        ("another day altogether", "03-14", 0, False),
        ("a year is told, and it is not the id's", "2021-06-14", 0, False),
    ],
)
def test_a_day_without_a_year_is_the_ids_day_in_the_ids_year(why, text, days, believed):
    made = datetime(2019, 6, 14, 4, tzinfo=UTC)
    mid = (int(made.timestamp()) - 515_483_463) << 22
    at, contradicted = weibo_posted(text, mid, seen_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert contradicted, why
    assert (at == made) is believed, why
