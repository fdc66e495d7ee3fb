"""Weibo's other bodies, synthetic: the PC site's JSON, the search page's HTML, the gateway's answers."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.bodies import load_reader
from crawler.budget import Price, Purse, price_in
from crawler.post import Kind, Reading
from tests.crawler.test_weibo_mobile import ATOMS, WILD
from tests.support.factories import NOW
from tests.support.weibo_pages import mid_of, post, search_card, search_page, told
from tingfeng.errors import CrawlError, LayoutChanged, Refused

MID = mid_of(NOW)
SHOW = f"https://weibo.com/ajax/statuses/show?id={MID}"
LONG = f"https://weibo.com/ajax/statuses/longtext?id={MID}"


def read(name: str, value: Any, url: str = "") -> Reading:
    body = (
        value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    )
    return load_reader(name)(body, url=url, seen_at=NOW)


def status(n: int = 0, text: str = "云雀的车又坏了", **more: Any) -> dict[str, Any]:
    blog = post(NOW - timedelta(minutes=n), n=n) | {"text_raw": text, "text": f"<a>{text}</a>", "mblogid": "Ab3dEfGhi"}
    return blog | {"user": {"id": 9, "screen_name": "用户9", "verified_type": -1}} | more


# --- the PC site


def test_lists_of_the_pc_site():
    for body in (
        {"ok": 1, "statuses": [status(1), status(2)], "max_id": 77},
        {"ok": 1, "data": {"list": [status(1), status(2)], "next_cursor": 77}},
        {"ok": 1, "data": {"statuses": [status(1), status(2)], "total": 77}},
    ):
        reading = read("weibo_pc", body)
        assert [p.native_id for p in reading.posts] == [status(1)["mid"], status(2)["mid"]]
        assert list(reading.paging.values()) == [77]
    assert read("weibo_pc", {"ok": 1, "data": {"list": [], "next_cursor": -1}}).paging == {"next_cursor": -1}


def test_a_status_of_the_pc_site():
    [found] = read("weibo_pc", {"ok": 1, **status(text="云<雀 & 车", isLongText=True)}, SHOW).posts
    assert found.text == "云<雀 & 车", "plain already: nothing is taken for markup"
    assert (found.is_cut, found.author, found.region, found.followers) == (True, "9", "广东", None)


def test_only_a_short_name_is_enough():
    [found] = read("weibo_pc", {"ok": 1, "statuses": [status(mid=None, id=None, mblogid="HyTZc60ew")]}).posts
    assert found.native_id == "4383183661430868"


def test_comments_of_the_pc_site():
    comment = {"id": int(MID), "created_at": told(NOW), "text_raw": "不行", "like_counts": 2, "source": "发布于 北京"}
    reading = read("weibo_pc", {"ok": 1, "data": [comment], "max_id": 0}, SHOW.replace("show", "buildComments"))
    [found] = reading.posts
    assert (found.kind, found.parent, found.likes, found.region) == (Kind.COMMENT, MID, 2, "北京")
    assert reading.paging == {"max_id": 0, "total": 0}


def test_long_texts_of_the_pc_site():
    [found] = read("weibo_pc", {"ok": 1, "data": {"longTextContent": "云雀\n全文"}}, LONG).posts
    assert (found.native_id, found.text) == (MID, "云雀\n全文")
    assert read("weibo_pc", {"ok": 1, "data": {}}, LONG).notes == {"long_text/none": 1}, "not long, which is no error"


@pytest.mark.parametrize(
    ("why", "body", "kind", "reason"),
    [
        ("no visitor's cookie", {"ok": -100, "url": "https://weibo.com/login.php"}, Refused, "login_required"),
        ("a login wall", {"ok": 0, "message": "前方有点拥堵，请登录后使用"}, Refused, "login_required"),
        ("not an XHR", {"error": "Forbidden"}, CrawlError, "bad_request"),
        ("the hot list", {"ok": 1, "data": {"realtime": []}}, LayoutChanged, "layout_changed"),
        ("something else", {"ok": 1, "data": {"x": 1}}, LayoutChanged, "layout_changed"),
        ("a list of something else", {"ok": 1, "statuses": [1, 2]}, LayoutChanged, "layout_changed"),
        ("nothing", {"ok": 1}, LayoutChanged, "layout_changed"),
    ],
)
def test_errors_of_the_pc_site(why, body, kind, reason):
    with pytest.raises(kind) as caught:
        read("weibo_pc", body)
    assert caught.value.reason == reason, why


def test_a_deleted_status_is_gone():
    reading = read("weibo_pc", {"ok": 0, "errno": "20101", "msg": "该微博不存在"}, SHOW)
    assert (reading.posts, reading.gone) == ([], [MID])


# --- the search page

REPOST = (
    '<div class="card-comment"><div class="con"><div node-type="feed_list_forwardContent">'
    '<div class="info"><a class="name" href="//weibo.com/5">@原作者</a></div>'
    '<p class="txt" node-type="feed_list_content">云雀…<a action-type="fl_unfold">展开</a></p>'
    '<p class="txt" node-type="feed_list_content_full">云雀的原文<a action-type="fl_fold">收起<i>d</i></a></p>'
    '<p class="from"><a href="//weibo.com/5/Zz9">11月01日 10:00</a></p>'
    '<div class="card-act"><a action-type="feed_list_like">99</a></div></div></div></div>'
)


def card(text: str = "云雀", **more: Any) -> Any:
    [found] = read("weibo_html", f"<html>{search_card(post(NOW, text), **more)}</html>").posts
    return found


def test_a_card():
    found = card('云雀<img alt="[怒]" src="x">  又<br/>坏了 <i class="wbicon">2</i>&amp; 停了\u200b')
    assert found.text == "云雀[怒] 又\n坏了 & 停了"
    assert (found.native_id, found.url) == (MID, f"https://m.weibo.cn/detail/{MID}")
    assert (found.author, found.author_name, found.published_at) == ("9000000000", "用户0", NOW)
    assert (found.reposts, found.comments, found.likes, found.region, found.followers) == (0, 2, 12, None, None)
    assert (found.is_repost, found.is_cut) == (False, False)


def test_a_folded_text_is_read_from_its_hidden_whole():
    folded = '云雀…<a action-type="fl_unfold">展开<i class="wbicon">c</i></a>'
    full = '<p node-type="feed_list_content_full" style="display: none">云雀，全文</p>'
    assert (card(folded, more=full).text, card(folded, more=full).is_cut) == ("云雀，全文", False)
    assert (card(folded).text, card(folded).is_cut) == ("云雀…", True)


def test_a_repost_and_its_original_are_told_apart():
    found = card("说得对", more=REPOST)
    assert (found.text, found.context, found.is_repost) == ("说得对", "云雀的原文", True)
    assert (found.likes, found.author_name, found.published_at) == (12, "用户0", NOW), "not those of the original"
    gone = '<div class="card-comment"><p>抱歉，作者已设置仅展示半年内微博</p></div>'
    assert (card("嗯", more=gone).is_repost, card("嗯", more=gone).context) == (True, "")


def test_the_time_is_the_links_or_the_ids():
    ago = post(NOW - timedelta(minutes=3)) | {"created_at": "3分钟前"}
    assert read("weibo_html", search_page([ago])).posts[0].published_at == NOW - timedelta(minutes=3)
    none = post(NOW) | {"created_at": ""}
    assert read("weibo_html", search_page([none])).posts[0].published_at == NOW
    assert read("weibo_html", search_page([post(NOW) | {"created_at": "某日"}])).posts[0].published_at is None


def test_the_id_may_stand_in_the_address_only():
    page = search_page([post(NOW)]).replace(f'mid="{MID}"', 'mid=""').replace("/9000000000/Ab3", "/9/HyTZc60ew")
    [found] = read("weibo_html", page.replace(told(NOW), "")).posts
    assert (found.native_id, found.author) == ("4383183661430868", "9")
    assert read("weibo_html", search_page([post(NOW) | {"mid": "x"}])).skipped == {"id": 1}


def test_pages_and_no_result():
    reading = read("weibo_html", search_page([post(NOW)], pages=7) + '<a class="next" href="x">下一页</a>')
    assert reading.paging == {"pages": 7, "next": True}
    empty = read("weibo_html", search_page(None))
    assert (empty.posts, empty.notes) == ([], {"page/empty": 1})


@pytest.mark.parametrize(
    ("why", "body", "url", "reason"),
    [
        ("a login's page", "<html><title>微博通行证</title></html>", "", "login_required"),
        ("a captcha", "<html>请完成安全验证</html>", "", "captcha"),
        ("where a redirect led", "<html></html>", "https://passport.weibo.com/sso/signin?entry=x", "login_required"),
        ("neither cards nor the word for none", "<html><div class=card></div></html>", "", "layout_changed"),
        ("no HTML", "\x00\x01", "", "layout_changed"),
        ("nothing", "", "", "layout_changed"),
        ("too much", b"<p>" * 3_000_000, "", "too_large"),
    ],
)
def test_pages_that_are_no_results(why, body, url, reason):
    with pytest.raises(CrawlError) as caught:
        read("weibo_html", body, url)
    assert caught.value.reason == reason, why


HEAD = f'<div class="card-wrap" mid="{MID}"><p node-type="feed_list_content">'


@pytest.mark.parametrize(
    "piece",
    ["x<br>", "<img alt=x>", HEAD, "<i>", '<div class="card-comment">', '<a action-type="feed_list_like">1</a>', " \n"],
)
def test_hostile_pages_cost_no_more_than_their_length(piece):
    body = (HEAD + piece * (400_000 // len(piece)) + "</html>").encode()
    started = time.process_time()
    assert len(read("weibo_html", body).posts) <= 1
    assert time.process_time() - started < 3


@given(
    st.lists(
        st.sampled_from([HEAD, "</p>", "</div>", "云雀", REPOST, '<a href="//weibo.com/1/x">', "<p>", "\x00", "<!--"])
    )
)
def test_no_page_is_too_wild(pieces):
    with contextlib.suppress(CrawlError):
        assert isinstance(read("weibo_html", "".join(pieces)), Reading)


# --- the gateway

TWO = [status(1), status(2)]


@pytest.mark.parametrize(
    ("why", "body", "paging"),
    [
        ("as told", {"result": {"statuses": TWO, "total_number": 763}}, {"records": 2, "total": 763, "more": None}),
        ("as items", {"result": {"items": TWO, "has_more": True}}, {"records": 2, "total": 0, "more": True}),
        ("nested", {"result": {"statuses": [], "data": {"items": TWO}}}, {"records": 2, "total": 0, "more": None}),
        ("as data", {"data": TWO, "next_cursor": "0"}, {"records": 2, "total": 0, "more": False}),
        ("a bare list", {"result": TWO}, {"records": 2, "total": 0, "more": None}),
        ("unwrapped", {"statuses": TWO, "next_cursor": "abc"}, {"records": 2, "total": 0, "more": True}),
    ],
)
def test_forms_of_the_gateways_answer(why, body, paging):
    reading = read("weibo_cli", body)
    assert [p.native_id for p in reading.posts] == [s["mid"] for s in TWO], why
    assert reading.paging == paging, why


def test_an_empty_answer_of_the_gateway_is_understood():
    reading = read("weibo_cli", {"result": {"statuses": [], "total_number": 763}})
    assert (reading.posts, reading.notes) == ([], {"page/empty": 1})


def test_deleted_statuses_are_gone_though_they_are_paid_for():
    reading = read("weibo_cli", {"result": {"statuses": [status(0, deleted=True), status(1)]}})
    assert (reading.gone, len(reading.posts), reading.paging["records"]) == ([MID], 1, 2)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("COUNT_EXCEEDS_MAX", "count_exceeds_max"),
        ("TOO_MANY_REQUESTS", "too_many_requests"),
        ("SERVICE_REQUIRED", "plan_required"),
        ("SOMETHING_NEW", "code_something_new"),
        ("<script>", "not_ok"),
        ("", "not_ok"),
    ],
)
def test_the_gateways_refusals_have_names(code, reason):
    with pytest.raises(Refused) as caught:
        read("weibo_cli", {"error": {"code": code, "message": "x"}})
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "body", [{}, {"result": {}}, {"result": None}, {"result": "x"}, {"result": [1]}, {"data": [[[]]]}]
)
def test_other_answers_of_the_gateway_are_a_changed_layout(body):
    with pytest.raises(LayoutChanged):
        read("weibo_cli", body)


@pytest.mark.parametrize(
    ("why", "told_", "want"),
    [
        ("as documented", {"price_type": "per_record", "unit_price": 0.004, "currency": "CNY"}, ("0.004", "CNY")),
        ("one deeper, as text", {"command": {"unit_price": "5", "currency": "credits"}}, ("5", "credits")),
        ("without a currency", {"unit_price": 1}, ("1", "")),
        ("by the month", {"price_type": "per_month", "unit_price": 29}, None),
        ("no number", {"unit_price": "free"}, None),
        ("no price at all", {"unit_price": "NaN"}, None),
        ("a truth", {"unit_price": True}, None),
        ("a debt", {"unit_price": -1}, None),
        ("nothing", {}, None),
    ],
)
def test_prices(why, told_, want):
    found = price_in(told_)
    assert found == (Price(each=Decimal(want[0]), currency=want[1]) if want else None), why


def test_a_purse_that_forgets_keeps_to_its_budget_all_the_same():
    purse = Purse(30)
    reserved = purse.reserve(20, now=NOW)
    assert reserved is not None and purse.reserve(20, now=NOW) is None
    purse.settle(reserved, used=3, price=None)
    assert purse.spent(now=NOW) == 3 and purse.reserve(20, now=NOW) is not None


@given(st.dictionaries(st.sampled_from(["unit_price", "currency", "price_type", "x"]), ATOMS | WILD))
def test_no_price_is_too_wild(told_):
    assert price_in(told_) is None or isinstance(price_in(told_), Price)


@given(st.sampled_from(["weibo_pc", "weibo_cli"]), WILD)
def test_no_answer_is_too_wild(name, wild):
    for body in (wild, {"ok": 1, "data": wild}, {"result": wild}, {"ok": 1, "statuses": [wild]}):
        with contextlib.suppress(CrawlError):
            assert isinstance(read(name, body, LONG), Reading)
