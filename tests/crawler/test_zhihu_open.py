"""Zhihu's official search: synthetic bodies, since no recording exists."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from scrapy.http import Response

from crawler.bodies import load_reader
from crawler.spiders.zhihu_open import ZhihuOpenOptions, ZhihuOpenSpider
from tests.support.crawls import BRAND, make_spec
from tests.support.factories import NOW
from tingfeng.errors import Refused
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


def quota(left: int, **more: int) -> Response:
    told = [{"APIID": api, "TotalQuota": 100, "RemainingQuota": n} for api, n in {"zhihu_search": left, **more}.items()]
    return Response("https://developer.zhihu.com/q", body=json.dumps({"Code": 0, "Data": {"Items": told}}).encode())


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
        ("no id", {"ContentID": None, "Url": ""}, "skipped/id"),
        ("no time", {"EditTime": None}, "skipped/time"),
        ("a time to come", {"EditTime": int((NOW + timedelta(days=3)).timestamp())}, "skipped/time"),
        ("no number", {"EditTime": "昨天"}, "skipped/time"),
        ("a number of another script", {"EditTime": "²"}, "skipped/time"),
        ("a number beyond all calendars", {"EditTime": 10**400}, "skipped/time"),
        ("an id that is none", {"ContentID": {"a": 1}, "Url": ""}, "skipped/id"),
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


def test_a_known_answer_that_turns_up_again_has_its_counts_kept():
    reader = spider(revisit=("answer:5",))
    parse(reader, item(ContentID=5, VoteUpCount=99), item(ContentID=6))
    assert [(p.native_id, p.likes) for p in reader.outcome.again] == [("answer:5", 99)]


def test_an_item_without_an_id_of_its_own_has_that_of_its_address():
    [mention] = parse(spider(), item(ContentID=None))
    assert mention.native_id == "answer:2"


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
    [first] = reader.searches()
    assert first.url.endswith("/api/v1/quota?APIIDs=zhihu_search"), "what is left is asked first"
    requests = list(reader.parse_quota(quota(3)))
    assert [r.url.partition("?")[2] for r in requests] == [
        "Query=%E4%BA%91%E9%9B%80&Count=10",
        "Query=%E4%BA%91%E9%9B%80+%E5%B7%AE%E8%AF%84&Count=10",
        "Query=%E4%BA%91%E9%9B%80+%E7%BB%B4%E6%9D%83&Count=10",
    ]
    headers = requests[0].headers
    assert headers["Authorization"] == b"Bearer abc"
    assert abs(int(headers["X-Request-Timestamp"]) - NOW.timestamp()) < 30
    assert all(r.meta["dont_redirect"] for r in requests), "the secret goes nowhere else"


@pytest.mark.parametrize(
    "data",
    [
        {"zhihu_search": {"TotalQuota": 9, "TotalUsed": 2, "RemainingQuota": 7}},
        {"Quotas": [{"APIID": "zhihu_search", "RemainingQuota": 7}]},
        [{"Name": "zhihu_search", "RemainingQuota": 7}],
    ],
)
def test_a_quota_is_found_however_it_is_wrapped(data):
    body = json.dumps({"Code": 0, "Data": data}).encode()
    assert load_reader("zhihu_open")(body, url="", seen_at=NOW).paging == {"quota": {"zhihu_search": 7}}


def test_a_quota_that_would_run_out_ends_the_run_before_anything_is_spent():
    reader = spider(options={"extra_words": ("差评",)})
    list(reader.searches())
    with pytest.raises(Refused, match="quota_exhausted: 1 searches left, 2 needed"):
        list(reader.parse_quota(quota(1)))
    assert reader.outcome.tally == {"quota/left": 1}
    assert len(list(reader.parse_quota(quota(2)))) == 2


def test_the_quota_need_not_be_asked():
    [first] = spider(options={"check_quota": False}).searches()
    assert "zhihu_search?Query=" in first.url


ASKED = "https://www.zhihu.com/question/7/answer/{}"


def answers(*items: Any, following: Any = "", more: bool = False) -> Response:
    data = {"HasMore": more, "NextOffset": following, "Items": items}
    return Response("https://developer.zhihu.com/a", body=json.dumps({"Code": 0, "Data": data}).encode())


def found(reader: ZhihuOpenSpider, *items: Any) -> list[Any]:
    reader.begin("s")
    body = json.dumps({"Code": 0, "Data": {"Items": items}}).encode()
    parsed = list(reader.parse_found(Response("https://developer.zhihu.com/x", body=body), QUERY, "s"))
    return [request for request in parsed if not isinstance(request, list)]


def test_answers_of_a_question_that_names_the_brand_are_read_page_by_page():
    reader = spider(options={"answers": 1, "answer_pages": 2})
    first = item(ContentID=1, Url=ASKED.format(1))
    other = item(ContentID=2, Url="https://www.zhihu.com/question/8/answer/2", Title="别的")
    [asked] = found(reader, other, first, first)
    assert asked.url.partition("?")[2] == "QuestionUrl=https%3A%2F%2Fwww.zhihu.com%2Fquestion%2F7&Offset=0&Limit=20"
    page = answers(item(ContentID=3, Title="", ContentText="挺好", Url=""), following="20", more=True)
    [mention], again = reader.parse_answers(page, **asked.cb_kwargs)
    assert (mention.native_id, mention.kind, mention.parent) == ("answer:3", "answer", "question:7")
    assert (mention.title, mention.url, mention.brands) == ("云雀值得买吗？", ASKED.format(3), ("云雀",))
    assert "Offset=20" in again.url and reader.outcome.open_searches == {"question/7"}
    assert len(list(reader.parse_answers(answers(item(), following="40", more=True), **again.cb_kwargs))) == 1
    assert not reader.outcome.open_searches and reader.outcome.tally["answers/left"] == 1, "the budget is used up"


@pytest.mark.parametrize(
    ("why", "options", "left"),
    [("not wanted", {"answers": 0}, 9), ("no calls left", {"answers": 3}, 0)],
)
def test_no_question_is_followed_without_budget(why, options, left):
    reader = spider(options=options)
    list(reader.searches())
    list(reader.parse_quota(quota(9, question_answers=left)))
    assert found(reader, item(ContentID=1, Url=ASKED.format(1))) == [], why


def test_pages_that_lead_nowhere_end():
    reader = spider(options={"answers": 1, "answer_pages": 9})
    [asked] = found(reader, item(ContentID=1, Url=ASKED.format(1)))
    assert list(reader.parse_answers(answers(following="0", more=True), **asked.cb_kwargs)) == []
    assert not reader.outcome.open_searches
