"""How a brand's places on hot lists read."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from alerts.alert_words import SUBJECT_BRAND_MAX
from alerts.facts import BlindSpan
from alerts.hot_lists import HotFacts
from alerts.views import Figure, Post
from alerts.wording import board, clean, count, cut, label, lasting, moment, percent, safe_url, stretch, zone_name
from store.hot import HotVisit
from tingfeng.model import Reason

SHOWN = 8  # entries of a mail
TITLE_MAX = 60  # characters of an entry in a sentence


def kicker(facts: HotFacts) -> str:
    return {Reason.RESOLVED: "已离开热榜", Reason.REPEAT: "仍在热榜"}.get(facts.reason, "上了热榜")


def subject(facts: HotFacts) -> str:
    """Who, where and how high, in one line."""
    brand = cut(facts.brand, SUBJECT_BRAND_MAX)
    if facts.reason is Reason.RESOLVED:
        return f"【听风·下榜】{brand} 已离开热榜，在榜 {lasting(facts.lasted)}"
    return f"【听风·热榜】{brand} {_happening(facts)}"


def headline(facts: HotFacts) -> str:
    brand = cut(facts.brand, 40)
    if facts.reason is Reason.RESOLVED:
        return f"「{brand}」已离开全部热榜"
    return f"「{brand}」{_happening(facts)}"


def _happening(facts: HotFacts) -> str:
    """'上热搜：微博热搜第 3 位', and what is new where it was told before."""
    new = next((v for v in facts.standing.on if v.board in facts.entered), None)
    shown = new or facts.standing.on[0]
    if facts.reason is Reason.OPENED:
        verb = "上热搜"
    elif new:
        verb = "又上一榜"
    else:
        verb = "升入前十" if facts.climbed else "仍在热榜"
    lists = len({v.board for v in facts.standing.on})
    return f"{verb}：{place(shown)}" + (f"，共 {lists} 个榜" if lists > 1 else "")


def place(visit: HotVisit) -> str:
    """'微博热搜第 3 位'."""
    return f"{board(visit.board)}第 {visit.last_rank} 位"


def story(facts: HotFacts, zone: ZoneInfo) -> list[str]:
    if facts.reason is Reason.RESOLVED:
        sentences = _over(facts, zone)
    else:
        first = facts.standing.on[0]
        heat = "" if first.peak_heat is None else f"，热度最高 {count(first.peak_heat)}"
        sentences = [
            f"「{cut(first.title, TITLE_MAX)}」现在是{place(first)}{heat}，"
            f"{moment(first.first_seen, zone)} 首次看到，已 {lasting(facts.now - first.first_seen)}。"
        ]
    return [*sentences, _meanwhile(facts)]


def _over(facts: HotFacts, zone: ZoneInfo) -> list[str]:
    span = stretch(facts.incident.since, facts.incident.resolved_at or facts.now, zone)
    best = min(facts.standing.left, key=lambda v: v.best_rank, default=None)
    high = f"，最高到过{board(best.board)}第 {best.best_rank} 位" if best else ""
    return [f"{span} 在榜{high}；现在我们读的各榜上都看不到了。"]


def _meanwhile(facts: HotFacts) -> str:
    total, negative = facts.total_mentions, facts.negative_mentions
    if not total:
        return "同一时段还没有看到新的提及。热榜词条不是帖子，不计入声量和负面条数。"
    share = percent(negative / total)
    return (
        f"同一时段共 {count(total)} 条提及，其中负面 {count(negative)} 条（{share}）；"
        "热榜词条不是帖子，不计入这些数字。"
    )


def figures(facts: HotFacts) -> list[Figure]:
    if facts.reason is Reason.RESOLVED:
        best = min((v.best_rank for v in facts.standing.left), default=None)
        shown = [Figure(value="—" if best is None else str(best), label="最高名次")]
    else:
        shown = [
            Figure(value=str(facts.standing.on[0].last_rank), label="现在最高名次", bad=True),
            Figure(value=str(len({v.board for v in facts.standing.on})), label="在榜（个榜单）"),
        ]
    minutes = round(facts.lasted.total_seconds() / 60)
    return [*shown, Figure(value=f"{minutes // 60}:{minutes % 60:02d}", label="在榜（时:分）")]


def entries(visits: Sequence[HotVisit], zone: ZoneInfo, *, on: bool) -> list[Post]:
    """Places as a mail shows them, one box each."""
    return [_entry(v, zone, on=on) for v in visits[:SHOWN]]


def _entry(v: HotVisit, zone: ZoneInfo, *, on: bool) -> Post:
    best = f"最高第 {v.best_rank} 位" if v.best_rank != v.last_rank or not on else ""
    heat = "" if v.peak_heat is None else f"热度最高 {count(v.peak_heat)}"
    when = f"{moment(v.first_seen, zone)} 起" if on else stretch(v.first_seen, v.last_seen, zone)
    head = place(v) if on else board(v.board)
    reads = "" if v.label is None else f"词条读来{label(v.label)}"
    link = safe_url(v.url)
    return Post(
        about=" · ".join(filter(None, (head, best, heat, when, reads))),
        text=cut(v.title) or "（没有文字）",
        link=link,
        shown=link or cut(v.url, 300),
        tone="bad" if on else "neutral",
    )


def blind(spans: Sequence[BlindSpan]) -> list[BlindSpan]:
    """Lists that cannot be seen, under the names people know."""
    return [BlindSpan(source=board(b.source), since=b.since, until=b.until) for b in spans]


def line(visits: Sequence[HotVisit]) -> str:
    """One sentence for a mail about something else; "" when it is on no list."""
    if not visits:
        return ""
    named = "；".join(f"{place(v)}「{cut(v.title, 30)}」" for v in visits[:3])
    return f"同时在热榜上：{named}" + (f" 等 {len(visits)} 条。" if len(visits) > 3 else "。")


def footer(facts: HotFacts, zone: ZoneInfo) -> list[str]:
    """Which message it is, and whence and when the lists were read: the platforms want to be named."""
    looks = "、".join(f"{board(name)}（{moment(at, zone)}）" for name, at in facts.standing.looks)
    told = f"事件 {facts.ref} · 第 {facts.incident.told} 封 · 时间均为{zone_name(zone, facts.now)}"
    return [told, f"来自于 {looks}"] if looks else [told]


def silence_command(facts: HotFacts) -> str:
    if facts.reason is Reason.RESOLVED:
        return ""
    return f"tingfeng silence add --brand {shlex.quote(clean(facts.brand))} --for 2h --reason 原因"
