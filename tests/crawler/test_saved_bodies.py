"""Readers of what only a person may fetch: Bilibili's search, Sogou's search for WeChat articles."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.bodies import READERS, load_reader
from crawler.post import Kind, Reading
from tests.support.factories import NOW
from tingfeng.errors import CrawlError, UnknownName

EPOCH = int(NOW.timestamp()) - 600
VIDEO = {
    "type": "video",
    "bvid": "BV1xx411c7mD",
    "arcurl": "http://www.bilibili.com/video/av170001",
    "title": '<em class="keyword">云雀</em>试驾',
    "description": "-",
    "author": "某人",
    "mid": 12,
    "play": "1.2万",
    "review": 7,
    "like": "31",
    "pubdate": EPOCH,
}


def read(name: str, value: Any, url: str = "", seen_at: datetime = NOW) -> Reading:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return load_reader(name)(body, url=url, seen_at=seen_at)


def found(*results: Any) -> dict[str, Any]:
    return {"code": 0, "data": {"numResults": len(results), "result": list(results)}}


def test_a_recorded_user_brings_his_videos_along(shared: Path):
    body = (shared / "fixtures/bilibili/fengbiao_bilibili_search_2026-06_trimmed.json").read_bytes()
    users = json.loads(body)["data"]["result"]
    posts = read("bilibili", body).posts
    told = [(user, video) for user in users for video in user["res"]]
    assert [p.native_id for p in posts] == [video["bvid"] for _, video in told]
    for post, (user, video) in zip(posts, told, strict=True):
        assert post.published_at == datetime.fromtimestamp(video["pubdate"], UTC)
        assert (post.author, post.followers, post.title) == (str(user["mid"]), user["fans"], video["title"])
        assert post.url == video["arcurl"].replace("http:", "https:") and post.kind is Kind.VIDEO


def test_a_video_of_a_search():
    reading = read("bilibili", found(VIDEO, VIDEO | {"description": "全程<br>实拍"}, {"type": "ketang"}, None))
    first, second = reading.posts
    assert (first.title, first.text, second.text) == ("云雀试驾", "云雀试驾", "全程\n实拍")
    assert (first.comments, first.likes, first.followers) == (7, 31, None)
    assert (reading.notes, reading.skipped) == ({"block/ketang": 1}, {"id": 1})
    assert read("bilibili", found({"result_type": "video", "data": [VIDEO]})).posts == [first]


@pytest.mark.parametrize(("more", "why"), [({"bvid": ""}, "id"), ({"pubdate": "x"}, "time"), ({"title": ""}, "text")])
def test_a_video_that_cannot_be_read_is_counted(more, why):
    assert read("bilibili", found(VIDEO | more)).skipped == {why: 1}


def test_nothing_found_is_an_answer():
    assert read("bilibili", {"code": 0, "data": {"result": None, "numResults": 0}}) == Reading()
    assert read("sogou_weixin", b"<html><div id='noresult_part1_container'></div></html>") == Reading()


@pytest.fixture(scope="module")
def sogou(shared: Path) -> bytes:
    return (shared / "fixtures/sogou_weixin/weixin_search_rengongzhineng_2026-09_trimmed.html").read_bytes()


def test_recorded_articles_of_wechat_accounts(sogou):
    text = sogou.decode()
    posts = read("sogou_weixin", sogou).posts
    epochs = [int(n) for n in re.findall(r"timeConvert\('(\d+)'\)", text)]
    accounts = re.findall(r'all-time-y2">([^<]+)<', text)
    assert [p.published_at for p in posts] == [datetime.fromtimestamp(n, UTC) for n in epochs]
    assert [p.author for p in posts] == [f"name:{name}" for name in accounts]
    assert len({p.native_id for p in posts}) == len(posts) == text.count("<li id=")
    assert all("人工" in p.title and p.is_cut and not re.search("<|red_beg|&", p.title + p.text) for p in posts)
    assert all("token" not in p.url for p in posts), "their links die soon: the search stands for them"
    again = read("sogou_weixin", sogou.decode().encode("gbk"), "https://weixin.sogou.com/weixin?type=2&query=a").posts
    assert [p.native_id for p in again] == [p.native_id for p in posts], "saved in another encoding"
    assert {p.url for p in again} == {"https://weixin.sogou.com/weixin?type=2&query=a"}


@pytest.mark.parametrize(
    ("name", "body", "url", "reason"),
    [
        ("bilibili", {"code": -412, "message": "request was banned"}, "", "risk_control"),
        ("bilibili", {"code": -352, "data": {"v_voucher": "x"}}, "", "risk_control"),
        ("bilibili", {"code": -101}, "", "login_required"),
        ("bilibili", {"code": -12345}, "", "code_-12345"),
        ("bilibili", {"code": 0}, "", "layout_changed"),
        ("bilibili", {}, "", "layout_changed"),
        ("sogou_weixin", "<html>请输入验证码</html>".encode(), "", "captcha"),
        ("sogou_weixin", b"<html></html>", "https://weixin.sogou.com/antispider/?from=x", "captcha"),
        ("sogou_weixin", b"<html></html>", "", "layout_changed"),
        ("sogou_weixin", b'<html><ul class="news-list"><li>', "", "layout_changed"),
        ("sogou_weixin", b"", "", "layout_changed"),
    ],
)
def test_refusals_and_strangers_have_names(name, body, url, reason):
    with pytest.raises(CrawlError) as caught:
        read(name, body, url)
    assert caught.value.reason == reason


def test_a_misspelt_reader_names_the_nearest():
    with pytest.raises(UnknownName, match="zhihu_web"):
        load_reader("zhihu-web")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["data", "Data", "Code", "code", "Items", "result", "type", "id", "content", "title", "object",
                         "created_time", "created", "res", "uname", "bvid", "aid", "pubdate", "mid", "ContentID",
                         "EditTime", "child_comments", "comment_tag", "question", "author", "paging", "error", "items",
                         "version", "member", "deleted", "topics", "RemainingQuota", "Url"]),
        inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(READERS))
@given(data=st.data())
def test_any_body_is_read_or_an_error_of_ours(name, data):
    value = data.draw(st.binary(max_size=100) | JSON | JSON.map(lambda v: {"code": 0, "Code": 0, "data": v, "Data": v}))
    try:
        reading = read(name, value)
    except CrawlError:
        return
    assert all(p.native_id and (p.published_at is None or p.published_at.tzinfo) for p in reading.posts)
