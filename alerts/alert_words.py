"""How the facts of an incident read: a brand's spike, or a source's blindness."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.facts import AlertFacts, FreshnessFacts
from alerts.views import Figure, spread_words
from alerts.wording import (
    clean,
    count,
    cut,
    each,
    expected,
    lasting,
    moment,
    percent,
    power,
    rarity,
    signed,
    stretch,
    zone_name,
)
from alerts.wording import source as source_words
from tingfeng.model import Reason, RunStatus
from tingfeng.refusals import words_of

SUBJECT_BRAND_MAX = 12  # characters of a brand in a subject: the numbers must stay in sight on a phone
BRANDS_NAMED = 10
DOUBTS_NAMED = 3

_KICKERS = {Reason.OPENED: "负面预警", Reason.REPEAT: "负面仍在持续", Reason.RESOLVED: "负面已平息"}
_STATUS = {
    RunStatus.OK: "成功",
    RunStatus.REFUSED: "被平台拒绝",
    RunStatus.FAILED: "失败",
    RunStatus.RUNNING: "进行中",
    None: "从未运行",
}


def kicker(facts: AlertFacts) -> str:
    return _KICKERS.get(facts.reason, _KICKERS[Reason.OPENED])


def subject(facts: AlertFacts) -> str:
    """All of it in one line: what, how many, against how many. The first part names the step."""
    brand = cut(facts.brand, SUBJECT_BRAND_MAX)
    if facts.reason is Reason.RESOLVED:
        return f"【听风·平息】{brand} 负面已回落，历时 {lasting(facts.lasted)}"
    if facts.reason is Reason.REPEAT:
        return f"【听风·持续】{brand} 负面 {_rate(facts)}，已 {lasting(facts.lasted)}"
    return f"【听风·预警】{brand} 负面 {_rate(facts)}，平时约 {expected(facts.expected)} 条"


def headline(facts: AlertFacts) -> str:
    brand = cut(facts.brand, 40)
    if facts.reason is Reason.RESOLVED:
        return f"{brand}：负面已回到平时水平"
    if facts.reason is Reason.REPEAT:
        return f"{brand}：负面仍在高位，{_rate(facts)}"
    return f"{brand}：负面 {_rate(facts)}"


def _window(facts: AlertFacts) -> str:
    return each(facts.spike.until - facts.spike.since) if facts.spike else "窗口"


def _within(facts: AlertFacts) -> str:
    window = _window(facts)
    return f" {window}" if window[:1].isdigit() else f"一{window}"


def _rate(facts: AlertFacts) -> str:
    return f"{count(facts.observed)} 条/{_window(facts)}"


def story(facts: AlertFacts, zone: ZoneInfo) -> list[str]:
    """What happened, since when, how many against how many and how unlikely that is."""
    sentences = _over(facts, zone) if facts.spike is None else _going_on(facts, zone)
    return [*sentences, _so_far(facts, zone) + _net(facts)]


def _over(facts: AlertFacts, zone: ZoneInfo) -> list[str]:
    span = stretch(facts.since, facts.incident.resolved_at or facts.now, zone)
    return [
        f"{span} 负面偏高，历时 {lasting(facts.lasted)}，现在已经平静下来。",
        f"最异常的一段时间内有 {count(facts.observed)} 条负面，同样长的时间平时约 {expected(facts.expected)} 条。",
    ]


def _going_on(facts: AlertFacts, zone: ZoneInfo) -> list[str]:
    spike = facts.spike
    assert spike is not None
    times = f"，是平时的 {facts.times:.1f} 倍" if facts.times is not None else ""
    return [
        f"负面从 {moment(facts.since, zone)} 开始增多，到现在已 {lasting(facts.lasted)}。",
        f"{stretch(spike.since, spike.until, zone)} 这{_within(facts)}内有 {count(facts.observed)} 条负面，"
        f"平时约 {expected(facts.expected)} 条{times}。"
        f"{rarity(facts.p_value, spike.until - spike.since)}（p≈{power(facts.p_value)}）。",
    ]


def _so_far(facts: AlertFacts, zone: ZoneInfo) -> str:
    total, negative = facts.total_mentions, facts.negative_mentions
    share = f"（{percent(negative / total)}）" if total else ""
    who = f"，{spread_words(facts.spread, facts.copied, zone)}" if facts.spread.posts else ""
    return f"期间共 {count(total)} 条提及，其中负面 {count(negative)} 条{share}{who}。"


def _net(facts: AlertFacts) -> str:
    if facts.net_now is None:
        return ""
    before = "" if facts.net_before is None else f"，此前 {facts.days_before} 天为 {signed(facts.net_before)}"
    return f"净情感（正面占比减负面占比）{signed(facts.net_now)}{before}。"


def figures(facts: AlertFacts) -> list[Figure]:
    spike = facts.spike  # None when it is over
    what = f"{lasting(spike.until - spike.since)}内负面" if spike else "最异常时（条）"
    shown = [
        Figure(value=count(facts.observed), label=what, bad=spike is not None),
        Figure(value=expected(facts.expected), label="平时（条）"),
    ]
    if facts.times is not None:
        shown.append(Figure(value=f"{facts.times:.1f}", label="倍于平时"))
    return shown


def footer(facts: AlertFacts, zone: ZoneInfo) -> list[str]:
    detector = f"检测器 {clean(facts.spike.detector)}；" if facts.spike else ""
    told = f"事件 {facts.ref} · 第 {facts.incident.told} 封 · 时间均为{zone_name(zone, facts.now)}"
    return [told, f"怎么算的：{detector}{clean(facts.baseline)}"] if facts.baseline else [told]


def silence_command(facts: AlertFacts) -> str:
    """What makes the brand quiet on purpose; nothing to silence when it is over."""
    if facts.reason is Reason.RESOLVED:
        return ""
    return f"tingfeng silence add --brand {shlex.quote(clean(facts.brand))} --for 2h --reason 原因"


def freshness_headline(facts: FreshnessFacts) -> str:
    source, blind_for = source_words(cut(facts.source, 20)), lasting(facts.blind_for)
    return (
        f"{source} 已恢复，中断 {blind_for}"
        if facts.reason is Reason.RESOLVED
        else f"{source} 已 {blind_for}看不到数据"
    )


def freshness_story(facts: FreshnessFacts, zone: ZoneInfo) -> list[str]:
    if facts.reason is Reason.RESOLVED:
        span = stretch(facts.blind_since, facts.incident.resolved_at or facts.now, zone)
        if facts.missing:
            rest = "恢复后没能全部补上，下面的时段仍然缺数据；报表和基线按缺失处理，不会当作 0。"
        else:
            rest = "恢复后已经补采完整，内容按发布时间计入，没有留下缺口。"
        return [f"{span} 之间没有看到这个来源。", rest]
    return [
        clean(facts.cause_text),
        "看不到不等于没有：恢复之前，这个来源的负面不会触发预警，报表会标明缺口。",
    ]


def freshness_table(facts: FreshnessFacts, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What is known of the source, as name and value."""
    named = "、".join(cut(brand, 20) for brand in facts.brands[:BRANDS_NAMED])
    more = f" 等 {len(facts.brands)} 个" if len(facts.brands) > BRANDS_NAMED else ""
    return [
        ("来源", cut(facts.source, 80)),
        ("原因", f"{cut(words_of(facts.cause), 40)}（{cut(facts.cause, 60)}；最近一次：{_STATUS[facts.status]}）"),
        *(("平时与这次", _doubt(one, zone)) for one in facts.doubts[:DOUBTS_NAMED]),
        ("看到为止", f"{moment(facts.blind_since, zone)}，之后的内容缺失，不按 0 计"),
        ("上次成功", moment(facts.last_good, zone) if facts.last_good else "从未成功"),
        ("受影响品牌", f"{named}{more}" if named else "无"),
    ]


def _doubt(told: Mapping[str, Any], zone: ZoneInfo) -> str:
    """'云雀：11月20日 11:10 以来按平时应有约 14 条，只看到 0 条'."""
    if not told.get("expected"):
        return "平时能往后翻页，这次只有第一页"
    since = told.get("since")
    when = f"{moment(datetime.fromisoformat(since), zone)} 以来" if isinstance(since, str) else ""
    query, usual = cut(str(told.get("query") or "查询"), 40), expected(float(told["expected"]))
    return f"{query}：{when}按平时应有约 {usual} 条，只看到 {count(int(told['seen']))} 条"


def freshness_footer(facts: FreshnessFacts, zone: ZoneInfo) -> list[str]:
    return [f"事件 {facts.ref} · 第 {facts.incident.told} 封 · 时间均为{zone_name(zone, facts.now)}"]
