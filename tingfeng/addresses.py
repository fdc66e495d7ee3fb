"""What an address points to, whichever way it is spelled: one article or post has one canonical address, one identity.

Pure and cheap; nothing is fetched, so short links and redirects stay what they are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from tingfeng.model import storable

MAX_URL = 2_000  # characters; longer ones are no addresses a reader can use

# Parameters that tell how a reader came, not what is read. By beginning, and by whole name.
_TRACKING = ("utm_", "spm", "share_", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "mtm_", "pk_", "at_campaign", "vd_source")
_TRAVEL = frozenset(
    (
        *("from", "isappinstalled", "scene", "clicktime", "enterid", "sharer_sharetime", "sharer_shareid", "sharetype"),
        *("sharefrom", "shareuid", "share", "weibo_id", "wm", "ref", "referer", "referrer", "fromsource", "sub_from"),
        *("gclid", "fbclid", "msclkid", "yclid", "tt_from", "tt_force_outside", "req_id_new", "wxshare_count"),
        *("nettype", "wechatshare", "chksm", "sessionid", "pass_ticket", "mpshare", "srcid", "bsh_bid", "wfr"),
        *("sfrom", "f_source", "spss", "spsnuid", "spsdevid", "spsvid", "spsshare", "spsts", "spstoken", "xsec_source"),
        *("xsec_token", "buvid", "plat_id", "unique_k", "timestamp", "_t", "_r"),
    )
)
# The same pages under other hosts.
_HOSTS = {
    "www.weibo.com": "weibo.com",
    "m.weibo.com": "weibo.com",
    "www.weibo.cn": "weibo.cn",
    "zhihu.com": "www.zhihu.com",
    "m.zhihu.com": "www.zhihu.com",
    "bilibili.com": "www.bilibili.com",
    "m.bilibili.com": "www.bilibili.com",
    "v2ex.com": "www.v2ex.com",
    "cn.v2ex.com": "www.v2ex.com",
    "global.v2ex.com": "www.v2ex.com",
    "toutiao.com": "www.toutiao.com",
    "m.toutiao.com": "www.toutiao.com",
    "m.163.com": "www.163.com",
    "3g.163.com": "www.163.com",
    "m.thepaper.cn": "www.thepaper.cn",
    "thepaper.cn": "www.thepaper.cn",
    "m.sohu.com": "www.sohu.com",
    "m.36kr.com": "36kr.com",
    "www.36kr.com": "36kr.com",
    "m.ithome.com": "www.ithome.com",
    "m.huxiu.com": "www.huxiu.com",
    "m.jiemian.com": "www.jiemian.com",
    "m.yicai.com": "www.yicai.com",
    "m.cls.cn": "www.cls.cn",
    "m.douban.com": "www.douban.com",
    "wap.peopleapp.com": "www.peopleapp.com",
}
_PORTS = {"http": 80, "https": 443}
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)\Z", re.I)
_AMP = re.compile(r"/amp/?\Z", re.I)
_HEX = re.compile(r"%[0-9a-fA-F]{2}")
_SAFE = ":@!$&'()*+,;=~-._"  # stand in a path as they are

_ROUTE = re.compile(r"!?/\w")  # pages that are drawn in the browser keep their path behind the #
_REPLY = re.compile(r"r_\d{1,12}")
_WEIBO = re.compile(r"/(?:\d{1,20}|detail|status)/([0-9A-Za-z]{7,20})")
_ZHIHU = re.compile(r"(?:/question/\d{1,20})?/(answer|question|pin|zvideo|p)s?/(\d{1,20})")
_BILIBILI = re.compile(r"/video/(BV[0-9A-Za-z]{10}|av\d{1,12})")
_V2EX = re.compile(r"/t/(\d{1,12})")
_NETEASE = re.compile(r"(?:/[a-z]{1,20}){0,4}(?:/\d\d/\d{4}/\d\d)?/([0-9A-Z]{16})(?:_\d{1,4})?(?:\.html)?")
_SINA = re.compile(r"/(?:doc-|detail-)(i[a-z0-9]{8,20})(?:\.d\.html|\.s?html)?\Z")
_TOUTIAO = re.compile(r"/(?:article/|group/|item/|i|a)(\d{12,20})")


def canonical(url: object) -> str:
    """The one spelling of a web address; "" for what is none.

    Host in lower case, https, no default port, credentials, fragment, trailing slash or tracking parameters; the other
    parameters in order of their names; mobile hosts of well-known sites replaced. It is made to be compared, not to be
    fetched. Applying it twice changes nothing more.
    """
    parts = _split(url)
    return _joined(parts) if parts else ""


def identity(url: object) -> tuple[str, str] | None:
    """(platform, native id) of the post an address shows, ("web", canonical address) of any other page.

    None for what is no web address. Of sites the crawler has no reader for, an article is a page of the web.
    """
    parts = _split(url)
    if parts is None:
        return None
    platform, number_in = _READERS.get(parts.netloc, ("web", _none))
    number = number_in(parts)
    return (platform, number) if number else ("web", _joined(parts))


def _none(parts: SplitResult) -> None:
    return None


def is_front_page(url: str) -> bool:
    """Whether a canonical address shows a site as a whole: as the link of an article it says nothing."""
    return url.count("/") == 2 and "?" not in url and "#" not in url


def _split(url: object) -> SplitResult | None:
    """The parts of `canonical`; None for what is no web address."""
    text = storable(url).strip() if isinstance(url, str) else ""
    if not 0 < len(text) <= MAX_URL or any(c < " " for c in text):
        return None
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError):
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    host = f"[{host}]" if ":" in host else host
    host = _HOSTS.get(host, host)
    if port and port not in (_PORTS[parts.scheme], 443):  # all becomes https
        host = f"{host}:{port}"
    path, query = _path(parts.path), _query(parts.query)
    kept = _ROUTE.match(parts.fragment) or (host == "www.v2ex.com" and _REPLY.fullmatch(parts.fragment))
    return _one_spelling(SplitResult("https", host, path, query, parts.fragment if kept else ""))


def _joined(parts: SplitResult) -> str:
    return urlunsplit(parts)[:MAX_URL]


def _path(path: str) -> str:
    """Escapes spelled alike, without "index.html", "/amp" and slashes at the end."""
    if _HEX.search(path) or not path.isascii():
        # Piece by piece: a slash that was escaped is not one that parts folders.
        path = "/".join(map(_piece, path.split("/")))
    path = re.sub(r"/{2,}", "/", path)
    path = _INDEX.sub("/", path)
    path = _AMP.sub("", path)
    return path.rstrip("/")


def _piece(text: str) -> str:
    return quote(unquote(text, errors="surrogateescape"), safe=_SAFE, errors="surrogateescape")


def _query(query: str) -> str:
    """What tells what is read, in order of names; fields of one name keep theirs."""
    given = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = [(name, value) for name, value in given if not _is_tracking(name.lower())]
    return urlencode(sorted(kept, key=lambda pair: pair[0]), errors="surrogateescape")


def _is_tracking(name: str) -> bool:
    return name.startswith(_TRACKING) or name in _TRAVEL


def _one_spelling(parts: SplitResult) -> SplitResult:
    """News sites whose articles have an id and several addresses: one of them. Others as they are."""
    host, path = parts.netloc, parts.path
    if host.endswith(".163.com") and (found := _NETEASE.fullmatch(path)):
        return SplitResult("https", "www.163.com", f"/dy/article/{found[1]}.html", "", "")
    if host == "news.google.com":
        return parts._replace(query="")  # the language of the list it stood in
    if host == "www.toutiao.com" and (found := _TOUTIAO.fullmatch(path)):
        return SplitResult("https", host, f"/article/{found[1]}", "", "")
    if host.endswith((".sina.com.cn", ".sina.cn")) and (found := _SINA.search(path)):
        return SplitResult("https", "news.sina.com.cn", f"/doc-{found[1]}.shtml", "", "")
    return parts


# --- the platforms there are readers for

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAME = re.compile(r"[0-9A-Za-z]{7,20}")


def mid_from_bid(bid: str) -> str:
    """The number of a post from the short form in its address: groups of 4 letters are 7 digits, from the right."""
    groups = [bid[max(0, end - 4) : end] for end in range(len(bid), 0, -4)]
    numbers = [functools.reduce(lambda n, letter: n * 62 + _DIGITS.index(letter), group, 0) for group in groups]
    return "".join([str(numbers[-1]), *(f"{n:07d}" for n in reversed(numbers[:-1]))])


def mid_of_name(name: object) -> str:
    """The number of a post from its number or its short form; "" for anything else."""
    text = str(name) if type(name) is int else name
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        return ""
    return text if text.isdigit() and len(text) > 10 else mid_from_bid(text)


def bid_from_mid(mid: str) -> str:
    """The short form of a post's number, as in its address; "" for what is no number."""
    if not (mid.isascii() and mid.isdigit()):
        return ""
    groups = [int(mid[max(0, end - 7) : end]) for end in range(len(mid), 0, -7)]
    letters = [_base62(n).rjust(4, "0") for n in groups[:-1]]
    return "".join([_base62(groups[-1]), *reversed(letters)])


def _base62(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number, 62)
        letters = _DIGITS[rest] + letters
    return letters or "0"


def _weibo(parts: SplitResult) -> str | None:
    found = _WEIBO.fullmatch(parts.path)
    if not found or (found[1].isalpha() and found[1].islower()):  # /<uid>/profile is a page, not a post
        return None
    return mid_of_name(found[1])


def _zhihu(parts: SplitResult) -> str | None:
    found = _ZHIHU.fullmatch(parts.path)
    return f"{'article' if found[1] == 'p' else found[1]}:{found[2]}" if found else None


def _bilibili(parts: SplitResult) -> str | None:
    found = _BILIBILI.fullmatch(parts.path)
    return found[1] if found else None


def _v2ex(parts: SplitResult) -> str | None:
    found = _V2EX.fullmatch(parts.path)
    if parts.fragment:
        return f"reply:{parts.fragment.removeprefix('r_')}"
    return f"topic:{found[1]}" if found else None


_READERS: dict[str, tuple[str, Callable[[SplitResult], str | None]]] = {
    "weibo.com": ("weibo", _weibo),
    "weibo.cn": ("weibo", _weibo),
    "m.weibo.cn": ("weibo", _weibo),
    "www.zhihu.com": ("zhihu", _zhihu),
    "zhuanlan.zhihu.com": ("zhihu", _zhihu),
    "www.bilibili.com": ("bilibili", _bilibili),
    "www.v2ex.com": ("v2ex", _v2ex),
}
