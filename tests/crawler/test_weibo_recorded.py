"""Every recorded Weibo body is read right: counts, ids, times and texts against facts from the recording itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from crawler.bodies import load_reader
from crawler.post import Kind, Post, Reading
from crawler.weibo import mid_from_bid
from tingfeng.errors import CrawlError, LayoutChanged

IN_2019, IN_2026 = datetime(2019, 6, 16, 12, tzinfo=UTC), datetime(2026, 9, 22, tzinfo=UTC)
MARCH = datetime(2026, 3, 20, tzinfo=UTC)
ASKED = "https://m.weibo.cn/comments/hotflow?id=4383183661430868&mid=4383183661430868"


class Recordings:
    def __init__(self, shared: Path) -> None:
        self._folder = shared / "fixtures" / "weibo"

    def bytes(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def mobile(self, name: str, url: str = "") -> tuple[Any, Reading]:
        body = self.bytes(f"weiboAPI_2019_{name}.scrubbed.json")
        return json.loads(body)["data"], load_reader("weibo_mobile")(body, url=url, seen_at=IN_2019)

    def pc(self, name: str, url: str = "") -> tuple[Any, Reading]:
        data = json.loads(self.bytes("2scraper_ajax_2026-09_scrubbed.json"))[name]
        return data, load_reader("weibo_pc")(json.dumps(data).encode(), url=url, seen_at=IN_2026)


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Recordings:
    return Recordings(shared)


def by_id(mid: str) -> datetime:
    return datetime.fromtimestamp((int(mid) >> 22) + 515_483_463, UTC)


def stated(text: str) -> datetime:
    return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y").astimezone(UTC)


def visible(markup: str) -> str:
    """Text as another parser sees it, without any white space."""
    tree = html.fragment_fromstring(markup.replace("<br />", "\n"), create_parent="div")
    for picture in tree.iter("img"):
        picture.tail = (picture.get("alt") or "") + (picture.tail or "")
    return bare(tree.text_content())


def bare(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())


def check(post: Post, blog: dict[str, Any]) -> None:
    assert post.native_id == str(blog["mid"])
    assert post.url == f"https://m.weibo.cn/detail/{blog['mid']}"
    assert post.author == str(blog["user"]["id"]) and post.author_name == blog["user"]["screen_name"]
    assert post.is_repost is ("retweeted_status" in blog)


def test_a_timeline(recorded):
    data, reading = recorded.mobile("cards1")
    told = [card["mblog"] for card in data["cards"] if card["card_type"] == 9]
    assert len(reading.posts) == len(told) == 10 and not reading.skipped and not reading.notes
    for post, blog in zip(reading.posts, told, strict=True):
        check(post, blog)
        assert post.published_at == by_id(blog["mid"]), "'06-14' says only the day, the id knows the second"
        assert mid_from_bid(blog["bid"]) == blog["mid"]
        assert bare(post.text) == visible(blog["text"]), blog["mid"]
        assert post.followers == blog["user"]["followers_count"]
        for count, key in ((post.reposts, "reposts_count"), (post.comments, "comments_count")):
            assert count == (1_000_000 if blog[key] == "100万+" else blog[key])
    assert reading.paging["total"] == data["cardlistInfo"]["total"]
    assert reading.paging["next"] == data["cardlistInfo"]["page"]


def test_a_repost_whose_original_is_long(recorded):
    data, reading = recorded.mobile("retweet01")
    [post] = reading.posts
    check(post, data)
    assert (post.text, post.is_cut) == ("转发微博", False)
    assert bare(post.context) == visible(data["retweeted_status"]["longText"]["longTextContent"])


def test_a_full_text(recorded):
    data, reading = recorded.mobile("statuses1", "https://m.weibo.cn/statuses/extend?id=4383183661430868")
    [post] = reading.posts
    assert bare(post.text) == visible(data["longTextContent"])
    assert (post.native_id, post.published_at) == ("4383183661430868", by_id("4383183661430868"))
    assert (post.reposts, post.comments, post.likes) == (0, 0, 0)


def told_comments(comments: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for comment in comments:
        yield comment
        yield from told_comments(comment.get("comments") or [])


@pytest.mark.parametrize("name", ["comments1", "comments2"])
def test_comments(recorded, name):
    data, reading = recorded.mobile(name, ASKED)
    told = {str(c["id"]): c for c in told_comments([*data.get("hot_data", []), *data["data"]])}
    assert {p.native_id for p in reading.posts} == set(told) and len(reading.posts) == len(told)
    assert not reading.skipped and not reading.notes
    for post in reading.posts:
        comment = told[post.native_id]
        assert (post.kind, post.parent) == (Kind.COMMENT, "4383183661430868")
        assert bare(post.text) == visible(comment["text"])
        assert post.author == str(comment["user"]["id"])
        assert post.likes == comment.get("like_count", comment.get("like_counts"))
        if comment["created_at"].endswith("2019"):
            assert post.published_at == stated(comment["created_at"])
        else:
            assert post.published_at is not None
    assert reading.paging["total"] == data["total_number"]
    assert reading.paging["max_id"] == data.get("max_id", 0)


def test_a_person_is_no_post(recorded):
    _, reading = recorded.mobile("userInfo")
    assert (reading.posts, reading.notes) == ([], {"user_page": 1})


@pytest.mark.parametrize(
    ("name", "where"), [("hot", ("statuses",)), ("user", ("data", "list")), ("user_end", ("data", "list"))]
)
def test_lists_of_the_pc_site(recorded, name, where):
    data, reading = recorded.pc(name)
    told = data
    for key in where:
        told = told[key]
    assert len(reading.posts) == len(told) and not reading.skipped
    for post, blog in zip(reading.posts, told, strict=True):
        check(post, blog)
        assert post.published_at == stated(blog["created_at"])
        assert bare(post.text) == bare(blog["text_raw"])
        assert post.is_cut is blog["isLongText"]
        assert post.region == (blog["region_name"].removeprefix("发布于 ") if "region_name" in blog else None)
        assert (post.reposts, post.comments, post.likes) == tuple(
            blog[key] for key in ("reposts_count", "comments_count", "attitudes_count")
        )


def test_single_bodies_of_the_pc_site(recorded):
    url = "https://weibo.com/ajax/statuses/{}?id=5345356649863407"
    data, reading = recorded.pc("show", url.format("show"))
    assert (reading.posts[0].native_id, reading.posts[0].text) == (data["mid"], data["text_raw"])
    data, reading = recorded.pc("longtext", url.format("longtext"))
    assert bare(reading.posts[0].text) == bare(data["data"]["longTextContent"])
    data, reading = recorded.pc("comments", url.format("buildComments"))
    assert [p.native_id for p in reading.posts] == [c["idstr"] for c in data["data"]]
    assert [p.published_at for p in reading.posts] == [stated(c["created_at"]) for c in data["data"]]
    assert {p.parent for p in reading.posts} == {"5345356649863407"} and reading.posts[0].region == "北京"
    assert recorded.pc("longtext_empty", url.format("longtext"))[1].notes == {"long_text/none": 1}
    assert recorded.pc("profile")[1].notes == {"user_page": 1}
    assert recorded.pc("deleted", url.format("show"))[1].gone == ["5345356649863407"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("needs_visitor", "login_required"), ("login_wall", "login_required"), ("bad_request", "bad_request")],
)
def test_recorded_errors(recorded, name, reason):
    with pytest.raises(CrawlError) as caught:
        recorded.pc(name)
    assert caught.value.reason == reason


def test_the_hot_list_is_somebody_elses(recorded):
    with pytest.raises(LayoutChanged, match="weibo_hot"):
        load_reader("weibo_pc")(recorded.bytes("hotnews_ajax_hotSearch_2026-06.json"), url="", seen_at=IN_2026)


def test_a_search_page(recorded):
    body = recorded.bytes("s_weibo_search_trimmed_2026.scrubbed.html")
    reading = load_reader("weibo_html")(body, url="", seen_at=MARCH)
    cards = html.fromstring(body.decode()).find_class("card-wrap")
    assert [p.native_id for p in reading.posts] == [card.get("mid") for card in cards] and len(cards) == 2
    for post, card in zip(reading.posts, cards, strict=True):
        [*_, shown] = card.find_class("txt")  # the last one is the full text where there is one
        markup = html.tostring(shown, encoding="unicode", with_tail=False)
        assert bare(post.text) == visible(markup)
        [name] = card.find_class("name")
        assert post.author_name == name.text and f"/{post.author}?" in name.get("href")
    assert [(p.reposts, p.comments, p.likes) for p in reading.posts] == [(0, 3, 12), (8, 0, 0)]
    assert [(MARCH - p.published_at).total_seconds() for p in reading.posts] == [60, 180]
    assert "\n" in reading.posts[1].text and not reading.posts[1].is_cut
