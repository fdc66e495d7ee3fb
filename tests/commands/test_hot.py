"""`tingfeng hot`: what is and was on hot lists."""

from __future__ import annotations

import json
from datetime import timedelta

from store import hot, incidents
from tests.support.factories import make_incident
from tingfeng.clock import utc_now
from tingfeng.model import HotEntry, HotPage, IncidentKind

NOW = utc_now()  # the commands read the clock
MINUTE = timedelta(minutes=1)


def look(desk_db, ago: timedelta, *titles: str, board: str = "hot:weibo", source: str = "weibo") -> None:
    entries = tuple(
        HotEntry(entry_id=t, title=t, url="https://x.cn/", rank=rank, brands=("云雀",), heat=1_234_567)
        for rank, t in enumerate(titles, 3)
    )
    with desk_db.write() as s:
        hot.add(s, HotPage(board=board, source=source, seen_at=NOW - ago, length=50, entries=entries))


def test_without_a_look_it_says_so(call, desk):
    assert "还没有读过热榜" in call("hot").stdout
    assert json.loads(call("hot", "--json").stdout) == {"entries": [], "lists": []}


def test_what_is_there_what_left_and_what_cannot_be_seen(call, desk_db):
    look(desk_db, 20 * MINUTE, "云雀走了\x1b[31m", "云雀还在")
    look(desk_db, 5 * MINUTE, "云雀还在")
    look(desk_db, 300 * MINUTE, "云雀不明", board="hot:baidu", source="gone")
    told = json.loads(call("hot", "--json").stdout)
    assert {(e["title"], e["state"], e["name"]) for e in told["entries"]} == {
        ("云雀走了\x1b[31m", "left", "微博热搜"),
        ("云雀还在", "on", "微博热搜"),
        ("云雀不明", "unseen", "百度热搜"),
    }
    assert [e["best_rank"] for e in told["entries"]] == [3, 3, 3]
    assert [x["board"] for x in told["lists"]] == ["hot:baidu", "hot:weibo"]
    text = call("hot").stdout
    assert "1,234,567" in text and "3 / 3" in text and "\x1b" not in text
    assert [e["title"] for e in json.loads(call("hot", "--on", "--json").stdout)["entries"]] == ["云雀还在"]
    assert json.loads(call("hot", "--since", "1m", "--json").stdout)["entries"] == []


def test_only_one_brand(call, desk_db):
    look(desk_db, 5 * MINUTE, "云雀还在")
    assert len(json.loads(call("hot", "--brand", "skylark", "--json").stdout)["entries"]) == 1
    assert "did you mean '云雀'" in call("hot", "--brand", "云却").stderr


def test_incidents_of_hot_lists_are_shown_under_their_name(call, desk_db):
    told = {"listed": ["hot:weibo", "hot:baidu"], "best": 3}
    with desk_db.write() as s:
        made = incidents.insert(s, make_incident(kind=IncidentKind.HOT_LIST, opened_at=NOW, since=NOW, evidence=told))
    assert "hot list 热榜" in call("incidents", "list").stdout
    shown = call("incidents", "show", str(made.id)).stdout
    assert "hot list 热榜" in shown and "最高名次 3, lists 榜单 微博热搜、百度热搜" in shown
