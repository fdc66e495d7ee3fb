"""Every body goes to the reader that understands it: the recorded ones by their family's name alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.bodies import FAMILIES, READERS, members_of, relatives_of
from crawler.bodies.recognise import read_any, read_as
from tingfeng.errors import CrawlError, LayoutChanged

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("family", "file", "reader"),
    [
        ("weibo", "weibo/s_weibo_search_trimmed_2026.scrubbed.html", "weibo_html"),
        ("weibo", "weibo/hotnews_ajax_hotSearch_2026-06.json", "weibo_hot"),
        ("weibo", "weibo/weiboAPI_2019_retweet01.scrubbed.json", "weibo_mobile"),
        ("weibo", "rsshub/weibo_keyword_2025-06_fragment.xml", "feed"),
        ("hot", "hotlists/hotnews_baidu_board_realtime_2026-06.json", "hot_boards"),
        ("baidu", "hotlists/hotnews_baidu_board_realtime_2026-06.json", "hot_boards"),
        ("zhihu", "zhihu/hot_list_web_2018_2items.json", "hot_boards"),
        ("zhihu", "zhihu/zpp_comment.json", "zhihu_web"),
        ("weixin", None, "sogou_weixin"),
    ],
)
def test_recorded_bodies(shared, family, file, reader):
    path = shared / "fixtures" / file if file else next((shared / "fixtures" / "sogou_weixin").glob("*.html"))
    assert read_any(members_of(family), path.read_bytes(), seen_at=AT).reader == reader


def test_a_page_of_another_route_is_read_by_its_own_reader(shared):
    body = (shared / "fixtures" / "weibo" / "s_weibo_search_trimmed_2026.scrubbed.html").read_bytes()
    found, unknown = read_as("weibo_pc", body, others=relatives_of("weibo_pc"), seen_at=AT)
    assert found.reader == "weibo_html"
    assert unknown is not None


@pytest.mark.parametrize("body", [b"", b"{}", b"<html></html>", b"\xff\xfe\x00", b"1", b'{"a": 1}'])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_nobody_knows_is_never_an_empty_page(family, body):
    with pytest.raises(CrawlError):
        read_any(members_of(family), body, seen_at=AT)


@pytest.mark.parametrize("named", READERS)
def test_a_named_reader_says_layout_changed_of_what_it_does_not_know(named):
    with pytest.raises(LayoutChanged):
        read_as(named, b"<p>x</p>", others=relatives_of(named), seen_at=AT)


def test_families_hold_readers_that_exist():
    """Names that nobody wrote were allowed while they were being written."""
    assert {name for members in FAMILIES.values() for name in members} <= set(READERS)
