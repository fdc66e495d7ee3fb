"""m.weibo.cn keyword search, newest first, with the operator's own cookie (sources.md 1.0, 1.5, 1.9).

The site may stop answering any day; then the run is refused under a name. Nothing here works around a refusal.
What its bodies say is crawler.bodies.weibo_mobile's business. When all searches are through, known posts are looked at
again and comments are read, each within the budget the options give.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.weibo_mobile import read
from crawler.options import Options
from crawler.paging import Search
from crawler.post import Post, Reading
from crawler.refusals import translate
from crawler.spec import CrawlSpec, Gap
from crawler.spiders.base import Output, TingfengSpider
from crawler.spiders.weibo_errands import Errands
from crawler.weibo import cookie_headers, cookie_problems
from tingfeng.errors import LayoutChanged, Refused
from tingfeng.model import Mention, Query

PAGE_SIZE = 10  # posts; what the site says if it says nothing
SITE_LIMIT = 1_000  # posts: a search lists no more, so an end that comes after as many is no proof of completeness
COURTEOUS_PAGES = 5  # of one search in one run, but on this machine

_SPECIAL = re.compile(r"[&=%#+?\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboMobileOptions(Options):
    least_delay: ClassVar[timedelta] = timedelta(seconds=3)

    delay: timedelta = timedelta(seconds=10)
    max_pages: int = 5  # of one search in one run, 1–5; up to 10,000 on this machine
    long_texts: int = 10  # full texts fetched in one run, each one request; 0 = never
    comments: int = 0  # pages of comments fetched in one run; 0 = never
    comments_from: int = 20  # only of posts with at least so many comments
    revisits: int = 20  # known posts looked at again in one run, each one request; 0 = never
    prefetch: int = 1  # pages of one search under way at once, 1–64; more than 1 only on this machine

    def problems(self, *, local: bool) -> list[str]:
        found = super(WeiboMobileOptions, self).problems(local=local)  # slots=True makes a class super() does not know
        most = 10_000 if local else COURTEOUS_PAGES
        if not 1 <= self.max_pages <= most:
            found.append(f"max_pages: expected 1–{most}")
        for name in ("long_texts", "comments", "revisits"):
            if getattr(self, name) < 0:
                found.append(f"{name}: 0 or more")
        if self.comments_from < 1:
            found.append("comments_from: 1 or more")
        if not 1 <= self.prefetch <= 64 or (self.prefetch > 1 and not local):
            found.append("prefetch: expected 1, or up to 64 for a server on this machine")
        return found


@dataclass(frozen=True, slots=True)
class Short:
    """A cut post that waits for its full text."""

    post: Post
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
        self.headers = {
            "X-Requested-With": "XMLHttpRequest",
            "MWeibo-Pwa": "1",
            **cookie_headers(self.spec.credential),
        }
        self._waiting_for_full: dict[str, list[Short]] = {}  # by post; several searches may find the same one
        self._full: dict[str, str] = {}
        self._full_left = self.options.long_texts
        self._searching = 0  # searches that are not through
        self._errands = Errands(self, comments=self.options.comments, revisits=self.options.revisits)

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        return super().problems(spec, options) + cookie_problems(spec, cls.home)

    def searches(self) -> Iterable[Request]:
        queries = list(dict.fromkeys(self.spec.queries))
        self._searching = len(queries)
        for query in queries:
            search = Search(query, self.since_of(query), self._address(query.text))
            self.begin(search.name, query=query)
            yield from self._ask(search)

    def take(self, reading: Reading) -> Reading:
        """Takes down what a reading says beside its posts."""
        self.note(reading)
        for native_id in reading.gone:
            self.seen_gone(native_id)
        return reading

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
                headers=self.headers,
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
        reading = self.take(read(response.body, url=response.url, seen_at=seen_at))
        pinned = reading.paging.get("pinned", ())
        known, newest = len(search.seen), max(filter(None, (p.published_at for p in reading.posts)), default=None)
        mentions, long_ones = self._sort(reading.posts, search, pinned, seen_at)
        if mentions:
            yield mentions
        for short in long_ones:
            yield from self._ask_full(short)
        search.take_stock(
            page,
            news=len(search.seen) - known,
            newest=newest,
            total=reading.paging.get("total", 0),
            size=reading.paging.get("size") or PAGE_SIZE,
            following=reading.paging.get("next", 0),
        )
        yield from self._ask(search)
        if search.waiting == 0:
            yield from self._close(search)

    def _sort(
        self, posts: Sequence[Post], search: Search, pinned: Collection[str], seen_at: datetime
    ) -> tuple[list[Mention], list[Short]]:
        """What of a page's posts is news to this search: mentions, and cut ones whose full text is to be had."""
        mentions: list[Mention] = []
        long_ones: list[Short] = []
        for post in posts:
            at = post.published_at
            if not search.saw(post.native_id, None if post.native_id in pinned else at):
                continue
            mention = self.mention_of(post, search.query, seen_at=seen_at)
            if mention is None:
                continue
            if search.gap is None and (post.comments or 0) >= self.options.comments_from:
                self._errands.remember(post, search.query)
            if search.gap is None and self._wants_full(post):
                long_ones.append(Short(post, search.query, seen_at))
            else:
                mentions.append(mention)
        return mentions, long_ones

    def _close(self, search: Search) -> Output:
        if search.gap is not None:
            self.filled(search.filling(search.gap, site_limit=SITE_LIMIT, now=self.now()))
            return
        if not search.seen and search.total >= PAGE_SIZE:
            raise LayoutChanged("layout_changed", f"{search.total} posts announced, none found on the pages")
        if not search.seen:
            self.count("search/empty")
        if search.cut_short(PAGE_SIZE):
            self.count("search/first_page_only")
        self.done(search.name, covered_since=search.covered_since(site_limit=SITE_LIMIT, now=self.now()))
        self._searching -= 1
        if self._searching == 0:
            yield from self._errands.begin()

    # --- long texts

    def _wants_full(self, post: Post) -> bool:
        """Whether the post is cut, and its full text is known, under way, or still to be had in this run."""
        if not post.is_cut:
            return False
        if post.native_id in self._full or post.native_id in self._waiting_for_full:
            return True
        if self._full_left <= 0 or self.is_late():
            self.count("long_text/left_short")
            return False
        return True

    def _ask_full(self, short: Short) -> Output:
        mid = short.post.native_id
        if mid in self._full:
            yield self._lengthen([short], self._full[mid])
        elif mid in self._waiting_for_full:
            self.begin(f"long/{mid}", query=short.query)  # its window, too, waits for the text
            self._waiting_for_full[mid].append(short)
        else:
            self._full_left -= 1
            self._waiting_for_full[mid] = [short]
            self.begin(f"long/{mid}", query=short.query)
            url = f"{self.base_url}/statuses/extend?id={mid}"
            yield self.request(url, self.parse_full, errback=self._full_failed, headers=self.headers, mid=mid)

    def parse_full(self, response: Response, mid: str) -> Output:
        """The full text; a post that was deleted meanwhile keeps the short one, which is what there was."""
        reading = self.take(read(response.body, url=response.url, seen_at=self.now()))
        yield self._got_full(mid, reading.posts[0].text if reading.posts else "")

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

    def _lengthen(self, shorts: list[Short], full: str) -> list[Mention]:
        """The posts again with their full text: whose they are may be said only there."""
        found = [
            self.mention_of(replace(s.post, text=full) if full else s.post, s.query, seen_at=s.seen_at) for s in shorts
        ]
        return [mention for mention in found if mention is not None]
