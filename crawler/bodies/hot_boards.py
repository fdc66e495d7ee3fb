"""Hot boards beside Weibo's, recognised by the shape of their answers (sources.md 2.1, 2.3, 3, 4, 10, 13): Baidu,
Tencent, Toutiao, The Paper, Zhihu (web, app and official), Bilibili's hot words, Tieba's topics.

Each board's own id names an entry where it is one that stays; elsewhere its words do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from crawler.bodies.hotlist import Entries, inside, objects, refusal_message, refusal_page, words
from crawler.bodies.zhihu_open import CODES as ZHIHU_CODES
from crawler.documents import load_object
from crawler.post import Reading
from crawler.text import address, count_of, text_of, without_parameters
from crawler.times import from_epoch
from tingfeng.errors import CrawlError, LayoutChanged, Refused

_EMBEDDED = (b"<!--s-data:", b"-->")
_HEAT = re.compile(r"\s+|热度|热$")
BILIBILI_CODES: dict[int, CrawlError] = {
    -412: Refused("risk_control", "code -412: the request was blocked"),
    -352: Refused("risk_control", "code -352: risk control"),
    -101: Refused("login_required", "code -101: not logged in"),
    -799: Refused("too_many_requests", "code -799: too often"),
}


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """The board in `body`, whichever it is; `url` and `seen_at` are not needed for it."""
    data = _embedded(body) or load_object(body)
    for fits, reader in _SHAPES:
        if fits(data):
            return reader(data)
    raise refusal_message(data) or LayoutChanged("layout_changed", "no hot board that we know")


def _embedded(body: bytes) -> dict[str, Any] | None:
    """The object that Baidu writes into its page for its own script; None when the body is no page of that kind."""
    begin = body.find(_EMBEDDED[0])
    if not body.lstrip().startswith(b"<") or begin < 0:
        return None
    if refused := refusal_page(body):
        raise refused
    begin += len(_EMBEDDED[0])
    end = body.find(_EMBEDDED[1], begin)
    return load_object(body[begin : end if end >= 0 else len(body)])


def _baidu(data: dict[str, Any]) -> Reading:
    """Pinned topics stand apart in topContent. On phones the list is wrapped once more."""
    entries = Entries("hot:baidu")
    card = next(iter(objects(data["data"]["cards"])), {})
    for _ in objects(card.get("topContent")):
        entries.leave_out("pinned")
    for item in _unwrapped(card.get("content")):
        if item.get("isTop"):
            entries.leave_out("pinned")
            continue
        title = words(item.get("word") or item.get("query"))
        link = address(item.get("rawUrl")) or address(item.get("url")) or _search("https://www.baidu.com/s?wd=", title)
        index = count_of(item.get("index"))
        entries.add(
            title=title,
            url=link,
            rank=None if index is None else index + 1,
            heat=count_of(item.get("hotScore")),
            text=words(item.get("desc")),
        )
    return entries.done()


def _unwrapped(content: object) -> list[dict[str, Any]]:
    items = objects(content)
    return [inner for item in items for inner in (objects(item["content"]) if "content" in item else (item,))]


def _tencent(data: dict[str, Any]) -> Reading:
    """The first of its items is a heading. `timestamp` is when the article came out."""
    entries = Entries("hot:tencent")
    for item in objects(inside(next(iter(objects(data["idlist"])), None), "newslist")):
        number = words(item.get("id"))
        if number.startswith("TIP"):
            continue
        event = item.get("hotEvent")
        entries.add(
            title=words(item.get("title")),
            url=address(item.get("url")) or address(item.get("surl")),
            native_id=number,
            rank=count_of(inside(event, "ranking")),
            heat=count_of(inside(event, "hotScore")),
            text=words(item.get("abstract")),
            at=_moment(item.get("timestamp")),
        )
    return entries.done()


def _toutiao(data: dict[str, Any]) -> Reading:
    entries = Entries("hot:toutiao")
    for item in objects(data["data"]):
        number = words(item.get("ClusterIdStr"))
        link = f"https://www.toutiao.com/trending/{quote(number, safe='')}/" if number else ""
        entries.add(title=words(item.get("Title")), url=link, native_id=number, heat=count_of(item.get("HotValue")))
    return entries.done()


def _thepaper(data: dict[str, Any]) -> Reading:
    entries = Entries("hot:thepaper")
    for item in objects(data["data"]["hotNews"]):
        number = words(item.get("contId"))
        link = f"https://www.thepaper.cn/newsDetail_forward_{quote(number, safe='')}" if number else ""
        told = item.get("pubTimeLong")
        at = _moment(told // 1_000 if isinstance(told, int) else None)
        entries.add(title=words(item.get("name")), url=link, native_id=number, at=at)
    return entries.done()


def _zhihu(data: dict[str, Any]) -> Reading:
    """hot-list-web (areas of a card) and hot-lists/total (a question); the id of both is the question's."""
    entries = Entries("hot:zhihu")
    for item in objects(data["data"]):
        target = item.get("target")
        title = words(inside(target, "title_area", "text")) or words(inside(target, "title"))
        number = words(item.get("card_id")).removeprefix("Q_") or words(inside(target, "id"))
        link = address(inside(target, "link", "url")) or _question(number)
        entries.add(
            title=title,
            url=without_parameters(link, prefixes=("utm_",)),
            native_id=number,
            heat=_heat(inside(target, "metrics_area", "text") or item.get("detail_text")),
            text=words(inside(target, "excerpt_area", "text")) or words(inside(target, "excerpt")),
            at=_moment(inside(target, "created")),
        )
    return entries.done()


def _zhihu_official(data: dict[str, Any]) -> Reading:
    """developer.zhihu.com: no heat, no time; the addresses carry a fingerprint of the credential."""
    code = data["Code"]
    if code != 0:
        raise ZHIHU_CODES.get(code) or Refused(f"code_{code}", "a code we do not know")
    entries = Entries("hot:zhihu")
    for item in objects(inside(data, "Data", "Items")):
        link = without_parameters(address(item.get("Url")), prefixes=("utm_",))
        question = re.search(r"/question/(\d{1,20})", link)
        entries.add(
            title=words(text_of(str(item.get("Title") or ""))),
            url=link,
            native_id=question[1] if question else "",
            text=text_of(str(item.get("Summary") or "")),
        )
    return entries.done()


def _bilibili(data: dict[str, Any]) -> Reading:
    """Words that were paid for are left out."""
    if data.get("code") not in (None, 0):
        raise _bilibili_refusal(data)
    entries = Entries("hot:bilibili")
    for item in objects(data["list"]):
        if words(inside(item, "stat_datas", "is_commercial")) == "1":
            entries.leave_out("ad")
            continue
        word = words(item.get("keyword"))
        entries.add(
            title=words(item.get("show_name")) or word,
            url=_search("https://search.bilibili.com/all?keyword=", word),
            native_id=word,
            heat=count_of(item.get("heat_score")),
        )
    return entries.done()


def _bilibili_refusal(data: dict[str, Any]) -> CrawlError:
    code = data["code"]
    known = BILIBILI_CODES.get(code) if isinstance(code, int) else None
    return known or refusal_message(data) or LayoutChanged("layout_changed", "a code and no hot board")


def _tieba(data: dict[str, Any]) -> Reading:
    entries = Entries("hot:tieba")
    for item in objects(inside(data, "data", "bang_topic", "topic_list")):
        link = item.get("topic_url")
        entries.add(
            title=words(item.get("topic_name")),
            url=address(link.replace("&amp;", "&") if isinstance(link, str) else None),
            native_id=words(item.get("topic_id")),
            heat=count_of(item.get("discuss_num")),
            text=words(item.get("topic_desc")),
            at=_moment(item.get("create_time")),
        )
    return entries.done()


def _question(number: str) -> str:
    return f"https://www.zhihu.com/question/{number}" if number.isascii() and number.isdigit() else ""


def _search(base: str, text: str) -> str:
    return base + quote(text, safe="") if text else ""


def _heat(told: object) -> int | None:
    """'617 万热度' → 6170000."""
    return count_of(_HEAT.sub("", told)) if isinstance(told, str) else None


def _moment(told: object) -> datetime | None:
    """Epoch seconds, as a number or in digits."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 12:
        told = int(told)
    posted = from_epoch(told) if isinstance(told, int) and not isinstance(told, bool) else None
    return posted.at if posted else None


def _first_has(data: dict[str, Any], key: str) -> bool:
    items = objects(data.get("data"))
    return bool(items) and key in items[0]


_SHAPES: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], Reading]], ...] = (
    (lambda d: isinstance(d.get("Code"), int), _zhihu_official),
    (lambda d: isinstance(inside(d, "data", "cards"), list), _baidu),
    (lambda d: isinstance(d.get("cards"), list), lambda d: _baidu({"data": d})),
    (lambda d: isinstance(d.get("idlist"), list), _tencent),
    (lambda d: _first_has(d, "ClusterIdStr"), _toutiao),
    (lambda d: isinstance(inside(d, "data", "hotNews"), list), _thepaper),
    (lambda d: _first_has(d, "target"), _zhihu),
    (lambda d: isinstance(inside(d, "data", "bang_topic"), dict), _tieba),
    (lambda d: isinstance(d.get("list"), list), _bilibili),
    (lambda d: isinstance(d.get("code"), int) and d["code"] in BILIBILI_CODES, _bilibili),
)
