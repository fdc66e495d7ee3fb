"""How the replica misbehaves when told to: the refusals and accidents that platforms are known for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import TypeVar

from demo.replica.http import Reply

Listed = TypeVar("Listed")
LOGIN = "https://passport.weibo.com/sso/signin?entry=wapsso&source=wapsso"
CAPTCHA = "https://passport.weibo.com/verify/index?spm=wapsso"


class Fault(StrEnum):
    UNAUTHORIZED = "401"
    PAYMENT = "402"
    RISK_CONTROL = "412"
    TOO_MANY = "429"
    ANTI_CRAWL = "432"
    TEAPOT = "418"
    FORBIDDEN = "403"
    LEGAL = "451"
    CAPTCHA_STATUS = "461"
    SERVER_ERROR = "503"
    NOT_LOGGED_IN = "ok -100"
    LOGIN_REDIRECT = "login redirect"
    CAPTCHA_REDIRECT = "captcha redirect"
    CAPTCHA_PAGE = "captcha page"
    NOTHING_HERE = "nothing here"  # ok 0 with empty cards: no result, or a soft refusal
    RATE = "30001"
    QUOTA = "30002"
    RISK = "30003"
    COUNT_EXCEEDS_MAX = "COUNT_EXCEEDS_MAX"
    SERVICE_REQUIRED = "SERVICE_REQUIRED"
    GATEWAY_TOO_MANY = "TOO_MANY_REQUESTS"
    LAYOUT_CHANGED = "layout changed"  # a page of the site's next generation, which says nothing without its scripts
    NEARLY_USED_UP = "nearly used up"  # the answer is as usual, but says that no more calls are left
    DELETED = "deleted"  # topics are still shown, with the mark of the deleted
    TOKEN_INVALID = "40100"
    EMPTY_PAGE = "empty page"  # an empty page in the middle; the next one is full again
    OVERLAP = "overlap"  # a page begins with the last posts of the one before
    SLOW = "slow body"
    TRUNCATED = "truncated"  # complete HTTP, half a document
    BLANK = "blank"
    HANG_UP = "hang up"  # the connection ends in the middle of the body
    HTML = "HTML instead"  # an ordinary page, no sign of a refusal on it
    RENAMED = "renamed keys"  # a redesign: posts are there, under other names
    EMPTY = "empty where plenty"  # a sound answer with no posts in it
    LAST_PAGE = "last page only"  # the first page is cut, and there is no other
    SKEW = "clock skew"  # the server's clock is three hours ahead
    HUGE = "huge body"
    LOOP = "redirect loop"
    PRIVATE = "redirect inside"  # to an address of the inner network
    BOMB = "entity bomb"


@dataclass(slots=True)
class Ordered:
    """A fault asked for: on which page, and how many more times (None = for ever)."""

    fault: Fault
    page: int | None = None
    times: int | None = None


def shown(listed: list[Listed], fault: Fault | None) -> list[Listed]:
    """What is shown of a list that has only one page."""
    if fault is Fault.EMPTY:
        return []
    return listed[:1] if fault is Fault.LAST_PAGE else listed


class Faults:
    """What is wrong right now, per platform or with "robots". Safe across threads.

    Platforms: "weibo" (m.weibo.cn's search), "weibo_html", "weibo_cli", "weibo_comments", "zhihu", "feed", "v2ex" and
    "hot" (every hot list).
    """

    slow = 2.0  # seconds a slow body takes

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: dict[str, Ordered] = {}
        self.robots_deny = False
        self.robots_down = False

    def order(self, platform: str, fault: Fault, *, page: int | None = None, times: int | None = None) -> None:
        """From now on `platform` misbehaves: on `page` only, when given, and at most `times` times."""
        with self._lock:
            self._ordered[platform] = Ordered(fault, page, times)

    def clear(self) -> None:
        """All well again."""
        with self._lock:
            self._ordered.clear()
            self.robots_deny = self.robots_down = False

    def due(self, platform: str, page: int = 1) -> Fault | None:
        """The fault this request meets, counted as met."""
        if not self._ordered:
            return None
        with self._lock:
            ordered = self._ordered.get(platform)
            if ordered is None or ordered.times == 0 or ordered.page not in (None, page):
                return None
            if ordered.times is not None:
                ordered.times -= 1
            return ordered.fault

    def reply(self, fault: Fault, usual: Callable[[], Reply], *, now: datetime, target: str = "/") -> Reply:
        """What is sent in place of the usual reply. Faults of a platform's own, such as OVERLAP, leave it usual."""
        if fault in _INSTEAD:
            return _INSTEAD[fault]
        if fault is Fault.LOOP:
            return _html("", 302, Location=target)
        reply = usual()
        if fault is Fault.SKEW:
            date = format_datetime(now + timedelta(hours=3), usegmt=True)
            return Reply(reply.body, reply.status, reply.content_type, headers=(("Date", date),))
        if fault is Fault.RENAMED:
            return Reply(_renamed(reply.body), reply.status, reply.content_type)
        if fault is Fault.HUGE:
            return Reply(reply.body + b" " * _HUGE, reply.status, reply.content_type)
        if fault is Fault.SLOW:
            return Reply(reply.body, reply.status, reply.content_type, delay=self.slow)
        if fault is Fault.TRUNCATED:
            return Reply(reply.body[: len(reply.body) // 2], reply.status, reply.content_type)
        if fault is Fault.HANG_UP:
            return Reply(reply.body, reply.status, reply.content_type, hang_up=True)
        return reply


def _renamed(body: bytes) -> bytes:
    for old, new in _RENAMES:
        body = body.replace(old, new)
    return body


def _json(value: object, status: int = 200) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status)


def _html(text: str, status: int = 200, **headers: str) -> Reply:
    return Reply(text.encode(), status, "text/html; charset=utf-8", tuple(headers.items()))


def _zhihu(code: int, message: str) -> Reply:
    return _json({"Code": code, "Message": message, "Data": None})


def _gateway(code: str, status: int, **headers: str) -> Reply:
    body = json.dumps({"error": {"code": code}}).encode()
    return Reply(body, status, headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()))


_CAPTCHA_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>微博通行证</title></head>
<body><h1>请完成安全验证</h1><form action="https://passport.weibo.com/verify/index"></form></body></html>"""

_HUGE = 5 * 1024 * 1024  # bytes, more than any source is allowed by default
_RENAMES = (
    *((b'"mblog"', b'"status"'), (b'"Items"', b'"Results"'), (b"<item>", b"<piece>"), (b"</item>", b"</piece>")),
    *((b'"card-wrap"', b'"result-box"'), (b'"statuses"', b'"tweets"')),  # s.weibo.com, the gateway
    *((b'"title"', b'"headline"'), (b'"content"', b'"body"')),  # V2EX; Baidu and Tencent with it
    *((b'"word"', b'"term"'), (b'"idlist"', b'"groups"')),  # hot lists
)
_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><rss version="2.0"><channel><title>&c;</title></channel></rss>'
)
_INSTEAD = {
    Fault.UNAUTHORIZED: _json({"error": "Unauthorized"}, 401),
    Fault.PAYMENT: _html("", 402),
    Fault.RISK_CONTROL: _html("", 412),
    Fault.LEGAL: _html("", 451),
    Fault.CAPTCHA_STATUS: _html("", 461),
    Fault.HTML: _html("<!DOCTYPE html><html><body><h1>微博</h1><p>随时随地发现新鲜事</p></body></html>"),
    Fault.PRIVATE: _html("", 302, Location="http://10.0.0.1/latest/meta-data/"),
    Fault.BOMB: Reply(_BOMB.encode(), content_type="text/xml; charset=utf-8"),
    Fault.TOO_MANY: _html("Too Many Requests", 429, **{"Retry-After": "120"}),
    Fault.ANTI_CRAWL: _html("", 432),
    Fault.TEAPOT: _html("", 418),
    Fault.FORBIDDEN: _json({"error": "Forbidden"}, 403),
    Fault.SERVER_ERROR: _html("<h1>Service Unavailable</h1>", 503),
    Fault.NOT_LOGGED_IN: _json({"ok": -100, "errno": "-100", "msg": "", "url": LOGIN}),
    Fault.LOGIN_REDIRECT: _html("", 302, Location=LOGIN),
    Fault.CAPTCHA_REDIRECT: _html("", 302, Location=CAPTCHA),
    Fault.CAPTCHA_PAGE: _html(_CAPTCHA_PAGE),
    Fault.NOTHING_HERE: _json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}),
    Fault.RATE: _zhihu(30001, "rate limited"),
    Fault.QUOTA: _zhihu(30002, "quota exhausted"),
    Fault.RISK: _zhihu(30003, "risk control"),
    Fault.COUNT_EXCEEDS_MAX: _gateway("COUNT_EXCEEDS_MAX", 400),
    Fault.SERVICE_REQUIRED: _gateway("SERVICE_REQUIRED", 402),
    Fault.GATEWAY_TOO_MANY: _gateway("TOO_MANY_REQUESTS", 429, Retry_After="120"),
    Fault.LAYOUT_CHANGED: _html('<!DOCTYPE html><html><body><div id="app"></div></body></html>'),
    Fault.TOKEN_INVALID: _json({"code": 40100, "message": "token invalid"}),
    Fault.BLANK: Reply(b""),
}
