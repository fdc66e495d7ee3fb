"""V2EX over loopback HTTP: lists, replies, topics seen before, and the hour's allowance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Response

from crawler.options import read_options
from crawler.outcome import Result
from crawler.spiders.v2ex import V2exOptions, V2exSpider
from store import mentions
from store.database import Database
from tests.support.crawls import crawl_all, make_spec
from tests.support.factories import NOW
from tests.support.web import NOT_FOUND, Asked, Reply, reply_json, serve
from tingfeng.errors import ConfigError
from tingfeng.model import Mention, RunStatus

OK, REFUSED, FAILED = RunStatus.OK, RunStatus.REFUSED, RunStatus.FAILED


def topic(number: int, title: str = "闲聊", *, hours: float = 1, **more: Any) -> dict[str, Any]:
    at = int((NOW - timedelta(hours=hours)).timestamp())
    told = {"id": number, "title": title, "content": "", "content_rendered": "", "created": at, "replies": 0}
    return told | {"deleted": 0, "member": {"id": 1, "username": "某人"}} | more


def reply(number: int, words: str, **more: Any) -> dict[str, Any]:
    told = {"id": number, "content": words, "content_rendered": words, "created": int(NOW.timestamp()) - 60}
    return told | {"member": {"id": 2, "username": "乙"}} | more


LATEST = [topic(1, "云雀怎么样", replies=2), topic(2), topic(3, "云雀与山雀", replies=1), topic(4, hours=30)]
SHORT = [topic(1, "云雀怎么样", replies=2), topic(2, hours=2)]
PATHS: dict[str, Any] = {
    "topics/latest.json": LATEST,
    "topics/hot.json": [LATEST[0], topic(5, "Skylark 热议", hours=200)],
    "topics/show.json?node_name=cars": [topic(6, "云雀试驾")],
    "topics/show.json?id=1": [topic(1, "云雀怎么样", replies=9)],
    "topics/show.json?id=77": [topic(77, "云雀旧事", replies=40)],
    "topics/show.json?id=78": [topic(78, deleted=1)],
    "topics/show.json?id=79": [],
    "topics/show.json?id=80": Reply(b'{"status": "error"}', 404),
    "replies/show.json?topic_id=1": [reply(11, "质量太差"), reply(12, "同感")],
    "replies/show.json?topic_id=3": [reply(13, "山雀更好")],
}
SEEN = ("topic:2", "topic:77", "topic:78", "topic:79", "topic:80", "reply:5")


def left(calls: int) -> dict[str, Any]:
    return {"topics/hot.json": reply_json([topic(5)], headers={"X-Rate-Limit-Remaining": str(calls)})}


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {  # spec, options, answers
    "all": ({"revisit": SEEN}, {"nodes": ["cars"]}, {}),
    "one topic's replies": ({}, {"replies": 1, "revisits": 0}, {}),
    "short": ({}, {"replies": 0}, {"topics/latest.json": SHORT}),
    "nearly used up": ({}, {}, left(1)),
    "used up, nothing more to ask": ({}, {"replies": 0}, left(0)),
    "empty": ({}, {}, {"topics/latest.json": []}),
    "no such node": ({}, {"nodes": ["cars"]}, {"topics/show.json?node_name=cars": []}),
    "too many": ({}, {}, {"topics/latest.json": Reply(b'{"message": "Rate Limit Exceeded"}', 403)}),
    "refused below": ({}, {}, {"replies/show.json?topic_id=1": Reply(b"", 429)}),
}


@dataclass(frozen=True)
class Ran:
    results: dict[str, Result]
    asked: Sequence[Asked]
    stored: list[Mention]

    def of(self, case: str) -> dict[str, Mention]:
        return {m.native_id: m for m in self.stored if m.source == case}

    def paths(self, case: int) -> list[str]:
        return [a.path for a in self.asked if a.path.startswith(f"/{case}/api")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> Ran:
    folder = tmp_path_factory.mktemp("v2ex")

    def answer(asked: Asked) -> Reply:
        case, _, rest = asked.path[1:].partition("/api/")
        if not rest:
            return NOT_FOUND
        key = rest + "".join(f"?{name}={value}" for name, value in asked.query.items())
        found = ([*CASES.values()][int(case)][2]).get(key, PATHS.get(key, NOT_FOUND))
        return found if isinstance(found, Reply) else reply_json(found)

    with serve(answer) as site:
        specs = []
        for number, (case, (told, options, _)) in enumerate(CASES.items()):
            path = folder / f"{number}.db"
            path.write_bytes(sqlite_migrated.read_bytes())
            where = {"base_url": f"{site.url}/{number}", "database_url": f"sqlite:///{path}"}
            specs.append(make_spec("v2ex", source=case, options=options, **where, **told))
        results = crawl_all(specs)
    stored = []
    for spec in specs:
        db = Database(spec.database_url)
        with db.read() as s:
            stored += [m.mention for m in mentions.by_ids(s, range(1, mentions.count(s) + 1))]
        db.close()
    return Ran(dict(zip(CASES, results, strict=True)), site.asked, stored)


def test_lists_are_matched_here_and_what_names_a_brand_is_followed(ran):
    found = ran.of("all")
    assert set(found) == {"topic:1", "topic:3", "topic:5", "topic:6", "reply:11", "reply:12", "reply:13"}
    said = found["reply:11"]
    assert (said.kind, said.parent, said.brands, said.text) == ("comment", "topic:1", ("云雀",), "质量太差")
    assert found["topic:1"].comments == 2 and found["topic:5"].brands == ("云雀",)
    assert (ran.results["all"].status, ran.results["all"].covered_since) == (OK, None)


def test_topics_seen_before_are_asked_for_once_unless_a_list_shows_them(ran):
    shown = [a.query["id"] for a in ran.asked if a.path == "/0/api/topics/show.json" and "id" in a.query]
    assert shown == ["77", "78", "79", "80"]
    assert ran.results["all"].stats["revisit/missing"] == 1


def test_budgets_hold(ran):
    assert set(ran.of("one topic's replies")) == {"topic:1", "topic:3", "topic:5", "reply:11", "reply:12"}
    assert ran.paths(1) == ["/1/api/topics/latest.json", "/1/api/topics/hot.json", "/1/api/replies/show.json"]


def test_a_list_that_does_not_reach_back_says_how_far_it_got(ran):
    assert ran.results["short"].covered_since == NOW - timedelta(hours=2)


@pytest.mark.parametrize(
    ("case", "status", "reason", "stored"),
    [
        ("nearly used up", REFUSED, "rate_limited", 2),
        ("used up, nothing more to ask", OK, "", 2),
        ("empty", FAILED, "empty", 0),
        ("no such node", FAILED, "empty", 3),
        ("too many", REFUSED, "rate_limited", 0),
        ("refused below", REFUSED, "too_many_requests", 3),
    ],
)
def test_ends(ran, case, status, reason, stored):
    result = ran.results[case]
    assert (result.status, result.reason, result.stored) == (status, reason, stored), result


def test_a_refusal_below_holds_up_nobodys_window(ran):
    assert ran.results["refused below"].finished == {"": None}
    assert ran.results["empty"].finished == {}


def test_nothing_is_asked_beyond_the_allowance(ran):
    number = list(CASES).index("nearly used up")
    assert ran.paths(number) == [f"/{number}/api/topics/latest.json", f"/{number}/api/topics/hot.json"]


def test_what_became_of_known_topics_is_handed_on():
    spider = V2exSpider(spec=make_spec("v2ex", revisit=("topic:1", "topic:78")), options=V2exOptions())
    list(spider.searches())
    body = reply_json([topic(1, replies=9), topic(78, deleted=1)]).body
    list(spider.parse_topics(Response("http://127.0.0.1:9/api/topics/latest.json", body=body), "latest"))  # type: ignore[arg-type]
    assert [(p.native_id, p.comments) for p in spider.outcome.again] == [("topic:1", 9)]
    assert spider.outcome.gone == [("v2ex", "topic:78")]


@pytest.mark.parametrize(
    ("options", "local", "why"),
    [
        ({"nodes": ["a/b"]}, True, "is no name of a node"),
        ({"replies": -1}, True, "0 or more"),
        ({"revisits": -1}, True, "0 or more"),
        ({"delay": 4}, False, "at least 5 s"),
    ],
)
def test_options(options, local, why):
    with pytest.raises(ConfigError, match=why):
        read_options(V2exOptions, options, at="o", local=local)
