"""Small readers of an invented wire format, registered by tests: `{"kind": "tea", "posts": [[id, text, time], …]}`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from crawler.bodies import FAMILIES, READERS
from crawler.post import Post, Reading
from crawler.times import parse_posted
from tingfeng.errors import LayoutChanged, Refused

HERE = "tests.support.readers"


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """Of the route "tea"."""
    return _read("tea", body, url=url, seen_at=seen_at)


def _read(kind: str, body: bytes, *, url: str, seen_at: datetime) -> Reading:
    try:
        data = json.loads(body)
    except ValueError as e:
        raise LayoutChanged("layout_changed", "no JSON") from e
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise LayoutChanged("layout_changed", f"not of kind {kind}")
    if "refusal" in data:
        raise Refused(data["refusal"], "请登录")
    reading = Reading()
    for number, text, told in data["posts"]:
        posted = parse_posted(told, seen_at=seen_at)
        if posted is None:
            reading.skipped["time"] += 1
            continue
        reading.posts.append(
            Post(
                platform="tea",
                native_id=number,
                url=f"{url or 'https://tea.example'}/{number}",
                text=text,
                published_at=posted.at,
                author="7",
                author_name="茶客",
            )
        )
    return reading


@contextmanager
def tea_readers() -> Iterator[None]:
    """The readers "tea" and "coffee", one family "drinks"; and nobody else's."""
    readers = {"tea": HERE, "coffee": "tests.support.coffee_reader"}
    families = {"drinks": ("coffee", "tea", "not_written_yet")}
    with mock.patch.dict(READERS, readers, clear=True), mock.patch.dict(FAMILIES, families, clear=True):
        yield
