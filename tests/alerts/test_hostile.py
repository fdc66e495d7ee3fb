"""What strangers write must not reach past its place: scripts, overrides, endless words, false links."""

from __future__ import annotations

import re
from dataclasses import replace

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.render import Rendered, render_alert, render_freshness
from tests.alerts.samples import SHANGHAI, make_alert, make_copied, make_freshness, make_posts, no_chart

HOSTILE = {
    "a script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "an override that turns text round": "好评\u202egnp.exe\u202c 后面 \u2066隐藏\u2069",
    "template syntax": "{{ 7*7 }}{% raw %}",
    "line breaks": "第一行\r\n\r\nBcc: x@example.com\n第二行\u2028第三行",
    "one endless word": "啊" * 2_000,
    "one endless latin word": "A" * 2_000,
    "a tower of accents": "z" + "\u0336\u0311\u0346" * 80 + "algo",
    "NUL, surrogate, escape": "\x00\ud800\x1b[31m红",
    "quotes": "\"'><b onmouseover=alert(1)>`",
    "emoji of several code points": "👨‍👩‍👧‍👦🏳️‍🌈 好喝",
    "nothing to see": "\u200b\u3164\u2800 ",
    "a comment that would end a condition": "<![endif]--><!--[if mso]>",
}


@pytest.mark.parametrize("why", HOSTILE)
def test_hostile_posts_do_no_harm(why: str) -> None:
    text = HOSTILE[why]
    posts = make_posts((text,), title=text, region=text)
    terms = (replace(make_alert().terms[0], term=text),)
    facts = no_chart(make_alert(), posts=posts, terms=terms, by_source={text: 3}, copied=make_copied(text=text))
    check_harmless(render_alert(facts, zone=SHANGHAI))
    check_harmless(render_freshness(make_freshness(detail=text, source=text, brands=(text,)), zone=SHANGHAI))


def check_harmless(mail: Rendered) -> None:
    page = lxml.html.document_fromstring(mail.html)
    assert not page.xpath("//script | //img | //b | //*[@onmouseover or @onerror]")
    assert not re.search(
        "[\u202a-\u202e\u2066-\u2069\x00\x1b\ud800-\udfff\u2028]", mail.html + mail.text + mail.subject
    )
    assert "\n" not in mail.subject and "49" not in mail.subject
    mail.html.encode(), mail.text.encode()
    assert max(len(line) for line in mail.text.splitlines()) < 600, "cut, with an ellipsis"
    assert all(bdi.text_content() == bdi.text_content().strip() for bdi in page.xpath("//p[@class='words']/bdi"))


def test_long_posts_are_cut_with_an_ellipsis() -> None:
    mail = render_alert(no_chart(make_alert(), posts=make_posts(("长" * 2_000,))), zone=SHANGHAI)
    assert "长" * 159 + "…" in mail.text and "长" * 160 not in mail.text


@pytest.mark.parametrize(
    ("why", "url", "is_link"),
    [
        ("plain", "https://m.weibo.cn/detail/5000", True),
        ("http, port, query, Chinese", "http://www.zhihu.com:8080/search?q=奶茶&type=content#a", True),
        ("script", "javascript:alert(1)", False),
        ("data", "data:text/html,<script>alert(1)</script>", False),
        ("no scheme", "//evil.example.com/x", False),
        ("somebody's log-in hides the host", "https://m.weibo.cn@evil.example.com/", False),
        ("a quote ends the attribute", 'https://a.example.com/"onclick="alert(1)', False),
        ("a line break", "https://a.example.com/\r\nX: y", False),
        ("an override shows another address", "https://a.example.com/\u202egnp.exe", False),
        ("no host", "https:///x", False),
        ("not a port", "https://a.example.com:99999/", False),
        ("endless", "https://a.example.com/" + "x" * 3_000, False),
        ("nothing", "", False),
    ],
)
def test_only_web_addresses_become_links(why: str, url: str, is_link: bool) -> None:
    facts = no_chart(make_alert(), posts=make_posts(("文",), url=url), copied=make_copied(url=url))
    mail = render_alert(facts, zone=SHANGHAI)
    links = lxml.html.document_fromstring(mail.html).xpath("//a/@href")
    assert links == ([url, url] if is_link else []), why
    assert not is_link or (url in mail.text and f">{url.replace('&', '&amp;')}</a>" in mail.html), "shown whole"


@settings(max_examples=25)
@given(
    text=st.text(max_size=400),
    url=st.text(max_size=60),
    brand=st.text(min_size=1, max_size=30),
    p=st.floats(min_value=0, max_value=1),
    expected=st.floats(min_value=0, max_value=1e9),
    observed=st.integers(min_value=0, max_value=10**9),
)
def test_any_facts_render(text: str, url: str, brand: str, p: float, expected: float, observed: int) -> None:
    posts = make_posts((text,), url=url)
    facts = no_chart(
        make_alert(), posts=posts, brand=brand, p_value=p, expected=expected, observed=observed, to_do=(text,)
    )
    mail = render_alert(facts, zone=SHANGHAI)
    assert "\n" not in mail.subject and len(mail.subject) <= 60
    lxml.html.document_fromstring(mail.html)
