"""Weibo's hot list in its four forms (sources.md 1.2, 1.4, 1.6): the official open-im API, weibo.com/ajax, the HTML of
s.weibo.com/top/summary, and the cards of m.weibo.cn.

Advertisements and pinned topics hold no place of their own: they are noted ("ad", "pinned") and left out. An entry is
known by its words, without the # around a topic: the numbers in the official answer are places, not names.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from parsel import Selector

from crawler.bodies.hotlist import MOST, Entries, inside, objects, refusal_message, refusal_page, words
from crawler.documents import load_object
from crawler.post import Reading
from crawler.text import address, count_of
from crawler.times import from_epoch
from crawler.weibo import has_answer
from tingfeng.errors import CrawlError, LayoutChanged, Refused

BOARD = "hot:weibo"
MAIN = "主榜"
CATEGORIES = (MAIN, "文娱榜", "社会榜", "生活榜", "acg榜", "科技榜", "体育榜")
TOKEN_INVALID = Refused("unauthorized", "code 40100: the token is not accepted")

# Codes of open-im.api.weibo.com. The second is what was answered to a wrong app_id.
CODES: dict[int, CrawlError] = {
    40100: TOKEN_INVALID,
    40003: Refused("unauthorized", "code 40003: app_id or app_secret is not accepted"),
}
_BOUGHT = frozenset({"荐", "商", "广告"})
_NUMBER = re.compile(r"\d[\d,]{0,15}")


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """The list in any of its forms; `url` tells the category of an official one."""
    if body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return _page(body)
    data = load_object(body)
    if "code" in data:
        return _official(data, url)
    if not has_answer(data, Reading(), url=url):
        raise LayoutChanged("layout_changed", "said to be empty, which a hot list never is")
    inner = data.get("data")
    if not isinstance(inner, dict):
        raise LayoutChanged("layout_changed", "no data in the answer")
    for key in ("realtime", "band_list"):
        if isinstance(inner.get(key), list):
            return _side(inner, objects(inner[key]))
    if isinstance(inner.get("cards"), list):
        return _cards(objects(inner["cards"]))
    raise LayoutChanged("layout_changed", "no hot list in the answer")


def token_of(body: bytes) -> str:
    """The token in the answer to /open/auth/ws_token; the named refusal when it holds none."""
    data = load_object(body)
    _check_code(data)
    token = inside(data, "data", "token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise LayoutChanged("layout_changed", "no token in the answer")
    return token


def board_of(category: str) -> str:
    """What a category's list is called: hot:weibo, hot:weibo/文娱榜 …"""
    return BOARD if category in ("", MAIN) else f"{BOARD}/{category}"


def _check_code(data: dict[str, Any]) -> None:
    code = data.get("code")
    if code == 0:
        return
    if not isinstance(code, int):
        raise LayoutChanged("layout_changed", "no code in the answer")
    said = words(data.get("message") or data.get("msg"))[:80]
    raise CODES.get(code) or refusal_message(data) or Refused(f"code_{code}", said or "a code we do not know")


def _official(data: dict[str, Any], url: str) -> Reading:
    _check_code(data)
    category = parse_qs(urlsplit(url).query).get("category", [MAIN])[0]
    if not isinstance(inside(data, "data", "data"), list):
        raise LayoutChanged("layout_changed", "no data.data in the answer")
    entries = Entries(board_of(category if category in CATEGORIES else MAIN))
    for item in objects(data["data"]["data"]):
        topic = _bare(item.get("word"))
        link = address(item.get("h5_query_link")) or _search(topic)
        entries.add(title=topic, url=link, rank=count_of(item.get("id")), heat=count_of(item.get("num")))
    return entries.done()


def _side(inner: dict[str, Any], items: list[dict[str, Any]]) -> Reading:
    """weibo.com/ajax/side/hotSearch, and its relative hot_band, which also tells since when."""
    entries = Entries(BOARD)
    if inner.get("hotgov") or inner.get("hotgovs"):
        entries.leave_out("pinned")
    for item in items:
        if item.get("is_ad"):
            entries.leave_out("ad")
            continue
        scheme = words(item.get("word_scheme"))
        since = item.get("onboard_time")
        posted = from_epoch(since) if isinstance(since, int) else None
        entries.add(
            title=_bare(item.get("word")),
            url=_search(_bare(item.get("word")), scheme),
            rank=count_of(item.get("realpos")),
            heat=count_of(item.get("num")),
            at=posted.at if posted else None,
        )
    return entries.done()


def _cards(cards: list[dict[str, Any]]) -> Reading:
    """m.weibo.cn: one card holds the list, its heat sometimes with a word before it ('剧集 348872')."""
    entries = Entries(BOARD)
    group = next((g for card in cards if (g := objects(card.get("card_group")))), [])
    for item in group:
        if item.get("promotion") or item.get("is_ad"):
            entries.leave_out("ad")
            continue
        topic, heat = _bare(item.get("desc")), _heat(item.get("desc_extr"))
        if topic and heat is None:
            entries.leave_out("pinned")
            continue
        entries.add(title=topic, url=_search(topic), heat=heat)
    return entries.done()


def _page(body: bytes) -> Reading:
    """s.weibo.com/top/summary: a place in td-01, words and heat in td-02, a mark in td-03."""
    page = Selector(text=body.decode("utf-8", "replace"))
    rows = page.css("#pl_top_realtimehot table tr")
    if not rows:
        raise refusal_page(body) or LayoutChanged("layout_changed", "HTML without the hot list")
    entries = Entries(BOARD)
    for row in rows[:MOST]:
        link = row.css("td.td-02 a")
        if not link:
            continue  # the head of the table
        topic = _bare("".join(link[0].css("::text").getall()))
        place = "".join(row.css("td.td-01 ::text").getall()).strip()
        mark = "".join(row.css("td.td-03 ::text").getall()).strip()
        if mark in _BOUGHT or place in ("•", "·"):
            entries.leave_out("ad")
        elif not place.isdecimal():
            entries.leave_out("pinned")
        else:
            heat = _heat("".join(row.css("td.td-02 span ::text").getall()))
            entries.add(title=topic, url=_search(topic), rank=count_of(place), heat=heat)
    return entries.done()


def _bare(word: object) -> str:
    text = words(word)
    return text[1:-1].strip() if len(text) > 2 and text.startswith("#") and text.endswith("#") else text.strip("#")


def _search(topic: str, scheme: str = "") -> str:
    """Where the posts about it are found."""
    return f"https://s.weibo.com/weibo?q={quote(scheme or f'#{topic}#', safe='')}" if topic else ""


def _heat(told: object) -> int | None:
    if isinstance(told, int):
        return count_of(told)
    found = _NUMBER.findall(told) if isinstance(told, str) else []
    return count_of(found[-1].replace(",", "")) if found else None
