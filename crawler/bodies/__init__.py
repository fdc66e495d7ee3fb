"""Readers of bodies, pure: bytes in, posts or a named refusal out. One file per route, used by its spider, by
`tingfeng sources parse` and by imports of saved pages alike.

A reader is `read(body: bytes, *, url: str, seen_at: datetime) -> Reading`. It recognises by itself which of its route's
bodies it was given (search page, post, comments …), raises Refused for a refusal under its name and LayoutChanged for
what it does not know. `url` may be "". A new reader is one file here and its line in READERS.
"""

from __future__ import annotations

import importlib
from datetime import datetime
from typing import Protocol, cast

from crawler.post import Reading
from tingfeng.errors import UnknownName
from tingfeng.registry import nearest


class Reader(Protocol):
    """The function `read` of a module in this folder."""

    def __call__(self, body: bytes, *, url: str, seen_at: datetime) -> Reading: ...


READERS: dict[str, str] = {  # name → module
    "bilibili": "crawler.bodies.bilibili",
    "feed": "crawler.bodies.feed",
    "sogou_weixin": "crawler.bodies.sogou_weixin",
    "v2ex": "crawler.bodies.v2ex",
    "weibo_cli": "crawler.bodies.weibo_cli",
    "weibo_html": "crawler.bodies.weibo_html",
    "weibo_mobile": "crawler.bodies.weibo_mobile",
    "weibo_pc": "crawler.bodies.weibo_pc",
    "zhihu_open": "crawler.bodies.zhihu_open",
    "zhihu_web": "crawler.bodies.zhihu_web",
}


def load_reader(name: str) -> Reader:
    """The reader called `name`. UnknownName when there is none."""
    if name not in READERS:
        raise UnknownName("reader", name, sorted(READERS), nearest(name, READERS))
    return cast(Reader, importlib.import_module(READERS[name]).read)
