"""m.weibo.cn: search pages and timelines, single posts, full texts, comments, detail pages (sources.md 1.5, 1.9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crawler.documents import load_object
from crawler.post import Post, Reading
from crawler.refusals import not_json
from crawler.text import count_of, text_of
from crawler.times import weibo_id_time
from crawler.weibo import address_of, has_answer, mid_in, parts_of, refuse_gates
from crawler.weibo_posts import counts_of, cursor_of, mid_of, read_comment, read_post
from tingfeng.errors import LayoutChanged

_RENDER = b"$render_data"
_FAR = 64  # bytes between that name and what is assigned to it


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """Posts of any of the route's bodies.

    `paging` of a search page: total, size (posts), next (page number; 0 = none is named), pinned (native ids that
    stand where they do for another reason than their time); of comments: total, max_id (0 = the end), max_id_type.
    """
    refuse_gates(url)
    into = Reading()
    if body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        read_post(_rendered(body), into, seen_at=seen_at)
        return into
    data = load_object(body)
    if not has_answer(data, into, url=url):
        return into
    _read_answer(data.get("data"), into, url=url, seen_at=seen_at)
    return into


def _read_answer(data: object, into: Reading, *, url: str, seen_at: datetime) -> None:
    if not isinstance(data, dict):
        raise LayoutChanged("layout_changed", "no 'data' object")
    if isinstance(data.get("cards"), list):
        _read_cards(data, into, seen_at)
    elif isinstance(data.get("longTextContent"), str) or parts_of(url).path.endswith("/statuses/extend"):
        read_long_text(data, into, url=url)
    elif isinstance(data.get("userInfo"), dict):
        into.notes["user_page"] += 1
    elif isinstance(data.get("data"), list) or isinstance(data.get("hot_data"), list):
        _read_comments(data, into, parent=mid_in(url), seen_at=seen_at)
    elif mid_of(data):
        read_post(data, into, seen_at=seen_at)
    else:
        raise LayoutChanged("layout_changed", "no list of cards, nor any other answer of this site")


def _read_cards(data: dict[str, Any], into: Reading, seen_at: datetime) -> None:
    told = data.get("cardlistInfo")
    info = told if isinstance(told, dict) else {}
    pinned = []
    for blog in blogs(data["cards"]):
        post = read_post(blog, into, seen_at=seen_at)
        if post is not None and _is_pinned(blog):
            pinned.append(post.native_id)
    if not data["cards"]:
        into.notes["page/empty"] += 1
    into.paging = {
        "total": count_of(info.get("total")) or 0,
        "size": count_of(info.get("page_size")) or 0,
        "next": count_of(info.get("page")) or 0,
        "pinned": pinned,
    }


def blogs(cards: list[Any]) -> Iterator[dict[str, Any]]:
    """The posts of a page: cards of type 9, alone or inside groups of type 11. Everything else is furniture."""
    for card in cards:
        if not isinstance(card, dict):
            continue
        group = card.get("card_group") if card.get("card_type") == 11 else (card,)
        for part in group if isinstance(group, list | tuple) else ():
            if isinstance(part, dict) and part.get("card_type") == 9 and isinstance(part.get("mblog"), dict):
                yield part["mblog"]


def _is_pinned(blog: dict[str, Any]) -> bool:
    title = blog.get("title")
    told = title.get("text") if isinstance(title, dict) else None
    return bool(blog.get("isTop")) or blog.get("mblogtype") == 2 or (isinstance(told, str) and "置顶" in told)


def read_long_text(data: dict[str, Any], into: Reading, *, url: str) -> None:
    """A full text as a post of its own: its address says which, its id when. No text means that it is not long."""
    told = data.get("longTextContent")
    text, mid = text_of(told) if isinstance(told, str) else "", mid_in(url)
    if not text:
        into.notes["long_text/none"] += 1
    else:
        into.posts.append(
            Post(
                platform="weibo",
                native_id=mid,
                url=address_of(mid),
                text=text,
                published_at=weibo_id_time(mid) if mid else None,
                **counts_of(data),
            )
        )


def _read_comments(data: dict[str, Any], into: Reading, *, parent: str, seen_at: datetime) -> None:
    for name in ("hot_data", "data"):
        listed = data.get(name)
        for comment in listed if isinstance(listed, list) else ():
            read_comment(comment, into, parent=parent, seen_at=seen_at)
    into.posts = list({post.native_id: post for post in into.posts}.values())  # a hot one may stand in both
    into.paging = {
        "total": count_of(data.get("total_number")) or 0,
        "max_id": cursor_of(data.get("max_id")),
        "max_id_type": count_of(data.get("max_id_type")) or 0,
    }


def _rendered(body: bytes) -> dict[str, Any]:
    """The post in a detail page's script, `var $render_data = [{"status": {…}}][0]`."""
    at = body.find(_RENDER)
    start = body.find(b"[", at, at + _FAR) if at >= 0 else -1
    if start < 0:
        raise not_json(body)
    try:
        data, _ = json.JSONDecoder().raw_decode(body[start:].decode("utf-8", "replace"))
    except (ValueError, RecursionError) as e:
        raise LayoutChanged("layout_changed", "the script of the detail page cannot be read") from e
    first = data[0] if data else None
    status = first.get("status") if isinstance(first, dict) else None
    if not isinstance(status, dict):
        raise LayoutChanged("layout_changed", "the detail page holds no post")
    return status
