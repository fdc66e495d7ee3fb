"""Which post an address names: the same identity as spiders give it, so that a post that comes in twice is one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from crawler.post import Kind
from crawler.text import MAX_URL, address, without_parameters
from crawler.weibo import mid_from_bid


class Place(NamedTuple):
    """What an address says. `native_id` "": it is on the platform, but names no post we know how to tell apart."""

    platform: str
    native_id: str = ""
    author: str = ""  # the platform's own id of the author
    kind: Kind | None = None


_BID = re.compile(r"[0-9A-Za-z]{7,20}")
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Place]]


def _numbered(platform: str, kind: Kind, prefix: str = "") -> Callable[[re.Match[str]], Place]:
    return lambda found: Place(platform, prefix + found[1], kind=kind)


def weibo_id(told: str) -> str:
    """The number of a post from it or from its short form; anything else as it is told."""
    is_short = _BID.fullmatch(told) and not (told.isdigit() and len(told) > 10)
    return mid_from_bid(told) if is_short else told


def _weibo(found: re.Match[str]) -> Place:
    return Place("weibo", weibo_id(found["post"]), author=found["uid"] or "")


_WEIBO: tuple[_Rule, ...] = (
    (re.compile(r"/(?:(?P<uid>\d{5,20})|detail|status|statuses/show\?id=)/?(?P<post>[0-9A-Za-z]{7,20})\b"), _weibo),
)
_XHS: tuple[_Rule, ...] = (
    (
        re.compile(r"/(?:explore|discovery/item|search_result)/([0-9a-f]{24})\b"),
        _numbered("xiaohongshu", Kind.POST),
    ),
)
_DOUYIN: tuple[_Rule, ...] = (
    (re.compile(r"/(?:share/)?(?:video|note)/(\d{10,22})\b"), _numbered("douyin", Kind.VIDEO)),
    (re.compile(r".{0,200}[?&]modal_id=(\d{10,22})\b"), _numbered("douyin", Kind.VIDEO)),
)
_ZHIHU: tuple[_Rule, ...] = (
    (re.compile(r"/(?:question/\d{1,20}/)?answers?/(\d{1,20})\b"), _numbered("zhihu", Kind.ANSWER, "answer:")),
    (re.compile(r"/questions?/(\d{1,20})\b"), _numbered("zhihu", Kind.QUESTION, "question:")),
    (re.compile(r"/(?:p|articles)/(\d{1,20})\b"), _numbered("zhihu", Kind.ARTICLE, "article:")),
    (re.compile(r"/pins?/(\d{1,20})\b"), _numbered("zhihu", Kind.POST, "pin:")),
    (re.compile(r"/zvideo/(\d{1,20})\b"), _numbered("zhihu", Kind.VIDEO, "zvideo:")),
)
_RULES: dict[str, tuple[str, tuple[_Rule, ...]]] = {  # host → platform, rules
    **dict.fromkeys(("weibo.com", "m.weibo.cn", "weibo.cn", "m.weibo.com"), ("weibo", _WEIBO)),
    **dict.fromkeys(("zhihu.com", "zhuanlan.zhihu.com", "api.zhihu.com"), ("zhihu", _ZHIHU)),
    **dict.fromkeys(("xiaohongshu.com", "m.xiaohongshu.com"), ("xiaohongshu", _XHS)),
    **dict.fromkeys(("douyin.com", "m.douyin.com", "iesdouyin.com"), ("douyin", _DOUYIN)),
    **dict.fromkeys(
        ("bilibili.com", "m.bilibili.com"),
        ("bilibili", ((re.compile(r"/video/(BV[0-9A-Za-z]{10})\b"), _numbered("bilibili", Kind.VIDEO)),)),
    ),
    "v2ex.com": ("v2ex", ((re.compile(r"/t/(\d{1,10})\b"), _numbered("v2ex", Kind.POST)),)),
    "tousu.sina.com.cn": (
        "heimao",
        ((re.compile(r"/complaint/view/(\d{5,20})\b"), _numbered("heimao", Kind.COMPLAINT)),),
    ),
    "tieba.baidu.com": ("tieba", ((re.compile(r"/p/(\d{3,20})\b"), _numbered("tieba", Kind.POST)),)),
    "mp.weixin.qq.com": (
        "weixin",
        ((re.compile(r"/s/([0-9A-Za-z_-]{10,40})(?:[?#]|$)"), _numbered("weixin", Kind.ARTICLE)),),
    ),
}
_ADDRESS = re.compile(r"(?:https?:)?//(?:www\.)?([^/?#:@\s]{1,253})(?::\d{1,5})?(/[^\s]*)?", re.I)

_SITE = re.compile(r"https?://[^/?#]*/?")

# How people call the platforms, case-folded → our name for it.
PLATFORMS: dict[str, str] = {
    **dict.fromkeys(("微博", "新浪微博", "weibo", "sina weibo"), "weibo"),
    **dict.fromkeys(("知乎", "zhihu"), "zhihu"),
    **dict.fromkeys(("小红书", "红书", "xiaohongshu", "xhs", "red", "rednote"), "xiaohongshu"),
    **dict.fromkeys(("抖音", "douyin", "抖音短视频"), "douyin"),
    **dict.fromkeys(("微信", "公众号", "微信公众号", "微信公众平台", "weixin", "wechat"), "weixin"),
    **dict.fromkeys(("b站", "哔哩哔哩", "bilibili"), "bilibili"),
    **dict.fromkeys(("黑猫", "黑猫投诉", "heimao", "tousu"), "heimao"),
    **dict.fromkeys(("贴吧", "百度贴吧", "tieba"), "tieba"),
    **dict.fromkeys(("v2ex",), "v2ex"),
    **dict.fromkeys(("快手", "kuaishou"), "kuaishou"),
    **dict.fromkeys(("豆瓣", "douban"), "douban"),
    **dict.fromkeys(("今日头条", "头条", "头条号", "toutiao"), "toutiao"),
    **dict.fromkeys(
        ("新闻", "网媒", "网页", "网站", "新闻网站", "网络媒体", "客户端", "新闻客户端", "news", "web"), "web"
    ),
}
USUAL_KIND: dict[str, Kind] = {
    **dict.fromkeys(("weixin", "web", "toutiao"), Kind.ARTICLE),
    **dict.fromkeys(("douyin", "bilibili", "kuaishou"), Kind.VIDEO),
    "heimao": Kind.COMPLAINT,
}


def place_of(url: str) -> Place | None:
    """The platform an address is on and the post it names there; None for an address of no platform we know."""
    found = _ADDRESS.match(url.strip())
    known = _RULES.get(found[1].lower()) if found else None
    if found is None or known is None:
        return None
    platform, rules = known
    path = found[2] or ""
    for pattern, build in rules:
        if named := pattern.match(path):
            return build(named)
    return Place(platform)


def is_plain(url: str) -> bool:
    """Whether an address that `place_of` knows needs no cleaning: the common case, which `canonical` is slow for."""
    return url.startswith("http") and url.isprintable() and len(url) <= MAX_URL and not ("?" in url or "#" in url)


def canonical(url: str) -> str:
    """An address as a reader may follow it: http(s), without fragment, campaigns and tokens; "" if it is none."""
    text = address(url.strip().partition("#")[0])
    return without_parameters(text, prefixes=("utm_", "spm", "share_", "xsec_")) if "?" in text else text


def identity_of(address: str) -> str:
    """An address as an identity; "" when it is only that of a site, which many posts share."""
    return "" if _SITE.fullmatch(address) else address


def digest_of(platform: str, author: str, published_at: datetime | str, text: str) -> str:
    """An identity for a post that nothing else tells apart."""
    at = published_at if isinstance(published_at, str) else published_at.isoformat()
    whole = "\x1f".join((platform, author, at, text)).encode("utf-8", "surrogatepass")
    return f"digest:{hashlib.blake2b(whole, digest_size=16).hexdigest()}"
