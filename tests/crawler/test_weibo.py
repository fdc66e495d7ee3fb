"""The spider of m.weibo.cn without a network: whose posts are, what is asked for, what becomes of long texts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from scrapy.http import Request, Response

from crawler.paging import Search
from crawler.spiders.base import Page
from crawler.spiders.weibo_mobile import WeiboMobileOptions, WeiboMobileSpider
from crawler.weibo import cookie_headers
from tests.support.crawls import BRAND, make_spec
from tests.support.factories import NOW
from tests.support.weibo_pages import mid_of, page, post, told
from tingfeng.errors import Refused
from tingfeng.model import Brand, Query

QUERY = Query(brand="云雀", text="云雀")
RIVAL = Brand(name="山雀", competitor_of=("云雀",))


def spider(**more: Any) -> WeiboMobileSpider:
    options = WeiboMobileOptions(**more.pop("options", {}))
    return WeiboMobileSpider(spec=make_spec(**more), options=options)


def parse(reader: WeiboMobileSpider, body: Any) -> tuple[Page, list[Request]]:
    """Mentions and requests of a first page."""
    search = Search(QUERY, reader.spec.since, "https://m.weibo.cn/x?page=", asked=1, waiting=1)
    reader.begin(search.name)
    response = Response("https://m.weibo.cn/x", body=json.dumps(body).encode())
    out = list(reader.parse_page(response, search, 1))
    mentions = [m for part in out if isinstance(part, list) for m in part]
    return mentions, [part for part in out if isinstance(part, Request)]


def lengthened(reader: WeiboMobileSpider, blog: dict[str, Any], response: Response) -> Page:
    _, requests = parse(reader, page([blog], total=1))
    [request] = requests
    return [m for part in reader.parse_full(response, **request.cb_kwargs) for m in part]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("why", "full", "brands"),
    [
        ("another brand is named further down", "云雀好，山雀更好", ("云雀", "山雀")),
        ("what excludes it, the scoring job judges", "云雀……观鸟指南", ("云雀",)),
        ("there is no more", "", ("云雀",)),
    ],
)
def test_whose_a_post_is_may_be_said_only_in_its_full_text(why, full, brands):
    reader = spider(brands=(BRAND, RIVAL))
    body = json.dumps({"ok": 1, "data": {"longTextContent": full}}).encode()
    url = f"https://m.weibo.cn/statuses/extend?id={mid_of(NOW)}"
    found = lengthened(reader, post(NOW, isLongText=True), Response(url, body=body))
    assert found[0].brands == brands, why


@pytest.mark.parametrize(
    ("why", "brand", "text", "context", "brands"),
    [
        ("the asked brand counts unnamed", BRAND, "这车坏了", "", ("云雀",)),
        ("any other counts if named", BRAND, "不如山雀", "", ("云雀", "山雀")),
        ("named by another of its names", BRAND, "SKYLARK坏了", "", ("云雀",)),
        ("what was reposted names one too", BRAND, "转发微博", "山雀的车", ("云雀", "山雀")),
        ("what excludes it is the scoring job's to judge", Brand(name="云雀", none=("观鸟",)), "观鸟", "", ("云雀",)),
    ],
)
def test_whose_a_post_may_be(why, brand, text, context, brands):
    reader = spider(brands=(brand, RIVAL))
    mentions, _ = parse(reader, page([post(NOW, text, retweeted_status={"text": context})]))
    assert mentions[0].brands == brands, why
    assert not reader.outcome.tally


@pytest.mark.parametrize(
    ("why", "words", "inside"),
    [
        ("plain", "云雀", "100103type=61&q=云雀&t=0"),
        (
            "signs that would end the value",
            "云雀&t=9 50%",
            "100103type=61&q=云雀%26t%3D9%2050%25&t=0",
        ),
    ],
)
def test_the_container_is_one_encoded_value(why, words, inside):
    from urllib.parse import parse_qs, urlsplit

    reader = spider(queries=(Query(brand="云雀", text=words),))
    [request] = reader.searches()
    query = parse_qs(urlsplit(request.url).query)
    assert query == {"containerid": [inside], "page_type": ["searchall"], "page": ["1"]}, why
    assert parse_qs(inside)["q"] == [words]


def test_the_operators_cookie_as_headers():
    headers = cookie_headers("SUB=a; SSOLoginState=17; XSRF-TOKEN=t0")
    assert headers == {"Cookie": "SUB=a; XSRF-TOKEN=t0", "X-XSRF-TOKEN": "t0"}
    assert cookie_headers(None) == {}


def test_pinned_and_old_posts_say_nothing_of_how_far_we_got():
    old = NOW - timedelta(days=20)
    reader = spider(options={"max_pages": 1}, since=NOW - timedelta(days=30))
    body = page(
        [post(old, n=1, title={"text": "置顶"}), post(NOW, n=2), post(NOW - timedelta(hours=3), n=3)], total=500
    )
    mentions, requests = parse(reader, body)
    assert len(mentions) == 3 and not requests
    assert reader.outcome.covered_since == NOW - timedelta(hours=3)


def test_authors_are_pseudonyms_under_a_key():
    [first], [again] = (parse(reader, page([post(NOW, n=7)]))[0] for reader in (spider(), spider(author_secret="x")))
    assert first.author_key != again.author_key
    assert first.author_key is not None and len(first.author_key) == 32


def test_texts_have_an_end():
    [mention], _ = parse(spider(), page([post(NOW, "云雀" * 20_000)]))
    assert mention.text == ("云雀" * 20_000)[:9_999] + "…"


def test_a_seen_time_is_the_storys_time():
    mentions, _ = parse(spider(), page([post(NOW, created_at="刚刚", mid="12345678")]))
    assert abs(mentions[0].published_at - (NOW - timedelta(minutes=1))) < timedelta(seconds=30)
    assert told(NOW).endswith("+0800 2026")


def test_a_login_wall_on_a_long_text_is_a_refusal_too():
    reader = spider()
    reader._waiting_for_full["1"] = []
    with pytest.raises(Refused, match="login_required"):
        list(reader.parse_full(Response("https://m.weibo.cn/x", body=b'{"ok": -100}'), "1"))
