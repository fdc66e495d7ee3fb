"""The replica's hot lists: what is on them when, and the real spiders reading them into a store and a mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.jobs import watch
from alerts.routing import Routing
from crawler.jobs import crawl
from demo.replica.app import Replica
from demo.replica.faults import Fault
from demo.replica.hot import APP_ID, APP_SECRET, HotSpell
from demo.replica.http import Request
from demo.replica.posts import StoryClock, World
from demo.story import BRANDS, CRISIS, HOT, OWN
from store import hot, outbox
from store.database import Database
from tests.support.crawls import LOCAL
from tingfeng.config import AlertRule, RecipientConfig, RouteConfig, SourceConfig
from tingfeng.model import Run, RunStatus

HOUR = timedelta(hours=1)
SOURCES: dict[str, dict[str, Any]] = {
    "official": {"kind": "weibo_hot"},
    "ajax": {"kind": "weibo_hot", "options": {"route": "ajax"}, "robots_override_reason": "a replica of our own"},
    "boards": {"kind": "hot_boards", "options": {"boards": ["baidu", "tencent"]}},
}


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(World([], StoryClock(CRISIS)), hot=HOT) as running:
        yield running


@pytest.mark.parametrize(
    ("why", "after", "rank"),
    [
        ("not yet", -1, None),
        ("enters low", 0, 45),
        ("at its best after a quarter", 25, 3),
        ("sinks", 90, 39),
        ("gone", 100, None),
    ],
)
def test_a_topic_rises_and_sinks(why: str, after: int, rank: int | None) -> None:
    spell = HotSpell(word="云麂", since=CRISIS, until=CRISIS + timedelta(minutes=100))
    assert spell.rank(CRISIS + timedelta(minutes=after)) == rank, why


def source(name: str, replica: Replica) -> SourceConfig:
    table = SOURCES[name]
    options = LOCAL | table.get("options", {})
    return SourceConfig.model_validate({"name": name, "base_url": replica.url} | table | {"options": options})


def run(db: Database, name: str, replica: Replica, now: datetime, folder: Path) -> Run:
    replica.clock.move_to(now)
    secret = f"{APP_ID}:{APP_SECRET}" if name == "official" else None
    given: dict[str, Any] = {"secret": secret, "author_secret": "s", "now": now, "state_dir": folder}
    return crawl(db, source(name, replica), BRANDS, **given).run


def test_the_brand_is_on_every_list_while_the_crisis_goes_round(replica: Replica, sqlite_db: Database, tmp_path: Path):
    for now in (CRISIS, CRISIS + 4 * HOUR):
        for name in SOURCES:
            assert run(sqlite_db, name, replica, now, tmp_path).status is RunStatus.OK
    with sqlite_db.read() as s:
        visits = hot.visits(s, CRISIS, CRISIS + 5 * HOUR, brands=[b.name for b in BRANDS])
    assert {(v.board, v.brand, v.last_rank) for v in visits} == {
        (board, OWN, 3) for board in ("hot:weibo", "hot:baidu", "hot:tencent")
    }
    recipients = (RecipientConfig(name="pr", email="pr@example.com"),)
    routing = Routing(routes=(RouteConfig(to=("pr",), kinds=("alert",)),), recipients=recipients)
    sources = [source(name, replica) for name in SOURCES]
    at, zone = CRISIS + 4 * HOUR + timedelta(minutes=1), ZoneInfo("Asia/Shanghai")
    watch(sqlite_db, BRANDS, sources, AlertRule(), routing, now=at, zone=zone)
    with sqlite_db.read() as s:
        [mail] = outbox.waiting(s)
    assert mail.subject.startswith(f"【听风·热榜】{OWN} 上热搜：") and "第 3 位，共 3 个榜" in mail.subject


@pytest.mark.parametrize(
    ("name", "fault", "times", "reason"),
    [
        ("official", Fault.TOKEN_INVALID, 1, ""),
        ("official", Fault.TOKEN_INVALID, None, "unauthorized"),
        ("ajax", Fault.NOT_LOGGED_IN, None, "login_required"),
        ("boards", Fault.CAPTCHA_PAGE, 1, "captcha"),
        ("boards", Fault.TRUNCATED, None, "layout_changed"),
        ("boards", Fault.TOO_MANY, None, "too_many_requests"),
    ],
)
def test_what_the_lists_say_no_with(replica, sqlite_db, tmp_path, name, fault, times, reason) -> None:
    replica.faults.order("hot", fault, times=times)
    assert run(sqlite_db, name, replica, CRISIS + 2 * HOUR, tmp_path).reason == reason
    with sqlite_db.read() as s:
        seen = {b.board for b in hot.boards(s)}
    assert seen == ({"hot:weibo"} if not reason else {"hot:tencent"} if times else set())


def test_a_token_needs_the_secret_and_runs_out(replica: Replica) -> None:
    def ask(target: str, body: bytes = b"") -> dict[str, Any]:
        found = json.loads(replica.answer(Request("POST" if body else "GET", target, {}, body)).body)
        assert isinstance(found, dict)
        return found

    assert ask("/open/auth/ws_token", b'{"app_id": "x", "app_secret": "y"}')["code"] == 40003
    assert ask("/open/auth/ws_token", b"[]")["code"] == ask("/open/auth/ws_token")["code"] == 40001
    body = json.dumps({"app_id": APP_ID, "app_secret": APP_SECRET}).encode()
    target = (
        f"/open/weibo/hot_search?token={ask('/open/auth/ws_token', body)['data']['token']}&category=%E4%B8%BB%E6%A6%9C"
    )
    assert ask(target)["code"] == 0
    assert ask(target + "&count=51")["code"] == ask(target.replace("%E4", "%E5"))["code"] == 40001
    replica.clock.move_to(CRISIS + 2 * HOUR)
    assert ask(target)["code"] == 40100
