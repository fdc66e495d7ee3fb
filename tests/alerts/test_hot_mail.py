"""How a brand's places on hot lists read, in their own mail and in others'."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.render import render_alert, render_digest, render_hot
from alerts.wording import board
from tests.alerts.hot_samples import make_hot, make_left, make_standing, make_visit
from tests.alerts.samples import NOW, SHANGHAI, make_alert, make_brand_facts, make_digest, no_chart
from tests.alerts.test_hostile import HOSTILE, check_harmless
from tingfeng.model import Reason

ONE = make_standing(on=(make_visit(),), left=(), blind=())


@pytest.mark.parametrize(
    ("why", "facts", "subject"),
    [
        ("one list", make_hot(standing=ONE), "【听风·热榜】云杉奶茶 上热搜：微博热搜第 3 位"),
        ("two lists", make_hot(), "【听风·热榜】云杉奶茶 上热搜：微博热搜第 3 位，共 2 个榜"),
        (
            "on another list",
            make_hot(Reason.REPEAT, entered=("hot:baidu",)),
            "【听风·热榜】云杉奶茶 又上一榜：百度热搜第 18 位，共 2 个榜",
        ),
        (
            "higher",
            make_hot(Reason.REPEAT, standing=ONE, entered=(), climbed=True),
            "【听风·热榜】云杉奶茶 升入前十：微博热搜第 3 位",
        ),
        ("again", make_hot(Reason.REPEAT, standing=ONE, entered=()), "【听风·热榜】云杉奶茶 仍在热榜：微博热搜第 3 位"),
        ("gone", make_left(), "【听风·下榜】云杉奶茶 已离开热榜，在榜 2 小时 49 分钟"),
    ],
)
def test_the_subject_says_who_where_and_how_high(why, facts, subject):
    assert render_hot(facts, zone=SHANGHAI).subject == subject, why


def test_the_mail_says_list_place_heat_since_when_link_and_what_to_do():
    text = render_hot(make_hot(), zone=SHANGHAI).text
    for words in (
        "「云杉奶茶喝出吸管皮」现在是微博热搜第 3 位，热度最高 98.3 万，11月20日 20:05 首次看到，已 1 小时 5 分钟。",
        "同一时段共 66 条提及，其中负面 41 条（62%）；热榜词条不是帖子，不计入这些数字。",
        "微博热搜第 3 位 · 最高第 2 位 · 热度最高 98.3 万 · 11月20日 20:05 起 · 词条读来负面",
        "百度热搜第 18 位 · 热度最高 512 万 · 11月20日 20:50 起",
        make_visit().url,
        "- 头条热榜：11月20日 19:10 起还没有新数据（2 小时）",
        "【现在可以做】\n1. 打开在榜词条的链接",
        "【已经离开的词条】",
        "来自于 微博热搜（11月20日 21:10）、百度热搜（11月20日 21:10）",
        "tingfeng silence add --brand '云杉奶茶'",
    ):
        assert words in text, words


def test_a_mail_about_the_end_says_how_high_it_was():
    mail = render_hot(make_left(), zone=SHANGHAI)
    assert "11月20日 16:10–18:59 在榜，最高到过微博热搜第 2 位" in mail.text
    assert "silence" not in mail.text and "【现在在榜】" not in mail.text


def test_what_stood_on_a_list_we_no_longer_see_is_shown_apart():
    facts = make_hot(Reason.RESOLVED, standing=make_standing(on=(), left=(), unseen=(make_visit(),)))
    text = render_hot(facts, zone=SHANGHAI).text
    assert "【榜单读不到之前在榜】" in text and "最高名次：—" in text


def test_nothing_said_meanwhile_is_no_share():
    assert (
        "同一时段还没有看到新的提及" in render_hot(make_hot(total_mentions=0, negative_mentions=0), zone=SHANGHAI).text
    )


def test_a_crisis_mail_names_the_lists_in_one_sentence():
    facts = no_chart(make_alert(), hot=make_standing().on)
    line = "同时在热榜上：微博热搜第 3 位「云杉奶茶喝出吸管皮」；百度热搜第 18 位「云杉奶茶回应塑料异物」。"
    mail = render_alert(facts, zone=SHANGHAI)
    assert line in mail.text and line in lxml.html.document_fromstring(mail.html).text_content()
    assert "热榜" not in render_alert(no_chart(make_alert()), zone=SHANGHAI).text


@pytest.mark.parametrize(
    ("more", "want"),
    [
        (
            {"hot": (make_visit(),), "hot_boards": ("hot:weibo",)},
            "- 微博热搜最高第 2 位：「云杉奶茶喝出吸管皮」11月20日 20:05–21:10 在榜，热度最高 98.3 万",
        ),
        ({"hot_boards": ("hot:weibo", "hot:baidu")}, "本期没有在热榜上看到它（微博热搜、百度热搜）。"),
    ],
)
def test_a_digest_has_a_section_on_hot_lists(more, want):
    mail = render_digest(make_digest(brands=(replace(make_brand_facts(days=()), **more),)), zone=SHANGHAI)
    assert f"【热榜】\n{want}" in mail.text
    assert want.removeprefix("- ").partition("：")[0] in lxml.html.document_fromstring(mail.html).text_content()


def test_a_digest_without_lists_says_nothing_of_them():
    assert "热榜" not in render_digest(make_digest(brands=(make_brand_facts(days=()),)), zone=SHANGHAI).text


@pytest.mark.parametrize("why", HOSTILE)
def test_hostile_entries_do_no_harm(why: str) -> None:
    wild = make_visit(title=HOSTILE[why], url=HOSTILE[why], board=HOSTILE[why])
    standing = make_standing(on=(wild,), left=(wild,), unseen=(wild,))
    check_harmless(render_hot(make_hot(standing=standing, entered=(wild.board,)), zone=SHANGHAI))
    check_harmless(render_alert(no_chart(make_alert(), hot=(wild,)), zone=SHANGHAI))
    facts = make_brand_facts(days=(), hot=(wild,), hot_boards=(wild.board,))
    check_harmless(render_digest(make_digest(brands=(facts,)), zone=SHANGHAI))


@settings(max_examples=25)
@given(
    title=st.text(max_size=300),
    url=st.text(max_size=60),
    brand=st.text(min_size=1, max_size=30),
    rank=st.integers(min_value=1, max_value=500),
    heat=st.none() | st.integers(min_value=0, max_value=10**12),
    minutes=st.integers(min_value=0, max_value=10**5),
    reason=st.sampled_from([Reason.OPENED, Reason.REPEAT]),
)
def test_any_facts_render(title, url, brand, rank, heat, minutes, reason) -> None:
    since = NOW - timedelta(minutes=minutes)
    visit = make_visit(title=title, url=url, last_rank=rank, best_rank=1, peak_heat=heat, first_seen=since)
    mail = render_hot(make_hot(reason, brand=brand, standing=make_standing(on=(visit,))), zone=SHANGHAI)
    assert "\n" not in mail.subject and len(mail.subject) <= 60
    lxml.html.document_fromstring(mail.html)


def test_lists_have_the_names_people_know():
    assert (board("hot:weibo/文娱榜"), board("hot:baidu"), board("hot:new")) == ("微博热搜·文娱榜", "百度热搜", "new")
