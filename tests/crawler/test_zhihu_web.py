"""Saved bodies of Zhihu's website: the recorded ones, and synthetic ones for what no recording shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.bodies import load_reader
from crawler.post import Kind, Reading
from crawler.text import text_of
from tests.support.factories import NOW
from tingfeng.errors import CrawlError, LayoutChanged

EPOCH = int(NOW.timestamp()) - 600


def read(value: Any, url: str = "") -> Reading:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return load_reader("zhihu_web")(body, url=url, seen_at=NOW)


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (shared / "fixtures/zhihu").iterdir()}


def answer(**more: Any) -> dict[str, Any]:
    told = {"type": "answer", "id": "5", "content": "<p>云雀</p>", "created_time": EPOCH, "voteup_count": 0}
    return told | {"question": {"id": 7, "name": "<em>云雀</em>？"}, "author": {"id": "a1", "name": "某人"}} | more


def comment(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "comment", "id": str(number), "content": f"评{number}", "created_time": EPOCH} | more


def test_a_recorded_search_result_and_the_answer_it_tells_of_are_one(recorded):
    told = json.loads(recorded["zpp_search-general-sanitized"])["data"][0]["object"]
    [found] = read(recorded["zpp_search-general-sanitized"]).posts
    [alone] = read(recorded["zpp_answer-detail"]).posts
    [single] = read(json.loads(recorded["zpp_search-general-sanitized"])["data"][0]).posts
    assert found == single and found.native_id == alone.native_id == f"answer:{told['id']}"
    assert found.published_at == alone.published_at == datetime.fromtimestamp(told["created_time"], UTC)
    assert found.url == f"https://www.zhihu.com/question/{told['question']['id']}/answer/{told['id']}"
    assert (found.likes, found.comments) == (told["voteup_count"], told["comment_count"])
    assert (found.followers, found.parent) == (told["author"]["follower_count"], f"question:{told['question']['id']}")
    assert found.title == text_of(told["question"]["name"]) and "<" not in found.title
    assert "".join(found.text.split()) == "".join(text_of(told["content"]).split())
    assert alone.region == json.loads(recorded["zpp_answer-detail"])["ip_info"] and alone.followers is None


def test_a_recorded_comment(recorded):
    told = json.loads(recorded["zpp_comment"])
    [post] = read(recorded["zpp_comment"]).posts
    assert (post.kind, post.native_id, post.likes) == (Kind.COMMENT, f"comment:{told['id']}", told["like_count"])
    assert (post.region, post.parent) == (told["comment_tag"][0]["text"], None)
    assert post.text == text_of(told["content"])


@pytest.mark.parametrize(
    "name", ["zpp_search-people-sanitized", "zpp_search-badge-people", "zpp_search-topic-sanitized"]
)
def test_recorded_people_and_topics_are_passed_over_and_told(recorded, name):
    told = json.loads(recorded[name])
    reading = read(recorded[name])
    assert reading.posts == [] and not reading.skipped
    assert reading.notes == {f"block/{told['data'][0]['object']['type']}": len(told["data"])}
    assert reading.paging["is_end"] is told["paging"]["is_end"]
    assert reading.paging["next"] == told["paging"].get("next", "")


@pytest.mark.parametrize("name", ["hot_list_web_2018_2items", "hot_lists_total_2021_1item"])
def test_hot_lists_are_another_readers(recorded, name):
    with pytest.raises(LayoutChanged, match="hot list"):
        read(recorded[name])


@pytest.mark.parametrize(
    ("why", "item", "want"),
    [
        (
            "article",
            answer(type="article", title="云<em>雀</em>"),
            {"url": "https://zhuanlan.zhihu.com/p/5", "native_id": "article:5", "title": "云雀", "parent": None},
        ),
        (
            "pin",
            answer(type="pin", created=EPOCH, origin_pin={"id": 1}, repin_count=4),
            {"url": "https://www.zhihu.com/pin/5", "kind": Kind.POST, "is_repost": True, "reposts": 4},
        ),
        ("video", {"type": "zvideo", "object": answer(type="zvideo")}, {"kind": Kind.VIDEO, "native_id": "zvideo:5"}),
        ("only an excerpt", answer(content=None, excerpt="<em>云雀</em>…"), {"text": "云雀…", "is_cut": True}),
        ("somebody who hides", answer(author={"id": "0", "name": "匿名用户"}), {"author": None}),
        (
            "an answer without its question",
            answer(question=None),
            {"url": "https://www.zhihu.com/answer/5", "parent": None},
        ),
        ("in a question's feed", {"type": "question_feed_card", "target": answer()}, {"native_id": "answer:5"}),
    ],
)
def test_fields(why, item, want):
    [post] = read({"data": [item]}).posts
    assert {name: getattr(post, name) for name in want} == want, why


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (answer(id=None), "id"),
        (answer(created_time="昨天"), "time"),
        (answer(content="", question=None), "text"),
        (7, "id"),
    ],
)
def test_what_cannot_be_read_is_counted(item, why):
    reading = read({"data": [item]})
    assert (reading.posts, reading.skipped) == ([], {why: 1})


def test_a_page_of_comments_knows_what_it_is_about():
    below = comment(2, reply_comment_id="1"), comment(3, is_delete=True)
    page = {"data": [comment(1, child_comments=[*below], reply_comment_id="0")], "paging": {"is_end": False}}
    reading = read(page, "https://www.zhihu.com/api/v4/comment_v5/answers/55/root_comment?order_by=ts")
    assert [(p.native_id, p.parent) for p in reading.posts] == [("comment:1", "answer:55"), ("comment:2", "comment:1")]
    assert reading.gone == ["comment:3"] and reading.paging["is_end"] is False


@pytest.mark.parametrize(
    ("body", "url", "reason"),
    [
        ({"error": {"code": 40362, "message": "您当前请求存在异常，暂时限制本次访问"}}, "", "risk_control"),
        ({"error": {"code": 100, "message": "ERR"}}, "", "unauthorized"),
        ({"error": {"code": 9, "message": "请先登录"}}, "", "login_required"),
        ({"error": {"code": 404}}, "", "not_found"),
        (b"<html><a href='https://www.zhihu.com/account/unhuman?type=unhuman'></a></html>", "", "captcha"),
        (b"<html></html>", "https://www.zhihu.com/account/unhuman?type=unhuman", "captcha"),
        (b"<html></html>", "", "layout_changed"),
        ({"data": {}}, "", "layout_changed"),
        ({"type": "people", "id": "x"}, "", "layout_changed"),
        ({}, "", "layout_changed"),
        (b'{"data": [{"type": "answer"', "", "layout_changed"),
    ],
)
def test_refusals_and_strangers_have_names(body, url, reason):
    with pytest.raises(CrawlError) as caught:
        read(body, url)
    assert caught.value.reason == reason
