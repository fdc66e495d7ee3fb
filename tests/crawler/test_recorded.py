"""Bodies as platforms really sent them, through the real spiders over HTTP into the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.outcome import Result
from crawler.times import weibo_id_time
from store import mentions
from store.database import Database
from tests.support.crawls import crawl_all, make_spec
from tests.support.web import NOT_FOUND, Asked, Reply, reply_json, serve
from tingfeng.model import Mention, RunStatus

IN_2019, IN_2025 = datetime(2019, 6, 15, 4, tzinfo=UTC), datetime(2025, 6, 11, 9, tzinfo=UTC)


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def ran(shared: Path, tmp_path_factory: Any, sqlite_migrated: Path) -> tuple[dict[str, Result], list[Mention]]:
    weibo = shared / "fixtures" / "weibo"
    page = load(weibo, "weiboAPI_2019_cards1.scrubbed.json")
    page["data"]["cards"][9]["mblog"]["isLongText"] = True  # so that the recorded long text is asked for
    page["data"]["cardlistInfo"] = load(weibo, "m_search_cardlistInfo_2019.json") | {"total": 10}
    long_text = load(weibo, "weiboAPI_2019_statuses1.scrubbed.json")
    refusals = load(weibo, "2scraper_ajax_2026-09_scrubbed.json")
    hub = (shared / "fixtures" / "rsshub" / "weibo_keyword_2025-06_fragment.xml").read_bytes()

    def answer(asked: Asked) -> Reply:
        source, _, rest = asked.path[1:].partition("/")
        if source in refusals and rest:
            return reply_json(refusals[source], status=403 if source == "bad_request" else 200)
        bodies = {"api/container/getIndex": page, "statuses/extend": long_text}
        if rest in bodies:
            return reply_json(bodies[rest])
        return Reply(hub, type="application/xml; charset=utf-8") if rest.startswith("weibo/keyword/") else NOT_FOUND

    path = tmp_path_factory.mktemp("recorded") / "t.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    with serve(answer) as site:
        then: dict[str, Any] = {
            "now": IN_2019,
            "since": IN_2019 - timedelta(days=30),
            "database_url": f"sqlite:///{path}",
        }
        names = ("search", "needs_visitor", "login_wall", "bad_request")
        specs = [make_spec(source=name, base_url=f"{site.url}/{name}", **then) for name in names]
        later = then | {"now": IN_2025, "options": {"url": "weibo/keyword/{q}"}}
        specs.append(make_spec("feed", source="hub", base_url=f"{site.url}/hub", **later))
        results = crawl_all(specs)
    db = Database(f"sqlite:///{path}")
    with db.read() as s:
        stored = [m.mention for m in mentions.by_ids(s, range(1, mentions.count(s) + 1))]
    db.close()
    return dict(zip([*names, "hub"], results, strict=True)), stored


def test_a_recorded_search_page_arrives_whole(ran):
    results, stored = ran
    posts = [m for m in stored if m.source == "search"]
    assert (results["search"].status, results["search"].stored, len(posts)) == (RunStatus.OK, 10, 10), results["search"]
    assert all(m.published_at == weibo_id_time(m.native_id) for m in posts)
    [long] = [m for m in posts if len(m.text) > 1000]
    assert long.text.startswith("😄😆😊")


def test_a_recorded_feed_arrives_as_the_post_it_tells_of(ran):
    results, stored = ran
    [post] = [m for m in stored if m.source == "hub"]
    assert (post.platform, post.native_id) == ("weibo", "5176388278550965")
    assert post.published_at == weibo_id_time(post.native_id)
    assert results["hub"].status is RunStatus.OK


@pytest.mark.parametrize(
    ("name", "reason"),
    [("needs_visitor", "login_required"), ("login_wall", "login_required"), ("bad_request", "forbidden")],
)
def test_recorded_refusals_have_their_names(ran, name, reason):
    results, _ = ran
    assert (results[name].status, results[name].reason) == (RunStatus.REFUSED, reason)
