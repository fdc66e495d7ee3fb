"""Sogou's search for articles of WeChat accounts (sources.md 11): pages somebody has saved, never a spider's.

Its links are good for a few clicks only, so a post refers to the search that showed it, and its id is made of what
stays the same: account, title and time.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from urllib.parse import quote

from parsel import Selector

from crawler.documents import moment
from crawler.post import Kind, Post, Reading
from crawler.refusals import by_page
from crawler.text import address, text_of, tidy
from tingfeng.errors import LayoutChanged, Refused

_TIME = re.compile(r"timeConvert\(['\"](\d{9,10})['\"]\)")
_NOTHING_FOUND = ("noresult_part1_container", "没有找到相关的微信公众号文章")
_SEARCH = "https://weixin.sogou.com/weixin?type=2&query="


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """See crawler.bodies. The account's name is all that is told of an author."""
    name = "captcha" if "/antispider" in url else by_page(body)
    if name:
        raise Refused(name, "a page in place of the results")
    text = _decoded(body)
    if not text.rstrip().lower().endswith("</html>"):
        raise LayoutChanged("layout_changed", f"no HTML page, or cut short, after {len(body)} bytes")
    page = Selector(text=text, type="html")
    if not page.css("ul.news-list") and not any(words in text for words in _NOTHING_FOUND):
        raise LayoutChanged("layout_changed", "no list of articles")
    reading = Reading()
    for item in page.css("ul.news-list > li"):
        _take(item, reading, url, seen_at)
    return reading


def _decoded(body: bytes) -> str:
    """Pages say UTF-8; what was saved from a browser may be in the encoding of the machine."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")


def _take(item: Selector, reading: Reading, url: str, seen_at: datetime) -> None:
    title, excerpt, account = (
        tidy(text_of(item.css(where).get(""))) for where in ("h3 a", "p.txt-info", ".s-p .all-time-y2, .s-p .account")
    )
    told = _TIME.search(item.css(".s-p").get(""))
    at = moment(told[1], seen_at=seen_at) if told else None
    if at is None or not title:
        reading.skipped["time" if title else "text"] += 1
        return
    made_of = f"{account}\n{title}\n{int(at.timestamp())}"
    reading.posts.append(
        Post(
            platform="weixin",
            native_id=hashlib.sha256(made_of.encode()).hexdigest()[:32],
            url=address(url) or _SEARCH + quote(title[:100]),
            title=title,
            text=excerpt or title,
            published_at=at,
            kind=Kind.ARTICLE,
            author=f"name:{account}" if account else None,
            author_name=account,
            is_cut=bool(excerpt),
        )
    )
