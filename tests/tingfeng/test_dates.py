"""Dates as spreadsheets and survey tools write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tingfeng.dates import parse_when

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 2, tzinfo=ZONE)
MORNING = DAY.replace(hour=9, minute=5)


@pytest.mark.parametrize(
    ("why", "value", "want"),
    [
        ("ISO day", "2026-11-02", DAY),
        ("ISO, T", "2026-11-02T09:05:00", MORNING),
        ("ISO, UTC", "2026-11-02T01:05:00Z", MORNING),
        ("ISO, another zone", "2026-11-02T10:05:00+09:00", MORNING),
        ("fraction of a second", "2026-11-02 09:05:00.250", MORNING.replace(microsecond=250_000)),
        ("slashes, no leading zeros", "2026/11/2 9:05", MORNING),
        ("dots", "2026.11.02", DAY),
        ("Chinese day", "2026年11月2日", DAY),
        ("Chinese day and time", "2026年11月2日 9时5分", MORNING),
        ("Chinese hour alone", "2026年11月2日9点", DAY.replace(hour=9)),
        ("Chinese afternoon", "2026年11月2日 下午3:05", DAY.replace(hour=15, minute=5)),
        ("Chinese midnight", "2026/11/2 上午12:00", DAY),
        ("half past noon", "2026/11/2 中午12:30", DAY.replace(hour=12, minute=30)),
        ("full-width digits", "２０２６－１１－０２", DAY),
        ("compact", "20261102", DAY),
        ("compact with time", "20261102 090500", MORNING),
        ("English", "Nov 2, 2026 9:05 AM", MORNING),
        ("English, day first", "2 November 2026", DAY),
        ("English midnight", "2-Nov-2026 12:00 am", DAY),
        ("Excel serial as number", 46328.37847222222, MORNING),
        ("Excel serial as text", "46328", DAY),
        ("seconds since 1970", 1_793_581_500, MORNING),
        ("milliseconds since 1970, as text", "1793581500000", MORNING),
        ("cell of a workbook", datetime(2026, 11, 2, 9, 5), MORNING),  # noqa: DTZ001 -- as the reader gives it
        ("day cell of a workbook", date(2026, 11, 2), DAY),
        ("aware already", datetime(2026, 11, 2, 1, 5, tzinfo=UTC), MORNING),
    ],
)
def test_spellings(why, value, want):
    got = parse_when(value, zone=ZONE)
    assert got == want, why
    assert got.tzinfo is UTC, why


@pytest.mark.parametrize(
    ("why", "value", "says"),
    [
        ("day or month first?", "02/11/2026", "分不清日和月.*--date-format"),
        ("… with a short year", "11/02/26 9:05", "分不清日和月"),
        ("no such month", "2026-13-02", "看不懂"),
        ("no such day", "2026-02-30", "看不懂"),
        ("no such hour", "2026-11-02 25:00", "看不懂"),
        ("13 o'clock in the afternoon, English", "Nov 2, 2026 13:00 pm", "看不懂"),
        ("a month only", "2026年11月", "看不懂"),
        ("a word", "昨天", "看不懂"),
        ("a rating", 9, "看不懂"),
        ("a tick", True, "看不懂"),
        ("a length of time", timedelta(hours=1), "看不懂"),
        ("the first year there is, east of Greenwich", "0001-01-01", "看不懂"),
    ],
)
def test_refusals(why, value, says):
    with pytest.raises(ValueError, match=says):
        parse_when(value, zone=ZONE)


def test_a_given_form_replaces_guessing():
    assert parse_when("02/11/2026", zone=ZONE, form="%d/%m/%Y") == DAY
    with pytest.raises(ValueError, match="不符合格式 %d/%m/%Y"):
        parse_when("2026-11-02", zone=ZONE, form="%d/%m/%Y")


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_a_value_error(text):
    with suppress(ValueError):
        assert parse_when(text, zone=ZONE).tzinfo is UTC


@given(st.datetimes(datetime(1990, 1, 2), datetime(2099, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001 -- hypothesis
def test_iso_with_any_offset_round_trips(naive, hours):
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert parse_when(at.isoformat(sep=" "), zone=ZONE) == at
