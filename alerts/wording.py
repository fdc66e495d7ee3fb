"""How numbers, times and strangers' texts read in a message. Pure; Chinese for people in a hurry.

Every text of a mention, a run or a survey may be hostile. What passes through `clean` holds no control character, no
direction override and no lone surrogate; templates escape and isolate it besides.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tingfeng.model import Label, Mention

URL_MAX = 2_000  # characters; a longer address is shown, cut, and not linked
POST_MAX = 160  # characters of a post in a mail
BEIJING = "Asia/Shanghai"

# Controls, direction marks and overrides, line and paragraph separators, invisible fillers, surrogates, private use.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_STACKED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]+"
)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WEEKDAYS = "一二三四五六日"
_PLATFORMS = {"weibo": "微博", "zhihu": "知乎", "bilibili": "B站", "v2ex": "V2EX"}
_BOARDS = {
    "hot:weibo": "微博热搜",
    "hot:baidu": "百度热搜",
    "hot:tencent": "腾讯热榜",
    "hot:toutiao": "头条热榜",
    "hot:thepaper": "澎湃热榜",
    "hot:zhihu": "知乎热榜",
    "hot:bilibili": "B站热搜",
    "hot:tieba": "贴吧热议",
}
_LABELS = {Label.NEGATIVE: "负面", Label.NEUTRAL: "中性", Label.POSITIVE: "正面"}


def clean(text: str) -> str:
    """One line of `text` that cannot disturb its surroundings: no controls, no overrides, no towers of accents."""
    return " ".join(_STACKED.sub(r"\1", _UNSEEN.sub(" ", text)).split())


def cut(text: str, limit: int = POST_MAX) -> str:
    """`clean(text)`, at most `limit` characters; what is left out shows as an ellipsis."""
    line = clean(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def safe_url(url: str) -> str | None:
    """The address if it may be a link: http(s) with a host, nobody's log-in in it, nothing invisible; else None."""
    if len(url) > URL_MAX or _UNSEEN.search(url) or any(c.isspace() or c in "<>\"'`\\" for c in url):
        return None
    try:
        parts = urlsplit(url)
        bad_port = parts.port == 0
    except ValueError:
        return None
    sound = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and not bad_port
    return url if sound else None


def count(n: float) -> str:
    """A count: '38', '1,204', '123 万', '1.2 亿'."""
    if n >= 1e8:
        return f"{_short(n / 1e8)} 亿"
    if n >= 1e5:
        return f"{_short(n / 1e4)} 万"
    return f"{n:,.0f}"


def expected(n: float) -> str:
    """An expectation: one decimal while it is small, '不到 0.1' when it is next to nothing."""
    if n < 0.1:
        return "不到 0.1"
    return f"{n:.1f}".removesuffix(".0") if n < 20 else count(n)


def _short(n: float) -> str:
    return f"{n:.1f}".removesuffix(".0") if n < 100 else f"{n:.0f}"


def percent(share: float | None) -> str:
    """A share 0…1: '12%', '0.4%'; '—' when there is none."""
    if share is None:
        return "—"
    return f"{100 * share:.1f}%" if 0 < share < 0.0095 else f"{100 * share:.0f}%"


def signed(n: float, digits: int = 2) -> str:
    """'+0.12', '−0.30', '0.00' with a real minus sign."""
    text = f"{n:+.{digits}f}"
    if not float(text):
        return text[1:]
    return text.replace("-", "−")


def change(now: float, before: float) -> str:
    """How a count changed: '+12%', '−5%', '持平', '3.4 倍', '上期为 0'."""
    if not before:
        return "上期为 0" if now else "持平"
    ratio = now / before
    if ratio >= 3:
        return f"{_short(ratio)} 倍"
    moved = round(100 * (ratio - 1))
    return f"{moved:+d}%".replace("-", "−") if moved else "持平"


def lasting(span: timedelta) -> str:
    """A length of time: '25 分钟', '3 小时 20 分钟', '2 天 3 小时'."""
    minutes = max(0, round(span.total_seconds() / 60))
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {left} 分钟" if left else f"{hours} 小时"
    return f"{left} 分钟"


def each(window: timedelta) -> str:
    """The window as a unit: '小时', '30 分钟', '天'."""
    text = lasting(window)
    return {"1 小时": "小时", "1 天": "天"}.get(text, text)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """'11月20日 21:05'."""
    local = at.astimezone(zone)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """'21:05'."""
    return f"{at.astimezone(zone):%H:%M}"


def stretch(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """'11月20日 13:00–19:00', with the second day where it is another."""
    a, b = since.astimezone(zone), until.astimezone(zone)
    if b.date() == a.date():
        return f"{moment(since, zone)}–{b:%H:%M}"
    if b.date() == a.date() + timedelta(days=1) and b.hour == b.minute == 0:
        return f"{moment(since, zone)}–24:00"
    return f"{moment(since, zone)} – {moment(until, zone)}"


def day(at: date, *, weekday: bool = False) -> str:
    """'11月20日', or '11月20日（周四）'."""
    text = f"{at.month}月{at.day}日"
    return f"{text}（周{_WEEKDAYS[at.weekday()]}）" if weekday else text


def zone_name(zone: ZoneInfo, at: datetime) -> str:
    """What the times are in: '北京时间', or 'UTC+9'."""
    if zone.key == BEIJING:
        return "北京时间"
    minutes = round((zone.utcoffset(at.astimezone(zone)) or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def power(p: float) -> str:
    """A probability as people write it: '0.003', '4×10⁻⁷'."""
    if p >= 0.001:
        return f"{p:.2g}"
    if p <= 0:
        return "小于 10⁻³⁰⁰"
    exponent = math.floor(math.log10(p))
    digits = round(p / 10**exponent) if exponent > -300 else 1
    if digits == 10:
        digits, exponent = 1, exponent + 1
    return f"{'' if digits == 1 else f'{digits}×'}10{str(exponent).translate(_SUPERSCRIPT)}"


def rarity(p: float, window: timedelta) -> str:
    """How often chance alone would do this, for somebody who never learnt what p means.

    One window in 1/p: read as a length of time that passes between two such windows, which is what "rare" means.
    """
    if window > p * timedelta(days=36_500):  # dividing by p would overflow for the worst of crises
        return "若一切如常，一百年也难碰上一次"
    days = window.total_seconds() / 86_400 / p
    if days >= 730:
        often = f"{days / 365.25:.0f} 年"
    elif days >= 60:
        often = f"{days / 30.44:.0f} 个月"
    elif days >= 2:
        often = f"{days:.0f} 天"
    else:
        often = lasting(timedelta(days=days))
    return f"若一切如常，平均约 {often}才会碰上一次"


def unbroken(text: str) -> str:
    """Parts joined by ' · ' that a narrow screen breaks only behind the dots, for HTML."""
    return "\u00a0· ".join(part.replace(" ", "\u00a0") for part in text.split(" · "))


def platform(mention: Mention) -> str:
    """'微博', '知乎', or the name of the source that found it."""
    return platform_name(mention.platform, mention.source)


def platform_name(platform: str, source: str) -> str:
    """The same for what is no mention."""
    return _PLATFORMS.get(platform, clean(source if platform == "web" else platform.removeprefix("feed:")))


def board(name: str) -> str:
    """'微博热搜', '微博热搜·文娱榜', or the name as it is."""
    known, _, category = name.partition("/")
    shown = _BOARDS.get(known) or cut(known.removeprefix("hot:"), 20)
    return f"{shown}·{cut(category, 10)}" if category else shown


def source(name: str) -> str:
    """A source as people call it: '微博', '微博（weibo-web）', or its own name."""
    known = _PLATFORMS.get(re.split(r"[-_.]", name)[0])
    if known is None:
        return cut(name, 40)
    return known if name in _PLATFORMS else f"{known}（{cut(name, 40)}）"


def since(at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """'03:10' of today, '11月20日 03:10' of another day."""
    return clock(at, zone) if at.astimezone(zone).date() == now.astimezone(zone).date() else moment(at, zone)


def label(of: Label) -> str:
    return _LABELS[of]


def reach(mention: Mention) -> str:
    """What is known of a post's reach, '粉丝 123 万 · 转 1,204 · 评 88 · 赞 3,100'; what was not told is left out."""
    told = (("粉丝", mention.followers), ("转", mention.reposts), ("评", mention.comments), ("赞", mention.likes))
    return " · ".join(f"{name} {count(n)}" for name, n in told if n is not None)
