"""V2EX's API (sources.md 9): lists of topics, replies of a topic; version 1 and, wrapped in "result", version 2.

`Reading.paging`: "replies", how many replies each topic has by its native id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawler.documents import identity, load_json, moment, part, words
from crawler.post import Kind, Post, Reading
from crawler.text import count_of, plain, tidy
from tingfeng.errors import CrawlError, LayoutChanged, Refused

SITE = "https://www.v2ex.com"
_TOPIC_IN_ADDRESS = re.compile(r"(?:topic_id=|/topics/|/t/)(\d{1,20})")


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """See crawler.bodies. An empty list was understood: a topic without replies, an id that is none."""
    about = _TOPIC_IN_ADDRESS.search(url)
    reading = Reading(paging={"replies": {}})
    for item in _items(load_json(body)):
        if not isinstance(item, dict) or not identity(item.get("id")):
            reading.skipped["id"] += 1
        elif "title" in item:
            _take_topic(item, reading, seen_at)
        elif "content" in item:
            _add(reading, _reply(item, about[1] if about else "", seen_at))
        else:
            raise LayoutChanged("layout_changed", "neither topics nor replies")
    return reading


def _items(data: object) -> list[Any]:
    if isinstance(data, dict):
        if data.get("success") is False or data.get("status") == "error" or ("message" in data and len(data) == 1):
            raise _error(str(data.get("message") or ""))
        data = data.get("topics") if "topics" in data else data.get("result")
        data = [data] if isinstance(data, dict) else data
    if not isinstance(data, list):
        raise LayoutChanged("layout_changed", "no list of topics or replies")
    return data


def _error(message: str) -> CrawlError:
    told = message.lower()
    if "rate limit" in told:
        return Refused("rate_limited", "too many requests in this hour")
    if "token" in told or "auth" in told:
        return Refused("unauthorized", "the token is not accepted")
    if "not found" in told:
        return CrawlError("not_found", "no such topic or node")
    return Refused("forbidden", message[:100])


def _take_topic(item: dict[str, Any], reading: Reading, seen_at: datetime) -> None:
    native_id = f"topic:{identity(item.get('id'))}"
    if item.get("deleted") in (1, True, "1"):
        reading.gone.append(native_id)
        return
    reading.paging["replies"][native_id] = count_of(item.get("replies")) or 0
    title = plain(str(item.get("title") or ""))
    _add(
        reading,
        Post(
            platform="v2ex",
            native_id=native_id,
            url=f"{SITE}/t/{identity(item.get('id'))}",
            title=title,
            text=_text(item) or title,
            published_at=moment(item.get("created"), seen_at=seen_at),
            comments=count_of(item.get("replies")),
            **_author(item),
        ),
    )


def _reply(item: dict[str, Any], about: str, seen_at: datetime) -> Post:
    number, topic = identity(item.get("id")), identity(item.get("topic_id")) or about
    return Post(
        platform="v2ex",
        native_id=f"reply:{number}",
        url=f"{SITE}/t/{topic}#r_{number}" if topic else "",
        text=_text(item),
        published_at=moment(item.get("created"), seen_at=seen_at),
        kind=Kind.COMMENT,
        parent=f"topic:{topic}" if topic else None,
        likes=count_of(item.get("thanks")),
        **_author(item),
    )


def _text(item: Mapping[str, Any]) -> str:
    return tidy(words(item.get("content_rendered"))) or plain(str(item.get("content") or ""))


def _author(item: Mapping[str, Any]) -> dict[str, Any]:
    member = part(item, "member")
    name = words(member.get("username"))
    number = identity(member.get("id")) or identity(item.get("member_id"))
    return {"author": number or (f"name:{name}" if name else None), "author_name": name}


def _add(reading: Reading, post: Post) -> None:
    if post.published_at is None or not post.text:
        reading.skipped["time" if post.text else "text"] += 1
    else:
        reading.posts.append(post)
