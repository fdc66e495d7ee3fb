"""Zhihu's official search: synthetic bodies, since no recording exists."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from scrapy.http import Response

from crawler.spiders.zhihu_open import ZhihuOpenOptions, ZhihuOpenSpider
from tests.support.crawls import BRAND, make_spec
from tests.support.factories import NOW
from tingfeng.model import Brand, Mention, Query

QUERY = Query(brand="云雀", text="云雀")


def item(**more: Any) -> dict[str, Any]:
    return {
        "Title": "<em>云雀</em>值得买吗？",
        "ContentType": "Answer",
        "ContentID": 1234567890123456789,
        "ContentText": "开了三个月的<em>云雀</em>&hellip;",
        "Url": "https://www.zhihu.com/question/1/answer/2?utm_medium=openapi_platform&utm_source=fingerprint",
        "CommentCount": 3,
        "VoteUpCount": 12,
        "AuthorName": "某人",
        "EditTime": int((NOW - timedelta(days=2)).timestamp()),
        "AuthorityLevel": "2",
    } | more


def spider(**more: Any) -> ZhihuOpenSpider:
    options = ZhihuOpenOptions(**more.pop("options", {}))
    return ZhihuOpenSpider(spec=make_spec("zhihu_open", credential="abc", **more), options=options)


def parse(reader: ZhihuOpenSpider, *items: Any) -> list[Mention]:
    reader.begin("s")
    body = json.dumps({"Code": 0, "Message": "success", "Data": {"HasMore": False, "Items": items}}).encode()
    response = Response("https://developer.zhihu.com/x", body=body)
    return [mention for page in reader.parse_found(response, QUERY, "s") for mention in page]  # type: ignore[union-attr]


def test_an_item_becomes_a_mention():
    [mention] = parse(spider(), item())
    assert (mention.platform, mention.native_id) == ("zhihu", "answer:1234567890123456789")
    assert (mention.title, mention.text) == ("云雀值得买吗？", "开了三个月的云雀…")
    assert mention.url == "https://www.zhihu.com/question/1/answer/2", "the credential's fingerprint is cut off"
    assert mention.published_at == NOW - timedelta(days=2)
    assert (mention.likes, mention.comments, mention.reposts, mention.followers) == (12, 3, None, None)
    assert mention.author_key and "某人" not in repr(mention)


@pytest.mark.parametrize(
    ("why", "more", "counted"),
    [
        ("no id", {"ContentID": None}, "skipped/id"),
        ("no time", {"EditTime": None}, "skipped/time"),
        ("a time to come", {"EditTime": int((NOW + timedelta(days=3)).timestamp())}, "skipped/time"),
        ("no number", {"EditTime": "昨天"}, "skipped/time"),
        ("a number of another script", {"EditTime": "²"}, "skipped/time"),
        ("a number beyond all calendars", {"EditTime": 10**400}, "skipped/time"),
        ("an id that is none", {"ContentID": {"a": 1}}, "skipped/id"),
        ("older than we want", {"EditTime": int((NOW - timedelta(days=31)).timestamp())}, "too_old"),
    ],
)
def test_what_is_left_out_is_counted(why, more, counted):
    reader = spider()
    assert parse(reader, item(**more)) == [], why
    assert reader.outcome.tally == {counted: 1}


@pytest.mark.parametrize(
    ("why", "more", "want"),
    [
        ("time as text", {"EditTime": str(int(NOW.timestamp()))}, {"published_at": NOW}),
        ("no text: the title", {"ContentText": None}, {"text": "云雀值得买吗？"}),
        ("a trap for an address", {"Url": "javascript:alert(1)"}, {"url": ""}),
        ("nobody's name", {"AuthorName": ""}, {"author_key": None}),
        ("another type", {"ContentType": "Article"}, {"native_id": "article:1234567890123456789"}),
    ],
)
def test_fields(why, more, want):
    [mention] = parse(spider(), item(**more))
    assert {name: getattr(mention, name) for name in want} == want, why


def test_what_is_no_item_is_skipped():
    reader = spider()
    assert parse(reader, None, "x", [], {}) == []
    assert reader.outcome.skipped == 4


def test_a_full_answer_is_told_since_there_is_no_second_page():
    reader = spider()
    parse(reader, *[item(ContentID=n) for n in range(1, 11)])
    assert reader.outcome.tally == {"search/full": 1}
    assert not reader.outcome.open_searches


def test_exclusions_are_left_to_the_scoring_job():
    reader = spider(brands=(Brand(name="云雀", none=("值得买",)), Brand(name="山雀")))
    assert [m.brands for m in parse(reader, item())] == [("云雀",)]


def test_every_wording_is_asked_with_the_secret_and_the_time():
    reader = spider(options={"extra_words": ("差评", "维权")}, brands=(BRAND,))
    requests = list(reader.searches())
    assert [r.url.partition("?")[2] for r in requests] == [
        "Query=%E4%BA%91%E9%9B%80&Count=10",
        "Query=%E4%BA%91%E9%9B%80+%E5%B7%AE%E8%AF%84&Count=10",
        "Query=%E4%BA%91%E9%9B%80+%E7%BB%B4%E6%9D%83&Count=10",
    ]
    headers = requests[0].headers
    assert headers["Authorization"] == b"Bearer abc"
    assert abs(int(headers["X-Request-Timestamp"]) - NOW.timestamp()) < 30
    assert all(r.meta["dont_redirect"] for r in requests), "the secret goes nowhere else"
