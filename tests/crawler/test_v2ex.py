"""V2EX: what its bodies say."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.bodies import load_reader
from crawler.post import Kind, Reading
from tests.support.factories import NOW
from tingfeng.errors import CrawlError

EPOCH = int(NOW.timestamp()) - 600


def read(value: Any, url: str = "", seen_at: datetime = NOW) -> Reading:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return load_reader("v2ex")(body, url=url, seen_at=seen_at)


def topic(number: int = 1, **more: Any) -> dict[str, Any]:
    told = {
        "id": number,
        "title": "云雀怎么样",
        "content": "问\r\n一下",
        "content_rendered": "<p>问<br>一下</p>",
        "created": EPOCH,
    }
    return told | {"replies": 2, "deleted": 0, "member": {"id": 9, "username": "某人"}, "node": {"name": "cars"}} | more


def reply(number: int = 1, **more: Any) -> dict[str, Any]:
    told = {"id": number, "content": "云雀不错", "content_rendered": "云雀不错", "created": EPOCH, "topic_id": 1}
    return told | {"member": {"id": 8, "username": "另一人"}} | more


def test_recorded_topics(shared: Path):
    body = (shared / "fixtures/v2ex/remote-jobs_v2ex_api_2026-07.scrubbed.json").read_bytes()
    told = {f"topic:{t['id']}": t for t in json.loads(body)["topics"]}
    reading = read(body)
    assert [p.native_id for p in reading.posts] == [key for key, t in told.items() if not t["deleted"]]
    assert reading.gone == [key for key, t in told.items() if t["deleted"]] and not reading.skipped
    for post in reading.posts:
        was = told[post.native_id]
        assert (post.url, post.comments, post.title) == (was["url"], was["replies"], was["title"])
        assert post.published_at == datetime.fromtimestamp(was["created"], UTC)
        rendered = html.unescape(re.sub("<[^>]*>", "", was["content_rendered"])) or was["title"]
        assert "".join(post.text.split()) == "".join(rendered.split())


def test_topics_and_replies_of_both_versions():
    [post] = read([topic()]).posts
    assert (post.native_id, post.text, post.author, post.comments) == ("topic:1", "问\n一下", "9", 2)
    assert (
        read({"success": True, "result": [topic()]}).posts == read({"success": True, "result": topic()}).posts == [post]
    )
    [said] = read([reply(5)]).posts
    assert (said.kind, said.native_id, said.parent) == (Kind.COMMENT, "reply:5", "topic:1")
    assert said.url == "https://www.v2ex.com/t/1#r_5"
    second = {"success": True, "result": [reply(5, topic_id=None)]}
    assert read(second, "https://www.v2ex.com/api/v2/topics/1/replies?p=1").posts == [said]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (topic(created="x"), "time"),
        (topic(title="", content_rendered="", content=""), "text"),
        (topic(0), "id"),
        ("x", "id"),
    ],
)
def test_what_cannot_be_read_is_counted(item, why):
    reading = read([item])
    assert (reading.posts, reading.skipped) == ([], {why: 1})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"success": False, "message": "Invalid token"}, "unauthorized"),
        ({"message": "Rate Limit Exceeded"}, "rate_limited"),
        ({"status": "error", "message": "Object Not Found"}, "not_found"),
        ({"status": "error", "message": "No"}, "forbidden"),
        ({}, "layout_changed"),
        (7, "layout_changed"),
        ([{"id": 1}], "layout_changed"),
        (b"[{", "layout_changed"),
    ],
)
def test_refusals_and_strangers_have_names(body, reason):
    with pytest.raises(CrawlError) as caught:
        read(body)
    assert caught.value.reason == reason
