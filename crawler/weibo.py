"""What holds for every Weibo route: ids, addresses, refusals, the operator's cookie (sources.md 1.0, 1.5, 1.7, 1.9)."""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from crawler.options import is_local
from crawler.post import Reading
from crawler.refusals import by_address, by_message
from crawler.spec import CrawlSpec
from tingfeng.addresses import mid_from_bid as mid_from_bid
from tingfeng.addresses import mid_of_name as mid_of_name
from tingfeng.errors import CrawlError, LayoutChanged, Refused

DELETED = "20101"  # errno of a post that is gone
_NOTHING = ("没有内容", "暂无数据", "快来发表你的评论")  # the first is recorded, the others are how clients tell it


def has_answer(data: dict[str, Any], into: Reading, *, url: str) -> bool:
    """Whether a body with `ok` holds something to read.

    False: the site says that there is nothing, or that the post in `url` is deleted, which `into` takes down. The
    named refusal is raised for everything else.
    """
    if data.get("ok") == 1:
        return True
    said = " ".join(str(data[key]) for key in ("msg", "message", "errmsg", "error") if data.get(key))
    if str(data.get("errno")) == DELETED:
        into.notes["deleted"] += 1
        into.gone += filter(None, [mid_in(url)])
        return False
    if data.get("ok") == 0 and any(words in said for words in _NOTHING):
        inner = data.get("data")
        if isinstance(inner, dict) and inner.get("cards"):
            return True
        into.notes["page/empty"] += 1
        return False
    raise refusal(data, said)


def refusal(data: dict[str, Any], said: str) -> CrawlError:
    """What a body means that is neither an answer nor empty."""
    if "ok" not in data and said == "Forbidden":
        return CrawlError("bad_request", "'Forbidden': not asked in the form the site expects")
    name = by_message(said)
    if name is None and isinstance(data.get("url"), str):
        name = by_address(data["url"], otherwise="")
    if data.get("ok") == -100 and name != "captcha":
        name = "login_required"
    if name is None and "ok" not in data:
        return LayoutChanged("layout_changed", f"neither an answer nor a refusal: {said[:80]}")
    return Refused(name or "not_ok", f"ok {data.get('ok')!r}: {said[:80]}")


def refuse_gates(url: str) -> None:
    """Raises the refusal that being at a login's or a captcha's address is, whatever stands there."""
    if parts_of(url).hostname in ("passport.weibo.com", "passport.weibo.cn", "visitor.passport.weibo.cn"):
        raise Refused(by_address(url), "the page of a login or captcha")


# --- ids and addresses

_POST_ADDRESS = re.compile(r"(?:https?:)?//(?:www\.)?weibo\.(?:com|cn)/(\d{1,20})/([0-9A-Za-z]{7,20})(?:[?#].*)?")
_PATH = re.compile(r"/(?:detail|status)/([0-9A-Za-z]{7,20})")


def parts_of(url: str) -> SplitResult:
    """The parts of an address; empty ones for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def mid_in(url: str) -> str:
    """The number of the post an address asks for (`id=`, `mid=`, /detail/…, /status/…, /<uid>/<bid>); "" if none."""
    parts = parts_of(url)
    asked = parse_qs(parts.query[:2_000])
    for key in ("id", "mid"):
        if key in asked:
            return mid_of_name(asked[key][0])
    found = _PATH.search(parts.path)
    if found:
        return mid_of_name(found[1])
    told = post_address(url)
    return told[1] if told else ""


def post_address(url: str) -> tuple[str, str] | None:
    """(author's number, post's number) from https://weibo.com/<uid>/<bid or mid>; None for any other address."""
    found = _POST_ADDRESS.fullmatch(url)
    return (found[1], mid_of_name(found[2])) if found else None


def address_of(mid: str) -> str:
    """One post, one address, whichever route told it."""
    return f"https://m.weibo.cn/detail/{mid}" if mid else ""


# --- the operator's own cookie


def cookie_headers(cookie: str | None) -> dict[str, str]:
    """The operator's cookie as headers: without SSOLoginState, which provokes 432, and with its token mirrored."""
    if not cookie:
        return {}
    parts = [p.strip() for p in cookie.removeprefix("Cookie:").split(";")]
    kept = "; ".join(p for p in parts if p and not p.startswith("SSOLoginState="))
    headers = {"Cookie": kept}
    try:
        token = SimpleCookie(kept).get("XSRF-TOKEN")
    except CookieError:
        token = None
    if token is not None:
        headers["X-XSRF-TOKEN"] = token.value
    return headers


def cookie_problems(spec: CrawlSpec, home: str) -> list[str]:
    """What a source that reads Weibo's own pages lacks; nothing for a server on this machine."""
    if is_local(spec.base_url or home):
        return []
    found = [] if spec.credential else ["a credential is needed: the cookie of your own login"]
    if not spec.robots_override_reason:
        found.append("robots_override_reason is needed: robots.txt must be taken to forbid these pages")
    return found
