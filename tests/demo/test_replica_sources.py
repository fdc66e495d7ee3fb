"""The real spiders read what the replica says of Zhihu and V2EX, and give its refusals their names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.outcome import Result
from demo.replica.app import SECRET, Replica
from demo.replica.faults import Fault
from demo.replica.posts import Author, Post, StoryClock, World
from store import mentions
from store.database import Database
from tests.support.crawls import crawl_all, make_spec
from tingfeng.model import Brand, Mention, Query, RunStatus

NOW = datetime(2026, 11, 12, 4, 30, tzinfo=UTC)
AUTHOR = Author(uid=1, name="示例用户1", followers=5)
BRAND = {"brands": (Brand(name="云麂"),), "queries": (Query(brand="云麂", text="云麂"),), "now": NOW}


def post(number: int, platform: str, **more: Any) -> Post:
    at = NOW - timedelta(minutes=number)
    return Post(**{"platform": platform, "id": number, "at": at, "text": f"第{number}条", "author": AUTHOR, **more})


TOPIC = post(100, "v2ex", title="云麂怎么样", text="如题")
WORLD = [
    *(post(n, "zhihu", title="云麂值得买吗") for n in range(70, 77)),
    TOPIC,
    post(101, "v2ex", title="闲聊"),
    *(post(n, "v2ex", original=TOPIC, text="不好喝") for n in range(1, 6)),
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> tuple[dict[str, Result], list[Mention]]:
    path = tmp_path_factory.mktemp("replica") / "t.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    results: dict[str, Result] = {}
    with Replica(World(WORLD, StoryClock(NOW))) as replica:
        common = BRAND | {
            "base_url": replica.url,
            "database_url": f"sqlite:///{path}",
            "since": NOW - timedelta(days=2),
        }
        zhihu = make_spec("zhihu_open", source="zhihu", credential=SECRET, options={"answers": 3}, **common)
        v2ex = make_spec("v2ex", source="v2ex", options={"nodes": ["demo"]}, **common)
        again = make_spec("v2ex", source="again", revisit=("topic:100",), **common)
        results |= zip(("zhihu", "v2ex"), crawl_all([zhihu, v2ex]), strict=True)
        for platform in ("zhihu", "v2ex"):
            replica.faults.order(platform, Fault.NEARLY_USED_UP)
        results |= zip(("zhihu used up", "v2ex used up"), crawl_all([zhihu, v2ex]), strict=True)
        replica.faults.order("v2ex", Fault.DELETED)
        results |= zip(("deleted",), crawl_all([again]), strict=True)
    db = Database(f"sqlite:///{path}")
    with db.read() as s:
        stored = [m.mention for m in mentions.by_ids(s, range(1, mentions.count(s) + 1))]
    db.close()
    return results, stored


def test_zhihu_with_the_answers_of_its_questions(ran):
    results, stored = ran
    found = {m.native_id: m for m in stored if m.source == "zhihu"}
    assert results["zhihu"].status is RunStatus.OK, results["zhihu"]
    assert results["zhihu"].stats["quota/left"] > 0 and results["zhihu"].stats["answers/pages"] == 1
    assert {m.parent for m in found.values() if m.kind == "answer"} == {"question:10"}
    assert len(found) == 7, "answers found by searching and by following are the same"


def test_v2ex_with_replies(ran):
    results, stored = ran
    found = [m for m in stored if m.source == "v2ex"]
    assert results["v2ex"].status is RunStatus.OK, results["v2ex"]
    assert sorted(m.kind for m in found) == ["comment"] * 5 + ["post"]


def test_nothing_left_has_a_name(ran):
    results, _ = ran
    assert (results["zhihu used up"].reason, results["zhihu used up"].found) == ("quota_exhausted", 0)
    assert (results["v2ex used up"].status, results["v2ex used up"].reason) == (RunStatus.REFUSED, "rate_limited")


def test_deleted_topics_are_no_mentions(ran):
    results, _ = ran
    assert (results["deleted"].status, results["deleted"].found) == (RunStatus.OK, 0)
