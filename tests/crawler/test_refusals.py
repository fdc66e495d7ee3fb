"""Every way of not getting an answer has a name, ends the run, and never looks like "nothing found"."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from alerts.advice import CAUSES
from crawler.outcome import Result
from crawler.spec import CrawlSpec
from tests.support.crawls import crawl_all, make_spec
from tests.support.factories import NOW
from tests.support.web import NOT_FOUND, Asked, Reply, reply_json, self_signed, serve
from tests.support.weibo_pages import NOTHING, page, pages, post
from tingfeng.model import RunStatus

OK, REFUSED, FAILED = RunStatus.OK, RunStatus.REFUSED, RunStatus.FAILED


def html(title: str, body: str = "") -> Reply:
    return Reply(f"<!DOCTYPE html><html><title>{title}</title><body>{body}</body></html>", type="text/html")


def moved(to: str) -> Reply:
    return Reply(b"", 302, headers={"Location": to})


def ok(number: int, said: str = "", url: str = "") -> Reply:
    return reply_json({"ok": number, "msg": said, "url": url})


def zhihu(code: int, status: int = 200) -> Reply:
    return reply_json({"Code": code, "Message": "x", "Data": None}, status=status)


def dated(**ahead: float) -> dict[str, str]:
    """Headers of a server whose clock is that far ahead."""
    return {"Date": format_datetime(NOW + timedelta(**ahead), usegmt=True)}


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss><channel>&b;</channel></rss>'
FULL = page([post(NOW - timedelta(minutes=n), n=n) for n in range(10)], total=90, next_page=2)

UNREADABLE = page([post(NOW, created_at="?", n=n) for n in range(10)], total=10)
CUT = Reply("<rss version='2.0'><channel><item><title>a</title></it", type="text/xml")

WEIBO = [  # why, what the site answers, status, reason
    ("no login: ok −100", ok(-100, url="https://passport.weibo.com/login"), REFUSED, "login_required"),
    ("captcha behind ok −100", ok(-100, url="https://passport.weibo.com/verify?x"), REFUSED, "captcha"),
    ("login wall, politely", reply_json({"ok": 0, "message": "前方拥堵，请登录后使用"}), REFUSED, "login_required"),
    ("login wall, said plainly", ok(0, "请先登录"), REFUSED, "login_required"),
    ("captcha in a message", ok(0, "请完成安全验证"), REFUSED, "captcha"),
    ("too fast, in a message", ok(0, "请求过于频繁"), REFUSED, "too_many_requests"),
    ("a no we do not know is still a no", ok(0, "系统维护"), REFUSED, "not_ok"),
    ("no 'ok' at all", reply_json({"data": {"cards": []}}), RunStatus.FAILED, "layout_changed"),
    ("anti-crawl", Reply(b"", 432), REFUSED, "anticrawl"),
    ("teapot", Reply(b"", 418), REFUSED, "teapot"),
    ("forbidden", reply_json({"error": "Forbidden"}, status=403), REFUSED, "forbidden"),
    ("too many requests", Reply(b"", 429, headers={"Retry-After": "60"}), REFUSED, "too_many_requests"),
    ("unauthorized", Reply(b"", 401), REFUSED, "unauthorized"),
    ("payment required", Reply(b"", 402), REFUSED, "payment_required"),
    ("risk control", Reply(b"", 412), REFUSED, "risk_control"),
    ("captcha by status", Reply(b"", 471), REFUSED, "captcha"),
    ("sent to log in", moved("https://passport.weibo.com/sso/signin?entry=x"), REFUSED, "login_required"),
    ("sent to a captcha", moved("https://passport.weibo.com/verify?token=abc"), REFUSED, "captcha"),
    ("sent inside", moved("http://10.0.0.1/latest/meta-data/"), REFUSED, "private_address"),
    ("sent somewhere else", moved("https://elsewhere.example/x"), REFUSED, "redirected"),
    ("visitor page in place of data", html("Sina Visitor System"), REFUSED, "login_required"),
    ("captcha page in place of data", html("x", "请完成安全验证"), REFUSED, "captcha"),
    ("any page in place of data", html("微博", "登录 yidun static.geetest.com"), FAILED, "layout_changed"),
    ("cut JSON", Reply(b'{"ok": 1, "data": {"cards": [{"card_ty'), FAILED, "layout_changed"),
    ("empty body", Reply(b""), FAILED, "layout_changed"),
    ("a list", reply_json([1, 2]), FAILED, "layout_changed"),
    ("no cards", reply_json({"ok": 1, "data": {"cardlistInfo": {}}}), FAILED, "layout_changed"),
    ("nested beyond reason", Reply(b'{"a":' * 100_000), FAILED, "layout_changed"),
    ("hung up in the middle", Reply(b'{"ok": 1', promised=500), FAILED, "layout_changed"),
    ("too large", Reply(b" " * 50_000), FAILED, "too_large"),
    ("too large, as it says itself", Reply(b" ", promised=900_000), FAILED, "too_large"),
    ("trouble on their side, three times", Reply(b"", 503), FAILED, "unreachable"),
    ("too slow, three times", Reply(b"{}", delay=1.2), FAILED, "unreachable"),
    ("moved away", Reply(b"", 404), FAILED, "not_found"),
    ("our fault", Reply(b"", 400), FAILED, "bad_request"),
    ("their clock is three hours ahead", reply_json(NOTHING, headers=dated(hours=3)), FAILED, "clock_skew"),
    ("their clock is a day behind", reply_json(NOTHING, headers=dated(days=-1)), FAILED, "clock_skew"),
    ("out of a cache", reply_json(NOTHING, headers=dated(hours=-3) | {"Age": "10800"}), OK, ""),
    ("a few minutes do not matter", reply_json(NOTHING, headers=dated(minutes=7)), OK, ""),
    ("no time at all", reply_json(NOTHING, headers={"Date": "soon", "Age": "x"}), OK, ""),
    ("posts announced, none there", page([], total=90, next_page=2), FAILED, "layout_changed"),
    ("most posts unreadable", UNREADABLE, FAILED, "layout_changed"),
    ("nothing found is no refusal", NOTHING, OK, ""),
    ("no posts among the cards", {"ok": 1, "data": {"cards": [{"card_type": 58}]}}, OK, ""),
]  # fmt: skip
ZHIHU = [
    ("parameters", zhihu(10001), FAILED, "bad_request"),
    ("secret not accepted", zhihu(20001, 401), REFUSED, "unauthorized"),
    ("too fast", zhihu(30001), REFUSED, "rate_limited"),
    ("quota used up, however it is sent", zhihu(30002, 429), REFUSED, "quota_exhausted"),
    ("risk control", zhihu(30003), REFUSED, "risk_control"),
    ("restricted", zhihu(40362, 403), REFUSED, "risk_control"),
    ("their trouble", zhihu(90001), FAILED, "unreachable"),
    ("a code we do not know", zhihu(77), REFUSED, "code_77"),
    ("no code", reply_json({"Data": {"Items": []}}), FAILED, "layout_changed"),
    ("items under another name", reply_json({"Code": 0, "Data": {"Results": [1]}}), FAILED, "layout_changed"),
    ("no items", reply_json({"Code": 0, "Data": {"Items": "x"}}), FAILED, "layout_changed"),
    ("429 without a code", Reply(b"slow down", 429), REFUSED, "too_many_requests"),
    ("nothing found", reply_json({"Code": 0, "Data": {"Items": None, "EmptyReason": "no"}}), OK, ""),
]
NO_NEWS = Reply("<rss version='2.0'><channel></channel></rss>", type="text/xml")
QUOTA = reply_json({"Code": 0, "Data": {"zhihu_search": {"RemainingQuota": 9}}})
FEED = [
    ("a page in place of the feed", html("资讯", "登录"), FAILED, "layout_changed"),
    ("a captcha in place of the feed", html("百度安全验证"), REFUSED, "captcha"),
    ("an entity bomb", Reply(BOMB, type="text/xml"), FAILED, "layout_changed"),
    ("cut XML", CUT, FAILED, "layout_changed"),
    ("no feed at all", Reply("hello", type="text/plain"), FAILED, "layout_changed"),
    ("empty", Reply("", type="text/xml"), FAILED, "layout_changed"),
    ("JSON, but no JSON Feed", reply_json({"items": []}), FAILED, "layout_changed"),
    ("a publisher's feed without entries", NO_NEWS, FAILED, "empty"),
    ("redirects without end", moved("/feed/loop"), REFUSED, "redirected"),
    ("sent to log in", moved("https://passport.weibo.com/sso/signin"), REFUSED, "login_required"),
    ("sent inside", moved("http://169.254.169.254/latest/"), REFUSED, "private_address"),
]  # fmt: skip
ROBOTS = [
    ("robots.txt forbids", Reply("User-agent: *\nDisallow: /", type="text/plain"), REFUSED, "robots_denied"),
    ("robots.txt forbids us by name", Reply("User-agent: Tingfeng\nDisallow: /api"), REFUSED, "robots_denied"),
    ("robots.txt is refused", Reply(b"", 403), REFUSED, "robots_denied"),
    ("robots.txt cannot be had", Reply(b"", 503), FAILED, "robots_unreachable"),
    ("robots.txt forbids others", Reply("User-agent: Other\nDisallow: /", type="text/plain"), OK, ""),
    ("no robots.txt", Reply(b"", 404), OK, ""),
]
BROKEN = [
    ("a bug in a callback", "Crashes", "crash"),
    ("a bug before the first request", "CannotStart", "crash"),
    ("a search lost on the way", "Forgets", "incomplete"),
    ("a bug in what is stored", "StoresNonsense", "crash"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> dict[str, Result]:
    """One subprocess crawls them all; each has a folder of the site to itself."""
    path = tmp_path_factory.mktemp("refusals") / "t.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    tables = {"weibo": WEIBO, "zhihu": ZHIHU, "feed": FEED}
    table = {f"{kind}{i}": row for kind, rows in tables.items() for i, row in enumerate(rows)}

    def answer(asked: Asked) -> Reply:
        folder, _, rest = asked.path[1:].partition("/")
        if asked.path == "/feed/loop":
            return moved("/feed/loop")
        if asked.path == "/broken/page":
            return Reply(b"fine")
        if rest == "api/v1/quota":
            return QUOTA
        reply = table[folder][1] if rest and folder in table else NOT_FOUND
        return reply if isinstance(reply, Reply) else pages(reply)(asked)

    tls = self_signed(path.parent)
    with serve(answer) as site, serve(answer, tls) as impostor:
        specs = [spec_for(name, row[0], site.url) for name, row in table.items()]
        broken = {"base_url": site.url + "/broken"}
        specs += [make_spec(f"tests.support.spiders:{kind}", source=kind, **broken) for _, kind, _ in BROKEN]
        specs.append(make_spec(source="nobody", base_url="http://127.0.0.1:1"))
        specs.append(make_spec(source="impostor", base_url=impostor.url, credential="SUB=1"))
        found = crawl_all([replace(spec, database_url=f"sqlite:///{path}") for spec in specs])
    return dict(zip([spec.source for spec in specs], found, strict=True))


def spec_for(name: str, why: str, url: str) -> CrawlSpec:
    where = {"source": name, "base_url": f"{url}/{name}"}
    if name.startswith("zhihu"):
        return make_spec("zhihu_open", **where, credential="abc")
    if name.startswith("feed"):
        return make_spec("feed", **where, options={"url": "news.rss"})
    limits = {"max_body": 600_000 if "nested" in why else 40_000, "timeout": 0.4 if "slow" in why else 20}
    return make_spec(**where, options=limits)


def rows(kind: str, table: list[tuple[str, object, RunStatus, str]]) -> list[object]:
    return [pytest.param(f"{kind}{i}", row[2], row[3], id=f"{kind}: {row[0]}") for i, row in enumerate(table)]


@pytest.mark.parametrize(
    ("name", "status", "reason"), [*rows("weibo", WEIBO), *rows("zhihu", ZHIHU), *rows("feed", FEED)]
)
def test_each_no_has_a_name(results, name, status, reason):
    result = results[name]
    assert (result.status, result.reason) == (status, reason), result
    assert result.found == result.stored == 0


@pytest.mark.parametrize(("why", "kind", "reason"), BROKEN)
def test_what_scrapy_passes_over_fails_the_run(results, why, kind, reason):
    assert (results[kind].status, results[kind].reason) == (FAILED, reason), results[kind]


def test_no_answer_at_all(results):
    assert (results["nobody"].status, results["nobody"].reason) == (FAILED, "unreachable"), results["nobody"]


def test_secrets_are_not_sent_to_whoever_shows_any_certificate(results):
    assert (results["impostor"].status, results["impostor"].reason) == (FAILED, "unreachable")
    assert "certificate" in results["impostor"].detail


def test_every_name_is_explained_to_the_operator(results):
    """The reasons are words between two rooms that do not know each other."""
    named = {r.reason for r in results.values() if r.reason and not r.reason.startswith("code_")}
    assert named - CAUSES.keys() == set()


def test_no_detail_repeats_what_may_be_secret(results):
    assert "token=abc" not in " ".join(r.detail for r in results.values())
    assert "HTTP 429, Retry-After 60" in [r.detail for r in results.values()]


def test_robots_are_obeyed_and_named(tmp_path, sqlite_url):
    with contextlib.ExitStack() as stack:
        specs = []
        for why, robots, _, _ in ROBOTS:
            site = stack.enter_context(
                serve(lambda asked, r=robots: r if asked.path == "/robots.txt" else reply_json(NOTHING))
            )
            specs.append(make_spec(source=why, base_url=site.url, database_url=sqlite_url))
        denied = specs[0]
        specs.append(replace(denied, source="override", robots_override_reason="written permission of 2026-11-01"))
        specs.append(replace(denied, source="contract", kind="zhihu_open", credential="abc"))
        found = crawl_all(specs)
    assert [(r.status, r.reason) for r in found[: len(ROBOTS)]] == [(status, reason) for *_, status, reason in ROBOTS]
    assert found[-2].status is OK, "an operator's written reason switches it off"
    assert found[-1].reason == "layout_changed", "an official API is asked whatever robots.txt says"


def test_a_refusal_on_the_second_page_keeps_the_first(sqlite_url):
    with serve(pages(FULL, Reply(b"", 432))) as site:
        [result] = crawl_all([make_spec(base_url=site.url, database_url=sqlite_url)])
    assert (result.status, result.reason, result.stored) == (REFUSED, "anticrawl", 10)


@pytest.mark.parametrize(
    ("why", "answer"),
    [
        ("ok −100", ok(-100, url="https://passport.weibo.com/login")),
        ("a redirect", moved("https://passport.weibo.com/")),
    ],
)
def test_a_login_wall_before_a_credential_means_that_it_has_expired(why, answer, sqlite_url):
    with serve(pages(answer)) as site:
        specs = [make_spec(base_url=site.url, database_url=sqlite_url, credential=c) for c in (None, "SUB=1")]
        found = crawl_all(specs)
    assert [(r.status, r.reason) for r in found] == [(REFUSED, "login_required"), (REFUSED, "cookie_expired")], why


def test_a_small_difference_of_clocks_is_written_down_and_the_smallest_counts(sqlite_url):
    first = reply_json(FULL, headers=dated(minutes=-20))
    with serve(pages(first, reply_json(NOTHING, headers=dated(minutes=7)))) as site:
        [result] = crawl_all([make_spec(base_url=site.url, database_url=sqlite_url)])
    assert result.status is OK
    assert 380 <= result.stats["clock_skew"] <= 420


def test_posts_of_the_future_mean_a_wrong_clock(sqlite_url):
    ahead = page([post(NOW + timedelta(hours=3, minutes=n), n=n) for n in range(10)], total=10)
    with serve(pages(ahead)) as site:
        [result] = crawl_all([make_spec(base_url=site.url, database_url=sqlite_url)])
    assert (result.status, result.reason) == (FAILED, "clock_skew"), result


def test_an_announced_second_page_that_never_comes_is_counted(sqlite_url):
    with serve(pages(FULL)) as site:
        [result] = crawl_all([make_spec(base_url=site.url, database_url=sqlite_url)])
    assert result.status is OK and result.stats["search/first_page_only"] == 1
    assert result.covered_since == NOW - timedelta(minutes=9), "and no more is claimed than was seen"
