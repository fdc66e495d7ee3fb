"""The charts of a mail as inline images, each with a text that says the same to whoever does not see it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from alerts import wording
from alerts.facts import AlertFacts, ChartPoint
from store.reports import Day, SurveyWeek
from tingfeng import charts, measures
from tingfeng.errors import DrawingError
from tingfeng.model import InlineImage

log = logging.getLogger(__name__)


def trend(facts: AlertFacts, zone: ZoneInfo) -> tuple[InlineImage, ...]:
    """Negative posts over time against what was expected; nothing when there is nothing to draw."""
    if not facts.chart:
        return ()
    opened, resolved = facts.incident.opened_at, facts.incident.resolved_at
    marks = [charts.Mark(at=opened, text=f"预警 {wording.clock(opened, zone)}")]
    if resolved:
        marks.append(charts.Mark(at=resolved, text=f"平息 {wording.clock(resolved, zone)}"))
    spec = charts.negatives_over_time(
        facts.chart, step=facts.chart_step, zone=zone, since=facts.since, until=facts.until, marks=marks
    )
    return _image(lambda: charts.render_png(spec), _trend_in_words(facts, zone))


def _trend_in_words(facts: AlertFacts, zone: ZoneInfo) -> str:
    step, points = wording.each(facts.chart_step), facts.chart
    step = f" {step}" if step[:1].isdigit() else step
    seen = [p for p in points if p.negative is not None]
    words = [f"{wording.stretch(points[0].start, points[-1].start + facts.chart_step, zone)}每{step}的负面条数"]
    if seen:
        top = max(seen, key=lambda p: p.negative or 0)
        words.append(f"最高 {top.negative} 条（{wording.moment(top.start, zone)}）")
    usual = [p.expected for p in points if p.expected is not None]
    if usual:
        words.append(f"平时预计 {wording.expected(min(usual))} 到 {wording.expected(max(usual))} 条")
    for since, until in _unseen(points, facts):
        words.append(f"{wording.stretch(since, until, zone)} 无数据")
    return "，".join(words) + "。"


def _unseen(points: Sequence[ChartPoint], facts: AlertFacts) -> list[tuple[datetime, datetime]]:
    runs = [(blind, list(group)) for blind, group in groupby(points, key=lambda p: p.negative is None)]
    return [(group[0].start, group[-1].start + facts.chart_step) for blind, group in runs if blind]


def volume(days: Sequence[Day]) -> tuple[InlineImage, ...]:
    """Mentions per day by label; nothing without days."""
    if not days:
        return ()
    spec = charts.daily_volume(
        [
            charts.DayVolume(
                day=d.day,
                negative=d.counts.negative,
                neutral=d.counts.neutral,
                positive=d.counts.positive,
                blind=1 - d.covered,
            )
            for d in days
        ]
    )
    return _image(lambda: charts.render_png(spec), _volume_in_words(days))


def _volume_in_words(days: Sequence[Day]) -> str:
    top, last = max(days, key=lambda d: d.counts.total), days[-1]
    holes = [wording.day(d.day) for d in days if d.covered < 1]
    n, bad = wording.count(last.counts.total), wording.count(last.counts.negative)
    return (
        f"近 {len(days)} 天每日声量：最高 {wording.day(top.day)} {wording.count(top.counts.total)} 条；"
        f"{wording.day(last.day)} {n} 条，其中负面 {bad} 条。"
        + (f"斜线底色的日子有来源缺数据：{'、'.join(holes)}。" if holes else "")
    )


def opinion(weeks: Sequence[SurveyWeek]) -> tuple[InlineImage, ...]:
    """NPS, CSAT and negative share of the same weeks; nothing when nobody was asked."""
    if not any(w.nps or w.csat for w in weeks):
        return ()
    spec = charts.opinion_by_week(
        [
            charts.WeekOpinion(
                monday=w.monday,
                nps=measures.nps(w.nps),
                nps_interval=measures.nps_interval(w.nps),
                csat=measures.csat_top2(w.csat),
                csat_interval=measures.csat_top2_interval(w.csat),
                negative=w.mentions.negative / w.mentions.total if w.mentions.total else None,
            )
            for w in weeks
        ]
    )
    words = f"近 {len(weeks)} 周 NPS、CSAT 满意率与网上负面占比并列；数字见下表，没有数据的周画成斜线。"
    return _image(lambda: charts.render_png(spec), words)


def _image(draw: Callable[[], bytes], alt: str) -> tuple[InlineImage, ...]:
    """The drawn picture under an id made from its content: clients that keep pictures by id mix nothing up."""
    try:
        png = draw()
    except DrawingError as e:
        log.warning("picture left out of a message: %s", e)
        return ()
    digest = hashlib.blake2b(png, digest_size=10).hexdigest()
    return (InlineImage(cid=f"{digest}@tingfeng", png=png, alt=alt),)
