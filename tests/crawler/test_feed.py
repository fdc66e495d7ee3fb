"""Feeds: RSS, Atom, JSON Feed, RSSHub's keyword route; honest about time, age and whose an entry is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Response

from crawler.bodies import load_reader
from crawler.feeds import entries_of
from crawler.post import Kind
from crawler.spiders.feed import FeedOptions, FeedSpider
from tests.support.crawls import make_spec
from tests.support.factories import NOW
from tingfeng.errors import CrawlError
from tingfeng.model import Brand, Mention, Query

QUERY = Query(brand="云雀", text="云雀")
RSS, ATOM, JSON_FEED = "application/rss+xml", "application/atom+xml", "application/feed+json"


def rss_item(title: str = "云雀发布新车", *, at: datetime | None = NOW, more: str = "", link: str = "/1.html") -> str:
    date = f"<pubDate>{format_datetime(at, usegmt=True)}</pubDate>" if at else ""
    return f"<item><title>{title}</title><link>{link}</link><guid>g-{title}</guid>{date}{more}</item>"


def rss(*items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>某报</title>{"".join(items)}</channel></rss>'


def spider(**more: Any) -> FeedSpider:
    options = FeedOptions(**{"url": "https://news.example/rss.xml"} | more.pop("options", {}))
    return FeedSpider(spec=make_spec("feed", source="某报", **{"base_url": None} | more), options=options)


def parse(
    reader: FeedSpider,
    body: str | bytes,
    *,
    kind: str = RSS,
    query: Query | None = None,
    url: str = "https://news.example/rss.xml",
) -> list[Mention]:
    reader.begin("feed")
    raw = body.encode() if isinstance(body, str) else body
    response = Response(url, body=raw, headers={"Content-Type": kind})
    return [mention for page in reader.parse_feed(response, query, "feed") for mention in page]  # type: ignore[union-attr]


def test_an_rss_item_becomes_a_mention():
    more = (
        "<description>&lt;p&gt;云雀&amp;amp;山雀&lt;/p&gt;&lt;p&gt;齐飞&lt;/p&gt;</description><author>记者甲</author>"
    )
    [mention] = parse(spider(), rss(rss_item(more=more)))
    assert (mention.platform, mention.native_id) == ("web", "https://news.example/1.html")
    assert mention.url == "https://news.example/1.html", "relative links belong to the feed"
    assert (mention.title, mention.text) == ("云雀发布新车", "云雀&山雀\n齐飞")
    assert mention.published_at == NOW
    assert mention.author_key and "记者甲" not in repr(mention)


def test_atom_prefers_the_time_of_publication():
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:1</id><title>云雀</title><link href="https://a.example/1"/>'
        "<published>2026-11-20T10:00:00+08:00</published><updated>2026-11-20T11:59:00+08:00</updated>"
        '<content type="html">&lt;b&gt;云雀&lt;/b&gt;降价</content></entry></feed>'
    )
    [mention] = parse(spider(), body, kind=ATOM)
    assert (mention.native_id, mention.text) == ("https://a.example/1", "云雀降价")
    assert mention.published_at == datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_json_feed():
    good = {"id": "1", "url": "https://a.example/1", "content_html": "<p>云雀<br>好</p>"}
    odd = {"id": 2, "external_url": "javascript:x", "content_text": "云雀 <b>坏", "author": {"name": "甲"}}
    dates = {"date_published": "2026-11-20T10:00:00+08:00"}, {"date_modified": "2026-11-20T01:00:00Z"}
    body = {"version": "https://jsonfeed.org/version/1.1", "items": [good | dates[0], odd | dates[1], "no item"]}
    first, second = parse(spider(), json.dumps(body), kind=JSON_FEED)
    assert (first.text, first.author_key) == ("云雀\n好", None)
    assert (second.native_id, second.url, second.text) == ("2", "", "云雀 <b>坏")


def test_a_recorded_rsshub_item_is_the_weibo_post_it_is(shared: Path):
    body = (shared / "fixtures" / "rsshub" / "weibo_keyword_2025-06_fragment.xml").read_bytes()
    at = datetime(2025, 6, 11, 9, tzinfo=UTC)
    reader = spider(now=at, options={"url": "https://hub.example/weibo/keyword/{q}"})
    [mention] = parse(reader, body, query=QUERY)
    assert (mention.platform, mention.native_id) == ("weibo", "5176388278550965"), "as the JSON routes number it"
    assert mention.published_at == datetime(2025, 6, 11, 8, 30, 1, tzinfo=UTC), "and as its id tells the time"
    assert mention.text.startswith("#华为WATCH5深度评测#"), mention.text
    assert "新浪科技" not in mention.text + mention.title, "names of authors are not kept"
    assert mention.brands == ("云雀",), "found by searching for it"


@pytest.mark.parametrize(
    ("why", "link", "platform", "native_id"),
    [
        ("an article", "https://a.example/1?utm_source=rss", "web", "https://a.example/1"),
        ("on a phone", "https://m.163.com/dy/article/J1ABCDEF0519ABCD.html", "web", "https://www.163.com/dy/article/J1ABCDEF0519ABCD.html"),
        ("an answer", "https://www.zhihu.com/question/1/answer/2", "zhihu", "answer:2"),
        ("the site as a whole", "https://a.example/", "feed:某报", "g-云雀发布新车"),
    ],
)  # fmt: skip
def test_an_entry_is_what_its_address_shows(why, link, platform, native_id):
    [mention] = parse(spider(), rss(rss_item(link=link)))
    assert (mention.platform, mention.native_id) == (platform, native_id), why


def test_one_address_for_all_entries_says_nothing_of_each():
    link = "https://a.example/list?id=1"
    found = parse(spider(), rss(rss_item("云雀降价", link=link), rss_item("云雀召回", link=link)))
    assert [(m.platform, m.native_id) for m in found] == [("feed:某报", "g-云雀降价"), ("feed:某报", "g-云雀召回")]


@pytest.mark.parametrize(
    ("why", "title", "query", "brands"),
    [
        ("a feed of everything: named here", "云雀与山雀", None, ("云雀", "山雀")),
        ("… not named here", "天气预报", None, ()),
        ("… what excludes it, the scoring job judges", "云雀观鸟指南", None, ("云雀",)),
        ("a keyword feed found it", "那款车又坏了", QUERY, ("云雀",)),
    ],
)
def test_whose_an_entry_is(why, title, query, brands):
    reader = spider(brands=(Brand(name="云雀", none=("观鸟",)), Brand(name="山雀")))
    found = parse(reader, rss(rss_item(title)), query=query)
    assert (found[0].brands if found else ()) == brands, why


@pytest.mark.parametrize(
    ("why", "item", "counted"),
    [
        ("no time", rss_item(at=None), "skipped/time"),
        ("a day is not a time", rss_item(at=None, more="<pubDate>2026-11-20</pubDate>"), "skipped/time"),
        ("a time to come", rss_item(at=NOW + timedelta(days=5)), "skipped/time"),
        ("no words", rss_item(""), "skipped/text"),
        ("neither guid nor link", "<item><title>云雀</title></item>", "skipped/id"),
    ],
)
def test_what_cannot_be_read_is_counted(why, item, counted):
    reader = spider()
    assert parse(reader, rss(item)) == [], why
    assert reader.outcome.tally == {counted: 1}


def test_undated_entries_may_take_the_time_they_are_seen():
    [mention] = parse(spider(options={"undated": "seen"}), rss(rss_item(at=None)))
    assert mention.published_at == mention.seen_at


@pytest.mark.parametrize(
    ("why", "hours", "count", "covered"),
    [
        ("it reaches back beyond the window", 30, 12, None),
        ("short feeds hold all there is", 3, 2, None),
        ("a full one may have dropped older entries", 3, 12, NOW - timedelta(hours=3)),
    ],
)
def test_how_far_back_a_feed_got(why, hours, count, covered):
    reader = spider()
    parse(reader, rss(*(rss_item(f"云雀{n}", at=NOW - timedelta(hours=hours) * n / (count - 1)) for n in range(count))))
    assert reader.outcome.covered_since == covered, why


OLD = rss(rss_item(at=NOW - timedelta(days=400)))


def test_a_publishers_feed_that_stands_still_fails_the_run_and_keeps_what_it_held():
    reader = spider()
    reader.begin("feed")
    pages = reader.parse_feed(Response("https://news.example/rss.xml", body=OLD.encode()), None, "feed")
    assert len(next(pages)) == 1  # type: ignore[arg-type]
    with pytest.raises(CrawlError, match="stale_feed: its newest entry is of 2025-10-16"):
        next(pages)


def test_a_keyword_feed_may_be_old_or_empty_since_it_may_be_the_brand_that_is_quiet():
    reader = spider()
    parse(reader, OLD, query=QUERY)
    parse(reader, rss(), query=QUERY)
    assert reader.outcome.tally == {"feed/stale": 1, "search/empty": 1} and not reader.outcome.open_searches


def test_staleness_can_be_switched_off():
    assert len(parse(spider(options={"stale_after": timedelta(0)}), OLD)) == 1


def test_a_publishers_feed_without_entries_is_broken():
    with pytest.raises(CrawlError, match="empty"):
        parse(spider(), rss())


BING = (
    '<rss version="2.0" xmlns:News="https://www.bing.com/news/search?q=%s&amp;format=rss"><channel><item>'
    "<title>云雀召回</title><description>摘要</description><pubDate>Fri, 20 Nov 2026 03:00:00 GMT</pubDate>"
    "<link>http://www.bing.com/news/apiclick.aspx?ref=FexRss&amp;aid=&amp;tid=%s&amp;url=https%%3a%%2f%%2fnews.example"
    "%%2fa.html&amp;c=1</link><News:Source>某网</News:Source></item></channel></rss>"
)
GOOGLE = (
    '<rss version="2.0"><channel><item><title>云雀召回 - 某报</title><guid isPermaLink="false">CBMi</guid>'
    "<link>https://news.google.com/rss/articles/CBMi?oc=5</link><pubDate>Fri, 20 Nov 2026 03:00:00 GMT</pubDate>"
    '<description>&lt;a href="https://news.google.com/x"&gt;云雀召回&lt;/a&gt;</description>'
    '<source url="https://paper.example">某报</source></item></channel></rss>'
)


def test_bings_links_hold_the_real_address_whatever_its_namespace_is_today():
    read = load_reader("feed")
    [first], [second] = (read((BING % n).encode(), url="", seen_at=NOW).posts for n in (("a", 1), ("b", 2)))
    assert first == second
    assert (first.url, first.native_id) == ("https://news.example/a.html",) * 2
    assert (first.author, first.kind) == ("name:某网", Kind.ARTICLE)


def test_googles_titles_stay_as_they_are():
    [post] = load_reader("feed")(GOOGLE.encode(), url="", seen_at=NOW).posts
    assert (post.title, post.native_id, post.author) == (
        "云雀召回 - 某报",
        "https://news.google.com/rss/articles/CBMi",
        "name:某报",
    )


@pytest.mark.parametrize(
    ("why", "options", "base", "urls"),
    [
        ("its own address", {"url": "https://a.example/rss?x=1"}, None, ["https://a.example/rss?x=1"]),
        ("below the base", {"url": "/rss"}, "http://127.0.0.1:1/hub/", ["http://127.0.0.1:1/hub/rss"]),
        ("the base is the feed", {"url": ""}, "https://a.example/rss.xml", ["https://a.example/rss.xml"]),
        ("one per query", {"url": "/k/{q}"}, "https://hub.example", ["https://hub.example/k/%E4%BA%91%E9%9B%80", "https://hub.example/k/a%2Fb%3F"]),
        ("with a key", {"url": "/rss", "key_parameter": "code"}, "https://hub.example", ["https://hub.example/rss?code=s%26cret"]),
    ],
)  # fmt: skip
def test_addresses(why, options, base, urls):
    queries = (QUERY, Query(brand="云雀", text="a/b?"), QUERY)
    reader = spider(options=options, base_url=base, queries=queries, credential="s&cret")
    assert [r.url for r in reader.searches()] == urls, why


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.text(alphabet="<>rss/ item&;!", max_size=80).map(lambda text: b"<rss>" + text.encode())
)
def test_any_body_is_entries_or_an_error_of_ours(body):
    try:
        entries = entries_of(body, url="https://a.example/", content_type="text/xml", seen_at=NOW)
    except CrawlError:
        return
    assert isinstance(entries, list)


def test_a_body_that_looks_like_an_address_is_not_fetched():
    with pytest.raises(CrawlError, match="not a feed"):
        entries_of(b"http://127.0.0.1:1/secret", url="https://a.example/", content_type="", seen_at=NOW)


def test_gbk_feeds_are_read():
    body = rss(rss_item()).replace('version="1.0"', 'version="1.0" encoding="gb2312"').encode("gbk")
    [mention] = parse(spider(), body)
    assert mention.text == "云雀发布新车"
