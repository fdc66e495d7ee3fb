"""m.weibo.cn keyword search, newest first, with the operator's own cookie (sources.md 1.0, 1.5, 1.9).

The site may stop answering any day; then the run is refused under a name. Nothing here works around a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.options import Options
from crawler.paging import Search
from crawler.refusals import translate
from crawler.spec import Gap
from crawler.spiders.base import Output, TingfengSpider
from crawler.text import count_of
from crawler.times import weibo_posted
from crawler.weibo import (
    blogs,
    check,
    cookie_headers,
    counts_of,
    is_cut,
    is_pinned,
    mid_of,
    original_text,
    own_text,
    region_of,
)
from tingfeng.errors import LayoutChanged, Refused
from tingfeng.model import Mention, Query

PAGE_SIZE = 10  # posts; what the site says if it says nothing
SITE_LIMIT = 1_000  # posts: a search lists no more, so an end that comes after as many is no proof of completeness
DELETED = "20101"  # errno of a post that is gone

_SPECIAL = re.compile(r"[&=%#+?\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboMobileOptions(Options):
    least_delay: ClassVar[timedelta] = timedelta(seconds=3)

    delay: timedelta = timedelta(seconds=10)
    max_pages: int = 5  # of one search in one run, 1–10,000
    long_texts: int = 10  # full texts fetched in one run, each one request; 0 = never
    prefetch: int = 1  # pages of one search under way at once, 1–64; more than 1 only on this machine

    def problems(self, *, local: bool) -> list[str]:
        found = super(WeiboMobileOptions, self).problems(local=local)  # slots=True makes a class super() does not know
        if not 1 <= self.max_pages <= 10_000:
            found.append("max_pages: expected 1–10000")
        if self.long_texts < 0:
            found.append("long_texts: 0 or more")
        if not 1 <= self.prefetch <= 64 or (self.prefetch > 1 and not local):
            found.append("prefetch: expected 1, or up to 64 for a server on this machine")
        return found


@dataclass(frozen=True, slots=True)
class Post:
    """A cut post that waits for its full text."""

    blog: dict[str, Any]
    query: Query
    seen_at: datetime


class WeiboMobileSpider(TingfengSpider):
    """Container 100103type=61 (实时): JSON cards, ten posts a page."""

    name = "weibo_mobile"  # to Scrapy; a crawl bears the name of its source
    platform = "weibo"
    home = "https://m.weibo.cn"
    options_class = WeiboMobileOptions
    options: WeiboMobileOptions
    reaches_back = "pages"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._headers = {
            "X-Requested-With": "XMLHttpRequest",
            "MWeibo-Pwa": "1",
            **cookie_headers(self.spec.credential),
        }
        self._waiting_for_full: dict[str, list[Post]] = {}  # by post; several searches may find the same one
        self._full: dict[str, str] = {}
        self._full_left = self.options.long_texts

    def searches(self) -> Iterable[Request]:
        for query in dict.fromkeys(self.spec.queries):
            search = Search(query, self.since_of(query), self._address(query.text))
            self.begin(search.name, query=query)
            yield from self._ask(search)

    def contact(self) -> Iterable[Request]:
        self._full_left = 0  # the beginnings of long posts will do
        self.finding("login", "your cookie is sent" if self.spec.credential else "no cookie, asked as a visitor")
        return super().contact()

    def fill(self, gap: Gap) -> Iterable[Request]:
        if gap.query is not None:
            yield from self._ask(Search.of_gap(gap, gap.query, self._address(gap.query.text)))

    # --- pages

    def _ask(self, search: Search) -> Iterator[Request]:
        """Requests for the next pages: one, or as many as the site has promised and we may prefetch."""
        if search.asked and not search.over and self.is_late():
            self.count("search/out_of_time")
            return
        while search.may_ask(limit=self._limit(search), prefetch=self.options.prefetch):
            search.asked += 1
            search.waiting += 1
            self.gap_pages -= search.gap is not None
            yield self.request(
                search.address + str(search.asked),
                self.parse_page,
                headers=self._headers,
                priority=-1 if search.gap else 0,
                search=search,
                page=search.asked,
            )

    def _limit(self, search: Search) -> int:
        return search.asked + max(0, self.gap_pages) if search.gap else self.options.max_pages

    def _address(self, words: str) -> str:
        """Where a search is found, but for the number of the page."""
        inside = _SPECIAL.sub(lambda sign: quote(sign[0], safe=""), words)
        container = f"100103type=61&q={inside}&t=0"
        asked = urlencode({"containerid": container, "page_type": "searchall"})
        return f"{self.base_url}/api/container/getIndex?{asked}&page="

    def parse_page(self, response: Response, search: Search, page: int) -> Output:
        seen_at = self.now()
        cards, info = self._cards(response)
        mentions: list[Mention] = []
        long_ones: list[Post] = []
        known, newest = len(search.seen), None
        for blog in blogs(cards):
            mention, published_at = self.read(blog, search.query, seen_at)
            if published_at is None:
                continue
            newest = published_at if newest is None else max(newest, published_at)
            new = search.saw(mid_of(blog), None if is_pinned(blog) else published_at)
            if new and mention is not None:
                if search.gap is None and self._wants_full(blog):
                    long_ones.append(Post(blog, search.query, seen_at))
                else:
                    mentions.append(mention)
        if mentions:
            yield mentions
        for post in long_ones:
            yield from self._ask_full(post)
        search.take_stock(
            page,
            news=len(search.seen) - known,
            newest=newest,
            total=count_of(info.get("total")) or 0,
            size=count_of(info.get("page_size")) or PAGE_SIZE,
            following=count_of(info.get("page")) or 0,
        )
        yield from self._ask(search)
        if search.waiting == 0:
            self._close(search)

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

    def _close(self, search: Search) -> None:
        if search.gap is not None:
            self.filled(search.filling(search.gap, site_limit=SITE_LIMIT, now=self.now()))
            return
        if not search.seen and search.total >= PAGE_SIZE:
            raise LayoutChanged("layout_changed", f"{search.total} posts announced, none found on the pages")
        if not search.seen:
            self.count("search/empty")
        self.done(search.name, covered_since=search.covered_since(site_limit=SITE_LIMIT, now=self.now()))

    # --- posts

    def read(self, blog: dict[str, Any], query: Query, seen_at: datetime) -> tuple[Mention | None, datetime | None]:
        """The mention in an `mblog` (None when it is nobody's) and when it was published (None when unreadable)."""
        mid = mid_of(blog)
        if str(blog.get("deleted")) == "1":
            self.count("deleted")
            return None, None
        if not mid:
            self.skip("id")
            return None, None
        published_at, contradicted = weibo_posted(str(blog.get("created_at") or ""), mid, seen_at=seen_at)
        if contradicted:
            self.count("time/id_differs")
        if published_at is None:
            self.skip("time")
            return None, None
        text = own_text(blog)
        if not text:
            self.skip("text")
            return None, None
        mention = self.mention(
            native_id=mid,
            url=f"https://m.weibo.cn/detail/{mid}",
            text=text,
            context=original_text(blog),
            published_at=published_at,
            seen_at=seen_at,
            query=query,
            is_repost=isinstance(blog.get("retweeted_status"), dict),
            region=region_of(blog.get("region_name")),
            **counts_of(blog),
            **self._author(blog.get("user")),
        )
        return mention, published_at

    def _author(self, user: object) -> dict[str, Any]:
        if not isinstance(user, dict):
            return {}
        return {"author_key": self.author_key(user.get("id")), "followers": count_of(user.get("followers_count"))}

    # --- long texts

    def _wants_full(self, blog: dict[str, Any]) -> bool:
        """Whether the post is cut, and its full text is known, under way, or still to be had in this run."""
        if not is_cut(blog):
            return False
        mid = mid_of(blog)
        if mid in self._full or mid in self._waiting_for_full:
            return True
        if self._full_left <= 0 or self.is_late():
            self.count("long_text/left_short")
            return False
        return True

    def _ask_full(self, post: Post) -> Output:
        mid = mid_of(post.blog)
        if mid in self._full:
            yield self._lengthen([post], self._full[mid])
        elif mid in self._waiting_for_full:
            self.begin(f"long/{mid}", query=post.query)  # its window, too, waits for the text
            self._waiting_for_full[mid].append(post)
        else:
            self._full_left -= 1
            self._waiting_for_full[mid] = [post]
            self.begin(f"long/{mid}", query=post.query)
            url = f"{self.base_url}/statuses/extend?id={mid}"
            yield self.request(url, self.parse_full, errback=self._full_failed, headers=self._headers, mid=mid)

    def parse_full(self, response: Response, mid: str) -> Output:
        data = self.json(response)
        if str(data.get("errno")) != DELETED:  # deleted meanwhile: the short text is what there was
            check(data)
        inner = data.get("data")
        full = inner.get("longTextContent") if isinstance(inner, dict) else None
        yield self._got_full(mid, full if isinstance(full, str) else "")

    def _full_failed(self, failure: Failure) -> Output:
        """The short text is better than none; a refusal still ends the run."""
        error = translate(failure.value)
        yield self._got_full(failure.request.cb_kwargs["mid"], "")  # type: ignore[attr-defined]
        if isinstance(error, Refused):
            self.stop(error)

    def _got_full(self, mid: str, full: str) -> list[Mention]:
        self.count("long_text/fetched" if full else "long_text/missing")
        self.done(f"long/{mid}")
        self._full[mid] = full
        return self._lengthen(self._waiting_for_full.pop(mid), full)

    def _lengthen(self, posts: list[Post], full: str) -> list[Mention]:
        """The posts read again with their full text: whose they are may be said only there."""
        more = {"longText": {"longTextContent": full}} if full else {}
        found = [self.read(post.blog | more, post.query, post.seen_at)[0] for post in posts]
        return [mention for mention in found if mention is not None]
