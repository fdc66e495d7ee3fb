"""One article, one address; one post, one identity, whatever link led there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tingfeng.addresses import bid_from_mid, canonical, identity, mid_from_bid

PAGE = "https://news.example/a/1"


@pytest.mark.parametrize(
    ("why", "url", "wanted"),
    [
        ("as it is", PAGE, PAGE),
        ("host and scheme in any case", "HTTPS://News.EXAMPLE/a/1", PAGE),
        ("http is https", "http://news.example/a/1", PAGE),
        ("default ports", "http://news.example:80/a/1", PAGE),
        ("the port of https", "http://news.example:443/a/1", PAGE),
        ("another port stays", "http://news.example:8080/a/1", "https://news.example:8080/a/1"),
        ("a trailing slash", "https://news.example/a/1/", PAGE),
        ("the front page", "https://news.example", "https://news.example"),
        ("an index file", "https://news.example/a/1/index.html", PAGE),
        ("amp", "https://news.example/a/1/amp/", PAGE),
        ("a place on the page", f"{PAGE}#comments", PAGE),
        ("a route behind the #", "https://app.example/#/detail/5", "https://app.example#/detail/5"),
        ("utm", f"{PAGE}?utm_source=rss&utm_medium=feed", PAGE),
        ("spm and from", f"{PAGE}?spm=a.b.c&from=singlemessage&isappinstalled=0", PAGE),
        ("what is read stays, in order", "https://news.example/view?b=2&utm_x=1&a=1", "https://news.example/view?a=1&b=2"),
        ("empty parameters stay", "https://news.example/view?a=", "https://news.example/view?a="),
        ("credentials", "https://me:secret@news.example/a/1", PAGE),
        ("a dot at the end of the host", "https://news.example./a/1", PAGE),
        ("escapes", "https://news.example/%e6%96%b0", "https://news.example/%E6%96%B0"),
        ("no escapes", "https://news.example/新", "https://news.example/%E6%96%B0"),
        ("an escaped slash is no slash", "https://news.example/a%2Fb", "https://news.example/a%2Fb"),
        ("a Chinese host", "https://新闻.example/1", "https://xn--efvy88h.example/1"),
        ("toutiao", "https://m.toutiao.com/i7301234567890123456/?tt_from=weixin", "https://www.toutiao.com/article/7301234567890123456"),
        ("toutiao's group", "https://www.toutiao.com/group/7301234567890123456/", "https://www.toutiao.com/article/7301234567890123456"),
        ("163", "https://m.163.com/dy/article/J1ABCDEF0519ABCD.html?spss=adap_pc", "https://www.163.com/dy/article/J1ABCDEF0519ABCD.html"),
        ("163 on a channel's host", "https://news.163.com/26/1120/09/J1ABCDEF0519ABCD.html", "https://www.163.com/dy/article/J1ABCDEF0519ABCD.html"),
        ("sina", "https://finance.sina.com.cn/tech/2026-11-20/doc-inxyzabc1234567.shtml", "https://news.sina.com.cn/doc-inxyzabc1234567.shtml"),
        ("sina on a phone", "https://finance.sina.cn/2026-11-20/detail-inxyzabc1234567.d.html?from=wap", "https://news.sina.com.cn/doc-inxyzabc1234567.shtml"),
        ("no address", "javascript:alert(1)", ""),
        ("nothing", None, ""),
        ("a broken port", "https://news.example:99999/", ""),
    ],
)  # fmt: skip
def test_canonical(why: str, url: object, wanted: str) -> None:
    assert canonical(url) == wanted, why
    assert canonical(wanted) == wanted


MID, BID = "5176388278550965", bid_from_mid("5176388278550965")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (f"https://weibo.com/1639498782/{BID}", ("weibo", MID)),
        (f"https://weibo.com/1639498782/{BID}?from=page_100505_profile&wvr=6#comment", ("weibo", MID)),
        (f"http://www.weibo.com/1639498782/{MID}", ("weibo", MID)),
        (f"https://weibo.com/detail/{MID}", ("weibo", MID)),
        (f"https://m.weibo.cn/detail/{MID}", ("weibo", MID)),
        (f"https://m.weibo.cn/detail/{BID}", ("weibo", MID)),
        (f"https://m.weibo.cn/status/{BID}?jumpfrom=weibocom", ("weibo", MID)),
        (f"https://m.weibo.cn/1639498782/{MID}", ("weibo", MID)),
        ("https://weibo.com/1639498782/profile", ("web", "https://weibo.com/1639498782/profile")),
        ("https://weibo.com/u/1639498782", ("web", "https://weibo.com/u/1639498782")),
        ("https://www.zhihu.com/question/11/answer/22?utm_psn=1", ("zhihu", "answer:22")),
        ("https://www.zhihu.com/answer/22", ("zhihu", "answer:22")),
        ("https://zhihu.com/question/11", ("zhihu", "question:11")),
        ("https://zhuanlan.zhihu.com/p/33/", ("zhihu", "article:33")),
        ("https://www.zhihu.com/pin/44", ("zhihu", "pin:44")),
        ("https://www.bilibili.com/video/BV1xx411c7mD/?spm_id_from=333&vd_source=1", ("bilibili", "BV1xx411c7mD")),
        ("https://m.bilibili.com/video/av170001", ("bilibili", "av170001")),
        ("https://v2ex.com/t/1000#reply12", ("v2ex", "topic:1000")),
        ("https://www.v2ex.com/t/1000#r_77", ("v2ex", "reply:77")),
        (f"{PAGE}?utm_source=a", ("web", PAGE)),
        ("mailto:a@b.example", None),
    ],
)
def test_identity(url: str, wanted: tuple[str, str] | None) -> None:
    assert identity(url) == wanted


@given(st.integers(10**15, 10**16 - 1))
def test_mid_and_bid_are_one_number(number: int) -> None:
    assert mid_from_bid(bid_from_mid(str(number))) == str(number)


URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "HTTPS", "ftp"]),
    st.sampled_from(["a.example", "M.weibo.cn", "www.163.com", "新.example:80", "[::1]", "v2ex.com:443", "%zz"]),
    st.text(st.sampled_from("/ab1%2Fé新.;:?#&=+~\\ @"), max_size=30),
    st.text(max_size=10),
)


@given(st.text(max_size=50) | URLS)
def test_any_text_is_an_address_or_none_and_stays_what_it_is(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    found = identity(url)
    assert (found is None) == (once == "")
    if found and found[0] == "web":
        assert identity(found[1]) == found
