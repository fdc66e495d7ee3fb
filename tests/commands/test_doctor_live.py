"""`tingfeng doctor --live`: the first contact with each source, through its spider, storing nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import unquote

import pytest

from commands import doctor
from crawler.outcome import Result
from store import mentions, runs
from tests.support import hot_bodies
from tests.support.web import Asked, Reply, reply_json, serve
from tests.support.weibo_pages import page, post
from tingfeng.model import RunStatus

CONFIG = """\
[[brands]]
name = "云雀"

[[sources]]
name = "{kind}"
kind = "{kind}"
base_url = "{url}"
credential = "mine"
options = {{ delay = 0, throttle = false{options} }}
"""


@pytest.fixture(autouse=True)
def only_sources(monkeypatch):
    monkeypatch.setattr(doctor, "installation", lambda: iter(()))
    monkeypatch.setattr(doctor, "_scorer", lambda config: "")
    monkeypatch.setenv("TINGFENG_CREDENTIAL_MINE", "SUB=abcdef")


def contact(call, desk, url: str, kind: str = "weibo_mobile", options: str = "") -> tuple[str, str]:
    (desk / "tingfeng.toml").write_text(CONFIG.format(url=url, kind=kind, options=options), "utf-8")
    found = {f["check"]: f for f in json.loads(call("doctor", "--live", "--json").stdout)}
    line = found[f"source {kind}"]
    return line["state"], line["detail"]


def asked_paths(site) -> list[str]:
    return [asked.path for asked in site.asked]


def search(reply: Reply, robots: Reply | None = None):
    return lambda a: reply if "getIndex" in a.path else robots or Reply(b"", 404)


def test_weibo_is_asked_for_one_page_and_nothing_is_stored(call, desk, desk_db):
    now = datetime.now(UTC)
    first = [post(now - timedelta(minutes=5 + n), n=n, isLongText=n == 0) for n in range(10)]
    with serve(search(reply_json(page(first, total=500, next_page=2)))) as site:
        state, said = contact(call, desk, site.url)
        assert asked_paths(site) == ["/robots.txt", "/api/container/getIndex"]
    assert state == "ok", said
    for words in (
        "reached 已连通",
        "10 posts",
        "newest 5m ago",
        "最新 5m 前",
        "your cookie is sent",
        "robots.txt: allows",
    ):
        assert words in said
    assert "SUB=" not in said
    with desk_db.read() as s:
        assert mentions.count(s) == 0 and runs.recent(s, limit=9) == []


SLOW = format_datetime(datetime.now(UTC) - timedelta(minutes=20))


@pytest.mark.parametrize(
    ("why", "reply", "robots", "state", "says"),
    [
        ("dead credential", Reply(b"", 302, headers={"Location": "https://passport.weibo.com/sso"}), None, "fail",
         ("refused 被拒: cookie_expired", "更新对应的 TINGFENG_CREDENTIAL")),
        ("robots.txt", Reply(), Reply("User-agent: *\nDisallow: /", type="text/plain"), "fail",
         ("robots_denied", "robots_override_reason")),
        ("another layout", reply_json({"ok": 1, "data": {"list": []}}), None, "fail",
         ("failed 失败: layout_changed", "升级听风")),
        ("come back later", Reply(b"", 429, headers={"Retry-After": "600"}), None, "fail",
         ("too_many_requests", "come back after", "限流")),
        ("nothing found", reply_json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}), None, "warn",
         ("check the queries", "请检查查询词")),
        ("another clock", reply_json(page([post(datetime.now(UTC))]),
                                     headers={"Date": SLOW}), None, "warn",
         ("its clock differs from yours by", "请校时")),
    ],
)  # fmt: skip
def test_bad_news_has_a_name_and_says_what_to_do(call, desk, why, reply, robots, state, says):
    with serve(search(reply, robots)) as site:
        found, said = contact(call, desk, site.url)
    assert found == state, said
    assert all(words in said for words in says), said


def test_nobody_there(call, desk):
    state, said = contact(call, desk, "http://127.0.0.1:9")
    assert state == "fail" and "unreachable" in said and "连不上平台" in said


def zhihu(quota: Reply):
    def answer(asked: Asked) -> Reply:
        if asked.path == "/api/v1/quota":
            return quota
        edited = int(datetime.now(UTC).timestamp()) - 3_600
        item = {"ContentID": 1, "ContentType": "Answer", "Title": "云雀", "ContentText": "云雀", "EditTime": edited}
        return reply_json({"Code": 0, "Data": {"Items": [item]}})

    return answer


@pytest.mark.parametrize(
    ("why", "quota", "state", "says", "asked"),
    [
        ("told", reply_json({"Code": 0, "Data": {"Items": [{"APIID": "zhihu_search", "RemainingQuota": 4998}]}}), "ok",
         ("4998", "1 posts", "an official API"), 2),
        ("moved", Reply(b"", 404), "ok", ("not told", "1 posts"), 2),
        ("a dead secret", reply_json({"Code": 20001, "Message": "no"}, status=401), "fail",
         ("unauthorized", "20001"), 1),
    ],
)  # fmt: skip
def test_zhihu_tells_its_quota_before_it_is_searched(call, desk, why, quota, state, says, asked):
    with serve(zhihu(quota)) as site:
        found, said = contact(call, desk, site.url, kind="zhihu_open")
        assert len(site.asked) == asked and site.asked[0].path == "/api/v1/quota"
    assert found == state and all(words in said for words in says), said


def gateway(**instead: Reply):
    """The paid gateway; `instead`: other answers, by the last word of the path."""
    price = {"command": {"price_type": "per_record", "unit_price": "0.004", "currency": "CNY"}}
    usual = {
        "whoami": reply_json({"screen_name": "示例用户0", "service_status": "trial_active"}),
        "limited": reply_json(price),
        "invoke": reply_json({"result": {"statuses": [post(datetime.now(UTC), n=n) for n in range(10)]}}),
    }
    return lambda asked: (usual | instead)[unquote(asked.path).rpartition("/")[2]]


@pytest.mark.parametrize(
    ("why", "instead", "state", "says", "asked"),
    [
        ("well", {}, "ok", ("10 posts", "account 账号: 示例用户0, trial_active", "10 records, 0.004 CNY each",
                            "not booked", "an official API"), ["whoami", "limited", "invoke"]),
        ("no price", {"limited": Reply(b"", 404)}, "ok", ("10 records, price not told",),
         ["whoami", "limited", "invoke"]),
        ("moved", {"whoami": Reply(b"", 404)}, "ok", ("not told", "10 posts"), ["whoami", "limited", "invoke"]),
        ("a dead token", {"whoami": reply_json({"error": {"code": "UNAUTHORIZED"}}, status=401)}, "fail",
         ("unauthorized",), ["whoami"]),
        ("no plan", {"invoke": reply_json({"error": {"code": "SERVICE_REQUIRED"}}, status=402)}, "fail",
         ("plan_required", "示例用户0"), ["whoami", "limited", "invoke"]),
    ],
)  # fmt: skip
def test_the_gateway_is_asked_who_we_are_and_for_ten_records(call, desk, why, instead, state, says, asked):
    with serve(gateway(**instead)) as site:
        found, said = contact(call, desk, site.url, kind="weibo_cli", options=", daily_records = 20")
        paths = [unquote(a.path).rpartition("/")[2] for a in site.asked]
        bodies = [json.loads(a.body) for a in site.asked if a.body]
    assert (found, paths) == (state, asked), said
    assert all(words in said for words in says), said
    assert all(body["args"]["count"] == "10" for body in bodies), "the smallest search there is"


def lists(asked: Asked) -> Reply:
    if asked.path == "/open/auth/ws_token":
        return reply_json(hot_bodies.token("t-1"))
    bodies = {
        "/open/weibo/hot_search": hot_bodies.official,
        "/api/board": hot_bodies.baidu,
        "/gw/event/hot_ranking_list": hot_bodies.tencent,
    }
    return reply_json(bodies[asked.path]()) if asked.path in bodies else Reply(b"", 404)


@pytest.mark.parametrize(
    ("kind", "options", "state", "says", "asked"),
    [
        ("weibo_hot", ', categories = ["主榜", "文娱榜"]', "ok", ("1 hot lists with", "an official API"), 2),
        ("hot_boards", ', boards = ["baidu", "tencent"]', "ok", ("2 hot lists with", "robots.txt: allows"), 2),
        ("hot_boards", ', boards = ["tieba", "tencent"]', "fail", ("not_found", "tieba"), 2),
    ],
)
def test_hot_lists_have_entries_not_posts(call, desk, monkeypatch, kind, options, state, says, asked):
    monkeypatch.setenv("TINGFENG_CREDENTIAL_MINE", "app:secret")
    with serve(lists) as site:
        found, said = contact(call, desk, site.url, kind=kind, options=options)
        assert len([a for a in site.asked if a.path != "/robots.txt"]) == asked
    assert found == state and all(words in said for words in says), said


def test_a_site_without_a_search_need_not_list_anything_of_yours(call, desk):
    topic = {"id": 1, "title": "闲聊", "content": "今天", "created": int(datetime.now(UTC).timestamp()) - 60}
    with serve(lambda asked: reply_json([topic]) if "topics" in asked.path else Reply(b"", 404)) as site:
        state, said = contact(call, desk, site.url, kind="v2ex")
    assert state == "ok" and "1 topics" in said and "nothing of yours" in said, said


def test_without_live_nobody_is_asked(call, desk):
    with serve(search(Reply())) as site:
        (desk / "tingfeng.toml").write_text(CONFIG.format(url=site.url, kind="weibo_mobile", options=""), "utf-8")
        assert "not asked (use --live)" in call("doctor").stdout
        assert site.asked == []


def test_an_old_first_page_is_a_warning():
    from commands.doctor_live import explained

    now = datetime(2026, 11, 20, tzinfo=UTC)
    findings = {"posts": 3, "newest": (now - timedelta(days=9)).isoformat(), "clock": 2}
    state, said = explained(Result(status=RunStatus.OK, stats={"findings": findings}), now=now)
    assert state == "warn" and "9d" in said
