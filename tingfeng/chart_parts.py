"""What all charts share: colours, axes, the hatching of stretches without data, the frame around it all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tingfeng.drawing import FONT_FAMILY

Spec = dict[str, Any]

WIDTH = 360  # of the plot, px: a phone shows the whole picture at about its own size
INK, MUTED, RULE = "#1f2933", "#5f6c7b", "#e4e7eb"
NEGATIVE, NEUTRAL, POSITIVE = "#d1373f", "#b4bcc8", "#15808a"  # red and teal differ for the colour-blind too
PALE_NEGATIVE, ASKED = "#efb1b3", "#5b4bb7"
NO_DATA, BLIND, HATCH = "无数据", "#f1f3f5", "#b8c0cb"
HATCH_GAP = 7.0  # px between two strokes
ROOM_FOR_WORDS = 44.0  # px; a narrower stretch stays without words

HOUR_MS = 3_600_000


def wall_ms(at: datetime, zone: ZoneInfo) -> int:
    """The zone's wall time as if it were UTC, in ms: Vega would otherwise draw in the zone of the machine."""
    return round(at.astimezone(zone).replace(tzinfo=UTC).timestamp() * 1000)


def words_for(span: timedelta) -> str:
    """A step's length in Chinese: '30 分钟', '1 小时'."""
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} 小时" if minutes % 60 == 0 else f"{minutes} 分钟"


def time_axis(first: int, last: int) -> Spec:
    """About six ticks at round wall times between two `wall_ms`; the date stands where a day begins."""
    every = next((n for n in (1, 2, 3, 6, 12, 24, 48, 96) if (last - first) / n / HOUR_MS <= 8), 168) * HOUR_MS
    day = "utcFormat(datum.value, '%-m/%-d')"
    label = f"utchours(datum.value) == 0 ? {day} : utcFormat(datum.value, '%H:%M')"
    ticks = list(range(-(-first // every) * every, last + 1, every))
    return {"title": None, "labelExpr": label, "values": ticks, "labelOverlap": True}


def count_axis(top: float, field: str) -> Spec:
    """Whole numbers from 0 to at least `top`."""
    scale = {"domain": [0, top], "nice": True}
    axis = {"title": None, "format": ",d", "tickMinStep": 1, "tickCount": 4, "grid": True}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


def slot_axis(field: str, labels: Sequence[str]) -> Spec:
    """Equal slots along the width, one per label."""
    text = f"{list(labels)}[datum.value]"
    domain = list(range(len(labels)))
    return {
        "field": field,
        "type": "ordinal",
        "scale": {"domain": domain, "paddingInner": 0, "paddingOuter": 0},
        "axis": {"title": None, "labelExpr": text, "labelAngle": 0, "labelOverlap": True, "ticks": False},
    }


def slots(blind: Sequence[bool]) -> list[tuple[float, float]]:
    """The pixel stretches of the slots that are blind, neighbours joined."""
    width = WIDTH / max(1, len(blind))
    spans: list[tuple[float, float]] = []
    for i, is_blind in enumerate(blind):
        if is_blind and spans and abs(spans[-1][1] - i * width) < 0.01:
            spans[-1] = (spans[-1][0], (i + 1) * width)
        elif is_blind:
            spans.append((i * width, (i + 1) * width))
    return spans


def hatched(spans: Sequence[tuple[float, float]], layers: Sequence[Spec], height: float, *, words: bool = True) -> Spec:
    """`layers` on a ground whose pixel stretches `spans` are hatched from top to bottom, with the words for it."""
    front: Spec = {"layer": list(layers)}
    if not spans:
        return {"height": height, **front}
    ground = _ground(spans, height, words=words)
    # The ground counts in pixels, on scales of its own; the layers in front share theirs.
    return {"height": height, "layer": [ground, front], "resolve": {"scale": {"x": "independent", "y": "independent"}}}


def _ground(spans: Sequence[tuple[float, float]], height: float, *, words: bool) -> Spec:
    x, y = _pixels("x", WIDTH), _pixels("y", height)
    boxes = [{"x": a, "x2": b, "y": 0, "y2": height} for a, b in spans]
    strokes = [stroke for a, b in spans for stroke in _strokes(a, b, height)]
    roomy = [{"x": (a + b) / 2, "y": height / 2} for a, b in spans if words and b - a >= ROOM_FOR_WORDS]
    ends = {"x": x, "y": y, "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    label = {"x": x, "y": y, "text": {"value": NO_DATA}}
    halo = {"type": "text", "color": MUTED, "stroke": BLIND, "strokeWidth": 5, "strokeJoin": "round"}
    return {
        "layer": [
            {"data": {"values": boxes}, "mark": {"type": "rect", "color": BLIND}, "encoding": ends},
            {
                "data": {"values": strokes},
                "mark": {"type": "rule", "color": HATCH, "strokeWidth": 0.8},
                "encoding": ends,
            },
            # Twice: the halo of one text would eat into its own glyphs.
            {"data": {"values": roomy}, "mark": halo, "encoding": label},
            {"data": {"values": roomy}, "mark": {"type": "text", "color": MUTED}, "encoding": label},
        ]
    }


def _pixels(field: str, size: float) -> Spec:
    scale = {"domain": [0, size], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _strokes(left: float, right: float, height: float) -> list[dict[str, float]]:
    """Lines rising to the right at 45°, clipped to the box `left…right` × `0…height`."""
    lines = []
    foot = left - height + HATCH_GAP / 2
    while foot < right:
        x, x2 = max(foot, left), min(foot + height, right)
        lines.append({"x": x, "x2": x2, "y": x - foot, "y2": x2 - foot})
        foot += HATCH_GAP
    return lines


def framed(title: str, spec: Spec) -> Spec:
    """The finished chart: title, font, quiet axes, legend below, white ground (clients invert pages, not pictures)."""
    head = {"text": title, "anchor": "start", "color": INK, "fontSize": 14, "fontWeight": 600, "offset": 10}
    axis = {"labelColor": MUTED, "labelFontSize": 12, "gridColor": RULE, "domainColor": HATCH, "tickColor": HATCH}
    legend = {
        "orient": "bottom",
        "direction": "horizontal",
        "labelFontSize": 12,
        "labelColor": INK,
        "symbolType": "square",
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": head,
        "width": WIDTH,
        "padding": 8,
        "background": "white",
        **spec,
        "config": {
            "font": FONT_FAMILY,
            "view": {"stroke": None},
            "axis": axis,
            "axisX": {"grid": False},
            "axisY": {"domain": False, "ticks": False},
            "legend": {**legend, "columnPadding": 14, "offset": 6},
            "text": {"fontSize": 12},
        },
    }
