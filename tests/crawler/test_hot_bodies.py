"""Readers of hot lists: every form, every refusal, and nothing that passes for an empty list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.bodies import READERS, load_reader
from crawler.bodies.weibo_hot import token_of
from crawler.post import Kind, Post, Reading
from tests.support import hot_bodies as made
from tests.support.factories import NOW
from tingfeng.errors import CrawlError, LayoutChanged, Refused


def read(name: str, body: bytes, url: str = "") -> Reading:
    return load_reader(name)(body, url=url, seen_at=NOW)


def shown(posts: list[Post]) -> list[tuple[object, ...]]:
    return [(p.rank, p.title) for p in posts]


FORMS = [("weibo_hot", form, made.WEIBO[form]) for form in made.WEIBO] + [
    ("hot_boards", form, made.BOARDS[form]) for form in made.BOARDS
]


@pytest.mark.parametrize(("reader", "form", "make"), FORMS, ids=[f for _, f, _ in FORMS])
def test_every_form_gives_the_list_from_the_top(reader: str, form: str, make: Any):
    found = read(reader, made.bytes_of(make()))
    assert shown(found.posts) == [(n, word) for n, word in enumerate(made.WORDS, 1)]
    assert {p.kind for p in found.posts} == {Kind.HOT}
    assert not any("广告" in p.title or "置顶" in p.title for p in found.posts), "bought and pinned ones hold no place"
    assert all(p.native_id and p.url.startswith("https://") for p in found.posts)
    assert not found.skipped


@pytest.mark.parametrize(
    ("form", "board", "native_id", "heat", "at"),
    [
        ("baidu", "hot:baidu", made.WORDS[0], 7_000_000, None),
        ("tencent", "hot:tencent", "20261121A00001", 5_000_000, 1_795_222_800),
        ("toutiao", "hot:toutiao", "771", 9_000, None),
        ("thepaper", "hot:thepaper", "331", None, 1_795_222_800),
        ("zhihu", "hot:zhihu", "441", 6_000_000, None),
        ("zhihu app", "hot:zhihu", "441", 600_000, 1_795_222_800),
        ("zhihu official", "hot:zhihu", "441", None, None),
        ("bilibili", "hot:bilibili", made.WORDS[0], 90_000, None),
        ("tieba", "hot:tieba", "551", 80_000, 1_795_222_800),
    ],
)
def test_what_a_board_tells_of_its_first(form, board, native_id, heat, at):
    first = read("hot_boards", made.bytes_of(made.BOARDS[form]())).posts[0]
    assert (first.platform, first.native_id, first.heat) == (board, native_id, heat)
    assert first.published_at == (datetime.fromtimestamp(at, UTC) if at else None)
    assert "utm_" not in first.url and "&amp;" not in first.url


@pytest.mark.parametrize(
    ("form", "heat", "notes"),
    [
        ("official", 1_000_000, {}),
        ("side", 900_000, {"pinned": 1, "ad": 1}),
        ("cards", 800_000, {"pinned": 1, "ad": 1}),
        ("summary", 700_000, {"pinned": 1, "ad": 1}),
    ],
)
def test_what_weibo_tells(form, heat, notes):
    found = read("weibo_hot", made.bytes_of(made.WEIBO[form]()))
    first = found.posts[0]
    assert (first.platform, first.native_id, first.heat) == ("hot:weibo", made.WORDS[0], heat)
    assert dict(found.notes) == notes


def test_an_official_list_is_called_by_its_category():
    url = "https://open-im.api.weibo.com/open/weibo/hot_search?count=50&category="
    of = {
        c: read("weibo_hot", made.body(made.official()), url + quote(c)).posts[0].platform
        for c in ("主榜", "文娱榜", "x")
    }
    assert of == {"主榜": "hot:weibo", "文娱榜": "hot:weibo/文娱榜", "x": "hot:weibo"}


def test_hot_band_also_tells_since_when():
    rows = [{"word": "云雀", "realpos": 4, "num": 5, "onboard_time": 1_795_222_800}]
    [post] = read("weibo_hot", made.body({"ok": 1, "data": {"band_list": rows}})).posts
    assert (post.rank, post.published_at) == (4, datetime.fromtimestamp(1_795_222_800, UTC))


@pytest.mark.parametrize(
    ("reader", "why", "body", "kind", "reason"),
    [
        ("weibo_hot", "a token that ran out", {"code": 40100, "message": "token invalid"}, Refused, "unauthorized"),
        ("weibo_hot", "a wrong app_id", {"code": 40003, "message": "app_id invalid"}, Refused, "unauthorized"),
        ("weibo_hot", "said in words", {"code": 1, "message": "请求过于频繁"}, Refused, "too_many_requests"),
        ("weibo_hot", "a code nobody knows", {"code": 7, "message": "no"}, Refused, "code_7"),
        ("weibo_hot", "no visitors", {"ok": -100, "url": "https://weibo.com/login.php"}, Refused, "login_required"),
        ("weibo_hot", "log in first", {"ok": 0, "message": "前方有点拥堵，请登录后使用"}, Refused, "login_required"),
        ("weibo_hot", "asked in the wrong form", {"error": "Forbidden"}, CrawlError, "bad_request"),
        ("weibo_hot", "a list without entries", {"ok": 1, "data": {"realtime": []}}, LayoutChanged, "layout_changed"),
        ("weibo_hot", "said to be empty", {"ok": 0, "msg": "这里还没有内容", "data": {}}, LayoutChanged, None),
        ("weibo_hot", "entries of other keys", {"ok": 1, "data": {"realtime": [{}]}}, LayoutChanged, "layout_changed"),
        ("weibo_hot", "nothing but ads", {"ok": 1, "data": {"realtime": [{"is_ad": 1}]}}, LayoutChanged, None),
        ("weibo_hot", "the login page", b"<html><title>Sina Visitor System</title>", Refused, "login_required"),
        ("weibo_hot", "some page", b"<html><p>hello", LayoutChanged, "layout_changed"),
        ("hot_boards", "a captcha", "<html><title>百度安全验证</title>".encode(), Refused, "captcha"),
        ("hot_boards", "some page", b"<html><p>hello", LayoutChanged, "layout_changed"),
        ("hot_boards", "a page cut short", b'<html><!--s-data:{"cards": [', LayoutChanged, "layout_changed"),
        (
            "hot_boards",
            "zhihu: risk",
            {"error": {"code": 40362, "message": "您当前请求存在异常"}},
            Refused,
            "risk_control",
        ),
        ("hot_boards", "zhihu: quota", {"Code": 30002, "Message": "x", "Data": None}, Refused, "quota_exhausted"),
        ("hot_boards", "zhihu: a new code", {"Code": 5, "Message": "x", "Data": None}, Refused, "code_5"),
        ("hot_boards", "bilibili: blocked", {"code": -412, "message": "request was banned"}, Refused, "risk_control"),
        ("hot_boards", "baidu without cards", {"data": {"cards": []}}, LayoutChanged, "layout_changed"),
        ("hot_boards", "an empty board", {"idlist": [{"newslist": []}]}, LayoutChanged, "layout_changed"),
    ],
)
def test_what_is_no_list_has_a_name(reader, why, body, kind, reason):
    with pytest.raises(kind) as caught:
        read(reader, body if isinstance(body, bytes) else made.body(body))
    assert reason is None or caught.value.reason == reason, why


@pytest.mark.parametrize(
    "answer", [{"code": 0, "data": {}}, {"code": 0, "data": {"token": 5}}, {"data": {"token": "x"}}]
)
def test_an_answer_without_a_token_is_none(answer):
    assert token_of(made.body(made.token("abc"))) == "abc"
    with pytest.raises(LayoutChanged):
        token_of(made.body(answer))


KEYS = (
    *("data", "code", "Code", "Data", "Items", "ok", "realtime", "cards", "content", "word", "list", "idlist", "error"),
    *("newslist", "hotNews", "target", "ClusterIdStr", "bang_topic", "topic_list", "card_group", "desc", "title", "id"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(value=st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1, max_size=5))
def test_wild_answers_are_lists_or_errors_under_a_name(value):
    for name in ("weibo_hot", "hot_boards"):
        try:
            found = read(name, json.dumps(value).encode())
        except CrawlError as e:
            assert e.reason
        else:
            assert found.posts, "an empty list was never a hot list"


@given(text=st.binary(max_size=200), start=st.sampled_from([b"", b"<", b"<table id=pl_top_realtimehot>", b"{"]))
def test_wild_bytes_are_errors_under_a_name(text, start):
    text = start + text
    for name in ("weibo_hot", "hot_boards"):
        with pytest.raises(CrawlError):
            read(name, text)


def test_hostile_entries_stay_small_and_harmless():
    wild = {"word": "云雀" + "长" * 5_000 + "\x00", "desc": "x" * 10_000, "rawUrl": "javascript:alert(1)", "index": -5}
    [post] = read("hot_boards", made.body({"data": {"cards": [{"content": [wild]}]}})).posts
    assert len(post.title) == 300 and len(post.text) == 2_000 and post.rank == 1
    assert post.url.startswith("https://www.baidu.com/s?wd=") and "\x00" not in post.title


def test_a_page_of_openings_is_read_in_one_go():
    with pytest.raises(LayoutChanged):
        read("hot_boards", b"<!--s-data:{" * 100_000)


def test_the_registered_readers_are_there():
    assert all(callable(load_reader(name)) for name in READERS)


# --- recorded


def recorded(shared: Path, name: str) -> tuple[bytes, Any]:
    body = (shared / "fixtures" / name).read_bytes()
    return body, json.loads(body)


def test_recorded_weibo_side_list(shared: Path):
    body, data = recorded(shared, "weibo/hotnews_ajax_hotSearch_2026-06.json")
    rows = data["data"]["realtime"]
    found = read("weibo_hot", body)
    assert [(p.rank, p.heat, p.title) for p in found.posts] == [(r["realpos"], r["num"], r["word"]) for r in rows]
    assert [p.url for p in found.posts] == [f"https://s.weibo.com/weibo?q={quote(r['word_scheme'])}" for r in rows]
    assert found.notes == {"pinned": 1} and not found.skipped
    assert len({p.native_id for p in found.posts}) == len(rows) == 50


@pytest.mark.parametrize("key", ["needs_visitor", "login_wall", "bad_request"])
def test_recorded_weibo_refusals(shared: Path, key: str):
    _, data = recorded(shared, "weibo/2scraper_ajax_2026-09_scrubbed.json")
    with pytest.raises(CrawlError):
        read("weibo_hot", made.body(data[key]))


def test_recorded_baidu_board(shared: Path):
    body, data = recorded(shared, "hotlists/hotnews_baidu_board_realtime_2026-06.json")
    card = data["data"]["cards"][0]
    page = b"<html><!--s-data:" + made.body(data["data"]) + b"--></html>"
    for found in (read("hot_boards", body), read("hot_boards", page)):
        told = [(p.rank, p.heat, p.title, p.text, p.url) for p in found.posts]
        want = [
            (r["index"] + 1, int(r["hotScore"]), r["word"], r["desc"] or r["word"], r["rawUrl"])
            for r in card["content"]
        ]
        assert told == want and len(want) == 50
        assert found.notes == {"pinned": len(card["topContent"])}


def test_recorded_zhihu_lists(shared: Path):
    body, data = recorded(shared, "zhihu/hot_list_web_2018_2items.json")
    for rank, (post, item) in enumerate(zip(read("hot_boards", body).posts, data["data"], strict=True), 1):
        target = item["target"]
        assert (post.rank, post.title, post.url) == (rank, target["title_area"]["text"], target["link"]["url"])
        assert f"Q_{post.native_id}" == item["card_id"]
        assert post.heat == 10_000 * int(target["metrics_area"]["text"].split()[0])
    body, data = recorded(shared, "zhihu/hot_lists_total_2021_1item.json")
    [post], [item] = read("hot_boards", body).posts, data["data"]
    assert (post.title, post.native_id) == (item["target"]["title"], str(item["target"]["id"]))
    assert post.url == f"https://www.zhihu.com/question/{item['target']['id']}", "and not the address of the API"
    assert post.published_at == datetime.fromtimestamp(item["target"]["created"], UTC)
    assert post.heat == 10_000 * int(item["detail_text"].split()[0])
