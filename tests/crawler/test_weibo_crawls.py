"""Weibo over loopback HTTP into a store: comments and known posts, the HTML search, the paid gateway and its budget."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crawler.outcome import Result
from crawler.spec import Gap
from store import mentions, spending
from store.database import Database
from store.spending import Spending
from tests.support.crawls import BRAND, crawl_all, make_spec
from tests.support.factories import NOW
from tests.support.web import NOT_FOUND, Asked, Reply, reply_json, serve
from tests.support.weibo_pages import mid_of, page, post, search_page, told
from tingfeng.model import Brand, Mention, Query, RunStatus

MINUTE = timedelta(minutes=1)
RIVAL = Brand(name="山雀")
TWO = (Query(brand="云雀", text="云雀"), Query(brand="山雀", text="山雀"))


def posts(case: int, first: int, last: int, **more: Any) -> list[dict[str, Any]]:
    return [post(NOW - n * MINUTE, n=case * 1000 + n, **more) for n in range(first, last + 1)]


def comment(n: int, text: str) -> dict[str, Any]:
    mid = mid_of(NOW, 900_000 + n)
    return {"id": mid, "mid": mid, "created_at": told(NOW), "text": text, "user": {"id": 7_000_000_000 + n}}


BUSY, CALM, CLOSED = (
    post(NOW, n=1, comments_count=90),
    post(NOW, n=2, comments_count=3),
    post(NOW, n=3, comments_count=50),
)
KNOWN, GONE = post(NOW - timedelta(days=3), n=4, comments_count=77), mid_of(NOW - timedelta(days=4), 5)
COMMENTS = {
    (BUSY["mid"], ""): {"data": [comment(1, "修了三次"), comment(2, "不如山雀"), comment(3, "")],
                          "max_id": 12, "max_id_type": 1},
    (BUSY["mid"], "12"): {"data": [comment(4, "同感")], "max_id": 0, "max_id_type": 0},
}  # fmt: skip


def mobile(asked: Asked, rest: str, case: str) -> Reply:
    if rest == "api/container/getIndex":
        return reply_json(page([BUSY, CALM, CLOSED] if case != "revisits" else [CALM]))
    if rest == "statuses/show":
        known = {KNOWN["mid"]: {"ok": 1, "data": KNOWN}, GONE: {"ok": 0, "errno": "20101", "msg": "该微博不存在"}}
        return reply_json(known[asked.query["id"]]) if asked.query["id"] in known else Reply(b"<html>", 500)
    if case == "walled" or rest != "comments/hotflow":
        return reply_json({"ok": -100, "url": "https://passport.weibo.com/sso/signin"})
    found = COMMENTS.get((asked.query["id"], asked.query.get("max_id", "")))
    return reply_json({"ok": 1, "data": found}) if found else Reply(b"nonsense")


HTML = {
    "html": [
        search_page(posts(20, 0, 9), pages=3),
        search_page(posts(20, 5, 14), pages=3),
        search_page(posts(20, 15, 19), pages=3),
    ],
    "html_limit": [search_page(posts(21, 10 * n, 10 * n + 9), pages=50) for n in range(9)],
    "html_gap": [search_page(posts(22, 10 * n, 10 * n + 9), pages=9) for n in range(9)],
    "html_cut": [search_page(posts(23, 0, 9), pages=9), *[search_page(None)] * 9],
    "html_none": [search_page(None)],
    "html_wall": [Reply("<html><title>Sina Visitor System</title></html>")],
    "html_changed": [Reply("<html><div class='results'>x</div></html>")],
}


def listed(statuses: list[Any], **more: Any) -> dict[str, Any]:
    return {"result": {"statuses": statuses, **more}}


CLI = {
    "cli": [
        listed(posts(30, 0, 19), total_number=763),
        listed([], total_number=763),
        listed(posts(30, 15, 34), total_number=763),
        listed(posts(30, 30, 34), total_number=763),
        *[listed([], total_number=763)] * 9,
    ],
    "cli_cut": [listed(posts(35, 0, 19), total_number=763), *[listed([], total_number=763)] * 9],
    "cli_budget": [listed(posts(31, 20 * n, 20 * n + 19), total_number=900) for n in range(9)],
    "cli_gap": [listed(posts(33, 20 * n, 20 * n + 19), total_number=900) for n in range(9)],
    "cli_gap_poor": [listed(posts(34, 20 * n, 20 * n + 19), total_number=900) for n in range(9)],
    "cli_count": [{"error": {"code": "COUNT_EXCEEDS_MAX"}}],
    "cli_plan": [reply_json({"error": {"code": "SERVICE_REQUIRED"}}, status=402)],
    "cli_often": [Reply('{"error":{"code":"TOO_MANY_REQUESTS"}}', 429, headers={"Retry-After": "120"})],
    "cli_broken": [Reply(b"", 502)],
    "cli_two": [listed(posts(32, 0, 19), total_number=40), listed(posts(32, 20, 39), total_number=40), listed([])],
}
PRICE = {"command": {"price_type": "per_record", "unit_price": "0.004", "currency": "CNY"}}


def answer(asked: Asked) -> Reply:
    case, _, rest = asked.path[1:].partition("/")
    if rest == "realtime":
        found = HTML[case][int(asked.query["page"]) - 1]
        return found if isinstance(found, Reply) else Reply(found, type="text/html; charset=utf-8")
    if rest == "cli/invoke" and asked.method == "POST":
        body = CLI[case][int(json.loads(asked.body)["args"]["page"]) - 1]
        return body if isinstance(body, Reply) else reply_json(body)
    if rest.startswith("cli/commands/"):
        return NOT_FOUND if case == "cli_two" else reply_json(PRICE)
    return mobile(asked, rest, case) if case in MOBILE else NOT_FOUND


MOBILE: dict[str, dict[str, Any]] = {
    "comments": {"options": {"comments": 3}, "brands": (BRAND, RIVAL)},
    "first_pages": {"options": {"comments": 1}},
    "no_comments": {"options": {}},
    "walled": {"options": {"comments": 1}},
    "revisits": {"revisit": (KNOWN["mid"], GONE, "404", "answer:7")},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "html_limit": {"max_pages": 2},
    "html_gap": {"max_pages": 1},
    "cli": {"max_pages": 20},
    "cli_budget": {"daily_records": 50},
    "cli_gap": {"max_pages": 1},
    "cli_gap_poor": {"max_pages": 1, "daily_records": 50},
}
# Posts are a minute apart: the window ends after one page, the gap reaches back over two more pages of HTML.
GAP = Gap(id=7, query=TWO[0], since=NOW - 25 * MINUTE, until=NOW - 5 * MINUTE)
GAPS = {"html_gap": 3, "cli_gap": 9, "cli_gap_poor": 9}  # pages they may take


@dataclass(frozen=True)
class Ran:
    results: dict[str, Result]
    asked: list[Asked]
    stored: list[Mention]
    spent: dict[str, Spending]

    def of(self, case: str) -> list[Mention]:
        return [m for m in self.stored if m.source == case]

    def to(self, case: str, rest: str) -> list[Asked]:
        return [a for a in self.asked if a.path == f"/{case}/{rest}"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> Ran:
    """Each case has its own database: posts of one are not to be known to another."""
    folder = tmp_path_factory.mktemp("weibo")
    specs = [make_spec(source=case, **more) for case, more in MOBILE.items()]
    specs += [make_spec("weibo_html", source=case, options=OPTIONS.get(case, {}), credential="SUB=a") for case in HTML]
    specs += [make_spec("weibo_cli", source=case, options=OPTIONS.get(case, {}), credential="wb_x") for case in CLI]
    specs = [replace(s, queries=TWO, brands=(BRAND, RIVAL)) if s.source == "cli_two" else s for s in specs]
    specs = [replace(s, gaps=(GAP,), gap_pages=GAPS[s.source]) if s.source in GAPS else s for s in specs]
    for spec in specs:
        (folder / f"{spec.source}.db").write_bytes(sqlite_migrated.read_bytes())
    with serve(answer) as site:
        placed = [
            replace(s, base_url=f"{site.url}/{s.source}", database_url=f"sqlite:///{folder / s.source}.db")
            for s in specs
        ]
        results = crawl_all(placed)
        asked = list(site.asked)
    stored: list[Mention] = []
    spent: dict[str, Spending] = {}
    for spec in specs:
        db = Database(f"sqlite:///{folder / spec.source}.db")
        with db.read() as s:
            stored += [m.mention for m in mentions.by_ids(s, range(1, mentions.count(s) + 1))]
            spent[spec.source] = spending.today(s, spec.source, NOW)
        db.close()
    return Ran({spec.source: result for spec, result in zip(specs, results, strict=True)}, asked, stored, spent)


# --- comments and known posts


def test_comments_count_for_the_brand_of_their_post(ran):
    assert ran.results["comments"].status is RunStatus.OK, ran.results["comments"]
    told_ = {m.text: m for m in ran.of("comments") if m.kind == "comment"}
    assert set(told_) == {"修了三次", "不如山雀", "同感"}, "and one that is a picture only is no reason to fail"
    assert {m.parent for m in told_.values()} == {BUSY["mid"]}
    assert set(told_["修了三次"].brands) == {"云雀"}, "which it does not name itself"
    assert set(told_["不如山雀"].brands) == {"云雀", "山雀"}


def test_the_posts_with_most_comments_come_first_and_the_budget_is_kept(ran):
    asked = [
        (a.query["id"], a.query.get("max_id"), a.query["max_id_type"]) for a in ran.to("comments", "comments/hotflow")
    ]
    assert asked == [(BUSY["mid"], None, "0"), (CLOSED["mid"], None, "0"), (BUSY["mid"], "12", "1")]
    assert ran.results["comments"].stats["comments/lost_layout_changed"] == 1, (
        "what is not understood costs only itself"
    )
    assert len(ran.to("first_pages", "comments/hotflow")) == 1
    assert not ran.to("no_comments", "comments/hotflow"), "off unless asked for"


def test_a_refusal_on_a_page_of_comments_ends_the_run_and_keeps_the_posts(ran):
    result = ran.results["walled"]
    assert (result.status, result.reason, result.stored) == (RunStatus.REFUSED, "login_required", 3)


def test_known_posts_are_looked_at_again(ran):
    result = ran.results["revisits"]
    assert result.status is RunStatus.OK, result
    assert [a.query["id"] for a in ran.to("revisits", "statuses/show")][:2] == [KNOWN["mid"], GONE]
    assert (result.stats["revisit/seen"], result.stats["deleted"]) == (1, 1)
    assert result.stats["revisit/lost_unreachable"] == 1, "one lost answer costs only itself"


# --- the HTML search


@pytest.mark.parametrize(
    ("case", "found", "pages", "covered"),
    [("html", 20, 3, None), ("html_limit", 20, 2, NOW - 19 * MINUTE), ("html_none", 0, 1, None)],
)
def test_html_pages(ran, case, found, pages, covered):
    result = ran.results[case]
    assert (result.status, result.found, result.stored) == (RunStatus.OK, found, found), result
    assert len(ran.to(case, "realtime")) == pages
    assert result.covered_since == covered
    assert all(a.headers["cookie"] == "SUB=a" for a in ran.to(case, "realtime"))


@pytest.mark.parametrize(("case", "cut"), [("html", None), ("html_cut", 1), ("cli", None), ("cli_cut", 1)])
def test_an_announced_second_page_that_never_comes_is_counted(ran, case, cut):
    assert ran.results[case].status is RunStatus.OK
    assert ran.results[case].stats.get("search/first_page_only") == cut


def test_html_says_what_json_says(ran):
    [first, *_] = sorted(ran.of("html"), key=lambda m: m.published_at, reverse=True)
    assert (first.native_id, first.url) == (mid_of(NOW, 20_000), f"https://m.weibo.cn/detail/{mid_of(NOW, 20_000)}")
    assert (first.text, first.reposts, first.comments, first.likes) == ("云雀的车又坏了", 0, 2, 12)


@pytest.mark.parametrize(
    ("case", "status", "reason"),
    [
        ("html_wall", RunStatus.REFUSED, "cookie_expired"),
        ("html_changed", RunStatus.FAILED, "layout_changed"),
    ],
)
def test_html_refusals(ran, case, status, reason):
    assert (ran.results[case].status, ran.results[case].reason) == (status, reason)


@pytest.mark.parametrize(
    ("case", "read_to", "records"),
    [
        ("html_gap", GAP.since, None),
        ("cli_gap", GAP.since, 80),
        ("cli_gap_poor", NOW - 19 * MINUTE, 40),
    ],
)
def test_gaps_are_filled_as_far_as_pages_and_budget_go(ran, case, read_to, records):
    result = ran.results[case]
    assert result.status is RunStatus.OK, "that a budget is used up then is no reason to fail"
    [filling] = result.filled
    assert (filling.gap, filling.read_to) == (7, read_to)
    if records:
        assert ran.spent[case].records == records


# --- the gateway


def test_the_gateways_loose_paging_loses_and_doubles_nothing(ran):
    result = ran.results["cli"]
    assert (result.status, result.found, result.stored) == (RunStatus.OK, 35, 35), result
    pages = [json.loads(a.body)["args"]["page"] for a in ran.to("cli", "cli/invoke")]
    assert pages == ["1", "2", "3", "4", "5", "6"], "an empty page is passed over; three without news end it"
    assert result.covered_since == NOW - 34 * MINUTE, "763 were promised: what was not seen is not called seen"


def test_what_the_gateway_is_asked(ran):
    [first, *_] = ran.to("cli", "cli/invoke")
    assert json.loads(first.body) == {
        "group": "search",
        "action": "statuses/limited",
        "args": {"q": "云雀", "type": "1", "sort": "time", "count": "20", "page": "1"},
    }
    assert first.headers["authorization"] == "Bearer wb_x" and first.headers["content-type"] == "application/json"
    assert not ran.to("cli", "robots.txt"), "an official API's contract says what may be asked"


def test_records_are_booked_with_what_they_cost(ran):
    spent = ran.spent["cli"]
    assert (spent.records, spent.cost, spent.price, spent.currency) == (45, Decimal("0.18"), Decimal("0.004"), "CNY")
    assert ran.results["cli"].stats["budget/records"] == 45


def test_a_budget_that_is_used_up_ends_the_run_with_its_numbers(ran):
    result = ran.results["cli_budget"]
    assert (result.status, result.reason, result.stored) == (RunStatus.REFUSED, "budget_used_up", 40)
    assert "40 of 50" in result.detail and "daily_records" in result.detail
    assert ran.spent["cli_budget"].records == 40 and len(ran.to("cli_budget", "cli/invoke")) == 2


@pytest.mark.parametrize(
    ("case", "status", "reason", "left"),
    [
        ("cli_count", RunStatus.REFUSED, "count_exceeds_max", 0),
        ("cli_plan", RunStatus.REFUSED, "plan_required", 0),
        ("cli_often", RunStatus.REFUSED, "too_many_requests", 0),
        ("cli_broken", RunStatus.FAILED, "unreachable", 20),
    ],
)
def test_a_refusal_costs_nothing_and_a_lost_answer_may_have(ran, case, status, reason, left):
    result = ran.results[case]
    assert (result.status, result.reason) == (status, reason), result
    assert ran.spent[case].records == left
    assert len(ran.to(case, "cli/invoke")) == 1, "never tried again by itself"


def test_retry_after_is_told(ran):
    assert "Retry-After 120" in ran.results["cli_often"].detail


def test_every_search_has_its_first_page_before_any_has_its_second(ran):
    result = ran.results["cli_two"]
    assert result.status is RunStatus.OK, result
    asked = [json.loads(a.body)["args"] for a in ran.to("cli_two", "cli/invoke")]
    assert [(a["q"], a["page"]) for a in asked] == [(q, page) for page in "123" for q in ("云雀", "山雀")]
    assert ran.spent["cli_two"].cost is None and result.stats["price/unknown"] == 1, "no price, but records are counted"
    assert ran.spent["cli_two"].records == 80
    assert {m.brands for m in ran.of("cli_two")} == {("云雀", "山雀")}


def test_a_crawl_that_is_killed_has_what_it_asked_for_booked(tmp_path: Path, sqlite_migrated: Path) -> None:
    path = tmp_path / "killed.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    asked = threading.Event()

    def slow(request: Asked) -> Reply:
        if request.method != "POST":
            return reply_json(PRICE)
        asked.set()
        return reply_json(listed(posts(40, 0, 19)), delay=5)

    with serve(slow) as site:
        spec = make_spec("weibo_cli", source="weibo", credential="wb_x", base_url=site.url)
        spec = replace(spec, database_url=f"sqlite:///{path}")
        child = subprocess.Popen([sys.executable, "-m", "crawler.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None
        child.stdin.write(spec.to_json().encode() + b"\n")
        child.stdin.flush()
        assert asked.wait(30)
        child.kill()
        child.communicate()
    db = Database(f"sqlite:///{path}")
    with db.read() as s:
        assert spending.today(s, "weibo", NOW).records == 20
    db.close()
