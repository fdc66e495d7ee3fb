"""Recordings and saved pages: what is understood comes in, what is not is counted, a refusal has its name."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.bodies import FAMILIES, READERS
from crawler.imports.gather import gather
from crawler.imports.gathered import Rejected, Row
from crawler.imports.har import har
from crawler.imports.pages import address_in
from tests.support.imports import items_of, posts_of, wish
from tests.support.readers import tea_readers
from tingfeng.errors import ImportFileError

TEA = {"kind": "tea", "posts": [["1", "云雀的茶", "5分钟前"], ["2", "没有时间", "?"]]}


@pytest.fixture(autouse=True)
def readers():
    with tea_readers(), mock.patch.dict(FAMILIES, {"weibo": ("coffee", "tea")}):
        yield


def entry(url="https://m.weibo.cn/api", body=TEA, *, mime="application/json; charset=utf-8", status=200, **content):
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "startedDateTime": "2026-11-20T11:00:00.000+08:00",
        "request": {"url": url},
        "response": {"status": status, "content": {"mimeType": mime, "text": text} | content},
    }


def recorded(folder: Path, *entries, name="a.har") -> Path:
    path = folder / name
    path.write_text(json.dumps({"log": {"entries": list(entries)}}), "utf-8")
    return path


def test_a_recording_of_many_things(tmp_path):
    packed = base64.b64encode(json.dumps(TEA).encode()).decode()
    path = recorded(
        tmp_path,
        entry("https://static.example/a.js", "x", mime="text/javascript"),
        entry(),
        entry(body=packed, encoding="base64"),
        entry(body="not base64 at all!", encoding="base64"),
        entry(body={"kind": "tea", "refusal": "login_required"}),
        entry(body="<html>", mime="text/html"),
        entry(status=304),
        entry("https://unknown.example/api"),
        entry(body=""),
        {"request": None, "response": 5},
        7,
    )
    found = gather(path, wish())
    items = list(found.items)
    assert [(item.number, type(item)) for item in items] == [(2, Row), (3, Row), (5, Rejected)]
    assert isinstance(items[0], Row)
    assert items[0].post.published_at == datetime(2026, 11, 20, 2, 55, tzinfo=UTC)  # before it was recorded
    assert isinstance(items[2], Rejected)
    assert items[2].reasons == ("平台拒绝：login_required",)
    assert found.notes == {"understood": 2, "not_understood": 1, "other_entries": 7, "skipped_time": 2}
    assert found.how == "HAR, 11 entries"


def test_a_recording_without_anything_we_know(tmp_path):
    with pytest.raises(ImportFileError, match="none of its 1 answers is known"):
        gather(recorded(tmp_path, entry("https://unknown.example/api")), wish())


def test_a_named_reader_is_asked_whatever_the_host(tmp_path):
    path = recorded(tmp_path, entry("https://unknown.example/api"))
    assert [post.native_id for post in posts_of(path, form="tea")] == ["1"]
    assert [post.native_id for post in posts_of(path, form="drinks")] == ["1"]


def test_json_that_is_a_recording_is_read_as_one(tmp_path):
    assert len(posts_of(recorded(tmp_path, entry(), name="a.json"))) == 1


@pytest.mark.parametrize(
    ("why", "name", "form"),
    [
        ("by all readers", "a.json", "auto"),
        ("by suffix", "a.html", "auto"),
        ("by name", "a.html", "tea"),
        ("by a relative of the named one", "a.txt", "coffee"),
        ("by family", "a.body", "drinks"),
    ],
)
def test_a_saved_answer(tmp_path, why, name, form):
    (tmp_path / name).write_text(json.dumps(TEA), "utf-8")
    (post,) = posts_of(tmp_path / name, form=form)
    assert (post.platform, post.native_id) == ("tea", "1"), why


def test_a_saved_refusal_is_not_an_empty_page(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"kind": "tea", "refusal": "captcha"}), "utf-8")
    with pytest.raises(ImportFileError, match="a refusal was saved, no data: captcha"):
        gather(tmp_path / "a.json", wish())


def test_entries_of_a_hot_list_are_no_posts(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "x", "date": "2026-11-20", "kind": "hot"}), "utf-8")
    (item,) = items_of(tmp_path / "a.jsonl")
    assert isinstance(item, Rejected)
    assert item.reasons == ("热榜条目不是帖子",)


def test_ids_of_a_feed_are_those_of_the_source_it_is_imported_for(tmp_path):
    item = "<item><title>云雀</title><guid>7</guid><pubDate>Fri, 20 Nov 2026 00:05:00 GMT</pubDate></item>"
    (tmp_path / "a.rss").write_text(f'<rss version="2.0"><channel>{item}</channel></rss>', "utf-8")
    with mock.patch.dict(READERS, {"feed": "crawler.bodies.feed"}):
        (post,) = posts_of(tmp_path / "a.rss", label="news")
    assert (post.platform, post.native_id) == ("feed:news", "7")


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        (b"<!-- saved from url=(0029)https://s.weibo.com/weibo?q=a -->\n<html>", "https://s.weibo.com/weibo?q=a"),
        (b'<html><link rel="canonical" href="https://a.example/b">', "https://a.example/b"),
        (b"<html>", ""),
    ],
)
def test_where_a_saved_page_came_from(raw, want):
    assert address_in(raw) == want


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["request", "response", "content", "url", "text", "mimeType", "status", "encoding", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(entries=st.lists(JSON, max_size=4))
def test_no_recording_ends_in_a_crash(entries):
    with mock.patch.dict(READERS, {"tea": "tests.support.readers"}):
        try:
            found = har(Path("x"), {"log": {"entries": [*entries, entry()]}}, wish())
        except ImportFileError:
            return
        list(found.items)
