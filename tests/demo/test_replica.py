"""What the replica shows and when, and how it misbehaves on request."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from demo.replica.app import SECRET, Replica
from demo.replica.faults import Fault
from demo.replica.posts import MID_EPOCH, Author, Post, StoryClock, World, bid_of, mid_at
from demo.replica.weibo_bodies import as_html, spelled
from demo.replica.weibo_cli import TOKEN
from demo.replica.weibo_html import spelled_here

NOW = datetime(2026, 11, 12, 4, 30, tzinfo=UTC)  # 12:30 in Shanghai
AUTHOR = Author(uid=1, name="示例用户1", followers=5)


def post(minutes_ago: int, platform: str = "weibo") -> Post:
    at = NOW - timedelta(minutes=minutes_ago)
    return Post(platform=platform, id=mid_at(at, 0), at=at, text="云麂的茶", title="云麂", author=AUTHOR)


@pytest.fixture
def replica() -> Iterator[Replica]:
    posts = [post(n, p) for n in range(-10, 35) for p in ("weibo", "zhihu", "news")]
    with Replica(World(posts, StoryClock(NOW))) as running:
        yield running


def ask(replica: Replica, target: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", int(replica.url.rpartition(":")[2]), timeout=5)
    try:
        connection.request("GET", target, headers=headers)
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
    finally:
        connection.close()


def search(page: int = 1, words: str = "云麂") -> str:
    inner = quote(f"100103type=61&q={words}&t=0", safe="")
    return f"/api/container/getIndex?containerid={inner}&page_type=searchall&page={page}"


def ids(body: bytes) -> list[str]:
    return re.findall(r'"mid": "(\d+)"', body.decode())


@pytest.mark.parametrize(
    ("mid", "bid"),
    [
        (4383183661430868, "HyTZc60ew"),  # both as recorded in 2019
        (4383411844046171, "HyZVegYAP"),
    ],
)
def test_an_id_has_the_name_the_site_gave_it(mid: int, bid: str) -> None:
    assert bid_of(mid) == bid


def test_an_id_holds_its_time() -> None:
    assert (mid_at(NOW, 77) >> 22) + MID_EPOCH == NOW.timestamp()


@pytest.mark.parametrize(
    ("why", "ago", "want"),
    [
        ("seconds", timedelta(seconds=20), "刚刚"),
        ("minutes", timedelta(minutes=5), "5分钟前"),
        ("the same day", timedelta(hours=3), "3小时前"),
        ("yesterday in Shanghai, though less than a day ago", timedelta(hours=13), "昨天 23:30"),
        ("this year", timedelta(days=100), "08-04"),
        ("another year", timedelta(days=400), "2025-10-08"),
    ],
)
def test_spellings_of_time(why: str, ago: timedelta, want: str) -> None:
    assert spelled(NOW - ago, now=NOW, relative=True) == want, why
    assert spelled(NOW, now=NOW, relative=False) == "Thu Nov 12 12:30:00 +0800 2026"


def test_markup_is_the_sites() -> None:
    made = as_html("1<2 & [doge]#茶#@某某\n完")
    assert made.startswith('1&lt;2 &amp; <span class="url-icon"><img alt=[doge] ')
    assert '<span class="surl-text">#茶#</span></a>' in made
    assert made.endswith("<a href='/n/某某'>@某某</a><br />完")


def test_the_clock_decides_what_is_out(replica: Replica) -> None:
    _, _, before = ask(replica, search())
    replica.clock.move_to(NOW + timedelta(minutes=3))
    _, _, after = ask(replica, search())
    assert [int(i) for i in ids(before)] == [post(n).id for n in range(0, 10)], "newest first, nothing from the future"
    assert [int(i) for i in ids(after)] == [post(n).id for n in range(-3, 7)]
    status, _, early = ask(replica, f"/statuses/extend?id={post(-9).id}")
    assert status == 200 and json.loads(early)["errno"] == "20101", "not yet written"


def test_pages_end(replica: Replica) -> None:
    bodies = [json.loads(ask(replica, search(n))[2]) for n in (1, 4, 5)]
    assert [b["ok"] for b in bodies] == [1, 1, 0]
    assert bodies[0]["data"]["cardlistInfo"]["page"] == 2
    assert "page" not in bodies[1]["data"]["cardlistInfo"]
    assert json.loads(ask(replica, search(words="没人说过"))[2])["data"]["cardlistInfo"]["total"] == 0


def test_a_search_admits_to_so_many_posts() -> None:
    with Replica(World([post(n) for n in range(50)], StoryClock(NOW)), most=20) as replica:
        info = [json.loads(ask(replica, search(n))[2])["data"]["cardlistInfo"] for n in (1, 2)]
    assert [i["total"] for i in info] == [20, 20] and "page" not in info[1]


@pytest.mark.parametrize(
    ("fault", "status", "sign"),
    [
        (Fault.TOO_MANY, 429, b"Too Many"),
        (Fault.ANTI_CRAWL, 432, b""),
        (Fault.TEAPOT, 418, b""),
        (Fault.FORBIDDEN, 403, b"Forbidden"),
        (Fault.SERVER_ERROR, 503, b""),
        (Fault.NOT_LOGGED_IN, 200, b'"ok": -100'),
        (Fault.LOGIN_REDIRECT, 302, b""),
        (Fault.CAPTCHA_REDIRECT, 302, b""),
        (Fault.CAPTCHA_PAGE, 200, "请完成安全验证".encode()),
        (Fault.NOTHING_HERE, 200, b'"ok": 0'),
        (Fault.EMPTY_PAGE, 200, b'"page": 3'),
        (Fault.BLANK, 200, b""),
    ],
)
def test_refusals(replica: Replica, fault: Fault, status: int, sign: bytes) -> None:
    replica.faults.order("weibo", fault, page=2, times=1)
    assert len(ids(ask(replica, search(1))[2])) == 10, "only the asked page is ill"
    got, headers, body = ask(replica, search(2))
    assert (got, sign in body, ids(body)) == (status, True, [])
    assert (headers.get("retry-after") == "120") is (fault is Fault.TOO_MANY)
    assert ("passport.weibo.com" in headers.get("location", "")) is (status == 302)
    assert len(ids(ask(replica, search(2))[2])) == 10, "and only as often as asked"


def test_accidents_of_the_body(replica: Replica) -> None:
    usual = ask(replica, search(2))[2]
    replica.faults.order("weibo", Fault.TRUNCATED)
    assert ask(replica, search(2))[2] == usual[: len(usual) // 2]
    replica.faults.order("weibo", Fault.OVERLAP)
    assert ids(ask(replica, search(2))[2])[:3] == ids(ask(replica, search(1))[2])[-3:]
    replica.faults.slow = 0.05
    replica.faults.order("weibo", Fault.SLOW)
    assert ask(replica, search(2))[2] == usual
    replica.faults.order("weibo", Fault.HANG_UP)
    with pytest.raises(http.client.IncompleteRead):
        ask(replica, search(2))
    replica.faults.clear()
    assert ask(replica, search(2))[2] == usual


def test_zhihu_wants_its_bearer_and_answers_in_its_envelope(replica: Replica) -> None:
    target = f"/api/v1/content/zhihu_search?Query={quote('云麂')}&Count=10"
    good = {"Authorization": f"Bearer {SECRET}", "X-Request-Timestamp": "1"}
    cases = [
        ("no credential", target, {}, None, 20001),
        ("no timestamp", target, {"Authorization": f"Bearer {SECRET}"}, None, 10001),
        ("eleven items", target.replace("10", "11"), good, None, 10001),
        ("too fast", target, good, Fault.RATE, 30001),
        ("used up", target, good, Fault.QUOTA, 30002),
        ("risk control", target, good, Fault.RISK, 30003),
    ]
    for why, address, headers, fault, code in cases:
        if fault is not None:
            replica.faults.order("zhihu", fault)
        assert json.loads(ask(replica, address, **headers)[2])["Code"] == code, why
    replica.faults.clear()
    assert len(json.loads(ask(replica, target, **good)[2])["Data"]["Items"]) == 10


def test_feeds_in_three_formats(replica: Replica) -> None:
    query = f"?q={quote('云麂')}&limit=5"
    assert ask(replica, f"/feed/news.rss{query}")[2].count(b"<item>") == 5
    assert ask(replica, f"/feed/news.atom{query}")[2].count(b"<entry>") == 5
    assert len(json.loads(ask(replica, f"/feed/news.json{query}")[2])["items"]) == 5
    assert ask(replica, f"/feed/news.gopher{query}")[0] == 404
    assert ask(replica, f"/weibo/keyword/{quote('云麂')}")[2].count(b"<item>") == 10


def test_robots(replica: Replica) -> None:
    assert b"Disallow" not in ask(replica, "/robots.txt")[2]
    replica.faults.robots_deny = True
    assert b"Disallow: /" in ask(replica, "/robots.txt")[2]


def test_one_connection_serves_many_requests(replica: Replica) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(replica.url.rpartition(":")[2]), timeout=5)
    for n in (1, 2, 3):
        connection.request("GET", search(n))
        assert len(ids(connection.getresponse().read())) == 10
    connection.close()


def gateway(replica: Replica, *, page: int = 1, token: str = TOKEN, **more: object) -> tuple[int, dict[str, str], Any]:
    args = {"q": "云麂", "type": "1", "count": 20, "page": page, "sort": "time"} | more
    body = json.dumps({"group": "search", "action": "statuses/limited", "args": args})
    connection = http.client.HTTPConnection("127.0.0.1", int(replica.url.rpartition(":")[2]), timeout=5)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/cli/api/cli/invoke", body=body, headers=headers)
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, json.loads(reply.read() or b"null")
    finally:
        connection.close()


def statuses(answer: Any) -> list[int]:
    return [status["id"] for status in answer["result"]["statuses"]]


def test_the_gateway_pages_and_takes_text_or_numbers(replica: Replica) -> None:
    want = [post(n).id for n in range(35)]
    first, second = gateway(replica)[2], gateway(replica, page=2, count="20")[2]
    assert statuses(first) + statuses(second) == want and first["result"]["total_number"] == 35
    replica.faults.order("weibo_cli", Fault.OVERLAP)
    assert statuses(gateway(replica, page=2)[2])[:5] == want[15:20]
    replica.faults.order("weibo_cli", Fault.EMPTY_PAGE, page=1)
    assert gateway(replica)[2]["result"] == {"statuses": [], "total_number": 35}


@pytest.mark.parametrize(
    ("why", "more", "fault", "status", "code"),
    [
        ("no such token", {"token": "x"}, None, 401, "UNAUTHORIZED"),
        ("more than the gateway takes", {"count": 50}, None, 400, "COUNT_EXCEEDS_MAX"),
        ("fewer than it takes", {"count": 5}, None, 400, "INVALID_ARGUMENT"),
        ("no type", {"type": ""}, None, 400, "INVALID_ARGUMENT"),
        ("no plan", {}, Fault.SERVICE_REQUIRED, 402, "SERVICE_REQUIRED"),
        ("too often", {}, Fault.GATEWAY_TOO_MANY, 429, "TOO_MANY_REQUESTS"),
        ("the count again", {}, Fault.COUNT_EXCEEDS_MAX, 400, "COUNT_EXCEEDS_MAX"),
    ],
)
def test_refusals_of_the_gateway(
    replica: Replica, why: str, more: dict[str, Any], fault: Fault | None, status: int, code: str
) -> None:
    if fault is not None:
        replica.faults.order("weibo_cli", fault)
    got, headers, body = gateway(replica, **more)
    assert (got, body) == (status, {"error": {"code": code}}), why
    assert (headers.get("retry-after") == "120") is (status == 429)


def test_what_the_gateway_tells_of_itself(replica: Replica) -> None:
    known = {"Authorization": f"Bearer {TOKEN}"}
    assert json.loads(ask(replica, "/cli/api/cli/whoami", **known)[2])["uid"]
    [command] = json.loads(ask(replica, "/cli/api/cli/commands?group=search", **known)[2])["commands"]
    told = json.loads(ask(replica, "/cli/api/cli/commands/search/statuses%2Flimited", **known)[2])["command"]
    assert told == command and (told["price_type"], told["unit_price"]) == ("per_record", "0.004")
    assert ask(replica, "/cli/api/cli/whoami")[0] == 401
    assert ask(replica, "/cli/api/cli/commands/search/other", **known)[0] == 404
    assert ask(replica, "/cli/api/cli/invoke", **known)[0] == 405, "which is to be posted to"


def test_a_posted_body_has_an_end(replica: Replica) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        gateway(replica, q="云" * 40_000)
    assert gateway(replica)[0] == 200


@pytest.mark.parametrize(
    ("why", "ago", "want"),
    [
        ("minutes", timedelta(minutes=5), "5分钟前"),
        ("the same day", timedelta(hours=3), "今天09:30"),
        ("this year", timedelta(days=100), "08月04日 12:30"),
        ("another year", timedelta(days=400), "2025年10月08日 12:30"),
    ],
)
def test_spellings_of_time_on_the_search_page(why: str, ago: timedelta, want: str) -> None:
    assert spelled_here(NOW - ago, now=NOW) == want, why


def cards(body: bytes) -> list[int]:
    return [int(mid) for mid in re.findall(r'<div class="card-wrap"[^>]* mid="(\d+)"', body.decode())]


def test_the_search_page(replica: Replica) -> None:
    address = f"/realtime?q={quote('云麂')}&rd=realtime&page="
    found = [cards(ask(replica, address + str(n))[2]) for n in (1, 2, 3, 4)]
    assert [mid for page in found for mid in page] == [post(n).id for n in range(35)]
    assert b'class="next"' in ask(replica, address + "3")[2] and b'class="next"' not in ask(replica, address + "4")[2]
    assert b"card-no-result" in ask(replica, f"/weibo?q={quote('没人说过')}")[2]
    replica.faults.order("weibo_html", Fault.EMPTY_PAGE, page=2)
    assert b"card-no-result" in ask(replica, address + "2")[2]
    replica.faults.order("weibo_html", Fault.OVERLAP)
    assert cards(ask(replica, address + "2")[2])[:3] == found[0][-3:]
    replica.faults.order("weibo_html", Fault.LAYOUT_CHANGED)
    assert b"card" not in ask(replica, address + "1")[2]


def test_a_deleted_post_is_nowhere_any_more(replica: Replica) -> None:
    gone = post(3).id
    assert str(gone) in ids(ask(replica, search())[2])
    replica.world.delete("weibo", gone)
    assert str(gone) not in ids(ask(replica, search())[2]), "though the clock stands still"
    assert gone not in cards(ask(replica, f"/realtime?q={quote('云麂')}")[2]) and gone not in statuses(
        gateway(replica)[2]
    )
    for address in ("statuses/show?id=", "statuses/extend?id=", "comments/hotflow?id="):
        assert json.loads(ask(replica, f"/{address}{gone}")[2])["errno"] == "20101"


def test_comments_grow_with_time_and_have_an_end() -> None:
    at = NOW - timedelta(minutes=30)
    busy = Post(platform="weibo", id=mid_at(at, 0), at=at, text="云麂", author=AUTHOR, comments=500)
    with Replica(World([busy], StoryClock(NOW))) as replica:
        first = json.loads(ask(replica, f"/comments/hotflow?id={busy.id}")[2])["data"]
        rest = json.loads(ask(replica, f"/comments/hotflow?id={busy.id}&max_id={first['max_id']}")[2])["data"]
        assert (len(first["data"]), len(rest["data"]), rest["max_id"]) == (20, 10, 0)
        replica.clock.move_to(NOW + timedelta(hours=9))
        later = json.loads(ask(replica, f"/comments/hotflow?id={busy.id}&max_id=40")[2])["data"]
        assert len(later["data"]) == 20 and later["max_id"] == 0
        replica.faults.order("weibo_comments", Fault.NOT_LOGGED_IN)
        assert json.loads(ask(replica, f"/comments/hotflow?id={busy.id}")[2])["ok"] == -100
