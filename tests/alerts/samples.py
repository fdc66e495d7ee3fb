"""Invented facts to render: a tea brand's crisis, a blind source, a digest. Each maker takes what a test is about."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.digest import BrandFacts, DigestFacts, Period, Voice, span_of
from alerts.facts import AlertFacts, BlindSpan, ChartPoint, Copied, FreshnessFacts, WeightyPost
from alerts.waves import Wave
from store import reports
from store.mentions import MentionWithVerdict
from store.reports import Day, SurveyWeek, Totals
from store.stories import FirstPost, Spread, StoryInPeriod
from tests.support.factories import make_incident, make_mention, make_verdict
from tingfeng.growth import GrownTerm
from tingfeng.model import Incident, IncidentKind, Label, Mention, Reason, RunStatus, Spike

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 11, 20, 13, 10, tzinfo=UTC)  # Thursday, 21:10 in Shanghai
HOUR, STEP = timedelta(hours=1), timedelta(minutes=30)
BRAND = "云杉奶茶"

TEXTS = (
    "云杉奶茶南京东路店喝出一截塑料吸管皮，店员说‘自己挑出来就行’。视频为证，已经打了12315，等一个说法。",
    "排队四十分钟，拿到手是酸的。问了三个店员，一个说是新品风味，一个说今天牛奶到得晚，一个让我去官方小程序反馈。你们内部能不能先统一一下口径？",
    "孩子喝完云杉奶茶上吐下泻，医院诊断是急性肠胃炎，有同样情况的家长请联系我，我们一起维权。",
    "#云杉奶茶塑料# 已经是这个月第三次看到了，之前那家说整改，整改了个寂寞。",
    "以前真的很喜欢云杉的乌龙，现在价格涨到28，品控却一路往下，再见。",
)


def make_posts(texts: tuple[str, ...] = TEXTS, **overrides: Any) -> tuple[WeightyPost, ...]:
    posts = []
    for i, text in enumerate(texts):
        fields: dict[str, Any] = {
            "text": text,
            "brands": (BRAND,),
            "followers": (1_284_000, 52_310, 8_820, None, 431)[i % 5],
            "reposts": (3_402, 288, 1_204, 17, None)[i % 5],
            "comments": (1_911, 340, 866, 9, 2)[i % 5],
            "likes": (12_873, 2_011, 5_410, 44, 11)[i % 5],
            "published_at": NOW - (i + 1) * timedelta(minutes=11),
        }
        if i == 3:
            url = "https://www.zhihu.com/question/1968203711/answer/1970442190358"
            fields |= {"platform": "zhihu", "source": "zhihu", "url": url}
        verdict = make_verdict(Label.NEGATIVE)
        posts.append(WeightyPost(mention=make_mention(**fields | overrides), verdict=verdict, weight=30.0 - i))
    return tuple(posts)


def make_copied(
    *, wave: bool = True, text: str = TEXTS[0], url: str = "https://m.weibo.cn/detail/5200000000000001"
) -> Copied:
    """One text posted 26 times within an hour."""
    began = NOW - timedelta(minutes=66)
    first = FirstPost(platform="weibo", source="weibo", published_at=began, url=url)
    story = StoryInPeriod(
        id=3, text=text, copies=26, authors=25, sources=2, since=began, until=NOW - timedelta(minutes=2), first=first
    )
    dense = Wave(copies=24, authors=23, since=began, until=NOW - timedelta(minutes=2), densest=24)
    return Copied(story=story, wave=dense if wave else None)


def make_chart(blind: range = range(30, 42), wave: range = range(92, 96)) -> tuple[ChartPoint, ...]:
    """Two days in half hours: a usual day and night, hours without data, and a wave that rises (and falls again)."""
    points = []
    for i in range(96):
        usual = 2 + 1.6 * math.sin((i - 20) / 24 * math.pi)
        rise = min(3 * (i - wave.start + 1) ** 2 // 2, 3 * (wave.stop - i) ** 2 // 2 + 6) if i in wave else 0
        seen = max(0, round(usual + (7 * i % 5 - 2) / 2)) + rise
        start = NOW - (96 - i) * STEP
        points.append(ChartPoint(start=start, negative=None if i in blind else seen, expected=usual))
    return tuple(points)


def make_spike(**overrides: Any) -> Spike:
    fields: dict[str, Any] = {
        "brand": BRAND,
        "since": NOW - HOUR,
        "until": NOW,
        "observed": 38,
        "expected": 4.1,
        "p_value": 5.2e-11,
        "total": 61,
        "detector": "seasonal",
        "baseline": "过去 28 天同一时段（工作日 20–22 点）的负面条数，按负二项分布。",
        "by_source": {"weibo": 27, "zhihu": 7, "heimao-feed": 4},
    }
    return Spike(**fields | overrides)


def spike_incident(**overrides: Any) -> Incident:
    fields: dict[str, Any] = {
        "id": 7,
        "subject": BRAND,
        "opened_at": NOW,
        "last_spike_at": NOW,
        "last_told_at": NOW,
        "since": NOW - timedelta(minutes=70),
        "observed": 38,
        "expected": 4.1,
        "p_value": 5.2e-11,
        "peak_observed": 38,
    }
    return make_incident(**fields | overrides)


def make_alert(**overrides: Any) -> AlertFacts:
    """OPENED at 21:10 with five posts and a source that was blind in the morning."""
    fields: dict[str, Any] = {
        "reason": Reason.OPENED,
        "ref": "n251120131000-1f3a9c",
        "brand": BRAND,
        "now": NOW,
        "incident": spike_incident(),
        "spike": make_spike(),
        "since": NOW - timedelta(minutes=70),
        "until": NOW,
        "observed": 38,
        "spread": Spread(posts=41, stories=14, authors=37),
        "copied": make_copied(),
        "expected": 4.1,
        "p_value": 5.2e-11,
        "baseline": make_spike().baseline,
        "total_mentions": 66,
        "negative_mentions": 41,
        "net_now": -0.52,
        "net_before": 0.18,
        "days_before": 7,
        "by_source": {"weibo": 29, "zhihu": 8, "heimao-feed": 4},
        "chart": make_chart(),
        "terms": tuple(
            GrownTerm(term=t, now=n, share_now=n / 41, share_before=0.002, z=z)
            for t, n, z in (
                ("吸管", 21, 9.1),
                ("塑料", 19, 8.8),
                ("12315", 11, 7.0),
                ("肠胃炎", 9, 6.4),
                ("维权", 8, 5.1),
            )
        ),
        "posts": make_posts(),
        "blind": (BlindSpan(source="zhihu", since=NOW - 33 * HOUR, until=NOW - 27 * HOUR),),
        "to_do": (
            "先看下面分量最重的帖子是否属实，联系涉事门店核对批次与监控。",
            "30 分钟内在评论区给出一句不推责的回应，说明正在核实和下一次通报的时间。",
            "把原帖和截图存档，指定一人负责对外口径。",
        ),
    }
    return AlertFacts(**fields | overrides)


def no_chart(facts: AlertFacts, **changes: Any) -> AlertFacts:
    """Without its picture, which takes longest and is tested elsewhere."""
    return replace(facts, chart=(), **changes)


def make_repeat(**overrides: Any) -> AlertFacts:
    incident = spike_incident(opened_at=NOW - 4 * HOUR, since=NOW - 5 * HOUR, told=2, peak_observed=52)
    return replace(
        make_alert(reason=Reason.REPEAT, incident=incident, since=NOW - 5 * HOUR, blind=(), total_mentions=402),
        **overrides,
    )


def make_resolved(**overrides: Any) -> AlertFacts:
    incident = spike_incident(
        opened_at=NOW - 6 * HOUR, since=NOW - 7 * HOUR, told=3, peak_observed=52, resolved_at=NOW, observed=3
    )
    facts = make_alert(
        reason=Reason.RESOLVED,
        incident=incident,
        spike=None,
        since=NOW - 7 * HOUR,
        until=NOW - 2 * HOUR,
        observed=52,
        total_mentions=512,
        negative_mentions=233,
        by_source={"weibo": 171, "zhihu": 40, "heimao-feed": 22},
        chart=make_chart(wave=range(82, 93)),
        to_do=("写一页复盘：起因、回应时间、哪句话有用。", "三天后回看这些帖子下的新评论。"),
    )
    return replace(facts, **overrides)


def make_freshness(**overrides: Any) -> FreshnessFacts:
    incident = make_incident(
        id=9, kind=IncidentKind.FRESHNESS, subject="weibo", opened_at=NOW, last_told_at=NOW, since=NOW - 2 * HOUR
    )
    fields: dict[str, Any] = {
        "reason": Reason.OPENED,
        "ref": "f251120131000-77ab01",
        "source": "weibo",
        "now": NOW,
        "incident": incident,
        "status": RunStatus.REFUSED,
        "cause": "login_required",
        "cause_text": "平台要求登录：搜索页被转到了登录页，没有返回任何帖子。",
        "detail": "302 → https://passport.weibo.com/sso/signin?entry=wapsso&r=https%3A%2F%2Fm.weibo.cn%2Fsearch",
        "blind_since": NOW - timedelta(hours=2, minutes=5),
        "last_good": NOW - timedelta(hours=2),
        "brands": (BRAND, "拾光咖啡"),
        "to_do": (
            "在浏览器里重新登录，更新凭据 TINGFENG_CREDENTIAL_WEIBO。",
            "运行 tingfeng once crawl 确认恢复。",
            "若一直如此，把 interval 调长，减少被拦的机会。",
        ),
    }
    return FreshnessFacts(**fields | overrides)


def make_totals(total: int, bad: float, good: float) -> Totals:
    negative, positive = round(total * bad), round(total * good)
    return Totals(total=total, negative=negative, positive=positive, neutral=total - negative - positive)


def shown(text: str, label: Label, *, copies: int = 1, **overrides: Any) -> MentionWithVerdict:
    mention: Mention = make_mention(text=text, brands=(BRAND,), published_at=NOW - 20 * HOUR, **overrides)
    return MentionWithVerdict(id=1, mention=mention, verdict=make_verdict(label), weight=9.0, copies=copies)


def make_brand_facts(period: Period = Period.DAILY, **overrides: Any) -> BrandFacts:
    span = span_of(period, now=NOW, zone=SHANGHAI)
    scale = 7 if period is Period.WEEKLY else 1
    counts = {
        BRAND: make_totals(523 * scale, 0.21, 0.38),
        "拾光咖啡": make_totals(410 * scale, 0.08, 0.41),
        "茶里山": make_totals(288 * scale, 0.1, 0.3),
    }
    total = sum(t.total for t in counts.values())
    weeks = []
    for i in range(8):
        monday = span.last - timedelta(days=span.last.weekday() + 7 * (7 - i))
        asked = 0 if i in (2, 6) else 120
        nps = tuple([9] * (70 - 4 * i) + [8] * 20 + [3] * (30 + 4 * i)) if asked else ()
        csat = tuple([5] * (90 - 5 * i) + [2] * (25 + 5 * i)) if asked else ()
        weeks.append(
            SurveyWeek(monday=monday, nps=nps, csat=csat, mentions=make_totals(3000 + 90 * i, 0.08 + 0.02 * i, 0.4))
        )
    fields: dict[str, Any] = {
        "brand": BRAND,
        "now": counts[BRAND],
        "before": make_totals(402 * scale, 0.09, 0.41),
        "voices": tuple(
            Voice(brand=b, is_own=b == BRAND, counts=t, share=t.total / total, share_before=s)
            for (b, t), s in zip(counts.items(), (0.38, 0.39, 0.23), strict=True)
        ),
        "days": tuple(
            Day(
                day=span.last - timedelta(days=13 - i),
                counts=make_totals(380 + 37 * i % 120, 0.09 + (0.1 if i == 13 else 0), 0.4),
                covered=0.75 if i == 9 else 1.0,
            )
            for i in range(14)
        ),
        "by_source": {
            "weibo": make_totals(370 * scale, 0.2, 0.4),
            "zhihu": make_totals(101 * scale, 0.2, 0.4),
            "heimao-feed": make_totals(52 * scale, 0.2, 0.4),
        },
        "worst": (
            shown(
                TEXTS[0], Label.NEGATIVE, copies=14, followers=1_284_000, reposts=3_402, comments=1_911, likes=12_873
            ),
            shown(TEXTS[1], Label.NEGATIVE, followers=52_310, likes=2_011),
            shown(TEXTS[4], Label.NEGATIVE, followers=431, likes=11),
        ),
        "best": (
            shown("云杉新出的桂花乌龙真的绝了，秋天第一口就是它！", Label.POSITIVE, followers=90_120, likes=4_022),
            shown("店员小姐姐看我带着孩子，主动帮忙拿到座位上，好评。", Label.POSITIVE, likes=231),
        ),
        "terms": tuple(
            GrownTerm(term=t, now=n, share_now=n / 523, share_before=0.01, z=5.0)
            for t, n in (("吸管", 61), ("桂花乌龙", 44), ("涨价", 23))
        ),
        "incidents": (
            spike_incident(
                opened_at=NOW - 24 * HOUR, since=NOW - 25 * HOUR, resolved_at=NOW - 20 * HOUR, peak_observed=52
            ),
            spike_incident(),
        ),
        "weeks": tuple(weeks),
        "blind": (reports.BlindSpan(source="zhihu", since=span.since + HOUR, until=span.since + 7 * HOUR),),
        "spread": Spread(posts=1204, stories=386, authors=902),
        "copied": make_copied(),
        "blind_before": (),
    }
    return BrandFacts(**fields | overrides)


def make_digest(
    period: Period = Period.DAILY, *, brands: tuple[BrandFacts, ...] | None = None, **overrides: Any
) -> DigestFacts:
    span = span_of(period, now=NOW, zone=SHANGHAI)
    fields: dict[str, Any] = {
        "span": span,
        "now": NOW,
        "brands": brands if brands is not None else (make_brand_facts(period),),
        "sources": ("weibo", "zhihu", "heimao-feed"),
        "blind": (reports.BlindSpan(source="zhihu", since=span.since + HOUR, until=span.since + 7 * HOUR),),
        "unscored": False,
    }
    return DigestFacts(**fields | overrides)
