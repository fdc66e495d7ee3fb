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
    "weibo_hot": "crawler.bodies.weibo_hot",
    "hot_boards": "crawler.bodies.hot_boards",
}

# What an operator may call a group of routes, most likely first. Names that no reader has are passed over.
FAMILIES: dict[str, tuple[str, ...]] = {
    "weibo": ("weibo_mobile", "weibo_pc", "weibo_html", "weibo_cli", "weibo_hot", "feed"),
    "zhihu": ("zhihu_open", "zhihu_web", "hot_boards"),
    "v2ex": ("v2ex", "feed"),
    "bilibili": ("bilibili", "feed"),
    "weixin": ("sogou_weixin",),
    "wechat": ("sogou_weixin",),
    "hot": ("weibo_hot", "hot_boards"),
    "baidu": ("hot_boards",),
    "rsshub": ("feed",),
    "news": ("feed",),
}


def members_of(family: str) -> tuple[str, ...]:
    """The registered readers of a family; none when it is no family."""
    return tuple(name for name in FAMILIES.get(family, ()) if name in READERS)


def relatives_of(reader: str) -> tuple[str, ...]:
    """The other registered readers of the families that `reader` belongs to."""
    families = [members for members in FAMILIES.values() if reader in members]
    names = dict.fromkeys(name for members in families for name in members)
    return tuple(name for name in names if name != reader and name in READERS)


def load_reader(name: str) -> Reader:
    """The reader called `name`. UnknownName when there is none."""
    if name not in READERS:
        raise UnknownName("reader", name, sorted(READERS), nearest(name, READERS))
    return cast(Reader, importlib.import_module(READERS[name]).read)
