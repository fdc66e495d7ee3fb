"""weibo.com/ajax/*: lists of posts, single posts, full texts, comments, profiles (sources.md 1.7, 1.9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crawler.bodies.weibo_mobile import read_long_text
from crawler.documents import load_object
from crawler.post import Reading
from crawler.text import count_of
from crawler.weibo import has_answer, mid_in, parts_of, refuse_gates
from crawler.weibo_posts import cursor_of, mid_of, read_comment, read_post, read_posts
from tingfeng.errors import LayoutChanged


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """Posts of any of the route's bodies but the hot list, which another reader knows.

    `paging`: next_cursor of a user's posts (−1 = the end), max_id of comments and feeds (0 = the end), total.
    """
    refuse_gates(url)
    into = Reading()
    data = load_object(body)
    if not has_answer(data, into, url=url):
        return into
    _read_answer(data, into, url=url, seen_at=seen_at)
    return into


def _read_answer(data: dict[str, Any], into: Reading, *, url: str, seen_at: datetime) -> None:
    inner = data.get("data")
    found = data if isinstance(data.get("statuses"), list) else inner
    if isinstance(inner, list):
        _read_comments(data, inner, into, parent=mid_in(url), seen_at=seen_at)
    elif isinstance(found, dict) and (listed := _list_in(found)) is not None:
        read_posts(listed, into, seen_at=seen_at)
        into.paging = {name: found[name] for name in ("next_cursor", "max_id", "total") if type(found.get(name)) is int}
    elif not isinstance(inner, dict) and mid_of(data):
        read_post(data, into, seen_at=seen_at)
    elif not isinstance(inner, dict):
        raise LayoutChanged("layout_changed", "no 'data', no list of posts, no post")
    elif isinstance(inner.get("realtime"), list):
        raise LayoutChanged("layout_changed", "this is the hot list: it has a reader of its own, weibo_hot")
    elif isinstance(inner.get("longTextContent"), str) or parts_of(url).path.endswith("/longtext") or not inner:
        read_long_text(inner, into, url=url)
    elif isinstance(inner.get("user"), dict):
        into.notes["user_page"] += 1
    else:
        raise LayoutChanged("layout_changed", "'data' is none of the objects this site answers with")


def _list_in(table: dict[str, Any]) -> list[Any] | None:
    return next((table[name] for name in ("statuses", "list") if isinstance(table.get(name), list)), None)


def _read_comments(data: dict[str, Any], listed: list[Any], into: Reading, *, parent: str, seen_at: datetime) -> None:
    for comment in listed:
        read_comment(comment, into, parent=parent, seen_at=seen_at)
    into.paging = {"max_id": cursor_of(data.get("max_id")), "total": count_of(data.get("total_number")) or 0}
