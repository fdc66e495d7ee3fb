"""m.weibo.cn keyword search, newest first, with the operator's own cookie (sources.md 1.0, 1.5, 1.9).

The site may stop answering any day; then the run is refused under a name. Nothing here works around a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.options import Options
from crawler.refusals import by_address, by_words, translate
from crawler.spiders.base import Output, TingfengSpider
from crawler.text import count_of, text_of
from crawler.times import weibo_posted
from tingfeng.errors import LayoutChanged, Refused
from tingfeng.model import Mention, Query

PAGE_SIZE = 10  # posts; what the site says if it says nothing
SITE_LIMIT = 1_000  # posts: a search lists no more, so an end that comes after as many is no proof of completeness
BARREN_PAGES = 3  # so many pages in a row without news end a search

_MORE = re.compile(r"\.{0,3}\s*<a\b[^<>]*?href=[\"'][^\"']*/status/\w+[\"'][^<>]*>\s*全文\s*</a>\s*", re.I)
_SPECIAL = re.compile(r"[&=%#+?\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboMobileOptions(Options):
    least_delay: ClassVar[timedelta] = timedelta(seconds=3)

    delay: timedelta = timedelta(seconds=10)
    max_pages: int = 5  # of one search in one run, 1–10,000
    long_texts: int = 10  # full texts fetched in one run, each one request; 0 = never
    prefetch: int = 1  # pages of one search under way at once, 1–64; more than 1 only on this machine

    def problems(self, *, local: bool) -> list[str]:
        found = super(WeiboMobileOptions, self).problems(local=local)
        if not 1 <= self.max_pages <= 10_000:
            found.append("max_pages: expected 1–10000")
        if self.long_texts < 0:
            found.append("long_texts: 0 or more")
        if not 1 <= self.prefetch <= 64 or (self.prefetch > 1 and not local):
            found.append("prefetch: expected 1, or up to 64 for a server on this machine")
        return found


@dataclass(slots=True)
class Search:
    """How far one query has got."""

    query: Query
    asked: int = 0  # highest page requested so far
    waiting: int = 0  # pages under way
    promised: int = 0  # highest page the site has said there is
    barren: int = 0  # pages in a row without a post we had not seen
    total: int = 0  # posts, as the site counts them
    posts: int = 0
    oldest: datetime | None = None
    reached: bool = False  # a whole page lay before the window
    over: bool = False

    @property
    def name(self) -> str:
        return f"{self.query.brand}/{self.query.text}"


class WeiboMobileSpider(TingfengSpider):
    """Container 100103type=61 (实时): JSON cards, ten posts a page."""

    platform = "weibo"
    home = "https://m.weibo.cn"
    options_class = WeiboMobileOptions
    options: WeiboMobileOptions

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._headers = {
            "Accept": "application/json, text/plain, */*",
            "X-Requested-With": "XMLHttpRequest",
            "MWeibo-Pwa": "1",
            **_cookie_headers(self.spec.credential),
        }
        self._seen: set[str] = set()
        self._long_left = self.options.long_texts

    def searches(self) -> Iterable[Request]:
        for query in self.spec.queries:
            search = Search(query)
            self.begin(search.name)
            yield from self._ask(search)

    # --- pages

    def _ask(self, search: Search) -> Iterator[Request]:
        """Requests for the next pages: one, or as many as the site has promised and we may prefetch."""
        while search.asked < self.options.max_pages and (
            search.waiting == 0 or (search.waiting < self.options.prefetch and search.asked < search.promised)
        ):
            search.asked += 1
            search.waiting += 1
            yield self.request(
                self._page_url(search.query.text, search.asked),
                self.parse_page,
                headers=self._headers,
                search=search,
                page=search.asked,
            )

    def _page_url(self, words: str, page: int) -> str:
        inside = _SPECIAL.sub(lambda sign: quote(sign[0], safe=""), words)
        container = f"100103type=61&q={inside}&t=0"
        return f"{self.base_url}/api/container/getIndex?" + urlencode(
            {"containerid": container, "page_type": "searchall", "page": page}
        )

    def parse_page(self, response: Response, search: Search, page: int) -> Output:
        seen_at = self.now()
        cards, info = self._cards(response)
        mentions: list[Mention] = []
        long_ones: list[Mention] = []
        news, newest = 0, None
        for blog in blogs(cards):
            mention, published_at = self.read(blog, search.query, seen_at)
            if published_at is None:
                continue
            search.posts += 1
            newest = published_at if newest is None else max(newest, published_at)
            search.oldest = published_at if search.oldest is None else min(search.oldest, published_at)
            news += self._is_news(blog)
            if mention is not None:
                (long_ones if self._wants_long(blog) else mentions).append(mention)
        if mentions:
            yield mentions
        for mention in long_ones:
            yield self._ask_long(mention)
        self._take_stock(search, page, info, news=news, newest=newest)
        yield from self._go_on(search)

    def _cards(self, response: Response) -> tuple[list[Any], dict[str, Any]]:
        data = check(self.json(response))
        inner = data.get("data")
        if not isinstance(inner, dict):
            raise LayoutChanged("layout_changed", "no 'data' object")
        cards, info = inner.get("cards"), inner.get("cardlistInfo")
        if not isinstance(cards, list):
            raise LayoutChanged("layout_changed", "no list of cards")
        if not cards:
            self.count("page/empty")
        return cards, info if isinstance(info, dict) else {}

    def _is_news(self, blog: dict[str, Any]) -> bool:
        mid = _mid(blog)
        if mid in self._seen:
            return False
        self._seen.add(mid)
        return True

    def _take_stock(
        self, search: Search, page: int, info: dict[str, Any], *, news: int, newest: datetime | None
    ) -> None:
        """What a page means for the search: go on, or over and why."""
        search.waiting -= 1
        search.total = max(search.total, count_of(info.get("total")) or 0)
        size = count_of(info.get("page_size")) or PAGE_SIZE
        search.promised = max(search.promised, -(-search.total // max(size, 1)), count_of(info.get("page")) or 0)
        search.barren = 0 if news else search.barren + 1
        if newest is not None and newest < self.spec.since:
            search.reached = search.over = True
        elif search.barren >= BARREN_PAGES or page >= search.promised:
            search.over = True

    def _go_on(self, search: Search) -> Iterator[Request]:
        if not search.over:
            yield from self._ask(search)
        if search.waiting == 0:
            self._close(search)

    def _close(self, search: Search) -> None:
        if search.posts == 0 and search.total >= PAGE_SIZE:
            raise LayoutChanged("layout_changed", f"{search.total} posts announced, none found on the pages")
        if search.posts == 0:
            self.count("search/empty")
        complete = search.reached or (search.asked >= search.promised and search.total < SITE_LIMIT)
        got_to = None if complete else search.oldest or self.now()
        self.done(search.name, covered_since=got_to if got_to and got_to > self.spec.since else None)

    # --- posts

    def read(self, blog: dict[str, Any], query: Query, seen_at: datetime) -> tuple[Mention | None, datetime | None]:
        """The mention in an `mblog` (None when it is nobody's) and when it was published (None when unreadable)."""
        mid = _mid(blog)
        markup = blog.get("text")
        if not mid or not isinstance(markup, str):
            self.skip("shape")
            return None, None
        published_at, contradicted = weibo_posted(str(blog.get("created_at") or ""), mid, seen_at=seen_at)
        if contradicted:
            self.count("time/id_differs")
        if published_at is None:
            self.skip("time")
            return None, None
        text = self._own_text(blog, markup)
        if not text:
            self.skip("text")
            return None, None
        mention = self.mention(
            native_id=mid,
            url=f"https://m.weibo.cn/detail/{mid}",
            text=text,
            context=_original_text(blog),
            published_at=published_at,
            seen_at=seen_at,
            query=query,
            is_repost=isinstance(blog.get("retweeted_status"), dict),
            reposts=count_of(blog.get("reposts_count")),
            comments=count_of(blog.get("comments_count")),
            likes=count_of(blog.get("attitudes_count")),
            region=_region(blog.get("region_name")),
            **self._author(blog.get("user")),
        )
        return mention, published_at

    def _own_text(self, blog: dict[str, Any], markup: str) -> str:
        inline = blog.get("longText")
        if isinstance(inline, dict) and isinstance(inline.get("longTextContent"), str):
            return text_of(inline["longTextContent"])
        return text_of(_MORE.sub("…", markup) if "全文" in markup else markup)

    def _author(self, user: object) -> dict[str, Any]:
        if not isinstance(user, dict):
            return {}
        return {"author_key": self.author_key(user.get("id")), "followers": count_of(user.get("followers_count"))}

    # --- long texts

    def _wants_long(self, blog: dict[str, Any]) -> bool:
        """Whether the post is cut and we may still fetch its full text in this run."""
        if not blog.get("isLongText") and "全文</a>" not in blog["text"]:
            return False
        if isinstance(blog.get("longText"), dict):
            return False
        if self._long_left <= 0:
            self.count("long_text/left_short")
            return False
        self._long_left -= 1
        return True

    def _ask_long(self, short: Mention) -> Request:
        self.begin(f"long/{short.native_id}")
        return self.request(
            f"{self.base_url}/statuses/extend?id={short.native_id}",
            self.parse_long,
            errback=self._long_failed,
            headers=self._headers,
            short=short,
        )

    def parse_long(self, response: Response, short: Mention) -> Output:
        data = self.json(response)
        if data.get("errno") != "20101":  # deleted meanwhile: the short text is what there was
            check(data)
        full = data["data"].get("longTextContent") if isinstance(data.get("data"), dict) else None
        self.done(f"long/{short.native_id}")
        if isinstance(full, str) and (text := text_of(full)):
            self.count("long_text/fetched")
            yield [replace(short, text=text[: self.options.max_text])]
        else:
            self.count("long_text/missing")
            yield [short]

    def _long_failed(self, failure: Failure) -> Output:
        """The short text is better than none; a refusal still ends the run."""
        error = translate(failure.value)
        short: Mention = failure.request.cb_kwargs["short"]  # type: ignore[attr-defined]
        self.done(f"long/{short.native_id}")
        self.count("long_text/missing")
        yield [short]
        if isinstance(error, Refused):
            self.stop(error)


def check(data: dict[str, Any]) -> dict[str, Any]:
    """`data` if the site answered, or answered that there is nothing; the named refusal otherwise."""
    if data.get("ok") == 1:
        return data
    said = " ".join(str(data[key]) for key in ("msg", "message", "errmsg", "error") if data.get(key))
    if data.get("ok") == 0 and "没有内容" in said:
        inner = data.get("data")
        return {"data": inner if isinstance(inner, dict) and isinstance(inner.get("cards"), list) else {"cards": []}}
    name = by_words(said)
    if name is None and isinstance(data.get("url"), str):
        name = by_address(data["url"])
    if data.get("ok") == -100 and name != "captcha":
        name = "login_required"
    raise Refused(name or "not_ok", f"ok {data.get('ok')!r}: {said[:80]}")


def blogs(cards: list[Any]) -> Iterator[dict[str, Any]]:
    """The posts of a page: cards of type 9, alone or inside groups of type 11. Everything else is furniture."""
    for card in cards:
        if not isinstance(card, dict):
            continue
        group = card.get("card_group") if card.get("card_type") == 11 else (card,)
        for part in group if isinstance(group, list | tuple) else ():
            if isinstance(part, dict) and part.get("card_type") == 9 and isinstance(part.get("mblog"), dict):
                yield part["mblog"]


def _mid(blog: dict[str, Any]) -> str:
    """The post's number as text; "" when it has none."""
    mid = str(blog.get("mid") or blog.get("id") or "")
    return mid if mid.isascii() and mid.isdigit() and len(mid) <= 20 else ""


def _original_text(blog: dict[str, Any]) -> str:
    original = blog.get("retweeted_status")
    text = original.get("text") if isinstance(original, dict) else None
    return text_of(text) if isinstance(text, str) else ""


def _region(told: object) -> str | None:
    return told.removeprefix("发布于").strip() or None if isinstance(told, str) else None


def _cookie_headers(cookie: str | None) -> dict[str, str]:
    """The operator's cookie as headers: without SSOLoginState, which provokes 432, and with its token mirrored."""
    if not cookie:
        return {}
    parts = [p.strip() for p in cookie.removeprefix("Cookie:").split(";")]
    kept = "; ".join(p for p in parts if p and not p.startswith("SSOLoginState="))
    headers = {"Cookie": kept}
    try:
        token = SimpleCookie(kept).get("XSRF-TOKEN")
    except CookieError:
        token = None
    if token is not None:
        headers["X-XSRF-TOKEN"] = token.value
    return headers
