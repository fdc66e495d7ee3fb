"""The replica's bodies have the shape of the recorded ones: keys and types only, no word of theirs is kept here.

Rule: what every recorded object has, ours has too, with a type the recordings know (required); what ours has beyond
that must stand in some recording or in the written facts (allowed). `synthetic` marks ours and is allowed everywhere.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lxml import html

from demo.replica.app import SECRET, Replica
from demo.replica.hot import HotSpell
from demo.replica.http import Request
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from demo.replica.weibo_cli import TOKEN

NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
NOBODY = Author(uid=9_000_000_000, name="示例用户1", followers=1_234_567, verified_type=0)

# Keys of an mblog that the facts name but the page of 2019 does not show.
FROM_FACTS = {"region_name", "retweeted_status", "raw_text", "synthetic"}
# Keys all ten recorded posts have because one person's page was recorded: not part of every post.
ZHIHU_ITEM = {
    "Title": str,
    "ContentType": str,
    "ContentID": str,
    "ContentText": str,
    "Url": str,
    "CommentCount": int,
    "VoteUpCount": int,
    "AuthorName": str,
    "AuthorAvatar": str,
    "AuthorBadge": str,
    "AuthorBadgeText": str,
    "EditTime": int,
    "AuthorityLevel": str,
    "RankingScore": float,
    "CommentInfoList": list,
}


def post(number: int, **more: Any) -> Post:
    at = NOW - timedelta(minutes=7 * number)
    told: dict[str, Any] = {
        "platform": "weibo",
        "id": mid_at(at, number),
        "at": at,
        "text": f"云麂 第{number}条 #演示# [doge] & <b>",
        "author": NOBODY,
        "region": "浙江",
    }
    return Post(**{**told, **more})


BUSY = post(25, comments=30)


@pytest.fixture(scope="module")
def replica() -> Replica:
    first = post(30)
    weibo = [post(n) for n in range(20)] + [
        post(20, reposts=2_345_678),
        post(21, original=first),
        post(22, long=True),
        BUSY,
        first,
    ]
    other = [post(n, platform=p, id=n, title=f"云麂 标题{n}") for p in ("zhihu", "news") for n in range(30, 45)]
    topics = [post(n, platform="v2ex", id=n, title=f"云麂 标题{n}") for n in range(50, 53)]
    replies = [post(n, platform="v2ex", id=n, original=topics[0]) for n in range(40, 43)]
    return Replica(World(weibo + other + topics + replies, StoryClock(NOW)))


def ask(replica: Replica, target: str, **headers: str) -> bytes:
    reply = replica.answer(Request("GET", target, headers))
    assert reply.status == 200
    return reply.body


def mobile(replica: Replica, page: int) -> dict[str, Any]:
    target = "/api/container/getIndex?containerid=100103type%3D61%26q%3D%E4%BA%91%E9%BA%82%26t%3D0&page_type=searchall"
    found = json.loads(ask(replica, f"{target}&page={page}"))
    assert isinstance(found, dict)
    return found


def recorded(shared: Path, name: str) -> dict[str, Any]:
    found = json.loads((shared / "fixtures/weibo" / name).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def types(objects: list[dict[str, Any]]) -> dict[str, set[type]]:
    seen: dict[str, set[type]] = {}
    for one in objects:
        for key, value in one.items():
            seen.setdefault(key, set()).add(type(value))
    return seen


def required(objects: list[dict[str, Any]]) -> set[str]:
    return set.intersection(*(set(one) for one in objects))


def hold(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], *, allowed: set[str]) -> None:
    """Required ⊆ ours ⊆ theirs ∪ allowed, and every type of ours is one of theirs."""
    known = types(theirs)
    for one in ours:
        assert required(theirs) <= set(one), required(theirs) - set(one)
        assert set(one) <= set(known) | allowed, set(one) - set(known) - allowed
        for key in set(one) & set(known):
            assert type(one[key]) in known[key], key


def posts_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    cards = [c for card in body["data"]["cards"] for c in card.get("card_group", [card])]
    return [card["mblog"] for card in cards if card["card_type"] == 9]


def test_mobile_posts_and_authors(replica: Replica, shared: Path) -> None:
    theirs = [card["mblog"] for card in recorded(shared, "weiboAPI_2019_cards1.scrubbed.json")["data"]["cards"]]
    ours = [m for page in (1, 2, 3) for m in posts_of(mobile(replica, page))]
    assert len(ours) == 25
    hold(ours, theirs, allowed=FROM_FACTS)
    reposted = recorded(shared, "weiboAPI_2019_retweet01.scrubbed.json")["data"]
    users = [m["user"] for m in [*theirs, reposted, reposted["retweeted_status"]]]
    # Followers are written '123.4万' by some pages since: a string beside the recorded int.
    hold([{**m["user"], "followers_count": 0} for m in ours], users, allowed=set())
    assert {type(m["user"]["followers_count"]) for m in ours} <= {int, str}
    assert {type(m["reposts_count"]) for m in ours} == {int, str}


def test_a_repost_carries_its_original(replica: Replica, shared: Path) -> None:
    theirs = recorded(shared, "weiboAPI_2019_retweet01.scrubbed.json")["data"]
    ours = [m for m in posts_of(mobile(replica, 3)) if "retweeted_status" in m]
    assert len(ours) == 1
    for mine, real in ((ours[0], theirs), (ours[0]["retweeted_status"], theirs["retweeted_status"])):
        for key in {"created_at", "id", "mid", "bid", "text", "user", "reposts_count", "isLongText"} & set(real):
            assert type(mine[key]) is type(real[key]), key


def test_search_frame(replica: Replica, shared: Path) -> None:
    theirs = recorded(shared, "m_search_cardlistInfo_2019.json")
    ours = [mobile(replica, page)["data"]["cardlistInfo"] for page in (1, 2, 3)]
    hold(ours[:2], [theirs], allowed=set())
    assert set(ours[2]) == set(theirs) - {"page"}, "the last page names no next one"
    hold([ours[0]["cardlist_head_cards"][0]], [theirs["cardlist_head_cards"][0]], allowed=set())
    frame = recorded(shared, "weiboAPI_2019_cards1.scrubbed.json")
    body = mobile(replica, 2)
    hold([body], [frame], allowed=set())
    hold([body["data"]], [frame["data"]], allowed=set())
    hold([{k: v for k, v in c.items()} for c in body["data"]["cards"]], frame["data"]["cards"], allowed=set())


def test_long_text(replica: Replica, shared: Path) -> None:
    theirs = recorded(shared, "weiboAPI_2019_statuses1.scrubbed.json")
    ours = json.loads(ask(replica, f"/statuses/extend?id={post(22).id}"))
    hold([ours], [theirs], allowed=set())
    hold([ours["data"]], [theirs["data"]], allowed=set())


def test_comments(replica: Replica, shared: Path) -> None:
    theirs = recorded(shared, "weiboAPI_2019_comments2.scrubbed.json")
    ours = json.loads(ask(replica, f"/comments/hotflow?id={BUSY.id}&mid={BUSY.id}&max_id_type=0"))
    following = ours["data"]["max_id"]
    last = json.loads(ask(replica, f"/comments/hotflow?id={BUSY.id}&mid={BUSY.id}&max_id={following}&max_id_type=0"))
    assert following and last["data"]["max_id"] == 0
    hold([ours, last], [theirs], allowed=set())
    hold([ours["data"], last["data"]], [theirs["data"]], allowed=set())
    mine, real = ours["data"]["data"], theirs["data"]["data"]
    hold(mine, real, allowed={"synthetic"})
    below = [c["comments"][0] for c in mine if c["comments"]]
    hold(below, [answer for c in real if c["comments"] for answer in c["comments"]], allowed={"synthetic"})
    hold([c["user"] for c in mine], [c["user"] for c in real], allowed=set())


def test_a_deleted_post_has_the_recorded_answer(replica: Replica, shared: Path) -> None:
    theirs = recorded(shared, "2scraper_ajax_2026-09_scrubbed.json")["deleted"]
    for address in ("statuses/show?id=1", "statuses/extend?id=1", "comments/hotflow?id=1&mid=1"):
        assert json.loads(ask(replica, f"/{address}")) == theirs


def marks(page: str) -> list[set[tuple[str, str, str, str]]]:
    """What each card of a search page is built of: tags with the attributes a reader goes by."""
    keys = ("class", "node-type", "action-type")
    return [
        {(str(part.tag), *(part.get(key, "") for key in keys)) for part in card.iter() if isinstance(part.tag, str)}
        for card in html.fromstring(page).find_class("card-wrap")
    ]


def test_the_search_page_is_built_as_recorded(replica: Replica, shared: Path) -> None:
    name = "fixtures/weibo/s_weibo_search_trimmed_2026.scrubbed.html"
    theirs = marks((shared / name).read_text("utf-8"))
    ours = [
        card for n in (1, 2, 3) for card in marks(ask(replica, f"/realtime?q=%E4%BA%91%E9%BA%82&page={n}").decode())
    ]
    # A card on its own, a folded one, and what only the written facts know: a reposted original.
    facts = {("div", "card-comment", "", ""), ("div", "con", "", ""), ("div", "", "feed_list_forwardContent", "")}
    pictures = {tag for card in theirs for tag in card if tag[0] in ("img", "br")}
    assert len(ours) == len(replica.world.search("weibo", "云麂")[0])
    for card in ours:
        assert set.intersection(*theirs) - pictures <= card
        assert card <= set.union(*theirs) | facts | {("br", "", "", "")}, card - set.union(*theirs) - facts
    assert any(card >= theirs[1] - pictures for card in ours), "a folded one among them"
    assert any(card >= facts for card in ours)


# What the facts say of every status, and beside that only what the PC site's recordings have.
GATEWAY_STATUS = {
    "id": int,
    "idstr": str,
    "mid": str,
    "text": str,
    "created_at": str,
    "reposts_count": int,
    "comments_count": int,
    "attitudes_count": int,
    "user": dict,
}


def test_the_gateway_answers_as_told(replica: Replica, shared: Path) -> None:
    """No recording exists: held against the written facts, and types against what the PC site names alike."""
    args = {"q": "云麂", "type": "1", "count": "20", "page": "2", "sort": "time"}
    body = json.dumps({"group": "search", "action": "statuses/limited", "args": args}).encode()
    asked = Request("POST", "/cli/api/cli/invoke", {"authorization": f"Bearer {TOKEN}"}, body)
    answered = json.loads(replica.answer(asked).body)
    assert list(answered) == ["result"] and list(answered["result"]) == ["statuses", "total_number"]
    theirs = recorded(shared, "2scraper_ajax_2026-09_scrubbed.json")["hot"]["statuses"]
    statuses = answered["result"]["statuses"]
    assert statuses
    for status in statuses:
        assert {key: type(status[key]) for key in GATEWAY_STATUS} == GATEWAY_STATUS
        assert set(status) - set(GATEWAY_STATUS) <= {"retweeted_status", "synthetic"}
        assert {key: type(value) for key, value in status.items() if key in theirs[0]} == {
            key: type(value) for key, value in theirs[0].items() if key in status
        }
        assert {key: type(value) for key, value in theirs[0]["user"].items()}.items() <= {
            key: type(value) for key, value in status["user"].items()
        }.items()


def test_keyword_feed(replica: Replica, shared: Path) -> None:
    text = (shared / "fixtures/rsshub/weibo_keyword_2025-06_fragment.xml").read_text("utf-8")
    theirs = ElementTree.fromstring(text)
    ours = ElementTree.fromstring(ask(replica, "/weibo/keyword/%E4%BA%91%E9%BA%82"))
    assert ours.tag == theirs.tag and ours.attrib == theirs.attrib
    for path in ("channel", "channel/item"):
        real = {child.tag for found in theirs.findall(path) for child in found}
        mine = [{child.tag for child in found} for found in ours.findall(path)]
        assert mine and all(real <= tags for tags in mine), path
    assert ours.findtext("channel/item/link", "").startswith("https://weibo.com/")


def test_official_zhihu_search_has_every_documented_field(replica: Replica) -> None:
    """No recording exists: held against the written facts."""
    target = "/api/v1/content/zhihu_search?Query=%E4%BA%91%E9%BA%82&Count=10"
    headers = {"authorization": f"Bearer {SECRET}", "x-request-timestamp": "1"}
    body = json.loads(ask(replica, target, **headers))
    assert list(body) == ["Code", "Message", "Data"]
    assert set(body["Data"]) == {"HasMore", "SearchHashId", "Items", "EmptyReason"}
    assert len(body["Data"]["Items"]) == 10, "ten at most"
    for item in body["Data"]["Items"]:
        assert {k: type(v) for k, v in item.items() if k != "Synthetic"} == ZHIHU_ITEM
        assert "utm_source=" in item["Url"] and "<em>" in item["ContentText"]


def test_quota_and_answers_have_every_documented_field(replica: Replica) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "x-request-timestamp": "1"}
    body = json.loads(ask(replica, "/api/v1/quota?APIIDs=zhihu_search,hot_list", **headers))
    assert [set(told) for told in body["Data"]["Items"]] == [{"APIID", "TotalQuota", "TotalUsed", "RemainingQuota"}] * 2
    target = "/api/v1/content/question_answers?QuestionUrl=https://www.zhihu.com/question/5&Offset=0&Limit=2"
    data = json.loads(ask(replica, target, **headers))["Data"]
    assert set(data) == {"HasMore", "NextOffset", "Items"} and data["HasMore"] and data["NextOffset"] == "2"
    for item in data["Items"]:
        assert set(item) - {"Synthetic"} == set(ZHIHU_ITEM) - {"ContentText"} | {"Summary"}


def test_v2ex_topics(replica: Replica, shared: Path) -> None:
    text = (shared / "fixtures/v2ex/remote-jobs_v2ex_api_2026-07.scrubbed.json").read_text("utf-8")
    theirs = [{k: v for k, v in topic.items() if k != "_node"} for topic in json.loads(text)["topics"]]
    # Cut from the recording, or named by the documentation only.
    facts = {"member", "node", "last_modified", "last_touched", "last_reply_by", "synthetic"}
    for path in ("latest", "hot", "show"):
        ours = json.loads(ask(replica, f"/api/topics/{path}.json?node_name=demo"))
        assert len(ours) == 3
        hold(ours, theirs, allowed=facts)
    assert [t["replies"] for t in json.loads(ask(replica, "/api/topics/show.json?id=50"))] == [3]
    replies = json.loads(ask(replica, "/api/replies/show.json?topic_id=50"))
    assert [r["topic_id"] for r in replies] == [50] * 3 and all("title" not in r for r in replies)


@pytest.fixture(scope="module")
def listed() -> Replica:
    spell = HotSpell(word="云麂茶饮异物", since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=3))
    return Replica(World([], StoryClock(NOW)), hot=(spell,))


def test_weibos_side_list(listed: Replica, shared: Path) -> None:
    theirs = recorded(shared, "hotnews_ajax_hotSearch_2026-06.json")
    ours = json.loads(ask(listed, "/ajax/side/hotSearch"))
    hold([ours], [theirs], allowed=set())
    hold([ours["data"]], [theirs["data"]], allowed=set())
    assert len(ours["data"]["realtime"]) == len(theirs["data"]["realtime"])
    hold(ours["data"]["realtime"], theirs["data"]["realtime"], allowed={"synthetic"})
    hold([ours["data"]["hotgov"]], [theirs["data"]["hotgov"]], allowed={"synthetic"})
    hold(ours["data"]["hotgovs"], theirs["data"]["hotgovs"], allowed={"synthetic"})


def test_baidus_board(listed: Replica, shared: Path) -> None:
    path = shared / "fixtures/hotlists/hotnews_baidu_board_realtime_2026-06.json"
    theirs = json.loads(path.read_text("utf-8"))
    ours = json.loads(ask(listed, "/api/board?platform=pc&tab=realtime"))
    hold([ours], [theirs], allowed=set())
    hold([ours["data"]], [theirs["data"]], allowed=set())
    mine, real = ours["data"]["cards"][0], theirs["data"]["cards"][0]
    hold([mine], [real], allowed=set())
    assert len(mine["content"]) == len(real["content"])
    hold(mine["content"], real["content"], allowed={"synthetic"})
    hold(mine["topContent"], real["topContent"], allowed={"synthetic"})


def test_lists_of_which_no_recording_exists_have_every_known_field(listed: Replica) -> None:
    [heading, first, *_] = json.loads(ask(listed, "/gw/event/hot_ranking_list?page_size=60"))["idlist"][0]["newslist"]
    assert heading["id"].startswith("TIP")
    known = {"id": str, "title": str, "abstract": str, "url": str, "surl": str, "time": str, "timestamp": int}
    known |= {"source": str, "chlname": str, "hotEvent": dict, "readCount": int, "comments": int}
    assert {k: type(v) for k, v in first.items() if k != "synthetic"} == known
    assert set(first["hotEvent"]) == {"hotScore", "ranking"}
    body = json.dumps({"app_id": "demo-app", "app_secret": "demo-app-secret"}).encode()
    token = json.loads(listed.answer(Request("POST", "/open/auth/ws_token", {}, body)).body)["data"]
    assert {k: type(v) for k, v in token.items()} == {"token": str, "uid": int, "expire_in": int}
    target = f"/open/weibo/hot_search?token={token['token']}&category=%E4%B8%BB%E6%A6%9C&count=20"
    inner = json.loads(ask(listed, target))["data"]
    assert set(inner) == {"callTime", "source", "data"} and len(inner["data"]) == 20
    item = {"cat": str, "id": int, "word": str, "num": int, "flag": int}
    item |= dict.fromkeys(("app_query_link", "h5_query_link", "flag_link"), str)
    assert {k: type(v) for k, v in inner["data"][0].items() if k != "synthetic"} == item
