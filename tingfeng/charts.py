"""Charts as Vega-Lite specs, made from plain records: one source for mail (PNG), page (SVG) and script (the spec).

A stretch without data is hatched grey with the words for it, never drawn as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from tingfeng.chart_parts import (
    ASKED,
    INK,
    MUTED,
    NEGATIVE,
    NEUTRAL,
    PALE_NEGATIVE,
    POSITIVE,
    WIDTH,
    Spec,
    count_axis,
    framed,
    hatched,
    slot_axis,
    slots,
    time_axis,
    wall_ms,
    words_for,
)
from tingfeng.drawing import render_png, render_svg
from tingfeng.measures import Interval

__all__ = [
    "DayVolume",
    "Mark",
    "Spec",
    "TimePoint",
    "WeekOpinion",
    "daily_volume",
    "negatives_over_time",
    "opinion_by_week",
    "render_png",
    "render_svg",
]


class TimePoint(Protocol):
    """One step `[start, start + step)` of a count. `negative` None: blind then. `expected` None: unknown."""

    @property
    def start(self) -> datetime: ...
    @property
    def negative(self) -> int | None: ...
    @property
    def expected(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment worth a line across the chart."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVolume:
    """Mentions of a local day. `blind`: part of the day, 0…1, that some source was not seen; 1 = nothing was seen."""

    day: date
    negative: int
    neutral: int
    positive: int
    blind: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOpinion:
    """A week's asked-for and unasked-for opinion side by side; None = nobody answered, nothing was said.

    `nps` −100…100, `csat` 0…100 (top-2 box), with their 95 % intervals; `negative` share of all mentions, 0…1.
    """

    monday: date
    nps: float | None
    nps_interval: Interval | None
    csat: float | None
    csat_interval: Interval | None
    negative: float | None


def negatives_over_time(
    points: Sequence[TimePoint],
    *,
    step: timedelta,
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    marks: Sequence[Mark] = (),
    height: int = 150,
) -> Spec:
    """Negative mentions per step as bars, those of the episode `[since, until)` in full red; expectation dashed.

    `points` are regular and oldest first; ValueError when there are none.
    """
    if not points:
        raise ValueError("a chart needs at least one point")
    domain = [wall_ms(points[0].start, zone), wall_ms(points[-1].start + step, zone)]
    shown = [m for m in marks if domain[0] <= wall_ms(m.at, zone) <= domain[1]]
    layers = [
        _time_bars(points, step, zone, (since, until), domain),
        _expected_line(points, step, zone),
        *_mark_lines(shown, zone, domain),
    ]
    blind = slots([p.negative is None for p in points])
    return framed(f"每 {words_for(step)}的负面条数", hatched(blind, layers, height))


def _time_bars(
    points: Sequence[TimePoint],
    step: timedelta,
    zone: ZoneInfo,
    episode: tuple[datetime, datetime],
    domain: list[int],
) -> Spec:
    since, until = episode
    values = [
        {
            "from": wall_ms(p.start, zone),
            "to": wall_ms(p.start + step, zone),
            "n": p.negative,
            "what": "本次事件" if p.start + step > since and p.start < until else "其他时段",
        }
        for p in points
        if p.negative is not None
    ]
    top = max([4.0, *(float(p.negative or 0) for p in points), *(p.expected or 0.0 for p in points)])
    scale = {"domain": ["本次事件", "其他时段", "平时预计"], "range": [NEGATIVE, PALE_NEGATIVE, INK]}
    x_scale = {"type": "utc", "domain": domain, "nice": False}
    encoding = {
        "x": {"field": "from", "type": "temporal", "scale": x_scale, "axis": time_axis(*domain)},
        "x2": {"field": "to"},
        "y": count_axis(top, "n"),
        "y2": {"datum": 0},
        "color": {"field": "what", "type": "nominal", "scale": scale, "legend": {"title": None}},
    }
    mark = {"type": "rect", "xOffset": 0.5, "x2Offset": -0.5}
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _expected_line(points: Sequence[TimePoint], step: timedelta, zone: ZoneInfo) -> Spec:
    values = [{"at": wall_ms(p.start + step / 2, zone), "n": p.expected} for p in points]
    return {
        "data": {"values": values},
        "mark": {"type": "line", "strokeDash": [4, 3], "strokeWidth": 1.6, "interpolate": "monotone"},
        "encoding": {
            "x": {"field": "at", "type": "temporal"},
            "y": {"field": "n", "type": "quantitative"},
            "color": {"datum": "平时预计"},
        },
    }


def _mark_lines(marks: Sequence[Mark], zone: ZoneInfo, domain: Sequence[int]) -> list[Spec]:
    """A line per mark, its words on a line of their own: two marks may lie close together."""
    x = {"field": "at", "type": "temporal"}
    layers: list[Spec] = []
    for i, mark in enumerate(marks):
        at = wall_ms(mark.at, zone)
        is_left = at - domain[0] < 0.3 * (domain[1] - domain[0])
        place = {"y": 7 + 16 * i, "align": "left" if is_left else "right", "dx": 5 if is_left else -5}
        halo = {"type": "text", "stroke": "white", "strokeWidth": 4, "strokeJoin": "round", **place}
        words = {"type": "text", "fontWeight": 600, "color": INK, **place}
        text = {"x": x, "text": {"value": mark.text}}
        layers += [
            {"data": {"values": [{"at": at}]}, "mark": {"type": "rule", "color": INK}, "encoding": {"x": x}},
            {"data": {"values": [{"at": at}]}, "mark": halo, "encoding": text},
            {"data": {"values": [{"at": at}]}, "mark": words, "encoding": text},
        ]
    return layers


def daily_volume(days: Sequence[DayVolume], *, height: int = 130) -> Spec:
    """Mentions per day, stacked by label; days in which some source was blind stand on a hatched ground."""
    if not days:
        raise ValueError("a chart needs at least one day")
    values = [
        {"day": i, "order": order, "label": label, "n": n}
        for i, d in enumerate(days)
        if d.blind < 1 or d.negative + d.neutral + d.positive
        for order, (label, n) in enumerate((("负面", d.negative), ("中性", d.neutral), ("正面", d.positive)))
    ]
    top = max([4, *(d.negative + d.neutral + d.positive for d in days)])
    scale = {"domain": ["负面", "中性", "正面"], "range": [NEGATIVE, NEUTRAL, POSITIVE]}
    bars = {
        "data": {"values": values},
        "mark": {"type": "bar", "width": round(0.7 * WIDTH / len(days), 1)},
        "encoding": {
            "x": slot_axis("day", [f"{d.day.month}/{d.day.day}" for d in days]),
            "y": count_axis(top, "n"),
            "color": {"field": "label", "type": "nominal", "scale": scale, "legend": {"title": None}},
            "order": {"field": "order"},
        },
    }
    blind = slots([d.blind > 0 for d in days])
    title = "每日声量（斜线：当天有来源缺数据）" if blind else "每日声量"
    return framed(title, hatched(blind, [bars], height, words=False))


_Measured = tuple[float | None, Interval | None]  # with its interval
_Panel = tuple[str, list[_Measured], str, list[float], str]  # title, values, colour, domain, number format


def opinion_by_week(weeks: Sequence[WeekOpinion], *, height: int = 74) -> Spec:
    """NPS, CSAT and the negative share of the same weeks, one above the other; bars are 95 % intervals."""
    if not weeks:
        raise ValueError("a chart needs at least one week")
    highest = max((w.negative for w in weeks if w.negative is not None), default=0.0)
    panels: list[_Panel] = [
        ("NPS（−100 至 100）", [(w.nps, w.nps_interval) for w in weeks], ASKED, [-100, 100], "d"),
        ("CSAT 满意率（4–5 分占比，%）", [(w.csat, w.csat_interval) for w in weeks], ASKED, [0, 100], "d"),
        ("网上负面占比", [(w.negative, None) for w in weeks], NEGATIVE, [0, min(1.0, max(0.2, 1.2 * highest))], ".0%"),
    ]
    labels = [f"{w.monday.month}/{w.monday.day}" for w in weeks]
    drawn = [p for p in panels if any(value is not None for value, _ in p[1])] or panels[-1:]
    bare = [""] * len(labels)  # only the lowest panel names the weeks
    stack = [_week_panel(*p, labels=labels if p is drawn[-1] else bare, height=height) for p in drawn]
    return framed("问卷与舆情：同一周并列（按周一日期）", {"vconcat": stack, "spacing": 14})


def _week_panel(
    title: str,
    values: Sequence[_Measured],
    color: str,
    domain: list[float],
    form: str,
    *,
    labels: Sequence[str],
    height: int,
) -> Spec:
    rows = [
        {"week": i, "v": value, "low": span.low if span else value, "high": span.high if span else value}
        for i, (value, span) in enumerate(values)
    ]
    x = slot_axis("week", labels)
    axis = {"format": form, "tickCount": 3, "title": None, "grid": True}
    y = {"field": "v", "type": "quantitative", "scale": {"domain": domain}, "axis": axis}
    bars = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    line = {"type": "line", "color": color, "strokeWidth": 1.8, "point": {"filled": True, "size": 36, "color": color}}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "color": color, "opacity": 0.4, "strokeWidth": 3}, "encoding": bars},
        {"mark": line, "encoding": {"x": x, "y": y}},
    ]
    blind = slots([value is None for value, _ in values])
    head = {"text": title, "fontSize": 12, "fontWeight": 400, "color": MUTED, "offset": 4, "anchor": "start"}
    return {"width": WIDTH, "title": head, "data": {"values": rows}, **hatched(blind, layers, height)}
