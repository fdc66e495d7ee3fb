"""What templates are given: texts ready to show, nothing left to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts import wording
from alerts.blind import BlindNow
from alerts.facts import Copied
from store.stories import Spread
from tingfeng.clock import BUCKET
from tingfeng.model import Label, Mention, Verdict
from tingfeng.refusals import words_of

GAPS_SHOWN = 8

_TONES = {Label.NEGATIVE: "bad", Label.NEUTRAL: "neutral", Label.POSITIVE: "good"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that is shown large, with what it is and what it is compared with."""

    value: str
    label: str
    note: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as a mail shows it. `link` None: not fit to be one, `shown` is then read only."""

    about: str  # where, when, how far it reaches, how many copies
    text: str
    link: str | None
    shown: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveView:
    """A copy-paste wave as a mail shows it. `link` None: not fit to be one."""

    what: str  # how many, by whom, when
    text: str
    first: str  # where and when it was seen first
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    source: str
    stretch: str
    lasting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBar:
    name: str
    n: int
    part: float  # of the longest bar, 0…1


class Blind(Protocol):
    """A stretch in which a source was not seen, whoever noted it."""

    @property
    def source(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def until(self) -> datetime: ...


def post(mention: Mention, verdict: Verdict | None, *, zone: ZoneInfo, copies: int = 1) -> Post:
    text = f"{mention.title}：{mention.text}" if mention.title and mention.title not in mention.text else mention.text
    link = wording.safe_url(mention.url)
    about = [wording.platform(mention), wording.moment(mention.published_at, zone), wording.reach(mention)]
    if mention.deleted_at is not None:
        about.append(f"原帖已删除（{wording.moment(mention.deleted_at, zone)} 发现）")
    return Post(
        about=" · ".join(filter(None, [*about, f"同文 {copies} 条" if copies > 1 else ""])),
        text=wording.cut(text) or "（没有文字）",
        link=link,
        shown=link or wording.cut(mention.url, 300),
        tone=_TONES[verdict.label] if verdict else "neutral",
    )


def wave_of(copied: Copied | None, zone: ZoneInfo) -> WaveView | None:
    """The wave, if it is one."""
    if copied is None or copied.wave is None:
        return None
    w = copied.wave
    dense = f"其中 {wording.count(w.densest)} 条" if w.densest < w.copies else "都"
    return WaveView(
        what=f"{wording.count(w.copies)} 条几乎相同的帖子，来自 {wording.count(w.authors)} 位作者，不是转发；"
        f"{dense}集中在 {wording.stretch(w.since, w.until, zone)}。",
        text=wording.cut(copied.story.text),
        first=first_seen(copied, zone),
        link=wording.safe_url(copied.story.first.url),
    )


def first_seen(copied: Copied, zone: ZoneInfo) -> str:
    """'首发：微博 11月20日 14:03', the first that was seen."""
    first = copied.story.first
    return f"首发：{wording.platform_name(first.platform, first.source)} {wording.moment(first.published_at, zone)}"


def spread_words(spread: Spread, copied: Copied | None, zone: ZoneInfo) -> str:
    """'来自 131 位作者，38 个不同内容；其中同一段文字出现 71 次（首发：…）', without a full stop."""
    told = f"来自 {wording.count(spread.authors)} 位作者，{wording.count(spread.stories)} 个不同内容"
    if copied is None:
        return told
    return f"{told}；其中同一段文字出现 {wording.count(copied.story.copies)} 次（{first_seen(copied, zone)}）"


def gaps(spans: Sequence[Blind], zone: ZoneInfo, *, now: datetime) -> list[Gap]:
    """Blind stretches by source and time; when there are many, the longest, and a line that sums up the rest."""
    by_length = sorted(spans, key=lambda g: g.since - g.until)
    longest, left = by_length[:GAPS_SHOWN], by_length[GAPS_SHOWN:]
    shown = [_gap(g, zone, now=now) for g in sorted(longest, key=lambda g: (g.source, g.since))]
    if left:
        hours = sum((g.until - g.since).total_seconds() for g in left) / 3600
        shown.append(Gap(source="其余", stretch=f"{len(left)} 段较短的缺口", lasting=f"合计 {hours:.1f} 小时"))
    return shown


def _gap(g: Blind, zone: ZoneInfo, *, now: datetime) -> Gap:
    # What reaches up to now may be no fault: a source that is asked once an hour has nothing to show in between.
    is_open = now - g.until < BUCKET
    stretch = f"{wording.moment(g.since, zone)} 起还没有新数据" if is_open else wording.stretch(g.since, g.until, zone)
    return Gap(source=wording.source(g.source), stretch=stretch, lasting=wording.lasting(g.until - g.since))


def unseen(sources: Sequence[BlindNow], zone: ZoneInfo, *, now: datetime) -> list[str]:
    """'微博自 03:10 起看不到（登录凭据过期）', for each source that cannot be seen now."""
    return [
        f"{wording.source(one.source)}自 {wording.since(one.since, zone, now=now)} 起看不到"
        f"（{wording.cut(words_of(one.cause), 40)}）"
        for one in sources
    ]


def source_bars(by_source: Mapping[str, int]) -> list[SourceBar]:
    """Counts by source as bars, in the order given; the longest fills the line."""
    top = max(by_source.values(), default=0) or 1
    return [SourceBar(name=wording.source(name), n=n, part=n / top) for name, n in by_source.items()]
