"""Crawls of hot lists over loopback HTTP into the store. One subprocess runs them all."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.child import prepare
from crawler.hot import HELD
from crawler.jobs import crawl
from crawler.outcome import Result
from crawler.spiders.hot_boards import BOARDS
from store import hot, mentions, runs
from store.database import Database
from store.hot import HotVisit
from tests.support import hot_bodies as made
from tests.support.crawls import BRAND, LOCAL, crawl_all, make_spec
from tests.support.factories import NOW
from tests.support.web import NOT_FOUND, Asked, Reply, reply_json, serve
from tingfeng.config import SourceConfig
from tingfeng.errors import ConfigError
from tingfeng.model import RunStatus

CREDENTIAL = "app-7:s3cret"
ROBOTS = "User-agent: *\nDisallow: /*/ajax/\nDisallow: /denied/hot-event/\nDisallow: /*/api/v1/\nDisallow: /*/open/\n"
INVALID = {"code": 40100, "message": "token invalid"}
BY_PATH = {
    "/api/board": made.baidu,
    "/gw/event/hot_ranking_list": made.tencent,
    "/hot-event/hot-board/": made.toutiao,
    "/contentapi/wwwIndex/rightSidebar": made.thepaper,
    "/api/v3/feed/topstory/hot-list-web": made.zhihu,
    "/main/hotword": made.bilibili,
    "/hottopic/browse/topicList": made.tieba,
    "/api/v1/content/hot_list": made.zhihu_official,
    "/ajax/side/hotSearch": made.side,
}
ODD: dict[tuple[str, str], Reply] = {
    ("captcha", "/api/board"): Reply("<html><title>百度安全验证</title></html>", type="text/html"),
    ("down", "/gw/event/hot_ranking_list"): Reply(b"", 503),
    ("swapped", "/api/board"): reply_json(made.toutiao()),
    ("ajax_wall", "/ajax/side/hotSearch"): reply_json({"ok": -100, "url": "https://weibo.com/login.php"}),
    ("bad_secret", "/open/auth/ws_token"): reply_json({"code": 40003, "message": "app_secret error"}),
}
SPECS: dict[str, dict[str, Any]] = {
    "all": {"options": {"boards": list(BOARDS)}},
    "denied": {"options": {"boards": ["toutiao", "baidu", "tencent"]}},
    "captcha": {"options": {"boards": ["baidu", "tencent"]}},
    "down": {"options": {"boards": ["baidu", "tencent"]}},
    "swapped": {"options": {"boards": ["baidu"]}},
    "by_api": {"options": {"boards": ["zhihu"]}, "credential": "geheim"},
    "official": {
        "kind": "weibo_hot",
        "credential": CREDENTIAL,
        "options": {"categories": ["主榜", "文娱榜"], "count": 20},
    },
    "renewed": {"kind": "weibo_hot", "credential": CREDENTIAL},
    "renewed_401": {"kind": "weibo_hot", "credential": CREDENTIAL},
    "invalid": {"kind": "weibo_hot", "credential": CREDENTIAL},
    "bad_secret": {"kind": "weibo_hot", "credential": CREDENTIAL},
    "ajax": {"kind": "weibo_hot", "options": {"route": "ajax"}, "robots_override_reason": "agreed with the site"},
    "ajax_wall": {"kind": "weibo_hot", "options": {"route": "ajax"}, "robots_override_reason": "agreed with the site"},
}


def answer(asked: Asked) -> Reply:
    if asked.path == "/robots.txt":
        return Reply(ROBOTS, type="text/plain")
    case, _, rest = asked.path[1:].partition("/")
    path = f"/{rest}"
    if (case, path) in ODD:
        return ODD[case, path]
    if path == "/open/auth/ws_token":
        return reply_json(made.token(f"{case}-{tokens.update([case]) or tokens[case]}"))
    if path == "/open/weibo/hot_search":
        stale = case == "invalid" or (case.startswith("renewed") and asked.query["token"].endswith("-1"))
        return (
            reply_json(INVALID, status=401 if case.endswith("401") else 200) if stale else reply_json(made.official())
        )
    return reply_json(BY_PATH[path]()) if path in BY_PATH else NOT_FOUND


tokens: Counter[str] = Counter()


@dataclass(frozen=True)
class Ran:
    results: dict[str, Result]
    asked: list[Asked]
    visits: list[HotVisit]
    mentions: int

    def of(self, case: str) -> list[HotVisit]:
        return [v for v in self.visits if v.source == case]

    def paths(self, case: str) -> list[str]:
        return [a.path.removeprefix(f"/{case}") for a in self.asked if a.path.startswith(f"/{case}/")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> Ran:
    folder = tmp_path_factory.mktemp("hot")
    urls = {}
    for case in SPECS:  # a database each: the same list looked at by two sources would be one list
        (folder / f"{case}.db").write_bytes(sqlite_migrated.read_bytes())
        urls[case] = f"sqlite:///{folder / case}.db"
    tokens.clear()
    with serve(answer) as site:
        specs = [
            make_spec(
                more.get("kind", "hot_boards"), source=case, base_url=f"{site.url}/{case}", database_url=urls[case]
            )
            for case, more in SPECS.items()
        ]
        specs = [replace(s, options=s.options | SPECS[s.source].get("options", {})) for s in specs]
        extra = ("credential", "robots_override_reason")
        specs = [replace(s, **{k: SPECS[s.source].get(k) for k in extra}) for s in specs]
        results = crawl_all(specs)
        asked = list(site.asked)
    visits, n = [], 0
    for url in urls.values():
        db = Database(url)
        with db.read() as s:
            visits += hot.visits(s, NOW - timedelta(days=1), NOW + timedelta(days=1), brands=["云雀"])
            n += mentions.count(s)
        db.close()
    return Ran(dict(zip(SPECS, results, strict=True)), asked, visits, n)


def test_every_board_is_read_with_one_request_and_the_brands_place_is_kept(ran: Ran):
    result = ran.results["all"]
    assert result.status is RunStatus.OK, result
    assert sorted(v.board for v in ran.of("all")) == sorted(f"hot:{name}" for name in BOARDS)
    assert {(v.title, v.best_rank, v.last_rank, v.seen) for v in ran.of("all")} == {(made.WORDS[0], 1, 1, 1)}
    assert len(ran.paths("all")) == len(BOARDS)
    assert (result.found, result.stored, result.skipped) == (3 * len(BOARDS), len(BOARDS), 0)
    assert result.stats["entry/ad"] == 1


def test_no_entry_is_ever_a_mention(ran: Ran):
    assert ran.mentions == 0 and len(ran.visits) > len(BOARDS)


@pytest.mark.parametrize(
    ("case", "reason", "named", "still_read"),
    [
        ("denied", "robots_denied", "toutiao: robots_denied", {"hot:baidu", "hot:tencent"}),
        ("captcha", "captcha", "baidu: captcha", {"hot:tencent"}),
    ],
)
def test_a_board_that_refuses_does_not_hide_the_others(ran: Ran, case, reason, named, still_read):
    result = ran.results[case]
    assert (result.status, result.reason) == (RunStatus.REFUSED, reason)
    assert named in result.detail
    assert {v.board for v in ran.of(case)} == still_read


def test_a_denied_address_is_not_asked_for(ran: Ran):
    assert "/hot-event/hot-board/" not in ran.paths("denied")


def test_a_board_that_is_down_fails_the_run_and_no_other_board(ran: Ran):
    result = ran.results["down"]
    assert (result.status, result.reason) == (RunStatus.FAILED, "unreachable") and "tencent" in result.detail
    assert {v.board for v in ran.of("down")} == {"hot:baidu"}


def test_another_boards_answer_is_not_taken_for_this_one(ran: Ran):
    assert (ran.results["swapped"].reason, ran.of("swapped")) == ("layout_changed", [])


def test_zhihus_api_is_asked_with_the_credential_whatever_robots_says(ran: Ran):
    assert ran.results["by_api"].status is RunStatus.OK
    [asked] = [a for a in ran.asked if a.path == "/by_api/api/v1/content/hot_list"]
    assert asked.headers["authorization"] == "Bearer geheim" and asked.headers["x-request-timestamp"].isdigit()
    [visit] = ran.of("by_api")
    assert "utm_" not in visit.url


def test_the_official_route_fetches_a_token_and_each_category(ran: Ran):
    assert ran.results["official"].status is RunStatus.OK
    token, *lists = [a for a in ran.asked if a.path.startswith("/official/")]
    assert json.loads(token.body) == {"app_id": "app-7", "app_secret": "s3cret"}
    assert [a.query for a in lists] == [
        {"token": "official-1", "category": c, "count": "20"} for c in ("主榜", "文娱榜")
    ]
    assert sorted(v.board for v in ran.of("official")) == ["hot:weibo", "hot:weibo/文娱榜"]


@pytest.mark.parametrize("case", ["renewed", "renewed_401"])
def test_a_token_that_is_refused_is_fetched_once_more(ran: Ran, case: str):
    assert ran.results[case].status is RunStatus.OK, ran.results[case]
    assert ran.results[case].stats["token/renewed"] == 1
    assert len(ran.of(case)) == 1 and len(ran.paths(case)) == 4


@pytest.mark.parametrize(("case", "requests"), [("invalid", 4), ("bad_secret", 1)])
def test_a_credential_that_is_refused_ends_the_run(ran: Ran, case: str, requests: int):
    result = ran.results[case]
    assert (result.status, result.reason) == (RunStatus.REFUSED, "unauthorized")
    assert len(ran.paths(case)) == requests and not ran.of(case)
    assert "s3cret" not in result.detail


def test_the_side_bar_is_read_by_override_only(ran: Ran):
    assert ran.results["ajax"].status is RunStatus.OK and len(ran.of("ajax")) == 1
    [asked] = [a for a in ran.asked if a.path == "/ajax/ajax/side/hotSearch"]
    assert "cookie" not in asked.headers and "Tingfeng" in asked.headers["user-agent"]
    assert ran.results["ajax_wall"].reason == "login_required"


def test_a_look_covers_the_time_since_the_last_one_but_not_a_week(ran: Ran):
    assert ran.results["all"].covered_since == NOW - HELD, "of a first window of a day"


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("weibo_hot", {}, "a credential is needed"),
        ("weibo_hot", {"credential": "only-an-id"}, 'the credential is to be "app_id:app_secret"'),
        ("weibo_hot", {"options": {"route": "ajax"}}, "robots_override_reason is needed"),
        (
            "weibo_hot",
            {"options": {"route": "ajax"}, "robots_override_reason": "x", "interval": timedelta(minutes=4)},
            "interval: at least 5 m",
        ),
        ("weibo_hot", {"options": {"route": "cookie"}}, "route: expected"),
        ("weibo_hot", {"options": {"categories": ["文娱"]}}, "did you mean '文娱榜'?"),
        ("weibo_hot", {"options": {"categories": []}}, "categories: at least one"),
        ("weibo_hot", {"options": {"count": 51}}, "count: expected 1–50"),
        ("hot_boards", {"options": {"boards": ["baido"]}}, "did you mean 'baidu'?"),
        ("hot_boards", {"options": {"boards": []}}, "boards: at least one"),
        ("hot_boards", {"base_url": None, "options": {"delay": 1, "throttle": True}}, "delay: at least 2 s"),
    ],
)
def test_what_keeps_a_source_from_being_crawled(kind, more, told):
    with pytest.raises(ConfigError) as caught:
        prepare(make_spec(kind, **more))
    assert any(told in line for line in caught.value.problems), caught.value.problems


def test_the_same_list_seen_again_is_one_visit_in_both_databases(db: Database, tmp_path: Path):
    """By the job itself: subprocess, run rows and coverage included."""
    lists = [made.baidu(), made.baidu(("周末天气", made.WORDS[0])), made.baidu(("周末天气",))]
    with serve(lambda a: Reply(b"", 404) if a.path == "/robots.txt" else reply_json(lists[0])) as site:
        table = {"name": "boards", "kind": "hot_boards", "base_url": site.url, "options": LOCAL}
        source = SourceConfig.model_validate(table)
        for turn in range(3):
            now = NOW + turn * timedelta(minutes=5)
            run = crawl(db, source, (BRAND,), secret=None, author_secret="s", now=now, state_dir=tmp_path).run
            assert run.status is RunStatus.OK, run
            lists.pop(0)
    with db.read() as s:
        [visit] = hot.visits(s, NOW, NOW + timedelta(hours=1), brands=["云雀"])
        [board] = hot.boards(s)
        covered = runs.coverage(s, "boards", since=NOW - timedelta(days=8), until=NOW + timedelta(days=1))
        assert mentions.count(s) == 0
    assert (visit.best_rank, visit.last_rank, visit.seen, visit.peak_heat) == (1, 2, 2, 7_000_000)
    assert visit.last_seen < board.looked_at, "the last look did not find it"
    assert covered == [(NOW - HELD, NOW + timedelta(minutes=10))]
