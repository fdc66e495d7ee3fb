"""Options: read from the file's table, checked, courteous by force."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crawler.child import settings_for
from crawler.options import Options, duration, is_local, read_options
from crawler.spiders.feed import FeedOptions, FeedSpider
from crawler.spiders.weibo_cli import WeiboCliOptions, WeiboCliSpider
from crawler.spiders.weibo_html import WeiboHtmlOptions, WeiboHtmlSpider
from crawler.spiders.weibo_mobile import WeiboMobileOptions, WeiboMobileSpider
from crawler.spiders.zhihu_open import ZhihuOpenOptions, ZhihuOpenSpider
from tests.support.crawls import make_spec
from tingfeng.errors import ConfigError
from tingfeng.model import Query


@pytest.mark.parametrize(
    ("why", "table", "local", "says"),
    [
        ("unknown key, nearest named", {"dela": 3}, True, "o.dela: unknown option; did you mean 'delay'?"),
        ("wrong type", {"concurrency": "4"}, True, "o.concurrency: expected int, got '4'"),
        ("a truth is no number", {"concurrency": True}, True, "o.concurrency: expected int, got True"),
        ("a number is no truth", {"throttle": 1}, True, "o.throttle: expected true or false, got 1"),
        ("not a duration", {"delay": "soon"}, True, "o.delay: expected a duration"),
        ("negative", {"delay": -1}, True, "o.delay: expected a duration"),
        ("out of range", {"concurrency": 65}, True, "o.concurrency: expected 1–64"),
        ("too many at once for a stranger", {"concurrency": 2}, False, "only for a server on this machine"),
        ("too fast for a stranger", {"delay": 0.5}, False, "o.delay: at least 1 s"),
        ("header injection", {"contact": "a\r\nX: y"}, True, "o.contact: plain ASCII, one line"),
        ("too small a body", {"max_body": 10}, True, "o.max_body: at least 1024 bytes"),
        ("no time to answer", {"timeout": 0}, True, "o.timeout: more than 0 s"),
        ("no text", {"max_text": 5}, True, "o.max_text: at least 100 characters"),
    ],
)
def test_mistakes_are_named(why, table, local, says):
    with pytest.raises(ConfigError) as caught:
        read_options(Options, table, at="o", local=local)
    assert says in str(caught.value), why


def test_all_mistakes_at_once():
    with pytest.raises(ConfigError) as caught:
        read_options(Options, {"a": 1, "delay": "x"}, at="o", local=True)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("kind", "table", "says"),
    [
        (WeiboMobileOptions, {"delay": 2}, "delay: at least 3 s"),
        (WeiboMobileOptions, {"prefetch": 2}, "prefetch"),
        (WeiboMobileOptions, {"max_pages": 0}, "max_pages"),
        (WeiboMobileOptions, {"long_texts": -1}, "long_texts"),
        (WeiboMobileOptions, {"max_pages": 6}, "max_pages: expected 1–5"),
        (WeiboMobileOptions, {"comments": -1}, "comments: 0 or more"),
        (WeiboMobileOptions, {"revisits": -1}, "revisits: 0 or more"),
        (WeiboMobileOptions, {"comments_from": 0}, "comments_from"),
        (WeiboHtmlOptions, {"delay": 2}, "delay: at least 3 s"),
        (WeiboHtmlOptions, {"max_pages": 6}, "max_pages: expected 1–5"),
        (WeiboCliOptions, {"count": 50}, "count: expected 10–20"),
        (WeiboCliOptions, {"count": 9}, "count: expected 10–20"),
        (WeiboCliOptions, {"daily_records": 19}, "daily_records"),
        (WeiboCliOptions, {"max_pages": 0}, "max_pages"),
        (WeiboCliOptions, {"type": ""}, "type"),
        (ZhihuOpenOptions, {"max_age": 0}, "max_age"),
        (ZhihuOpenOptions, {"extra_words": ["差评", 3]}, "extra_words: expected a list of str"),
        (FeedOptions, {"undated": "guess"}, 'undated: expected "skip" or "seen"'),
        (FeedOptions, {"url": "/x/{brand}"}, "{q} is the only thing"),
        (FeedOptions, {"full_at": 0}, "full_at"),
    ],
)
def test_each_spider_checks_its_own(kind, table, says):
    with pytest.raises(ConfigError, match=says):
        read_options(kind, table, at="o", local=False)


@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [
        (ZhihuOpenSpider, {}, "a credential is needed"),
        (ZhihuOpenSpider, {"credential": "a\nb"}, "line breaks"),
        (WeiboMobileSpider, {"credential": "SUB=ü"}, "no header takes"),
        (WeiboMobileSpider, {"base_url": None}, "a credential is needed: the cookie"),
        (WeiboMobileSpider, {"base_url": None, "credential": "SUB=a"}, "robots_override_reason is needed"),
        (WeiboHtmlSpider, {"base_url": None}, "a credential is needed: the cookie"),
        (
            WeiboHtmlSpider,
            {"base_url": "https://s.weibo.com", "credential": "SUB=a"},
            "robots_override_reason is needed",
        ),
        (WeiboCliSpider, {}, "a credential is needed"),
        (WeiboCliSpider, {"credential": "wb_x", "queries": (Query(brand="云雀", text="云" * 121),)}, "at most 120"),
        (FeedSpider, {"base_url": None}, "base_url is needed"),
        (FeedSpider, {"credential": "key"}, "key_parameter is needed"),
    ],
)
def test_what_a_source_lacks(kind, more, says):
    spec = make_spec(**more)
    assert any(says in line for line in kind.problems(spec, kind.options_class()))


@pytest.mark.parametrize("kind", [WeiboMobileSpider, WeiboHtmlSpider])
def test_weibos_own_pages_are_read_with_the_operators_cookie_and_reason_only(kind):
    complete = make_spec(base_url=None, credential="SUB=a", robots_override_reason="agreed with the platform")
    assert kind.problems(complete, kind.options_class()) == []
    assert kind.problems(make_spec(), kind.options_class()) == [], "a server on this machine asks for neither"


def test_a_fixed_keyword_feed_needs_to_know_its_brand():
    options = FeedOptions(url="https://a.example/alerts.xml", keyword_feed=True)
    assert FeedSpider.problems(make_spec(base_url=None), options) == []
    assert "exactly one query" in FeedSpider.problems(make_spec(base_url=None, queries=()), options)[0]


def test_zhihu_takes_no_query_of_one_character():
    spec = make_spec(credential="abc", queries=(Query(brand="云雀", text="云"),))
    assert "2–100" in ZhihuOpenSpider.problems(spec, ZhihuOpenOptions())[0]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("90s", 90), ("5m", 300), ("1.5h", 5400), ("7d", 604_800), ("2w", 1_209_600), (0, 0)],
)
def test_durations(told, seconds):
    assert duration(told) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://m.weibo.cn", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
        (None, False),
    ],
)
def test_only_loopback_is_this_machine(url, local):
    assert is_local(url) is local


def test_a_stranger_is_treated_with_courtesy():
    spec = make_spec(base_url=None)
    settings = settings_for(spec, WeiboMobileSpider, WeiboMobileOptions(contact="+https://brand.example"), local=False)
    assert settings.getbool("ROBOTSTXT_OBEY") and settings.getbool("AUTOTHROTTLE_ENABLED")
    delay, jitter = settings.getfloat("DOWNLOAD_DELAY"), settings.getfloat("DOWNLOAD_DELAY_JITTER")
    assert (delay, jitter) == (10, 0), "at least ten seconds, whatever the dice say"
    assert settings.getint("CONCURRENT_REQUESTS") == settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert settings["USER_AGENT"].startswith("Tingfeng/") and settings["USER_AGENT"].endswith("+https://brand.example")
    assert settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")


def test_no_door_is_left_open():
    settings = settings_for(make_spec(), WeiboMobileSpider, WeiboMobileOptions(), local=True)
    assert not settings.getbool("REMOTE_CONTROL_ENABLED") and not settings.getbool("TELNETCONSOLE_ENABLED")
    assert settings["TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS"] == ""
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    loaded = [str(key) for name in ("EXTENSIONS", "DOWNLOADER_MIDDLEWARES") for key in settings.getwithbase(name)]
    assert not [name for name in loaded if "telnet" in name or "remote" in name]
