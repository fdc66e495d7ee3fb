"""What m.weibo.cn's JSON says, field by field (sources.md 1.0, 1.5, 1.9): the part that knows no crawl."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from http.cookies import CookieError, SimpleCookie
from typing import Any

from crawler.refusals import by_address, by_message
from crawler.text import count_of, text_of
from tingfeng.errors import Refused

_MORE = re.compile(r"\s*\.{0,3}\s*<a\b[^<>]*?href=[\"'][^\"']*/status/\w+[\"'][^<>]*>\s*全文\s*</a>\s*", re.I)


def check(data: dict[str, Any]) -> dict[str, Any]:
    """`data` if the site answered, or answered that there is nothing; the named refusal otherwise."""
    if data.get("ok") == 1:
        return data
    said = " ".join(str(data[key]) for key in ("msg", "message", "errmsg", "error") if data.get(key))
    if data.get("ok") == 0 and "没有内容" in said:
        inner = data.get("data")
        return {"data": inner if isinstance(inner, dict) and isinstance(inner.get("cards"), list) else {"cards": []}}
    name = by_message(said)
    if name is None and isinstance(data.get("url"), str):
        name = by_address(data["url"], otherwise="")
    if data.get("ok") == -100 and name != "captcha":
        name = "login_required"
    raise Refused(name or "not_ok", f"ok {data.get('ok')!r}: {said[:80]}")


def blogs(cards: list[Any]) -> Iterator[dict[str, Any]]:
    """The posts of a page: cards of type 9, alone or inside groups of type 11. Everything else is furniture."""
    for card in cards:
        if not isinstance(card, dict):
            continue
        group = card.get("card_group") if card.get("card_type") == 11 else (card,)
        for part in group if isinstance(group, list | tuple) else ():
            if isinstance(part, dict) and part.get("card_type") == 9 and isinstance(part.get("mblog"), dict):
                yield part["mblog"]


def mid_of(blog: dict[str, Any]) -> str:
    """The post's number as text; "" when it has none."""
    mid = str(blog.get("mid") or blog.get("id") or "")
    return mid if mid.isascii() and mid.isdigit() and len(mid) <= 20 else ""


def original_text(blog: dict[str, Any]) -> str:
    original = blog.get("retweeted_status")
    text = original.get("text") if isinstance(original, dict) else None
    return text_of(text) if isinstance(text, str) else ""


def own_text(blog: dict[str, Any]) -> str:
    """The post's text, in full where the page has it; cut ones end in '…' instead of a link."""
    inline = blog.get("longText")
    if isinstance(inline, dict) and isinstance(inline.get("longTextContent"), str):
        return text_of(inline["longTextContent"])
    markup = blog.get("text")
    if not isinstance(markup, str):
        return ""
    return text_of(_MORE.sub("…", markup) if "全文" in markup else markup)


def is_cut(blog: dict[str, Any]) -> bool:
    """Whether the rest of the text has to be fetched."""
    markup = str(blog.get("text"))
    linked = "全文" in markup and _MORE.search(markup) is not None
    return (linked or bool(blog.get("isLongText"))) and not isinstance(blog.get("longText"), dict)


def is_pinned(blog: dict[str, Any]) -> bool:
    """Whether the post stands where it does for another reason than its time."""
    title = blog.get("title")
    told = title.get("text") if isinstance(title, dict) else None
    return bool(blog.get("isTop")) or blog.get("mblogtype") == 2 or (isinstance(told, str) and "置顶" in told)


def counts_of(blog: dict[str, Any]) -> dict[str, Any]:
    """Reposts, comments, likes. `number_display_strategy` is a display rule and says nothing of this post."""
    return {
        "reposts": count_of(blog.get("reposts_count")),
        "comments": count_of(blog.get("comments_count")),
        "likes": count_of(blog.get("attitudes_count")),
    }


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_POST_ADDRESS = re.compile(r"https?://(?:www\.)?weibo\.(?:com|cn)/(\d{1,20})/([0-9A-Za-z]{7,20})(?:[?#].*)?")


def mid_from_bid(bid: str) -> str:
    """The number of a post from the short form in its address: groups of 4 letters are 7 digits, from the right."""
    groups = [bid[max(0, end - 4) : end] for end in range(len(bid), 0, -4)]
    numbers = [functools.reduce(lambda n, letter: n * 62 + _DIGITS.index(letter), group, 0) for group in groups]
    return "".join([str(numbers[-1]), *(f"{n:07d}" for n in reversed(numbers[:-1]))])


def post_address(url: str) -> tuple[str, str] | None:
    """(author's number, post's number) from https://weibo.com/<uid>/<bid or mid>; None for any other address."""
    found = _POST_ADDRESS.fullmatch(url)
    if not found:
        return None
    uid, post = found.groups()
    return uid, post if post.isdigit() and len(post) > 10 else mid_from_bid(post)


def region_of(told: object) -> str | None:
    return told.removeprefix("发布于").strip() or None if isinstance(told, str) else None


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
