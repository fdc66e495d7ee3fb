"""m.weibo.cn: keyword search, long texts, single posts. Shapes as recorded in 2019, spellings of time as in 2025."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from demo.replica.faults import Fault
from demo.replica.http import Reply, Request
from demo.replica.posts import Post, World, bid_of
from demo.replica.weibo_bodies import IMAGE, as_html, counts, mblog, mblog_rest, spelled

PAGE = 10  # posts
MOST = 1_000  # posts a search admits to, however many there are
_CHANNELS = {61: "实时", 1: "综合", 60: "热门"}


class Weibo:
    """Answers `/api/container/getIndex`, `/statuses/extend` and `/statuses/show`."""

    def __init__(self, world: World, *, most: int | None = MOST) -> None:
        self._world, self._most = world, most
        self._cards: dict[int, tuple[str, str]] = {}
        self._pages: dict[str, Reply] = {}  # by address; good only while the world stands still
        self._pages_at = world.clock.now, world.version

    def search(self, request: Request, fault: Fault | None = None) -> Reply:
        """One page of a search; what is no search for words answers as the site does, with ok 0."""
        stand = self._world.clock.now, self._world.version
        if self._pages_at != stand:
            self._pages, self._pages_at = {}, stand
        if fault is not None:
            return self._search(request, fault)
        reply = self._pages.get(request.target)
        if reply is None:
            reply = self._pages[request.target] = self._search(request, None)
        return reply

    def _search(self, request: Request, fault: Fault | None) -> Reply:
        query = request.query
        container = query.get("containerid", "")
        found = re.fullmatch(r"100103type=(\d+)&q=(.+?)(?:&t=\d*)?", container, re.DOTALL)
        page = int(query.get("page", "1") or "1") if query.get("page", "1").isdigit() else 1
        if found is None or int(found[1]) not in _CHANNELS:
            return _reply({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}})
        words = unquote(found[2])
        start = (page - 1) * PAGE - (3 if fault is Fault.OVERLAP and page > 1 else 0)
        posts, total = self._world.search("weibo", words, start=start, count=PAGE)
        total = total if self._most is None else min(total, self._most)
        if (start >= total or fault is Fault.LAST_PAGE) and page > 1:
            return _reply({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}})
        if fault is Fault.EMPTY:
            posts, total = [], 0
        posts = [] if fault is Fault.EMPTY_PAGE else posts[: total - start]
        following = page + 1 if page * PAGE < total else None
        return Reply(self._page(words, page, posts, following, total).encode())

    def extend(self, request: Request) -> Reply:
        """The whole of a long text, with the three counts."""
        post = self._post(request)
        if post is None:
            return _reply({"ok": 0, "errno": "20101", "msg": "该微博不存在"})
        data = {"ok": 1, "longTextContent": as_html(post.text), **counts(post)}
        return _reply({"ok": 1, "data": data})

    def show(self, request: Request) -> Reply:
        """One post, as its own page has it."""
        post = self._post(request)
        if post is None:
            return _reply({"ok": 0, "errno": "20101", "msg": "该微博不存在"})
        return _reply({"ok": 1, "data": mblog(post, now=self._world.clock.now)})

    def _post(self, request: Request) -> Post | None:
        number = request.query.get("id", "")
        return self._world.post("weibo", int(number)) if number.isdigit() else None

    def _page(self, words: str, page: int, posts: Sequence[Post], following: int | None, total: int) -> str:
        now = self._world.clock.now
        cards = [self._card(post, now) for post in posts]
        if page == 1:
            # The site opens with a heading and puts the first posts into a group; an advertisement is never far.
            grouped, cards = cards[:2], cards[2:]
            cards = [_HEADING, f'{{"card_type":11,"show_type":1,"card_group":[{",".join(grouped)}]}}', *cards, _AD]
        info = _info(words, following, total, now)
        return f'{{"ok":1,"data":{{"cardlistInfo":{info},"cards":[{",".join(cards)}],"scheme":{_scheme(words)}}}}}'

    def _card(self, post: Post, now: datetime) -> str:
        """A card as text. Only its time depends on now, so the rest is made once and kept."""
        kept = self._cards.get(post.id)
        if kept is None:
            bid = bid_of(post.id)
            before = (
                f'{{"card_type":9,"itemid":"100103type=61_-_{post.id}",'
                f'"scheme":"https://m.weibo.cn/status/{bid}?mblogid={bid}&luicode=10000011","show_type":1,'
                '"mblog":{"created_at":"'
            )
            after = f'",{json.dumps(mblog_rest(post, now), ensure_ascii=False)[1:]}}}'
            kept = self._cards[post.id] = before, after
        return kept[0] + spelled(post.at, now=now, relative=post.id % 2 == 1) + kept[1]


_HEADING = json.dumps({"card_type": 4, "desc": "实时微博", "show_type": 1}, ensure_ascii=False)
_AD = json.dumps({"card_type": 22, "pic": IMAGE, "scheme": IMAGE, "show_type": 1}, ensure_ascii=False)


def _info(words: str, following: int | None, total: int, now: datetime) -> str:
    info: dict[str, Any] = {
        "v_p": 42,
        "containerid": f"100103type=61&q={words}&t=0",
        "title_top": f"-{words}",
        "total": total,
        "show_style": 1,
        "starttime": int(now.timestamp()),
        "can_shared": 0,
        "cardlist_menus": [],
        "cardlist_head_cards": [_channels(words)],
        "toolbar_menus": [],
        "page_size": PAGE,
        "hide_oids": [],
        "bubble_text": "查看新微博",
    }
    if following is not None:
        info["page"] = following
    return json.dumps(info, ensure_ascii=False)


def _channels(words: str) -> dict[str, Any]:
    channels = [
        {
            "id": str(number),
            "name": name,
            "default_add": 1,
            "must_show": 1,
            "scheme": f"sinaweibo://selectchannel?containerid={quote(f'100103type={number}&q={words}&t=0')}",
            "containerid": f"100103type={number}&q={words}&t=0",
        }
        for number, name in _CHANNELS.items()
    ]
    menu = f"sinaweibo://cardlist?containerid={quote(f'100103type=42&q={words}')}"
    return {
        "head_type": 0,
        "head_type_name": "channel_list",
        "show_menu": 1,
        "menu_scheme": menu,
        "channel_list": channels,
    }


def _scheme(words: str) -> str:
    return json.dumps(f"sinaweibo://cardlist?containerid={quote(f'100103type=61&q={words}&t=0')}")


def _reply(value: object) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode())
