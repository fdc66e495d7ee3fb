"""Zhihu's website (sources.md 2.2, 2.4): bodies somebody has saved, never a spider's.

Reads pages of search_v3 and single results of it, answers and articles by themselves or in lists, comments
(comment_v5). Native ids as zhihu_open has them, so that one answer seen by both is one mention. `Reading.paging`:
"is_end", and "next", an address.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawler.bodies.zhihu_open import KINDS
from crawler.documents import identity, load_object, moment, part, words
from crawler.post import Kind, Post, Reading
from crawler.refusals import by_message
from crawler.text import address, count_of, tidy
from tingfeng.errors import CrawlError, LayoutChanged, Refused

_ERRORS: dict[int, CrawlError] = {
    40362: Refused("risk_control", "code 40362: restricted for now"),
    40352: Refused("captcha", "code 40352: a captcha is asked for"),
    401: Refused("unauthorized", "code 401"),
    100: Refused("unauthorized", "code 100: not logged in"),
    404: CrawlError("not_found", "code 404"),
}
_WRAPPED = frozenset({"search_result", "zvideo", "question_feed_card", "feed", "feed_item"})  # the thing lies inside
_ADDRESSES = {
    "article": "https://zhuanlan.zhihu.com/p/{id}",
    "pin": "https://www.zhihu.com/pin/{id}",
    "zvideo": "https://www.zhihu.com/zvideo/{id}",
    "question": "https://www.zhihu.com/question/{id}",
}
_DEEPEST = 3  # levels of comments below comments


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """See crawler.bodies. A hot list is another reader's: LayoutChanged."""
    if "/account/unhuman" in url or b"/account/unhuman" in body[:20_000]:
        raise Refused("captcha", "a captcha is asked for")
    data = load_object(body)
    _check(data)
    reading = Reading()
    if "data" not in data:
        if not isinstance(data.get("type"), str):
            raise LayoutChanged("layout_changed", "neither a list nor one thing with a type")
        _take(data, reading, url, seen_at)
        if reading.notes and not reading.posts:
            raise LayoutChanged("layout_changed", f"not something said: {', '.join(reading.notes)}")
        return reading
    if not isinstance(data["data"], list):
        raise LayoutChanged("layout_changed", "no list of data")
    for item in data["data"]:
        _take(item, reading, url, seen_at)
    paging = part(data, "paging")
    reading.paging = {"is_end": paging.get("is_end") is not False, "next": address(paging.get("next"))}
    return reading


def _check(data: dict[str, Any]) -> None:
    error = part(data, "error")
    if not error:
        return
    code, message = error.get("code"), str(error.get("message") or "")[:200]
    known = _ERRORS.get(code) if type(code) is int else None
    name = by_message(message)
    raise known or (Refused(name, message) if name else CrawlError("bad_request", f"code {code}"))


def _take(item: object, reading: Reading, url: str, seen_at: datetime) -> None:
    if not isinstance(item, dict):
        reading.skipped["id"] += 1
        return
    kind = str(item.get("type"))
    if kind.startswith("hot_list"):
        raise LayoutChanged("layout_changed", "a hot list, not a search")
    if kind in _WRAPPED and (inner := part(item, "object") or part(item, "target")):
        item, kind = inner, str(inner.get("type"))
    if kind == "comment":
        _take_comment(item, reading, _about(url), seen_at, _DEEPEST)
    elif kind in KINDS:
        _add(reading, _content(item, kind, seen_at))
    else:  # people, topics, related searches, advertisements …
        reading.notes[f"block/{identity(kind) or 'other'}"] += 1


def _add(reading: Reading, post: Post) -> None:
    missing = "id" if not post.native_id else "time" if post.published_at is None else "text" if not post.text else ""
    if missing:
        reading.skipped[missing] += 1
    else:
        reading.posts.append(post)


def _content(item: Mapping[str, Any], kind: str, seen_at: datetime) -> Post:
    number, question = identity(item.get("id")), part(item, "question")
    title = words(item.get("title")) or words(question.get("name")) or words(question.get("title"))
    whole = tidy(words(item.get("content"))) or tidy(words(item.get("detail")))
    created = item.get("created_time") or item.get("created") or item.get("updated_time")
    asked = identity(question.get("id"))
    return Post(
        platform="zhihu",
        native_id=f"{kind}:{number}" if number else "",
        url=_address(kind, number, asked),
        title=title,
        text=whole or tidy(words(item.get("excerpt"))) or title,
        published_at=moment(created, seen_at=seen_at),
        kind=KINDS[kind],
        parent=f"question:{asked}" if asked and kind == "answer" else None,
        comments=count_of(item.get("comment_count")),
        likes=count_of(item.get("voteup_count") if "voteup_count" in item else item.get("like_count")),
        reposts=count_of(item.get("repin_count")),
        region=words(item.get("ip_info")).removeprefix("IP 属地").removeprefix("IP属地").strip(" ：:") or None,
        is_repost=bool(item.get("source_pin_id") or item.get("origin_pin")),
        is_cut=not whole and bool(item.get("excerpt")),
        **_author(part(item, "author")),
    )


def _address(kind: str, number: str, question: str) -> str:
    if kind == "answer":
        page = f"question/{question}/answer/{number}" if question else f"answer/{number}"
        return f"https://www.zhihu.com/{page}"
    return _ADDRESSES[kind].format(id=number)


def _author(told: dict[str, Any]) -> dict[str, Any]:
    told = part(told, "member") or told
    name, number = words(told.get("name")), identity(told.get("id"))  # those who hide have the number 0
    return {"author": number or None, "author_name": name, "followers": count_of(told.get("follower_count"))}


# --- comments


def _about(url: str) -> str:
    """What the comments at this address are about: "answer:123"; "" when it does not say."""
    pieces = url.partition("?")[0].split("/")
    for kind, number in itertools.pairwise(pieces):
        if kind.removesuffix("s") in KINDS and number.isdigit():
            return f"{kind.removesuffix('s')}:{number}"
    return ""


def _take_comment(item: Mapping[str, Any], reading: Reading, about: str, seen_at: datetime, depth: int) -> None:
    number = identity(item.get("id"))
    if item.get("is_delete") is True and number:
        reading.gone.append(f"comment:{number}")
    else:
        _add(reading, _comment(item, number, about, seen_at))
    for child in item.get("child_comments") or () if depth else ():
        if isinstance(child, dict):
            _take_comment(child, reading, f"comment:{number}" if number else about, seen_at, depth - 1)


def _comment(item: Mapping[str, Any], number: str, about: str, seen_at: datetime) -> Post:
    answered = identity(item.get("reply_comment_id"))
    tags = item.get("comment_tag")
    regions = [words(tag.get("text")) for tag in tags or () if isinstance(tag, dict) and tag.get("type") == "ip_info"]
    return Post(
        platform="zhihu",
        native_id=f"comment:{number}" if number else "",
        url=address(item.get("url")),
        text=tidy(words(item.get("content"))),
        published_at=moment(item.get("created_time"), seen_at=seen_at),
        kind=Kind.COMMENT,
        parent=f"comment:{answered}" if answered else about or None,
        comments=count_of(item.get("child_comment_count")),
        likes=count_of(item.get("like_count")),
        region=next(filter(None, regions), "").removeprefix("IP 属地").strip(" ：:") or None,
        **_author(part(item, "author")),
    )
