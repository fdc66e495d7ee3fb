"""m.weibo.cn's bodies, synthetic: every one is posts, nothing, or an error with a name."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.bodies.weibo_mobile import blogs, read
from crawler.post import Kind, Post, Reading
from crawler.weibo import mid_in, post_address
from tests.support.factories import NOW
from tests.support.weibo_pages import NOTHING, mid_of, page, post, told
from tingfeng.errors import CrawlError, LayoutChanged, Refused

RECENT = NOW - timedelta(seconds=100)
MID = mid_of(NOW)
HOTFLOW = f"https://m.weibo.cn/comments/hotflow?id={MID}&mid={MID}&max_id_type=0"
EXTEND = f"https://m.weibo.cn/statuses/extend?id={MID}"


def said(value: Any, *, url: str = "") -> Reading:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return read(body, url=url, seen_at=NOW)


def only(blog: dict[str, Any]) -> Post:
    [found] = said(page([blog])).posts
    return found


def comment(n: int, text: str = "云雀不行", **more: Any) -> dict[str, Any]:
    mid = mid_of(NOW, 500 + n)
    user = {"id": 8_000_000_000 + n, "screen_name": f"用户{n}", "followers_count": 5}
    return {"id": mid, "mid": mid, "created_at": told(NOW), "text": text, "user": user, "like_count": n} | more


@pytest.mark.parametrize(
    ("why", "blog", "want"),
    [
        ("identity", post(NOW), {"platform": "weibo", "native_id": MID, "url": f"https://m.weibo.cn/detail/{MID}"}),
        ("counts", post(NOW), {"reposts": 1, "comments": 2, "likes": 1_000_000}),
        ("author and region", post(NOW), {"author": "9000000000", "followers": 432_000, "region": "广东"}),
        ("not told is not 0", post(NOW, reposts_count=None, attitudes_count="x"), {"reposts": None, "likes": None}),
        ("words for none", post(NOW, reposts_count="转发", comments_count="评论"), {"reposts": 0, "comments": 0}),
        ("no region", post(NOW, region_name=None), {"region": None}),
        ("the author is gone", post(NOW, user=None), {"author": None, "author_name": "", "followers": None}),
        ("only a name", post(NOW, user={"screen_name": "用户0"}), {"author": "name:用户0", "author_name": "用户0"}),
        ("a repost", post(NOW, retweeted_status={"text": "云<br>雀"}), {"is_repost": True, "context": "云\n雀"}),
        ("reposted, deleted", post(NOW, retweeted_status={"user": None, "deleted": "1"}), {"is_repost": True}),
        ("the whole chain stays", post(NOW, "云雀？//@甲:云雀好"), {"text": "云雀？//@甲:云雀好"}),
        ("pictures as an object", post(NOW, pics={"0": {"pid": "x"}}), {"text": "云雀的车又坏了"}),
        ("invisible ends", post(NOW, "云雀\u200b"), {"text": "云雀", "is_cut": False}),
        ("a cut text ends in dots", post(NOW, '云雀 ...<a href="/status/1">全文</a>'), {"text": "云雀…"}),
        ("cut without a link", post(NOW, "云雀", isLongText=True), {"is_cut": True}),
        ("the full text came along", post(NOW, "云…", longText={"longTextContent": "云<br>雀"}), {"text": "云\n雀"}),
        ("no id but 'id'", post(NOW, mid=None), {"native_id": MID}),
        ("no id but its short form", post(NOW, mid=None, id=None, bid="HyTZc60ew"), {"native_id": "4383183661430868"}),
        ("minutes ago, by its id", post(RECENT, created_at="1分钟前"), {"published_at": RECENT}),
        ("only the day, by its id", post(RECENT, created_at="11-20"), {"published_at": RECENT}),
    ],
)  # fmt: skip
def test_fields(why, blog, want):
    found = only(blog)
    assert {name: getattr(found, name) for name in want} == want, why


@pytest.mark.parametrize(
    ("why", "blog", "skipped", "notes"),
    [
        ("no id", post(NOW, mid=None, id=None), {"id": 1}, {}),
        ("an id that is none", post(NOW, mid="../x"), {"id": 1}, {}),
        ("no text", post(NOW, text=None), {"text": 1}, {}),
        ("only markup", post(NOW, text="<img src=x>\u200b"), {"text": 1}, {}),
        ("deleted", post(NOW, deleted="1"), {}, {"deleted": 1}),
        ("paid for", post(NOW, isAd=True), {}, {"advertisement": 1}),
    ],
)
def test_what_is_no_post_is_counted(why, blog, skipped, notes):
    reading = said(page([blog]))
    assert (reading.posts, reading.skipped, reading.notes) == ([], skipped, notes), why
    assert reading.gone == ([MID] if notes.get("deleted") else [])


@pytest.mark.parametrize("blog", [post(NOW, created_at="很久以前"), post(NOW + timedelta(days=9))])
def test_a_post_without_a_time_is_told_without_one(blog):
    reading = said(page([blog]))
    assert [p.published_at for p in reading.posts] == [None], "where it belongs, who stores it has to decide"


def test_an_id_and_a_time_that_contradict_each_other_are_noted():
    reading = said(page([post(NOW, mid=mid_of(NOW - timedelta(days=9)))]))
    assert reading.posts[0].published_at == NOW and reading.notes == {"time/id_differs": 1}


def test_posts_sit_in_cards_and_in_groups_and_everything_else_is_furniture():
    cards = [
        {"card_type": 9, "mblog": {"n": 1}},
        {"card_type": 11, "card_group": [{"card_type": 42}, {"card_type": 9, "mblog": {"n": 2}}, None]},
        {"card_type": 11, "card_group": None},
        {"card_type": 11},
        {"card_type": 9},
        {"card_type": 9, "mblog": "x"},
        {"card_type": 58, "mblog": {"n": 3}},
        "x",
        None,
    ]
    assert [blog["n"] for blog in blogs(cards)] == [1, 2]


def test_what_a_page_says_of_going_on():
    pinned = [post(NOW, n=1, title={"text": "置顶"}), post(NOW, n=2, isTop=1), post(NOW, n=3, mblogtype=2)]
    reading = said(page([*pinned, post(NOW, n=4)], total=812, next_page=2))
    assert reading.paging == {"total": 812, "size": 10, "next": 2, "pinned": [b["mid"] for b in pinned]}


def test_comments_and_the_answers_below_them_belong_to_the_post():
    first = comment(1, "云雀<span><img alt='[怒]'></span>", source="来自广东", total_number=3, comments=[comment(2)])
    second = comment(3, source="来自iPhone客户端", comments=False)
    body = {"ok": 1, "data": {"data": [first, second], "max_id": 314345666829623, "max_id_type": 1, "total_number": 9}}
    reading = said(body, url=HOTFLOW)
    assert [p.native_id for p in reading.posts] == [mid_of(NOW, 500 + n) for n in (1, 2, 3)]
    assert {(p.kind, p.parent, p.url) for p in reading.posts} == {
        (Kind.COMMENT, MID, f"https://m.weibo.cn/detail/{MID}")
    }
    assert [(p.region, p.likes, p.comments) for p in reading.posts] == [
        ("广东", 1, 3),
        (None, 2, None),
        (None, 3, None),
    ]
    assert reading.posts[0].text == "云雀[怒]"
    assert reading.paging == {"total": 9, "max_id": 314345666829623, "max_id_type": 1}


@pytest.mark.parametrize(
    ("why", "more", "parent"),
    [
        ("told by its status", {"status": {"mid": MID}}, MID),
        ("told in passing", {"analysis_extra": f"author_uid:1|mid:{MID}"}, MID),
        ("not told", {}, None),
    ],
)
def test_a_saved_page_of_comments_without_its_address(why, more, parent):
    [found] = said({"ok": 1, "data": {"data": [comment(1, **more)]}}).posts
    assert found.parent == parent, why


def test_a_hot_comment_that_stands_in_both_lists_is_one():
    both = {"ok": 1, "data": {"hot_data": [comment(1)], "data": [comment(1), comment(2)]}}
    assert len(said(both, url=HOTFLOW).posts) == 2


def test_a_full_text_is_the_post_that_its_address_names():
    data = {"longTextContent": "云雀<br />全文", "reposts_count": 3, "comments_count": 0, "attitudes_count": 1}
    [found] = said({"ok": 1, "data": data}, url=EXTEND).posts
    assert (found.native_id, found.text, found.published_at, found.reposts) == (MID, "云雀\n全文", NOW, 3)
    assert said({"ok": 1, "data": {}}, url=EXTEND).notes == {"long_text/none": 1}
    [stray] = said({"ok": 1, "data": data}).posts
    assert (stray.native_id, stray.url, stray.text) == ("", "", "云雀\n全文"), "of whom it is, nobody says"


def test_one_post_and_its_page():
    show = said({"ok": 1, "data": post(NOW)})
    script = f"<html><script>var $render_data = [{json.dumps({'status': post(NOW)})}][0] || {{}};</script></html>"
    assert said(script.encode()).posts == show.posts == [only(post(NOW))]


@pytest.mark.parametrize("url", [f"https://m.weibo.cn/statuses/show?id={MID}", f"https://m.weibo.cn/detail/{MID}"])
def test_a_deleted_post_is_gone(url):
    reading = said({"ok": 0, "errno": "20101", "msg": "该微博不存在"}, url=url)
    assert (reading.posts, reading.gone, reading.notes) == ([], [MID], {"deleted": 1})


@pytest.mark.parametrize(
    ("why", "body", "note"),
    [
        ("no result", NOTHING, "page/empty"),
        ("a page without cards", {"ok": 1, "data": {"cards": []}}, "page/empty"),
        ("no comments yet", {"ok": 0, "msg": "快来发表你的评论吧"}, "page/empty"),
        ("a person, not what they said", {"ok": 1, "data": {"userInfo": {"id": 1}}}, "user_page"),
    ],
)
def test_what_holds_no_posts_is_understood(why, body, note):
    reading = said(body)
    assert (reading.posts, reading.notes) == ([], {note: 1}), why


@pytest.mark.parametrize(
    ("why", "body", "url", "kind", "reason"),
    [
        ("no login", {"ok": -100, "url": "https://passport.weibo.com/sso/signin"}, "", Refused, "login_required"),
        ("… told in words", {"ok": 0, "message": "前方有点拥堵，请登录后使用"}, "", Refused, "login_required"),
        ("a captcha", {"ok": -100, "url": "https://passport.weibo.com/verify/index"}, "", Refused, "captcha"),
        ("a no of a kind we do not know", {"ok": 0, "msg": "系统繁忙"}, "", Refused, "not_ok"),
        ("wherever a captcha led", b"x", "https://passport.weibo.com/verify/index", Refused, "captcha"),
        ("wherever a login led", b"{}", "https://passport.weibo.cn/signin/login", Refused, "login_required"),
        ("a login page", "<html><title>微博通行证</title>".encode(), "", Refused, "login_required"),
        ("a visitor's page", b"<html><title>Sina Visitor System</title>", "", Refused, "login_required"),
        ("any other page", b"<html></html>", "", LayoutChanged, "layout_changed"),
        ("a script without a post", b"<script>var $render_data = [{}]", "", LayoutChanged, "layout_changed"),
        ("a script cut short", b"<script>var $render_data = [{", "", LayoutChanged, "layout_changed"),
        ("nothing at all", b"", "", LayoutChanged, "layout_changed"),
        ("another answer", {"ok": 1, "data": {"x": 1}}, "", LayoutChanged, "layout_changed"),
        ("no data", {"ok": 1}, "", LayoutChanged, "layout_changed"),
        ("a list", [], "", LayoutChanged, "layout_changed"),
        ("nested without end", b'{"a":' * 100_000, "", LayoutChanged, "layout_changed"),
    ],
)
def test_errors_have_names(why, body, url, kind, reason):
    with pytest.raises(kind) as caught:
        said(body, url=url)
    assert caught.value.reason == reason, why


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("https://weibo.com/1642634100/Pw3cTzSuN", ("1642634100", "5176388278550965")),
        ("https://weibo.com/9000000001/HyTZc60ew?from=x", ("9000000001", "4383183661430868")),
        ("https://weibo.com/9000000001/4383183661430868", ("9000000001", "4383183661430868")),
        ("//weibo.com/9000000001/HyTZc60ew?refer_flag=1001030103_", ("9000000001", "4383183661430868")),
        ("https://weibo.com/detail/4383183661430868", None),
        ("https://weibo.com.evil.example/1/HyTZc60ew", None),
        ("https://news.example/1.html", None),
    ],
)
def test_a_post_by_its_address(url, want):
    assert post_address(url) == want


@pytest.mark.parametrize(
    "url",
    [
        "https://m.weibo.cn/statuses/show?id=HyTZc60ew",
        "https://m.weibo.cn/comments/hotflow?mid=4383183661430868",
        "https://m.weibo.cn/status/4383183661430868?jumpfrom=x",
        "https://m.weibo.cn/detail/HyTZc60ew",
        "https://weibo.com/9000000001/HyTZc60ew",
    ],
)
def test_the_post_that_is_asked_for(url):
    assert mid_in(url) == "4383183661430868"


KEYS = [
    "ok", "msg", "url", "errno", "data", "cards", "card_type", "card_group", "mblog", "mid", "id", "bid", "text",
    "user", "created_at", "retweeted_status", "longText", "longTextContent", "comments", "hot_data", "userInfo",
    "cardlistInfo", "statuses", "list", "text_raw", "realtime", "result", "items", "error", "code",
    "total_number", "max_id",
]  # fmt: skip
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([1, 9, 11, MID])
WILD = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=15,
)


@given(WILD, st.sampled_from(["", HOTFLOW, EXTEND, "http://[", "x?id=1"]))
def test_no_body_is_too_wild(wild, url):
    for body in (wild, {"ok": 1, "data": wild}, {"ok": 1, "data": {"cards": [{"card_type": 9, "mblog": wild}]}}):
        with contextlib.suppress(CrawlError):
            assert isinstance(said(body, url=url), Reading)


@given(st.binary(max_size=200))
def test_no_bytes_are_too_wild(body):
    for form in (body, b"<script>$render_data = [" + body):
        with contextlib.suppress(CrawlError):
            assert isinstance(said(form), Reading)
