"""What a registered spider owes the conformance suite: a page of its platform, and how its posts are called there.

A new spider is one `Kit` here. The suite writes the posts: number `i` says `words(i)` and was published at `posted(i)`;
the kit puts them into the platform's own form. Nothing in it is a real person's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.support import hot_bodies
from tests.support.factories import NOW
from tests.support.weibo_pages import mid_of, search_page
from tests.support.weibo_pages import page as weibo_page
from tests.support.weibo_pages import post as weibo_post


def words(i: int) -> str:
    """What post number `i` says; it names the brand 云雀."""
    return f"云雀的第{i}次试驾"


def posted(i: int) -> datetime:
    """When post number `i` was published: 0 is the newest."""
    return NOW - i * timedelta(minutes=7)


@dataclass(frozen=True, kw_only=True)
class Kit:
    """How one spider's platform answers.

    `page`: a whole first page with posts 0 … n-1 and no further page, in UTF-8. `native_id`: what post `i` of it is
    called in the store, or None when nothing of it becomes a mention. `spec`: what make_spec needs beyond the kind.
    `others`: path → body of what the spider asks for besides data.
    `hostile`: bodies of this form that must end in a named error, by why. `encodings`: those its form may come in.
    """

    page: Callable[[int], bytes]
    native_id: Callable[[int], str] | None
    type: str = "application/json"
    spec: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, bytes] = field(default_factory=dict)
    hostile: Mapping[str, bytes] = field(default_factory=dict)
    encodings: tuple[str, ...] = ("utf-8", "gbk")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _epoch(i: int) -> int:
    return int(posted(i).timestamp())


def _zhihu(n: int) -> bytes:
    items = [
        {"ContentID": str(100 + i), "ContentType": "Answer", "ContentText": words(i), "EditTime": _epoch(i)}
        for i in range(n)
    ]
    return _json({"Code": 0, "Message": "success", "Data": {"HasMore": False, "Items": items}})


def _v2ex(n: int) -> bytes:
    return _json([{"id": 100 + i, "title": "问", "content": words(i), "created": _epoch(i)} for i in range(n)])


def _feed(n: int) -> bytes:
    items = "".join(
        f"<item><guid>g{i}</guid><link>https://news.example/{i}</link><description>{words(i)}</description>"
        f"<pubDate>{format_datetime(posted(i), usegmt=True)}</pubDate></item>"
        for i in range(n)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>某报</title>{items}</channel></rss>'.encode()


_LAUGH = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
_BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{_LAUGH}]><rss version="2.0"><channel>&l9;</channel></rss>'
)
_OUTSIDE = _BOMB.replace('<!ENTITY l0 "lol">', '<!ENTITY l0 SYSTEM "file:///etc/passwd">').replace(_LAUGH, "")

_PRICE = {"price_type": "per_record", "unit_price": "0.004", "currency": "CNY"}


def _blogs(n: int) -> list[dict[str, Any]]:
    return [weibo_post(posted(i), words(i), n=i) for i in range(n)]


KITS: dict[str, Kit] = {
    "weibo_mobile": Kit(
        page=lambda n: _json(weibo_page([weibo_post(posted(i), words(i), n=i) for i in range(n)], total=n)),
        native_id=lambda i: mid_of(posted(i), i),
    ),
    "zhihu_open": Kit(
        page=_zhihu,
        native_id=lambda i: f"answer:{100 + i}",
        spec={"credential": "abc"},
        others={"/api/v1/quota": _json({"Code": 0, "Data": {"zhihu_search": {"RemainingQuota": 9}}})},
    ),
    "v2ex": Kit(page=_v2ex, native_id=lambda i: f"topic:{100 + i}", others={"/api/topics/hot.json": _v2ex(1)}),
    "weibo_html": Kit(
        page=lambda n: search_page([weibo_post(posted(i), words(i), n=i) for i in range(n)]).encode(),
        native_id=lambda i: mid_of(posted(i), i),
        type="text/html",
    ),
    "weibo_cli": Kit(
        page=lambda n: _json({"result": {"statuses": _blogs(n), "total_number": n}}),
        native_id=lambda i: mid_of(posted(i), i),
        spec={"credential": "wb_abc"},
        others={"/cli/commands/search/statuses/limited": _json({"command": _PRICE})},
    ),
    "weibo_hot": Kit(
        page=lambda n: hot_bodies.body(hot_bodies.official([words(i) for i in range(n)])),
        native_id=None,
        spec={"credential": "app-7:s3cret"},
        others={"/open/auth/ws_token": hot_bodies.body(hot_bodies.token())},
    ),
    "hot_boards": Kit(page=lambda n: hot_bodies.body(hot_bodies.baidu([words(i) for i in range(n)])), native_id=None),
    "feed": Kit(
        page=_feed,
        native_id=lambda i: f"https://news.example/{i}",
        type="application/rss+xml",
        spec={"options": {"url": "search?q={q}"}},
        hostile={"a billion laughs": _BOMB.encode(), "an entity from outside": _OUTSIDE.replace("l9", "l0").encode()},
    ),
}
