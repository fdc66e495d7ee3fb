"""Bilibili's web search (sources.md 3): bodies somebody has saved, never a spider's. Videos, and users with theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crawler.documents import identity, load_object, moment, words
from crawler.post import Kind, Post, Reading
from crawler.text import count_of, tidy
from tingfeng.errors import CrawlError, LayoutChanged, Refused

_CODES: dict[int, CrawlError] = {
    -412: Refused("risk_control", "code -412: the request is blocked"),
    -352: Refused("risk_control", "code -352: risk control"),
    -101: Refused("login_required", "code -101: not logged in"),
    -799: Refused("too_many_requests", "code -799: too often"),
    -400: CrawlError("bad_request", "code -400"),
    -404: CrawlError("not_found", "code -404"),
}
_NOTHING = ("", "-")  # descriptions of those who wrote none


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """See crawler.bodies."""
    data = load_object(body)
    code = data.get("code")
    if type(code) is not int:
        raise LayoutChanged("layout_changed", "no code in the answer")
    if code != 0:
        raise _CODES.get(code) or Refused(f"code_{code}", "a code we do not know")
    inner = data.get("data")
    if not isinstance(inner, dict) or not isinstance(inner.get("result", ""), list | None):
        raise LayoutChanged("layout_changed", "no data with results in the answer")
    reading = Reading()
    for result in inner.get("result") or ():
        for item, owner in _videos(result, reading):
            _take(item, owner, reading, seen_at)
    return reading


def _videos(result: object, reading: Reading) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(video, who made it) of one result: a video, a user with his newest, or a block of one sort."""
    if not isinstance(result, dict):
        reading.skipped["id"] += 1
    elif "result_type" in result:
        inside = result.get("data")
        for item in inside if isinstance(inside, list) else ():
            yield from _videos(item, reading)
    elif isinstance(result.get("res"), list) and "uname" in result:
        for item in result["res"]:
            if isinstance(item, dict):
                yield item, {**result, "author": result["uname"]}
    elif "bvid" in result or "aid" in result:
        yield result, result
    else:
        reading.notes[f"block/{identity(result.get('type')) or 'other'}"] += 1


def _take(item: Mapping[str, Any], owner: Mapping[str, Any], reading: Reading, seen_at: datetime) -> None:
    bvid, title = identity(item.get("bvid")), words(item.get("title"))
    at = moment(item.get("pubdate"), seen_at=seen_at)
    missing = "id" if not bvid else "time" if at is None else "" if title else "text"
    if missing:
        reading.skipped[missing] += 1
        return
    described, name = tidy(words(item.get("description"))), words(owner.get("author"))
    number = identity(owner.get("mid"))
    reading.posts.append(
        Post(
            platform="bilibili",
            native_id=bvid,
            url=f"https://www.bilibili.com/video/{bvid}",
            title=title,
            text=title if described in _NOTHING else described,
            published_at=at,
            kind=Kind.VIDEO,
            author=number or (f"name:{name}" if name else None),
            author_name=name,
            followers=count_of(owner.get("fans")),
            comments=count_of(item.get("review")),  # `video_review` and `dm` count what flies across the picture
            likes=count_of(item.get("like")),
        )
    )
