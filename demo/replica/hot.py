"""Hot lists: Weibo's official API and its side bar, Baidu's board, Tencent's ranking. Fifty invented topics, and a
brand's own while it is talked about.

Shapes as recorded (side bar, Baidu) or as documents and clients tell (the other two). Everything is marked synthetic.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from demo.replica.faults import Fault, shown
from demo.replica.http import Reply, Request
from demo.replica.posts import World
from demo.rhythm import ZONE

LENGTH = 50
APP_ID, APP_SECRET = "demo-app", "demo-app-secret"  # open nothing but this replica
TOKEN_LASTS = timedelta(seconds=7_200)
CATEGORIES = ("主榜", "文娱榜", "社会榜", "生活榜", "acg榜", "科技榜", "体育榜")
TOP_HEAT = 1_200_000
_ONLY_GOV = frozenset({"is_hot", "mid", "is_gov", "url", "note", "stime"})
_PINNED = "示例话题：今日要闻"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpell:
    """A topic that is on the lists for a while: enters low, reaches `best` after a quarter, and sinks again."""

    word: str
    since: datetime
    until: datetime
    best: int = 3

    def rank(self, at: datetime) -> int | None:
        """Its place at a moment; None while it is on no list."""
        if not self.since <= at < self.until:
            return None
        gone = (at - self.since) / (self.until - self.since)
        away = 1 - gone / 0.25 if gone < 0.25 else (gone - 0.25) / 0.75
        return min(LENGTH, self.best + round((LENGTH - 5 - self.best) * away))


class HotLists:
    """Answers for four hosts at once; which words stand on the lists depends on the story's clock."""

    def __init__(self, world: World, spells: Sequence[HotSpell] = ()) -> None:
        self._world, self._spells = world, tuple(spells)
        self._tokens: dict[str, datetime] = {}

    def topics(self, fault: Fault | None = None) -> list[str]:
        """The words on the lists now, the top first."""
        now = self._world.clock.now
        shift = int(now.timestamp()) // 3_600
        words = [f"示例话题{(n + shift) % 97:02d}" for n in range(LENGTH)]
        placed = ((rank, spell.word) for spell in self._spells if (rank := spell.rank(now)) is not None)
        for rank, word in sorted(placed):
            words.insert(rank - 1, word)
        return shown(words[:LENGTH], fault)

    # --- open-im.api.weibo.com

    def token(self, request: Request) -> Reply:
        """A token for whoever knows the secret."""
        try:
            asked = json.loads(request.body)
        except ValueError:
            asked = None
        if request.method != "POST" or not isinstance(asked, dict):
            return _reply({"code": 40001, "message": "parameter error"})
        if (asked.get("app_id"), asked.get("app_secret")) != (APP_ID, APP_SECRET):
            return _reply({"code": 40003, "message": "app_id or app_secret error"})
        token = f"demo-token-{len(self._tokens) + 1}"
        self._tokens[token] = self._world.clock.now + TOKEN_LASTS
        data = {"token": token, "uid": 9_100_000_000, "expire_in": int(TOKEN_LASTS.total_seconds())}
        return _reply({"code": 0, "message": "success", "data": data})

    def official(self, request: Request, fault: Fault | None = None) -> Reply:
        query, now = request.query, self._world.clock.now
        if self._tokens.get(query.get("token", ""), now) <= now:
            return _reply({"code": 40100, "message": "token invalid"})
        count, category = query.get("count", str(LENGTH)), query.get("category", "")
        if category not in CATEGORIES or not count.isdigit() or not 1 <= int(count) <= LENGTH:
            return _reply({"code": 40001, "message": "parameter error"})
        main = category == CATEGORIES[0]
        words = self.topics(fault)[: int(count)] if main else [f"示例{category}话题{n}" for n in range(9)]
        items = [
            {
                "cat": "hot",
                "id": place,
                "word": word,
                "num": _heat(place),
                "flag": int(place < 4),
                "app_query_link": f"sinaweibo://searchall?q={quote(word)}",
                "h5_query_link": _search(word),
                "flag_link": "",
                "synthetic": True,
            }
            for place, word in enumerate(words, 1)
        ]
        told = f"{now.astimezone(ZONE):%Y-%m-%d %H:%M}"
        inner = {"callTime": told, "source": "来自于微博热搜", "data": items}
        return _reply({"code": 0, "message": "success", "data": inner})

    # --- weibo.com, top.baidu.com, r.inews.qq.com

    def side(self, request: Request, fault: Fault | None = None) -> Reply:
        """weibo.com/ajax/side/hotSearch: open to everybody, with one pinned topic."""
        rows = [_side_row(place, word) for place, word in enumerate(self.topics(fault), 1)]
        pinned = {
            "is_hot": 1,
            "mid": "5305832720000000",
            "is_gov": 1,
            "url": _search(_PINNED),
            "note": f"#{_PINNED}#",
            "stime": int(self._world.clock.now.timestamp()) - 7_200,
            "icon": "",
            "small_icon_desc": "热",
            "icon_height": 24,
            "flag": 2,
            "icon_width": 24,
            "name": f"#{_PINNED}#",
            "icon_desc": "热",
            "word": f"#{_PINNED}#",
            "icon_desc_color": "#ff9406",
            "pos": 1,
            "topic_flag": 1,
            "small_icon_desc_color": "#ff9406",
            "synthetic": True,
        }
        short = {key: value for key, value in pinned.items() if key not in _ONLY_GOV}
        logs = {"act_code": 0, "ext": ""}
        data = {"realtime": rows, "hotgovs": [short], "hotgov": pinned}
        return _reply({"ok": 1, "data": data, "logs": logs, "topLogs": logs})

    def baidu(self, request: Request, fault: Fault | None = None) -> Reply:
        content = [_baidu_row(index, word) for index, word in enumerate(self.topics(fault))]
        card = {
            "component": "hotList",
            "content": content,
            "more": 0,
            "moreAppUrl": "https://top.baidu.com/board?tab=realtime",
            "moreUrl": "https://top.baidu.com/board?tab=realtime",
            "text": "热搜榜",
            "topContent": [_baidu_row(0, _PINNED)],
            "typeName": "realtime",
            "updateTime": str(int(self._world.clock.now.timestamp())),
        }
        data = {"cards": [card], "curBoardName": "", "logid": "0", "platform": "pc", "tabBoard": [], "tag": []}
        return _reply({"success": True, "data": data, "error": {"code": 0, "message": "api response ok"}})

    def tencent(self, request: Request, fault: Fault | None = None) -> Reply:
        """Its first item is a heading."""
        now = self._world.clock.now
        items: list[dict[str, Any]] = [{"id": "TIP2026111200000000", "title": "热点榜", "synthetic": True}]
        hour = timedelta(hours=1)
        items += [_tencent_row(place, word, now - hour) for place, word in enumerate(self.topics(fault), 1)]
        return _reply({"ret": 0, "idlist": [{"newslist": items}]})


def _heat(place: int) -> int:
    return TOP_HEAT * 10 // (9 + place)


def _search(word: str) -> str:
    return f"https://s.weibo.com/weibo?q={quote(f'#{word}#')}"


def _side_row(place: int, word: str) -> dict[str, Any]:
    return {
        "word_scheme": f"#{word}#",
        "realpos": place,
        "num": _heat(place),
        "flag": int(place < 4),
        "note": word,
        "word": word,
        "emoticon": "",
        "topic_flag": 1,
        "label_name": "新" if place < 4 else "",
        "rank": place - 1,
        "synthetic": True,
    }


def _baidu_row(index: int, word: str) -> dict[str, Any]:
    address = f"https://www.baidu.com/s?wd={quote(word)}"
    return {
        "appUrl": address,
        "desc": f"{word}（演示用，并无其事）。",
        "hotChange": "same",
        "hotScore": str(6 * _heat(index + 1)),
        "hotTag": "0",
        "img": "",
        "index": index,
        "indexUrl": "",
        "query": word,
        "rawUrl": address,
        "show": [],
        "url": address,
        "word": word,
        "synthetic": True,
    }


def _tencent_row(place: int, word: str, at: datetime) -> dict[str, Any]:
    number = f"20261112A{place:05d}00"
    return {
        "id": number,
        "title": word,
        "abstract": f"{word}（演示用，并无其事）。",
        "url": f"https://view.inews.qq.com/a/{number}",
        "surl": f"https://view.inews.qq.com/a/{number}",
        "time": f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        "timestamp": int(at.timestamp()),
        "source": "听风演示社",
        "chlname": "听风演示社",
        "hotEvent": {"hotScore": 4 * _heat(place), "ranking": place},
        "readCount": 1_000 * place,
        "comments": place,
        "synthetic": True,
    }


def _reply(value: object) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode())
