"""Whole crawls over loopback HTTP into the store: paging, windows, long texts, feeds. One subprocess runs them all."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from crawler.outcome import Result
from store import mentions
from store.database import Database
from store.mentions import MentionWithVerdict
from tests.support.crawls import BRAND, crawl_all, make_spec
from tests.support.factories import NOW
from tests.support.web import NOT_FOUND, Asked, Reply, reply_json, serve
from tests.support.weibo_pages import NOTHING, mid_of, page, post
from tingfeng.model import Brand, Mention, Query, RunStatus

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RIVAL = Brand(name="山雀")
TWO = (Query(brand="云雀", text="云雀"), Query(brand="山雀", text="山雀"))


def posts(case: int, first: int, last: int, *, step: timedelta = MINUTE) -> list[dict[str, Any]]:
    """Posts number first … last of a case, newest first."""
    return [post(NOW - n * step, n=case * 1000 + n) for n in range(first, last + 1)]


MORE = '...<a href="/status/1">全文</a>'
LONG = [post(NOW - n * MINUTE, f"云雀{n}{MORE}", n=n + 70_000, isLongText=True) for n in range(4)]
FULL = {
    LONG[0]["mid"]: reply_json({"ok": 1, "data": {"longTextContent": "云雀的全文<br />在此"}}),
    LONG[1]["mid"]: reply_json({"ok": 1, "data": {}}),
    LONG[2]["mid"]: reply_json({"ok": 0, "errno": "20101", "msg": "该微博不存在"}),
}
BOTH = post(NOW - HOUR, f"两者之争{MORE}", n=80_000, isLongText=True)
ENDLESS = page(posts(4, 0, 9), total=1000, next_page=2)

CASES: dict[str, list[Any]] = {  # pages of a search
    "overlap": [
        page(posts(1, 0, 9), total=22, next_page=2),
        page([], total=22, next_page=3),
        page(posts(1, 6, 15), next_page=4),
        page(posts(1, 16, 20)),
    ],
    "window": [
        page(posts(2, 0, 9), next_page=2),
        page(posts(2, 30, 39, step=HOUR), next_page=3),
        page(posts(2, 40, 49, step=HOUR)),
    ],
    "limit": [page(posts(3, 10 * n, 10 * n + 9), total=90, next_page=n + 2) for n in range(9)],
    "endless": [ENDLESS] * 50,
    "ahead": [page(posts(5, 10 * n, 10 * n + 9), total=300, next_page=n + 2 if n < 29 else None) for n in range(30)],
    "long": [page(LONG)],
    "both": [page([BOTH])],
    "refused_long": [page([post(NOW, f"云雀{MORE}", n=90_000, isLongText=True)])],
    "quiet": [NOTHING],
    "late": [page(posts(9, 10 * n, 10 * n + 9), total=90, next_page=n + 2) for n in range(9)],
}  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "limit": {"max_pages": 2},
    "endless": {"max_pages": 50},
    "ahead": {"max_pages": 100, "prefetch": 8, "concurrency": 8},
}
ITEM = {"ContentID": 7, "ContentType": "Answer", "ContentText": "云雀", "EditTime": int(NOW.timestamp())}
ZHIHU = {"Code": 0, "Data": {"Items": [ITEM]}}
DATE = "<pubDate>Fri, 20 Nov 2026 03:00:00 GMT</pubDate>"
RSS = f"<rss version='2.0'><channel><item><title>云雀上市</title><link>/1</link>{DATE}</item></channel></rss>"


def answer(asked: Asked) -> Reply:
    case, _, rest = asked.path[1:].partition("/")
    if rest == "statuses/extend":
        return Reply(b"", 432) if case == "refused_long" else FULL.get(asked.query["id"], Reply(b"", 500))
    if rest == "api/container/getIndex":
        number = int(asked.query["page"])
        return reply_json(CASES[case][number - 1] if number <= len(CASES[case]) else NOTHING)
    if rest == "api/v1/quota":
        return reply_json({"Code": 0, "Data": {"zhihu_search": {"RemainingQuota": 9}}})
    if rest == "api/v1/content/zhihu_search":
        return reply_json(ZHIHU)
    if rest == "old.xml":
        return Reply(b"", 301, headers={"Location": "/feed/new.xml"})
    return Reply(RSS, type="application/rss+xml") if rest == "new.xml" else NOT_FOUND


@dataclass(frozen=True)
class Ran:
    results: dict[str, Result]
    asked: list[Asked]
    stored: list[Mention]

    def of(self, case: str) -> list[Mention]:
        return [m for m in self.stored if m.source == case]

    def pages_of(self, case: str) -> list[int]:
        return sorted(int(a.query["page"]) for a in self.asked if a.path == f"/{case}/api/container/getIndex")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> Ran:
    path = tmp_path_factory.mktemp("crawls") / "t.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    with serve(answer) as site:
        specs = [make_spec(source=c, base_url=f"{site.url}/{c}", options=OPTIONS.get(c, {})) for c in CASES]
        specs = [replace(s, queries=TWO, brands=(BRAND, RIVAL)) if s.source == "both" else s for s in specs]
        specs = [replace(s, time_limit=timedelta(0)) if s.source == "late" else s for s in specs]
        specs = [replace(s, credential="SUB=abc; SSOLoginState=1") if s.source == "limit" else s for s in specs]
        specs.append(make_spec("zhihu_open", source="zhihu", base_url=f"{site.url}/zhihu", credential="geheim"))
        feed = {"url": "old.xml", "key_parameter": "key"}
        specs.append(make_spec("feed", source="feed", base_url=f"{site.url}/feed", options=feed, credential="k1"))
        results = crawl_all([replace(s, database_url=f"sqlite:///{path}") for s in specs])
        asked = list(site.asked)
    db = Database(f"sqlite:///{path}")
    with db.read() as s:
        stored = [m.mention for m in everything(s)]
    db.close()
    return Ran(dict(zip([spec.source for spec in specs], results, strict=True)), asked, stored)


def everything(s: Any) -> list[MentionWithVerdict]:
    return mentions.by_ids(s, range(1, mentions.count(s) + 1))


def ago(minutes: int) -> datetime:
    return NOW - minutes * MINUTE


@pytest.mark.parametrize(
    ("case", "found", "pages", "covered", "why"),
    [
        ("overlap", 21, [1, 2, 3, 4], None, "overlapping pages and an empty one in the middle lose and double nothing"),
        ("window", 20, [1, 2], None, "a page that lies wholly before the window ends the search"),
        ("limit", 20, [1, 2], ago(19), "ended by the limit: it says how far it got"),
        ("late", 10, [1], ago(9), "short of time: it stops asking and says how far it got"),
        ("endless", 10, [1, 2, 3, 4], ago(9), "three pages without news end a search"),
        ("ahead", 300, [*range(1, 31)], None, "pages fetched ahead are each asked for once"),
        ("quiet", 0, [1], None, "nothing found is an answer, and covers the whole window"),
    ],
)
def test_paging(ran, case, found, pages, covered, why):
    result = ran.results[case]
    assert result.status is RunStatus.OK, result
    assert (result.found, result.stored, len(ran.of(case))) == (found, found, found), why
    assert ran.pages_of(case) == pages, why
    assert result.covered_since == covered, why


def test_every_post_arrives_once_and_as_it_was(ran):
    want = {p["mid"]: p["text"] for body in CASES["ahead"] for p in [c["mblog"] for c in body["data"]["cards"]]}
    assert {m.native_id: m.text for m in ran.of("ahead")} == want


def test_long_texts_are_fetched_and_never_cost_a_post(ran):
    result = ran.results["long"]
    assert (result.status, result.stored) == (RunStatus.OK, 4), result
    texts = {m.native_id: m.text for m in ran.of("long")}
    assert texts[LONG[0]["mid"]] == "云雀的全文\n在此"
    assert [texts[p["mid"]] for p in LONG[1:]] == ["云雀1…", "云雀2…", "云雀3…"], "empty, deleted, broken"
    assert result.stats["long_text/fetched"] == 1 and result.stats["long_text/missing"] == 3


def test_a_refused_long_text_ends_the_run_but_keeps_the_post(ran):
    result = ran.results["refused_long"]
    assert (result.status, result.reason, result.stored) == (RunStatus.REFUSED, "anticrawl", 1)


def test_one_post_found_by_two_searches_is_one_mention_of_both(ran):
    [mention] = ran.of("both")
    assert set(mention.brands) == {"云雀", "山雀"}
    assert sum(a.path == "/both/statuses/extend" for a in ran.asked) <= 3, (
        "its long text is asked for once (and retried)"
    )
    assert ran.results["both"].found == 1


def test_what_we_send_names_us_and_goes_where_it_should(ran):
    [first, *_] = [a for a in ran.asked if a.path == "/limit/api/container/getIndex"]
    assert first.headers["user-agent"].startswith("Tingfeng/")
    assert first.headers["cookie"] == "SUB=abc"
    assert parse_qs(first.query["containerid"]) == {"100103type": ["61"], "q": ["云雀"], "t": ["0"]}
    others = [a for a in ran.asked if not a.path.startswith("/limit/")]
    assert not any("cookie" in a.headers for a in others)
    assert sum(a.path == "/robots.txt" for a in ran.asked) >= 1


def test_zhihu_and_feeds_arrive_too(ran):
    [answer_], [news] = ran.of("zhihu"), ran.of("feed")
    assert (answer_.platform, answer_.native_id) == ("zhihu", "answer:7")
    assert (news.platform, news.url.rpartition("/")[2], news.published_at) == ("web", "1", NOW - HOUR)
    [asked] = [a for a in ran.asked if a.path == "/zhihu/api/v1/content/zhihu_search"]
    assert asked.headers["authorization"] == "Bearer geheim"
    assert ran.results["feed"].status is RunStatus.OK, "a moved feed is followed"
    assert json.dumps(ran.results["feed"].stats).count("k1") == 0


def test_times_come_from_the_story_not_from_the_wall(ran):
    assert all(NOW <= m.seen_at < NOW + 2 * MINUTE for m in ran.stored)
    assert {m.published_at for m in ran.of("limit")} == {NOW - n * MINUTE for n in range(20)}
    assert mid_of(NOW, 3000) in {m.native_id for m in ran.of("limit")}
