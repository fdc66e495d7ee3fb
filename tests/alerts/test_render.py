"""What mails say and what they must never let through."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import lxml.html
import pytest

from alerts.blind import BlindNow
from alerts.digest import Period
from alerts.facts import AlertFacts, BlindSpan
from alerts.jobs_say import BRANDS_PER_MAIL
from alerts.render import Rendered, preview_html, render_alert, render_digest, render_freshness, render_hot
from tests.alerts.hot_samples import make_hot, make_left
from tests.alerts.samples import (
    BRAND,
    HOUR,
    NOW,
    SHANGHAI,
    STEP,
    make_alert,
    make_brand_facts,
    make_digest,
    make_freshness,
    make_posts,
    make_repeat,
    make_resolved,
    make_spike,
    no_chart,
)
from tingfeng import drawing
from tingfeng.errors import DrawingError
from tingfeng.model import Reason

SIZE_MAX = 100_000  # bytes of HTML; beyond that clients cut it off
SUBJECT_MAX = 40  # characters that a phone shows

MAILS = {
    "alert": lambda: render_alert(make_alert(), zone=SHANGHAI),
    "repeat": lambda: render_alert(make_repeat(), zone=SHANGHAI),
    "resolved": lambda: render_alert(make_resolved(), zone=SHANGHAI),
    "freshness": lambda: render_freshness(make_freshness(), zone=SHANGHAI),
    "recovered": lambda: render_freshness(make_freshness(reason=Reason.RESOLVED, to_do=()), zone=SHANGHAI),
    "hot": lambda: render_hot(make_hot(), zone=SHANGHAI),
    "left the lists": lambda: render_hot(make_left(), zone=SHANGHAI),
    "daily": lambda: render_digest(make_digest(), zone=SHANGHAI),
    "weekly": lambda: render_digest(make_digest(Period.WEEKLY), zone=SHANGHAI),
}


@pytest.fixture(scope="module")
def mails() -> dict[str, Rendered]:
    return {name: make() for name, make in MAILS.items()}


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_keeps_to_what_clients_allow(name: str, mails: dict[str, Rendered]) -> None:
    mail = mails[name]
    assert 10 <= len(mail.subject) <= SUBJECT_MAX
    assert len(mail.html.encode()) < SIZE_MAX
    page = lxml.html.document_fromstring(mail.html)
    assert not page.xpath("//script | //link | //iframe | //form | //object | //video | //svg | //@onclick | //@onload")
    sources = page.xpath("//img/@src")
    assert sources == [f"cid:{image.cid}" for image in mail.images], "no picture from outside, none missing"
    assert all(page.xpath("//img/@alt")) and len(page.xpath("//img/@alt")) == len(sources)
    assert page.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    assert "@media (prefers-color-scheme: dark)" in mail.html, "survives the inliner"
    assert page.get("lang") == "zh-CN"
    assert "url(" not in mail.html and "@import" not in mail.html
    assert all(len(image.png) < 60_000 for image in mail.images)


@pytest.mark.parametrize("name", MAILS)
def test_plain_text_is_complete_on_its_own(name: str, mails: dict[str, Rendered]) -> None:
    mail = mails[name]
    page = lxml.html.document_fromstring(mail.html)
    for link in page.xpath("//a/@href"):
        assert link in mail.text, "links are whole"
    for words in page.xpath("//*[contains(@class, 'figure') or contains(@class, 'lead')]/text()"):
        if words.strip():
            assert words.strip() in mail.text
    for image in mail.images:
        assert image.alt in mail.text, "what the picture shows is said"
    assert not re.search(r"<\w+|&\w+;|\{[{%]", mail.text)
    assert "\n\n\n\n" not in mail.text


@pytest.mark.parametrize(
    ("why", "facts", "subject"),
    [
        ("what, how many, against how many", make_alert(), "【听风·预警】云杉奶茶 负面 38 条/小时，平时约 4.1 条"),
        (
            "a shorter window is named",
            make_alert(spike=make_spike(since=NOW - STEP)),
            "【听风·预警】云杉奶茶 负面 38 条/30 分钟，平时约 4.1 条",
        ),
        (
            "next to nothing is expected",
            make_alert(expected=0.02),
            "【听风·预警】云杉奶茶 负面 38 条/小时，平时约 不到 0.1 条",
        ),
        ("still going on", make_repeat(), "【听风·持续】云杉奶茶 负面 38 条/小时，已 5 小时"),
        ("over", make_resolved(), "【听风·平息】云杉奶茶 负面已回落，历时 7 小时"),
        (
            "a long name leaves room for the numbers",
            make_alert(brand="云杉奶茶南京东路步行街旗舰店"),
            "【听风·预警】云杉奶茶南京东路步行街… 负面 38 条/小时，平时约 4.1 条",
        ),
    ],
)
def test_alert_subjects(why: str, facts: AlertFacts, subject: str) -> None:
    assert render_alert(no_chart(facts), zone=SHANGHAI).subject == subject, why


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("since when", "负面从 11月20日 20:00 开始增多，到现在已 1 小时 10 分钟"),
        ("how many against how many", "有 38 条负面，平时约 4.1 条，是平时的 9.3 倍"),
        ("how unlikely, for everyone", "若一切如常，一百年也难碰上一次"),
        ("how unlikely, for those who count", "p≈5×10⁻¹¹"),
        ("how much of all", "期间共 66 条提及，其中负面 41 条（62%）"),
        ("net sentiment against before", "−0.52，此前 7 天为 +0.18"),
        ("terms that grew", "吸管"),
        ("by source", "heimao-feed"),
        ("a post with its reach", "微博 · 11月20日 20:59 · 粉丝 128 万 · 转 3,402 · 评 1,911 · 赞 12,873"),
        ("its link, whole", "https://www.zhihu.com/question/1968203711/answer/1970442190358"),
        ("where we were blind", "11月19日 12:10–18:10（6 小时）"),
        ("blind is not zero", "不等于没有负面"),
        ("what to do", "30 分钟内在评论区给出一句不推责的回应"),
        ("what the numbers rest on", "过去 28 天同一时段（工作日 20–22 点）"),
        ("whose clock", "北京时间"),
        ("where to silence", "tingfeng silence add --brand"),
        ("which incident", "n251120131000-1f3a9c"),
    ],
)
def test_an_alert_says(why: str, words: str, mails: dict[str, Rendered]) -> None:
    mail = mails["alert"]
    assert words in mail.text, why
    assert words in lxml.html.document_fromstring(mail.html).text_content().replace("\u00a0", " "), why


def test_times_follow_the_report_zone() -> None:
    tokyo = render_alert(no_chart(make_alert()), zone=ZoneInfo("Asia/Tokyo")).text
    assert "11月20日 21:00 开始增多" in tokyo and "时间均为UTC+9" in tokyo


def test_resolved_does_not_offer_to_silence_and_shows_no_alarm(mails: dict[str, Rendered]) -> None:
    text = mails["resolved"].text
    assert "silence" not in text and "负面已回到平时水平" in text
    assert "11月20日 14:10–21:10 负面偏高，历时 7 小时" in text


@pytest.mark.parametrize(
    ("why", "blind", "wanted", "unwanted"),
    [
        ("nothing missing is said too", (), "数据完整", "看不到数据"),
        (
            "one gap",
            (BlindSpan(source="zhihu", since=NOW - 2 * STEP, until=NOW),),
            "知乎：11月20日 20:10 起还没有新数据（1 小时）",
            "数据完整",
        ),
        (
            "many gaps are summed up",
            tuple(BlindSpan(source=f"s{i:02}", since=NOW - (i + 1) * STEP, until=NOW) for i in range(20)),
            "其余：12 段较短的缺口（合计 39.0 小时）",
            "数据完整",
        ),
    ],
)
def test_blindness_is_stated(why: str, blind: tuple[BlindSpan, ...], wanted: str, unwanted: str) -> None:
    text = render_alert(no_chart(make_alert(), blind=blind), zone=SHANGHAI).text
    assert wanted in text and unwanted not in text, why


BLIND_NOW = (
    BlindNow(source="weibo", since=NOW - 18 * HOUR, cause="cookie_expired"),
    BlindNow(source="weibo-web", since=NOW - 30 * HOUR, cause="suspicious_silence"),
    BlindNow(source="黑猫", since=NOW - HOUR, cause="from_a_plugin"),
)
UNSEEN = (
    "微博自 03:10 起看不到（登录凭据过期）",
    "微博（weibo-web）自 11月19日 15:10 起看不到（反常的安静）",
    "黑猫自 20:10 起看不到（from_a_plugin）",
)


@pytest.mark.parametrize("line", UNSEEN)
def test_what_cannot_be_seen_now_stands_in_every_alert_and_digest(line: str) -> None:
    alert = render_alert(no_chart(make_alert(), blind=(), blind_now=BLIND_NOW), zone=SHANGHAI)
    digest = render_digest(make_digest(brands=(), blind=(), blind_now=BLIND_NOW), zone=SHANGHAI)
    for mail in (alert, digest):
        assert line in mail.text and line in mail.html
    assert "数据完整" not in alert.text + alert.html


def test_a_silence_is_told_as_expected_against_seen() -> None:
    doubts = (
        {"query": "云杉奶茶", "expected": 14.2, "seen": 0, "since": (NOW - HOUR).isoformat()},
        {"query": "", "expected": 0, "seen": 0, "since": None},
    )
    mail = render_freshness(make_freshness(cause="suspicious_silence", doubts=doubts), zone=SHANGHAI)
    assert "平时与这次：云杉奶茶：11月20日 20:10 以来按平时应有约 14.2 条，只看到 0 条" in mail.text
    assert "平时与这次：平时能往后翻页，这次只有第一页" in mail.text
    assert "反常的安静（suspicious_silence；" in mail.text


def test_freshness_tells_the_operator_what_broke_and_what_to_do(mails: dict[str, Rendered]) -> None:
    mail = mails["freshness"]
    assert mail.subject == "【听风·运维】微博 已 2 小时 5 分钟看不到数据"
    for words in (
        "平台要求登录",
        "login_required",
        "被平台拒绝",
        "11月20日 19:05",
        "拾光咖啡",
        "TINGFENG_CREDENTIAL_WEIBO",
        "看不到不等于没有",
    ):
        assert words in mail.text, words


@pytest.mark.parametrize(
    ("why", "missing", "want"),
    [
        ("caught up", (), "已经补采完整"),
        (
            "a hole stays",
            (BlindSpan(source="weibo", since=NOW - 4 * STEP, until=NOW - 2 * STEP),),
            "仍缺数据：11月20日 19:10–20:10",
        ),
    ],
)
def test_recovery_says_what_is_still_missing(why: str, missing: tuple[BlindSpan, ...], want: str) -> None:
    facts = make_freshness(reason=Reason.RESOLVED, missing=missing, to_do=())
    assert want in render_freshness(facts, zone=SHANGHAI).text, why


def test_a_source_that_never_ran() -> None:
    text = render_freshness(make_freshness(status=None, last_good=None, brands=(), detail=""), zone=SHANGHAI).text
    assert "从未运行" in text and "从未成功" in text and "受影响品牌：无" in text


def test_digest_says(mails: dict[str, Rendered]) -> None:
    for name, words in (
        ("daily", "【听风·日报】11月19日 云杉奶茶 声量 523，负面 21%"),
        ("weekly", "【听风·周报】11月10日–16日 云杉奶茶 声量 3,661，负面 21%"),
    ):
        assert mails[name].subject == words
    text = mails["weekly"].text
    for words in (
        "声量（条）：3,661（较上周 +30%）",
        "负面占比：21%（上周 9%）",
        "净情感：+0.17（上周 +0.32）",
        "声量份额 43%，上周 38%",
        "拾光咖啡：34%，2,870 条，净情感 +0.33",
        "最异常时 38 条，平时约 4.1 条，历时 5 小时，已平息",
        "仍在持续",
        "同文 14 条",
        "NPS 无数据（n=0）",
        "NPS +7（[−10, 23]，n=120）",
        "知乎 合计 6 小时看不到数据",
        "缺的小时没有按 0 计，所以总量偏少",
        "本期有数据缺口，总量偏少，变化仅供参考",
        "统计范围 11月10日 00:00 至 11月17日 00:00（北京时间）",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("why", "changes", "want", "unwanted"),
    [
        ("nothing seen before: no comparison", {"before": None}, "较前一天", "前一天没有数据"),
        ("no survey", {"weeks": ()}, "NPS", "近 8 周没有问卷数据"),
        ("no rival", {"voices": ()}, "声量份额】", "云杉奶茶"),
        ("no incident", {"incidents": ()}, "仍在持续", "本期没有触发预警"),
    ],
)
def test_digest_without(why: str, changes: dict[str, Any], want: str, unwanted: str) -> None:
    facts = make_brand_facts(**{"days": (), "blind": ()} | changes)
    text = render_digest(make_digest(brands=(facts,), blind=()), zone=SHANGHAI).text
    assert want not in text and unwanted in text, why
    assert "数据完整" in text


def test_a_silent_period_is_not_made_of_zeros() -> None:
    nothing = replace(make_brand_facts().now, total=0, negative=0, neutral=0, positive=0)
    facts = make_brand_facts(now=nothing, days=(), by_source={}, worst=(), best=(), terms=())
    text = render_digest(make_digest(brands=(facts,)), zone=SHANGHAI).text
    assert "没有看到任何提及" in text and "不能当作没有人说" in text
    assert "负面占比：—" in text


def test_several_brands_in_one_digest_fit() -> None:
    brands = tuple(make_brand_facts(brand=f"{BRAND}{i}", days=()) for i in range(BRANDS_PER_MAIL))
    mail = render_digest(make_digest(brands=brands), zone=SHANGHAI)
    assert mail.subject == "【听风·日报】11月19日 云杉奶茶0 等 4 个品牌"
    assert len(mail.html.encode()) < SIZE_MAX


def test_a_picture_that_fails_does_not_cost_the_mail(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def broken() -> None:
        raise DrawingError("chart: out of memory")

    monkeypatch.setattr(drawing, "_engine", broken)
    mail = render_alert(make_alert(), zone=SHANGHAI)
    assert mail.images == () and "<img" not in mail.html
    assert "38 条" in mail.text
    assert "out of memory" in caplog.text


def test_preview_holds_its_pictures(mails: dict[str, Rendered]) -> None:
    page = preview_html(mails["weekly"])
    assert "cid:" not in page and page.count("data:image/png;base64,") == 2


def test_the_picture_says_the_same_in_words(mails: dict[str, Rendered]) -> None:
    (image,) = mails["alert"].images
    for words in ("每 30 分钟的负面条数", "最高", "平时预计 0.4 到 3.6 条", "11月19日 12:10–18:10 无数据"):
        assert words in image.alt


def test_lengths_of_time_and_numbers_read_naturally() -> None:
    facts = make_repeat(since=NOW - timedelta(days=2, hours=3))
    assert "已 2 天 3 小时" in render_alert(no_chart(facts), zone=SHANGHAI).subject


def test_a_post_that_its_platform_deleted_says_so() -> None:
    mail = render_alert(no_chart(make_alert(), posts=make_posts(("起火了",), deleted_at=NOW)), zone=SHANGHAI)
    for shown in (mail.text, mail.html):
        plain = shown.replace("\xa0", " ").replace("&nbsp;", " ")
        assert "原帖已删除（11月20日 21:10 发现）" in plain


def test_a_source_has_one_name_in_a_mail() -> None:
    """Its gaps, its bars and its counts are of one source: a reader need not know that zhihu is 知乎."""
    alert = render_alert(no_chart(make_alert()), zone=SHANGHAI)
    digest = render_digest(make_digest(), zone=SHANGHAI)
    assert "- 知乎：8 条" in alert.text and "- 知乎：11月19日" in alert.text
    assert "知乎 合计 6 小时看不到数据" in digest.text and "来源：微博 370，知乎 101" in digest.text
    for mail in (alert, digest):
        assert "zhihu：" not in mail.text and "zhihu " not in mail.text


def test_the_plain_part_of_a_digest_says_what_the_other_says() -> None:
    out = BlindNow(source="weibo", since=NOW - timedelta(hours=3), cause="auth")
    mail = render_digest(make_digest(blind_now=(out,)), zone=SHANGHAI)
    for shown in (mail.text, mail.html):
        assert shown is not None and "恢复后会自动补采平台仍列出的内容" in shown
        assert "方括号内为 95% 置信区间" in shown
