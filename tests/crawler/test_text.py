"""Words, numbers and addresses as platforms send them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text import address, count_of, cut, plain, text_of, tidy, without_parameters


@pytest.mark.parametrize(
    ("why", "markup", "want"),
    [
        ("plain text is untouched inside", "a  b\nc", "a  b\nc"),
        ("trailing U+200B", "好车\u200b\u200b ", "好车"),
        ("line break", "一<br />二<br>三", "一\n二\n三"),
        ("emoticon, quoted", '<span class="url-icon"><img alt="[doge]" src="x"></span>哈', "[doge]哈"),
        ("emoticon, unquoted as in 2019", "<img alt=[偷笑] src=//h5 style='width:1em;' />哈", "[偷笑]哈"),
        ("picture without words", "<img src=x>看", "看"),
        ("an alt of another attribute's name", '<img data-alt="no" alt="[赞]">', "[赞]"),
        ("link text stays", '<a href="/n/某">@某</a> 说<a data-hide="">#话题#</a>', "@某 说#话题#"),
        ("entities", "1 &lt; 2 &amp; &#39;3&#39;&nbsp;", "1 < 2 & '3'"),
        ("escaped markup is text, once", "&lt;b&gt;&amp;lt;", "<b>&lt;"),
        ("a sign is not a tag", "1 < 2 和 3 > 2", "1 < 2 和 3 > 2"),
        ("'>' inside an attribute", '<a title="a>b">c</a>', "c"),
        ("scripts and styles are no words", "<style>p{}</style>a<script>alert(1)</script>b<!-- c -->", "ab"),
        ("an unclosed script swallows the rest", "a<script>alert(1)", "a"),
        ("em marks of a search", "<em>云雀</em>的车", "云雀的车"),
        ("NUL and lone surrogates", "a\x00b\ud800c", "a\ufffdb\ufffdc"),
    ],
)
def test_text_of(why, markup, want):
    assert text_of(markup) == want, why


@given(st.text(alphabet="<>\"'/a!-=&; \n", max_size=60))
def test_any_markup_becomes_storable_text(markup):
    text = text_of(markup)
    assert "\x00" not in text
    assert text == text.strip()


@pytest.mark.parametrize("unit", ["<a ", '<a "', "<script", "<!--", "<img alt=", "&#", "<a '\"", " \n"])
def test_hostile_markup_takes_no_time(unit):
    started = time.perf_counter()
    tidy(text_of(unit * 100_000))
    assert time.perf_counter() - started < 2


def test_layout_of_a_source_is_no_text():
    assert tidy(" a \r\n   \n\n  b\n c ") == "a\nb\nc"
    assert plain("a \n\n b") == "a \n\n b"


@pytest.mark.parametrize(
    ("why", "value", "want"),
    [
        ("a number", 348872, 348872),
        ("zero is zero", 0, 0),
        ("digits", "1024", 1024),
        ("万", "43.2万", 432_000),
        ("no rounding error", "1.3万", 13_000),
        ("at least so many", "100万+", 1_000_000),
        ("亿", "1.5亿", 150_000_000),
        ("thousands by comma", "1,024", 1024),
        ("k", "3.4k", 3400),
        ("the word stands where nobody did", "转发", 0),
        ("not told", None, None),
        ("not a number", "很多", None),
        ("nothing", "", None),
        ("a truth is no count", True, None),
        ("negative", -1, None),
        ("beyond belief", 10**15, None),
        ("beyond belief, in words", "99999999999亿", None),
        ("a fraction of nothing", ".5万", None),
        ("a float is none of ours", 1.5, None),
    ],
)
def test_count_of(why, value, want):
    assert count_of(value) == want, why


@given(st.text(max_size=30) | st.integers() | st.floats() | st.none() | st.lists(st.integers()))
def test_any_count_is_in_range_or_none(value):
    found = count_of(value)
    assert found is None or 0 <= found <= 10**12


@pytest.mark.parametrize(
    ("why", "url", "base", "want"),
    [
        ("as it is", "https://a.example/b?c=d", "", "https://a.example/b?c=d"),
        ("relative", "/b", "https://a.example/x/y", "https://a.example/b"),
        ("without scheme", "//a.example/b", "https://c.example", "https://a.example/b"),
        ("script", "javascript:alert(1)", "", ""),
        ("script, disguised", "java\nscript:alert(1)", "", ""),
        ("data", "data:text/html,x", "https://a.example", ""),
        ("file", "file:///etc/passwd", "", ""),
        ("no host", "https:///x", "", ""),
        ("broken brackets", "http://[::1", "", ""),
        ("too long", "https://a.example/" + "x" * 3000, "", ""),
        ("no text", None, "", ""),
    ],
)
def test_address(why, url, base, want):
    assert address(url, base=base) == want, why


def test_fingerprints_are_cut_from_addresses():
    url = "https://www.zhihu.com/question/1/answer/2?utm_medium=openapi&utm_source=abc&x=1&UTM_campaign=y"
    assert without_parameters(url, prefixes=("utm_",)) == "https://www.zhihu.com/question/1/answer/2?x=1"
    assert without_parameters("https://a.example/?x=%E4", prefixes=("utm_",)) == "https://a.example/?x=%E4"


def test_cut_shows_that_it_did():
    assert cut("一二三四", 4) == "一二三四"
    assert cut("一二三四五", 4) == "一二三…"
