"""m.weibo.cn's JSON, recorded and synthetic, read without a crawl."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Request, Response

from crawler.paging import Search
from crawler.spiders.base import Page
from crawler.spiders.weibo_mobile import Post, WeiboMobileOptions, WeiboMobileSpider
from crawler.times import weibo_id_time
from crawler.weibo import blogs, cookie_headers, is_cut, mid_from_bid, own_text, post_address
from tests.support.crawls import BRAND, make_spec
from tests.support.factories import NOW
from tests.support.weibo_pages import mid_of, page, post, told
from tingfeng.errors import Refused
from tingfeng.model import Brand, Mention, Query

QUERY = Query(brand="云雀", text="云雀")
RECENT = NOW - timedelta(seconds=100)
RIVAL = Brand(name="山雀", competitor_of=("云雀",))


def spider(**more: Any) -> WeiboMobileSpider:
    options = WeiboMobileOptions(**more.pop("options", {}))
    return WeiboMobileSpider(spec=make_spec(**more), options=options)


def read(blog: dict[str, Any], *, seen_at: datetime = NOW, **more: Any) -> Mention:
    mention, _ = spider(**more).read(blog, QUERY, seen_at)
    assert mention is not None
    return mention


def parse(reader: WeiboMobileSpider, body: Any) -> tuple[Page, list[Request]]:
    """Mentions and requests of a first page."""
    search = Search(QUERY, reader.spec.since, "https://m.weibo.cn/x?page=", asked=1, waiting=1)
    reader.begin(search.name)
    response = Response("https://m.weibo.cn/x", body=json.dumps(body).encode())
    out = list(reader.parse_page(response, search, 1))
    mentions = [m for part in out if isinstance(part, list) for m in part]
    return mentions, [part for part in out if isinstance(part, Request)]


# --- recorded


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[str, Any]:
    folder = shared / "fixtures" / "weibo"
    names = {"cards": "weiboAPI_2019_cards1", "long": "weiboAPI_2019_statuses1", "repost": "weiboAPI_2019_retweet01"}
    return {key: json.loads((folder / f"{name}.scrubbed.json").read_text("utf-8")) for key, name in names.items()}


def test_a_recorded_page_gives_ten_mentions(recorded):
    reader = spider(now=datetime(2019, 6, 15, 4, 0, tzinfo=UTC), since=datetime(2019, 1, 1, tzinfo=UTC))
    mentions, _ = parse(reader, recorded["cards"])
    assert len(mentions) == 10
    assert not reader.outcome.tally, "nothing skipped, nothing contradicted"
    for mention, blog in zip(mentions, blogs(recorded["cards"]["data"]["cards"]), strict=True):
        assert mention.native_id == blog["mid"]
        assert mention.url == f"https://m.weibo.cn/detail/{blog['mid']}"
        assert mention.published_at == weibo_id_time(blog["mid"]), "'06-14' says only the day, the id knows the second"
        assert mention.is_repost is ("retweeted_status" in blog)
        assert "<" not in mention.text and "\u200b" not in mention.text
        assert mention.followers == 63_356_825
        assert mention.likes is not None and mention.likes > 100_000
    assert mentions[0].text.count("[偷笑]") == 3, "emoticons speak through their alt"
    assert mentions[4].reposts == 1_000_000, "'100万+'"
    assert len({m.author_key for m in mentions}) == 1 and "900" not in str(mentions[0].author_key)


def test_recorded_posts_by_their_short_names(recorded):
    for blog in blogs(recorded["cards"]["data"]["cards"]):
        assert mid_from_bid(blog["bid"]) == blog["mid"]


def test_a_recorded_repost_whose_original_is_long(recorded):
    mention = read(recorded["repost"]["data"], seen_at=datetime(2019, 6, 16, tzinfo=UTC))
    assert (mention.text, mention.is_repost) == ("转发微博", True)
    original = recorded["repost"]["data"]["retweeted_status"]
    assert not is_cut(original), "its full text came along"
    assert len(own_text(original)) > 1000


def test_a_recorded_long_text_replaces_the_short_one(recorded):
    reader = spider()
    response = Response("https://m.weibo.cn/x", body=json.dumps(recorded["long"]).encode())
    [full] = lengthened(reader, post(NOW, isLongText=True), response)
    assert full.text.startswith("😄😆😊") and "\nNature" in full.text and full.native_id == mid_of(NOW)


def lengthened(reader: WeiboMobileSpider, blog: dict[str, Any], response: Response) -> Page:
    [request] = list(reader._ask_full(Post(blog, QUERY, NOW)))
    assert isinstance(request, Request)
    return [m for part in reader.parse_full(response, **request.cb_kwargs) for m in part]  # type: ignore[union-attr]


# --- synthetic


@pytest.mark.parametrize(
    ("why", "full", "brands"),
    [
        ("another brand is named further down", "云雀好，山雀更好", ("云雀", "山雀")),
        ("what excludes it, the scoring job judges", "云雀……观鸟指南", ("云雀",)),
        ("there is no more", "", ("云雀",)),
    ],
)
def test_whose_a_post_is_may_be_said_only_in_its_full_text(why, full, brands):
    reader = spider(brands=(Brand(name="云雀", none=("观鸟",)), RIVAL))
    body = json.dumps({"ok": 1, "data": {"longTextContent": full}}).encode()
    found = lengthened(reader, post(NOW, isLongText=True), Response("https://m.weibo.cn/x", body=body))
    assert (found[0].brands if found else ()) == brands, why


@pytest.mark.parametrize(
    ("why", "blog", "want"),
    [
        ("counts", post(NOW), {"reposts": 1, "comments": 2, "likes": 1_000_000}),
        ("author and region", post(NOW), {"followers": 432_000, "region": "广东"}),
        ("not told is not 0", post(NOW, reposts_count=None, attitudes_count="x"), {"reposts": None, "likes": None}),
        ("words for none", post(NOW, reposts_count="转发", comments_count="评论"), {"reposts": 0, "comments": 0}),
        ("no region", post(NOW, region_name=None), {"region": None}),
        ("the author is gone", post(NOW, user=None), {"author_key": None, "followers": None}),
        ("reposted and deleted", post(NOW, retweeted_status={"user": None, "deleted": "1"}), {"is_repost": True}),
        ("the whole chain stays", post(NOW, "云雀？//@甲:云雀好"), {"text": "云雀？//@甲:云雀好"}),
        ("pictures as an object", post(NOW, pics={"0": {"pid": "x"}}), {"text": "云雀的车又坏了"}),
        ("a cut text ends in dots", post(NOW, '云雀 ...<a href="/status/1">全文</a>'), {"text": "云雀…"}),
        ("the full text came along", post(NOW, "云…", longText={"longTextContent": "云<br>雀"}), {"text": "云\n雀"}),
        ("no id but 'id'", post(NOW, mid=None), {"native_id": mid_of(NOW)}),
        ("minutes ago, by its id", post(RECENT, created_at="1分钟前"), {"published_at": RECENT}),
    ],
)  # fmt: skip
def test_fields(why, blog, want):
    mention = read(blog)
    assert {name: getattr(mention, name) for name in want} == want, why


@pytest.mark.parametrize(
    ("why", "blog", "counted"),
    [
        ("no id", post(NOW, mid=None, id=None), "skipped/id"),
        ("an id that is none", post(NOW, mid="../x"), "skipped/id"),
        ("no time", post(NOW, created_at="很久以前"), "skipped/time"),
        ("a time to come", post(NOW + timedelta(days=9)), "skipped/time"),
        ("no text", post(NOW, text=None), "skipped/text"),
        ("only markup", post(NOW, text="<img src=x>\u200b"), "skipped/text"),
        ("deleted", post(NOW, deleted="1"), "deleted"),
    ],
)
def test_what_cannot_be_read_is_counted(why, blog, counted):
    reader = spider()
    assert reader.read(blog, QUERY, NOW) == (None, None), why
    assert reader.outcome.tally == {counted: 1}


@pytest.mark.parametrize(
    ("why", "brand", "text", "context", "brands"),
    [
        ("the asked brand counts unnamed", BRAND, "这车坏了", "", ("云雀",)),
        ("any other counts if named", BRAND, "不如山雀", "", ("云雀", "山雀")),
        ("named by another of its names", BRAND, "SKYLARK坏了", "", ("云雀",)),
        ("what excludes it, the scoring job judges", Brand(name="云雀", none=("观鸟",)), "云雀观鸟", "", ("云雀",)),
        ("named in what was reposted", BRAND, "转发微博", "山雀的车", ("云雀", "山雀")),
    ],
)
def test_whose_a_post_is(why, brand, text, context, brands):
    reader = spider(brands=(brand, RIVAL))
    mention, at = reader.read(post(NOW, text, retweeted_status={"text": context}), QUERY, NOW)
    assert at == NOW, "its time counts for paging even if it is nobody's"
    assert (mention.brands if mention else ()) == brands, why
    assert reader.outcome.tally == ({} if brands else {"not_ours": 1})


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


KEYS = ["card_type", "card_group", "mblog", "mid", "text", "user", "created_at", "retweeted_status", "longText"]
WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(WILD)
def test_no_page_is_too_wild(wild):
    reader = spider()
    cards = wild if isinstance(wild, list) else [{"card_type": 9, "mblog": wild}]
    mentions, _ = parse(reader, {"ok": 1, "data": {"cards": cards, "cardlistInfo": wild}})
    assert mentions == []


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


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("https://weibo.com/1642634100/Pw3cTzSuN", ("1642634100", "5176388278550965")),
        ("https://weibo.com/9000000001/HyTZc60ew?from=x", ("9000000001", "4383183661430868")),
        ("https://weibo.com/9000000001/4383183661430868", ("9000000001", "4383183661430868")),
        ("https://weibo.com/detail/4383183661430868", None),
        ("https://weibo.com.evil.example/1/HyTZc60ew", None),
        ("https://news.example/1.html", None),
    ],
)
def test_a_post_by_its_address(url, want):
    assert post_address(url) == want


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
    first, again = read(post(NOW, n=7)), read(post(NOW, n=7), author_secret="another")
    assert first.author_key != again.author_key
    assert first.author_key is not None and len(first.author_key) == 32


def test_texts_have_an_end():
    assert read(post(NOW, "云雀" * 20_000)).text == ("云雀" * 20_000)[:9_999] + "…"


def test_a_seen_time_is_the_storys_time():
    mentions, _ = parse(spider(), page([post(NOW, created_at="刚刚", mid="12345678")]))
    assert abs(mentions[0].published_at - (NOW - timedelta(minutes=1))) < timedelta(seconds=30)
    assert told(NOW).endswith("+0800 2026")


def test_a_login_wall_on_a_long_text_is_a_refusal_too():
    reader = spider()
    reader._waiting_for_full["1"] = []
    with pytest.raises(Refused, match="login_required"):
        list(reader.parse_full(Response("https://m.weibo.cn/x", body=b'{"ok": -100}'), "1"))
