"""How the facts of a digest read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts import pictures, wording
from alerts.digest import BrandFacts, DigestFacts, Period, Span
from alerts.views import Figure, Post, WaveView, post, spread_words, wave_of
from store.hot import HotVisit
from store.reports import SurveyWeek, Totals
from tingfeng import measures
from tingfeng.growth import GrownTerm
from tingfeng.measures import Interval
from tingfeng.model import Incident, InlineImage

WEEKS_SHOWN = 4
HOT_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An incident in one line."""

    when: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceLine:
    name: str
    is_own: bool
    part: float  # of the largest share, 0…1
    share: str
    total: str
    net: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    value: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    name: str
    nps: Cell
    csat: Cell
    negative: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandView:
    """Everything the template shows of a brand."""

    name: str
    figures: list[Figure]
    story: list[str]
    wave: WaveView | None
    volume: tuple[InlineImage, ...]
    opinion: tuple[InlineImage, ...]
    incidents: list[Line]
    hot: list[Line]
    hot_looked: str  # the lists that are read; "" when there are none
    voices: list[VoiceLine]
    worst: list[Post]
    best: list[Post]
    terms: tuple[GrownTerm, ...]
    weeks: list[WeekLine]


def subject(facts: DigestFacts) -> str:
    """What it is, of when, and the two numbers that matter most when it is about one brand."""
    kind = "周报" if facts.span.period is Period.WEEKLY else "日报"
    head = f"【听风·{kind}】{_dates(facts.span)} "
    first = facts.brands[0] if facts.brands else None
    if first is None:
        return head.strip()
    if len(facts.brands) > 1:
        return f"{head}{wording.cut(first.brand, 10)} 等 {len(facts.brands)} 个品牌"
    return f"{head}{wording.cut(first.brand, 10)} 声量 {wording.count(first.now.total)}，负面 {_share(first.now)}"


def headline(facts: DigestFacts) -> str:
    if facts.span.period is Period.WEEKLY:
        return f"{_dates(facts.span)} 周报"
    return f"{wording.day(facts.span.first, weekday=True)} 日报"


def kicker(facts: DigestFacts) -> str:
    return "舆情周报" if facts.span.period is Period.WEEKLY else "舆情日报"


def preheader(facts: DigestFacts) -> str:
    return "；".join(
        f"{wording.cut(b.brand, 12)} 声量 {wording.count(b.now.total)}，负面 {_share(b.now)}" for b in facts.brands[:3]
    )


def _dates(span: Span) -> str:
    if span.first == span.last:
        return wording.day(span.first)
    if span.first.month == span.last.month:
        return f"{wording.day(span.first)}–{span.last.day}日"
    return f"{wording.day(span.first)}–{wording.day(span.last)}"


def story(facts: DigestFacts) -> list[str]:
    """What concerns all brands of the mail."""
    lines = []
    if facts.unscored:
        lines.append("注意：本期还有帖子没有完成情感评分，未计入下面的数字。")
    return lines


def gaps_sum(facts: DigestFacts) -> str:
    """'共 7 小时 30 分钟看不到 weibo、zhihu。' over all gaps of the period."""
    total = sum((b.until - b.since for b in facts.blind), timedelta())
    names = "、".join(wording.source(wording.cut(n, 20)) for n in dict.fromkeys(b.source for b in facts.blind))
    return f"{names} 合计 {wording.lasting(total)}看不到数据。" if facts.blind else ""


def footer(facts: DigestFacts, zone: ZoneInfo) -> list[str]:
    since, until = (wording.moment(at, zone) for at in (facts.span.since, facts.span.until))
    return [
        f"统计范围 {since} 至 {until}（{wording.zone_name(zone, facts.now)}），按发布时间计。",
        "净情感 =（正面 − 负面）÷ 全部；声量份额 = 本品牌 ÷（本品牌 + 竞品）；帖子按粉丝、转发、评论、点赞排序。",
        f"生成于 {wording.moment(facts.now, zone)} · 听风自动发送",
    ]


def brand_view(b: BrandFacts, facts: DigestFacts, zone: ZoneInfo) -> BrandView:
    weekly = facts.span.period is Period.WEEKLY
    return BrandView(
        name=wording.cut(b.brand, 40),
        figures=_figures(b, weekly=weekly),
        story=_brand_story(b, zone, weekly=weekly),
        wave=wave_of(b.copied, zone),
        volume=pictures.volume(b.days),
        opinion=pictures.opinion(b.weeks) if weekly else (),
        incidents=[_incident(i, zone) for i in b.incidents],
        hot=[_hot(v, zone) for v in b.hot[:HOT_SHOWN]],
        hot_looked="、".join(map(wording.board, b.hot_boards)),
        voices=_voices(b),
        worst=[post(m.mention, m.verdict, zone=zone, copies=m.copies) for m in b.worst],
        best=[post(m.mention, m.verdict, zone=zone, copies=m.copies) for m in b.best],
        terms=b.terms,
        weeks=_weeks(b.weeks, facts.span),
    )


def _share(t: Totals) -> str:
    """The negative share."""
    return wording.percent(t.negative / t.total if t.total else None)


def _mood(t: Totals) -> str:
    """The net sentiment."""
    net = measures.net_sentiment(t.positive, t.negative, t.total)
    return "—" if net is None else wording.signed(net)


def _figures(b: BrandFacts, *, weekly: bool) -> list[Figure]:
    """Volume, negative share and net sentiment, each against the period before where that was seen."""
    last = "上周" if weekly else "前一天"
    before = b.before
    volume = share = mood = f"{last}没有数据"
    if before is not None:
        volume = f"较{last} {wording.change(b.now.total, before.total)}"
        share = f"{last} {_share(before)}"
        mood = f"{last} {_mood(before)}"
    return [
        Figure(value=wording.count(b.now.total), label="声量（条）", note=volume),
        Figure(value=_share(b.now), label="负面占比", note=share, bad=_is_worse(b)),
        Figure(value=_mood(b.now), label="净情感", note=mood),
    ]


def _is_worse(b: BrandFacts) -> bool:
    """Whether the negative share rose beyond what two samples of this size differ by on their own."""
    if b.before is None or not b.before.total or not b.now.total:
        return False
    now = measures.wilson(b.now.negative, b.now.total)
    return now is not None and now.low > b.before.negative / b.before.total


def _brand_story(b: BrandFacts, zone: ZoneInfo, *, weekly: bool) -> list[str]:
    last, lines = "上周" if weekly else "前一天", []
    if not b.now.total:
        lines.append("本期没有看到任何提及。" + ("这段时间有来源看不到数据，不能当作没有人说。" if b.blind else ""))
    if b.spread.posts:
        lines.append(f"共 {wording.count(b.spread.posts)} 条帖子，{spread_words(b.spread, b.copied, zone)}。")
    own = next((v for v in b.voices if v.is_own), None)
    if own and own.share_before is not None and len(b.voices) > 1:
        lines.append(f"声量份额 {wording.percent(own.share)}，{last} {wording.percent(own.share_before)}。")
    if b.before is not None and (b.blind or b.blind_before):
        which = "和".join(name for name, blind in (("本期", b.blind), (last, b.blind_before)) if blind)
        lines.append(f"{which}有数据缺口，总量偏少，变化仅供参考。")
    if len(b.by_source) > 1:
        parts = [
            f"{wording.source(wording.cut(name, 20))} {wording.count(t.total)}"
            for name, t in list(b.by_source.items())[:6]
        ]
        lines.append(f"来源：{'，'.join(parts)}。")
    return lines


def _incident(i: Incident, zone: ZoneInfo) -> Line:
    numbers = f"最异常时 {wording.count(i.observed)} 条，平时约 {wording.expected(i.expected)} 条"
    if i.resolved_at is None:
        return Line(when=f"{wording.moment(i.since, zone)} 起", what=f"{numbers}，仍在持续")
    return Line(
        when=wording.stretch(i.since, i.resolved_at, zone),
        what=f"{numbers}，历时 {wording.lasting(i.resolved_at - i.since)}，已平息",
    )


def _hot(v: HotVisit, zone: ZoneInfo) -> Line:
    heat = "" if v.peak_heat is None else f"，热度最高 {wording.count(v.peak_heat)}"
    return Line(
        when=f"{wording.board(v.board)}最高第 {v.best_rank} 位",
        what=f"「{wording.cut(v.title, 60)}」{wording.stretch(v.first_seen, v.last_seen, zone)} 在榜{heat}",
    )


def _voices(b: BrandFacts) -> list[VoiceLine]:
    top = max((v.share for v in b.voices), default=0.0) or 1.0
    return [
        VoiceLine(
            name=wording.cut(v.brand, 20),
            is_own=v.is_own,
            part=v.share / top,
            share=wording.percent(v.share),
            total=wording.count(v.counts.total),
            net="—" if v.net is None else wording.signed(v.net),
        )
        for v in b.voices
    ]


def _weeks(weeks: Sequence[SurveyWeek], span: Span) -> list[WeekLine]:
    """The newest weeks, oldest first; none when nobody was asked in all of them."""
    if not any(w.nps or w.csat for w in weeks):
        return []
    return [_week(w, span) for w in weeks[-WEEKS_SHOWN:]]


def _week(w: SurveyWeek, span: Span) -> WeekLine:
    sunday = w.monday + timedelta(days=6)
    running = sunday > span.last
    monday = f"{w.monday.month}/{w.monday.day}"
    name = f"{monday} 起" if running else f"{monday}–{sunday.month}/{sunday.day}"
    nps, csat = measures.nps(w.nps), measures.csat_top2(w.csat)
    said = w.mentions.total
    return WeekLine(
        name=name,
        nps=_asked("" if nps is None else wording.signed(nps, 0), measures.nps_interval(w.nps), len(w.nps)),
        csat=_asked("" if csat is None else f"{csat:.0f}%", measures.csat_top2_interval(w.csat), len(w.csat)),
        negative=Cell(value=wording.percent(w.mentions.negative / said), notes=(f"n={wording.count(said)}",))
        if said
        else NO_DATA,
    )


NO_DATA = Cell(value="无数据", notes=("n=0",))


def _asked(value: str, interval: Interval | None, n: int) -> Cell:
    if interval is None:
        return NO_DATA
    low, high = wording.signed(interval.low, 0).lstrip("+"), wording.signed(interval.high, 0).lstrip("+")
    return Cell(value=value, notes=(f"[{low}, {high}]", f"n={wording.count(n)}"))
