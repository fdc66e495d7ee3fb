"""Charts are drawn offline, with Chinese glyphs, small enough for mail; a stretch without data is never a zero."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tingfeng import drawing
from tingfeng.charts import (
    DayVolume,
    Mark,
    Spec,
    WeekOpinion,
    daily_volume,
    negatives_over_time,
    opinion_by_week,
    render_png,
    render_svg,
)
from tingfeng.errors import DrawingError
from tingfeng.measures import Interval

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 10, 1, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
STEP = timedelta(minutes=30)
LIMIT = 60_000  # bytes of a picture in a mail


@dataclass(frozen=True)
class Point:
    start: datetime
    negative: int | None
    expected: float | None


def points(counts: list[int | None]) -> list[Point]:
    return [Point(START + i * STEP, n, 2.5) for i, n in enumerate(counts)]


def over_time(counts: list[int | None]) -> Spec:
    until = START + len(counts) * STEP
    mark = Mark(at=until - STEP, text="预警 21:12")
    return negatives_over_time(
        points(counts), step=STEP, zone=SHANGHAI, since=until - 4 * STEP, until=until, marks=[mark]
    )


def month(blind: float = 0.0, n: int = 200) -> list[DayVolume]:
    return [
        DayVolume(
            day=date(2025, 10, d), negative=n // 8, neutral=n // 2, positive=n // 4, blind=blind if d == 3 else 0.0
        )
        for d in range(1, 15)
    ]


def weeks(**changes: Any) -> list[WeekOpinion]:
    plain: dict[str, Any] = {
        "nps": 31.0,
        "nps_interval": Interval(low=22.0, high=40.0),
        "csat": 80.0,
        "csat_interval": Interval(low=71.0, high=87.0),
        "negative": 0.12,
    }
    return [WeekOpinion(monday=date(2025, 9, 1) + timedelta(weeks=i), **(plain | changes)) for i in range(8)]


BUSY = over_time([i % 5 for i in range(40)] + [None] * 12 + [i % 7 for i in range(40)] + [9, 17, 30, 42])


@pytest.mark.parametrize(
    ("why", "spec"),
    [
        ("the alert's chart: gap, expectation, mark", BUSY),
        ("two weeks of volume with a blind day", daily_volume(month(blind=0.5))),
        ("three panels of opinion", opinion_by_week(weeks())),
    ],
)
def test_pictures_fit_into_a_mail(why: str, spec: Spec) -> None:
    png = render_png(spec)
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), why
    assert len(png) < LIMIT, why
    width = int.from_bytes(png[16:20])
    assert 720 <= width <= 900, "twice the CSS pixels of a phone"


def test_chinese_glyphs_are_drawn_and_not_boxes() -> None:
    def picture(title: str) -> bytes:
        return render_png(
            {
                "title": {"text": title},
                "width": 200,
                "height": 20,
                "mark": "point",
                "config": {"font": drawing.FONT_FAMILY},
            }
        )

    # A missing glyph is the same box for every character, so these four would be one picture.
    assert len({picture(t) for t in ("云云云云", "杉杉杉杉", "奶奶奶奶", "茶茶茶茶")}) == 4
    assert picture("云杉") != picture("\U000f0001\U000f0002")


def test_svg_keeps_its_words_and_names_the_font() -> None:
    svg = render_svg(BUSY)
    for word in ("每 30 分钟的负面条数", "本次事件", "平时预计", "无数据", "预警 21:12"):
        assert word in svg
    assert "Noto Sans SC" in svg


def test_hours_on_the_axis_are_the_report_zones_hours() -> None:
    words = re.findall(r">(\d\d:\d\d|\d+/\d+)<", render_svg(over_time([1] * 8)))  # 22:00–02:00
    assert words == ["22:00", "23:00", "10/2", "01:00", "02:00"]


def drawn_counts(spec: Spec) -> list[int]:
    """The counts that are drawn as bars."""
    found: list[int] = []

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            values = (node.get("data") or {}).get("values", [])
            found.extend(v["n"] for v in values if "what" in v or "label" in v)
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    visit(spec)
    return found


@pytest.mark.parametrize(
    ("why", "counts", "want_bars", "want_words"),
    [
        ("zero seen is a bar of zero, nothing hatched", [3, 0, 0, 0, 0, 0, 0, 2], [3, 0, 0, 0, 0, 0, 0, 2], False),
        ("blind is no bar but words", [3, None, None, None, None, None, None, 2], [3, 2], True),
        ("blind all the time", [None] * 8, [], True),
    ],
)
def test_blind_is_not_zero(why: str, counts: list[int | None], want_bars: list[int], want_words: bool) -> None:
    spec = over_time(counts)
    assert drawn_counts(spec) == want_bars, why
    assert ("无数据" in render_svg(spec)) is want_words, why


def test_a_day_nobody_saw_has_no_bar_and_a_half_seen_one_has() -> None:
    unseen = DayVolume(day=date(2025, 10, 1), negative=0, neutral=0, positive=0, blind=1.0)
    half = DayVolume(day=date(2025, 10, 2), negative=1, neutral=0, positive=0, blind=0.5)
    assert drawn_counts(daily_volume([unseen, half])) == [1, 0, 0]


@pytest.mark.parametrize(
    ("why", "spec", "want", "unwanted"),
    [
        (
            "no survey at all: no empty panels",
            opinion_by_week(weeks(nps=None, csat=None)),
            ["网上负面占比"],
            ["NPS", "CSAT"],
        ),
        ("only NPS was asked", opinion_by_week(weeks(csat=None)), ["NPS", "网上负面占比"], ["CSAT"]),
        (
            "nothing at all is said to be nothing",
            opinion_by_week(weeks(nps=None, csat=None, negative=None)),
            ["无数据"],
            [],
        ),
    ],
)
def test_opinion_without_answers(why: str, spec: Spec, want: list[str], unwanted: list[str]) -> None:
    svg = render_svg(spec)
    assert all(word in svg for word in want), why
    assert not any(word in svg for word in unwanted), why


@pytest.mark.parametrize("make", [lambda: over_time([]), lambda: daily_volume([]), lambda: opinion_by_week([])])
def test_nothing_to_draw_is_an_error(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


def test_hostile_words_stay_words() -> None:
    until = START + 8 * STEP
    mark = Mark(at=START + STEP, text="</text><script>alert(1)</script>")
    svg = render_svg(
        negatives_over_time(points([1] * 8), step=STEP, zone=SHANGHAI, since=START, until=until, marks=[mark])
    )
    assert "<script" not in svg


@pytest.mark.parametrize(
    ("why", "spec"),
    [
        ("no mark", {"data": {"values": []}, "mark": "no such mark"}),
        ("nothing is fetched from outside", {"data": {"url": "http://127.0.0.1:9/x.json"}, "mark": "bar"}),
    ],
)
def test_what_cannot_be_drawn_is_one_kind_of_error(why: str, spec: Spec) -> None:
    for render in (render_png, render_svg):
        with pytest.raises(DrawingError):
            render(spec)


def test_specs_are_plain_json() -> None:
    assert json.loads(json.dumps(BUSY)) == BUSY
