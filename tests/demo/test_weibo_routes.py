"""Weibo's three routes crawl the replica: the same posts whichever way they came, and every fault under its name."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crawler.outcome import Result
from demo.replica.app import Replica
from demo.replica.faults import Fault
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from demo.replica.weibo_cli import TOKEN
from store import mentions
from store.database import Database
from tests.support.crawls import crawl_all, make_spec
from tests.support.factories import NOW
from tingfeng.model import Brand, Mention, Query, RunStatus

MINUTE = timedelta(minutes=1)
AUTHOR = Author(uid=9_000_000_001, name="示例用户1", followers=5_000)


def post(n: int, **more: Any) -> Post:
    at = NOW - n * MINUTE
    told: dict[str, Any] = {"platform": "weibo", "id": mid_at(at, n), "at": at, "text": f"云麂 第{n}条\n真不行 & 贵"}
    return Post(**told | {"author": AUTHOR, "reposts": n, "likes": 3, "comments": n % 3} | more)


LONG = "云麂" + "很长的话" * 60
POSTS = [post(n) for n in range(1, 23)]
POSTS += [
    post(23, long=True, text=LONG),
    post(24, original=post(23, long=True, text=LONG), text="转发"),
    post(25, comments=40),
]
ROUTES = {"weibo_mobile": "", "weibo_html": "", "weibo_cli": "/cli/api"}
OPTIONS: dict[str, dict[str, Any]] = {"weibo_mobile": {"comments": 2}}
FAULTS = [
    ("weibo_mobile", "weibo", Fault.LAYOUT_CHANGED, RunStatus.FAILED, "layout_changed"),
    ("weibo_html", "weibo_html", Fault.LAYOUT_CHANGED, RunStatus.FAILED, "layout_changed"),
    ("weibo_html", "weibo_html", Fault.LOGIN_REDIRECT, RunStatus.REFUSED, "cookie_expired"),
    ("weibo_html", "weibo_html", Fault.CAPTCHA_PAGE, RunStatus.REFUSED, "captcha"),
    ("weibo_html", "weibo_html", Fault.ANTI_CRAWL, RunStatus.REFUSED, "anticrawl"),
    ("weibo_html", "weibo_html", Fault.BLANK, RunStatus.FAILED, "layout_changed"),
    ("weibo_cli", "weibo_cli", Fault.COUNT_EXCEEDS_MAX, RunStatus.REFUSED, "count_exceeds_max"),
    ("weibo_cli", "weibo_cli", Fault.SERVICE_REQUIRED, RunStatus.REFUSED, "plan_required"),
    ("weibo_cli", "weibo_cli", Fault.GATEWAY_TOO_MANY, RunStatus.REFUSED, "too_many_requests"),
    ("weibo_cli", "weibo_cli", Fault.FORBIDDEN, RunStatus.REFUSED, "forbidden"),
    ("weibo_cli", "weibo_cli", Fault.UNAUTHORIZED, RunStatus.REFUSED, "unauthorized"),
    ("weibo_cli", "weibo_cli", Fault.TRUNCATED, RunStatus.FAILED, "layout_changed"),
    ("weibo_cli", "weibo_cli", Fault.SERVER_ERROR, RunStatus.FAILED, "unreachable"),
    ("weibo_mobile", "weibo_comments", Fault.NOT_LOGGED_IN, RunStatus.REFUSED, "cookie_expired"),
    ("weibo_html", "weibo_html", Fault.EMPTY_PAGE, RunStatus.OK, ""),
    ("weibo_html", "weibo_html", Fault.OVERLAP, RunStatus.OK, ""),
    ("weibo_cli", "weibo_cli", Fault.EMPTY_PAGE, RunStatus.OK, ""),
    ("weibo_cli", "weibo_cli", Fault.OVERLAP, RunStatus.OK, ""),
]


@dataclass(frozen=True)
class Ran:
    results: dict[str, Result]
    stored: dict[str, list[Mention]]


def spec(kind: str, name: str, replica: Replica, folder: Path, template: Path, **more: Any) -> Any:
    path = folder / f"{name}.db"
    path.write_bytes(template.read_bytes())
    made = make_spec(kind, source=name, options=OPTIONS.get(kind, {}), credential=TOKEN)
    query = Query(brand="云麂", text="云麂")
    made = replace(made, queries=(query,), brands=(Brand(name="云麂"),), database_url=f"sqlite:///{path}")
    return replace(made, base_url=replica.url + ROUTES[kind], **more)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> Ran:
    folder = tmp_path_factory.mktemp("routes")
    with ExitStack() as stack:
        well = stack.enter_context(Replica(World(POSTS, StoryClock(NOW))))
        specs = [spec(kind, kind, well, folder, sqlite_migrated) for kind in ROUTES]
        for n, (kind, platform, fault, _, _) in enumerate(FAULTS):
            ill = stack.enter_context(Replica(World(POSTS, StoryClock(NOW))))
            ill.faults.order(platform, fault, page=2 if fault is Fault.EMPTY_PAGE else None)
            specs.append(spec(kind, f"fault{n}", ill, folder, sqlite_migrated))
        results = crawl_all(specs)
    stored = {one.source: kept(one.database_url) for one in specs}
    return Ran({one.source: result for one, result in zip(specs, results, strict=True)}, stored)


def kept(url: str) -> list[Mention]:
    db = Database(url)
    with db.read() as s:
        found = [m.mention for m in mentions.by_ids(s, range(1, mentions.count(s) + 1))]
    db.close()
    return found


@pytest.mark.parametrize("kind", ROUTES)
def test_each_route_finds_every_post_as_it_was_written(ran: Ran, kind: str) -> None:
    result = ran.results[kind]
    assert (result.status, result.skipped, result.covered_since) == (RunStatus.OK, 0, None), result
    found = {m.native_id: m for m in ran.stored[kind] if m.kind == "post"}
    assert set(found) == {str(p.id) for p in POSTS}
    for one in POSTS:
        mention = found[str(one.id)]
        assert mention.published_at == one.at and mention.is_repost is (one.original is not None)
        assert (mention.reposts, mention.comments, mention.likes) == (one.reposts, one.comments, one.likes)
        assert mention.text == one.text, "long ones in full"


def test_one_post_is_one_mention_whichever_way_it_came(ran: Ran) -> None:
    seen = [{(m.native_id, m.url, m.author_key) for m in ran.stored[k] if m.kind == "post"} for k in ROUTES]
    assert seen[0] == seen[1] == seen[2]


def test_comments_of_the_mobile_site(ran: Ran) -> None:
    found = [m for m in ran.stored["weibo_mobile"] if m.kind == "comment"]
    assert len(found) == 29 and {m.parent for m in found} == {str(post(25).id)}, "25 and the answers below them"
    assert {m.region for m in found} == {None, "浙江"}


@pytest.mark.parametrize(("n", "case"), list(enumerate(FAULTS)))
def test_each_fault_has_its_name(ran: Ran, n: int, case: tuple[str, str, Fault, RunStatus, str]) -> None:
    _, _, fault, status, reason = case
    result = ran.results[f"fault{n}"]
    assert (result.status, result.reason) == (status, reason), result
    if fault in (Fault.OVERLAP, Fault.EMPTY_PAGE):
        numbers = [m.native_id for m in ran.stored[f"fault{n}"]]
        assert len(numbers) == len(set(numbers)) and len(numbers) >= 5


def test_a_post_deleted_between_two_crawls_becomes_a_tombstone(tmp_path: Path, sqlite_migrated: Path) -> None:
    with Replica(World(POSTS, StoryClock(NOW))) as replica:
        first = spec("weibo_mobile", "twice", replica, tmp_path, sqlite_migrated)
        [result] = crawl_all([first])
        assert result.status is RunStatus.OK
        gone, still = str(POSTS[3].id), str(POSTS[4].id)
        replica.world.delete("weibo", int(gone))
        [again] = crawl_all([replace(first, since=NOW, now=NOW + timedelta(hours=2), revisit=(gone, still))])
        assert (again.status, again.stats["revisit/seen"], again.stats["deleted"]) == (RunStatus.OK, 1, 1), again
    db = Database(first.database_url)
    with db.read() as s:
        buried = s.execute(text("SELECT native_id FROM mention WHERE deleted_at IS NOT NULL")).scalars().all()
    db.close()
    assert buried == [gone]
