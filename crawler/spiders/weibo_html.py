"""s.weibo.com's search pages, newest first, with the operator's own cookie (sources.md 1.6, 1.9).

For whom the mobile site no longer answers. Followers and regions are not on these pages, folded texts are in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy.http import Request, Response

from crawler.bodies.weibo_html import read
from crawler.options import Options
from crawler.paging import Search
from crawler.spec import CrawlSpec, Gap
from crawler.spiders.base import Output, TingfengSpider
from crawler.weibo import cookie_headers, cookie_problems
from tingfeng.model import Mention

PAGE_SIZE = 10  # posts, about
MOST_PAGES = 50
SITE_LIMIT = MOST_PAGES * PAGE_SIZE  # a search lists no more, so an end that comes after as many proves nothing
COURTEOUS_PAGES = 5  # of one search in one run, but on this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboHtmlOptions(Options):
    least_delay: ClassVar[timedelta] = timedelta(seconds=3)

    delay: timedelta = timedelta(seconds=10)
    max_pages: int = 5  # of one search in one run, 1–5; up to 50 on this machine

    def problems(self, *, local: bool) -> list[str]:
        found = super(WeiboHtmlOptions, self).problems(local=local)
        most = MOST_PAGES if local else COURTEOUS_PAGES
        if not 1 <= self.max_pages <= most:
            found.append(f"max_pages: expected 1–{most}")
        return found


class WeiboHtmlSpider(TingfengSpider):
    """The page 实时 of a search for words: HTML, about ten posts a page."""

    name = "weibo_html"  # to Scrapy; a crawl bears the name of its source
    platform = "weibo"
    home = "https://s.weibo.com"
    options_class = WeiboHtmlOptions
    options: WeiboHtmlOptions
    reaches_back = "pages"

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        return super().problems(spec, options) + cookie_problems(spec, cls.home)

    def searches(self) -> Iterable[Request]:
        for query in dict.fromkeys(self.spec.queries):
            search = Search(query, self.since_of(query), self._address(query.text))
            self.begin(search.name, query=query)
            yield from self._ask(search)

    def fill(self, gap: Gap) -> Iterable[Request]:
        if gap.query is not None:
            yield from self._ask(Search.of_gap(gap, gap.query, self._address(gap.query.text)))

    def _address(self, words: str) -> str:
        """Where a search is found, but for the number of the page."""
        return f"{self.base_url}/realtime?{urlencode({'q': words, 'rd': 'realtime', 'tw': 'realtime'})}&page="

    def _ask(self, search: Search) -> Iterator[Request]:
        limit = search.asked + max(0, self.gap_pages) if search.gap else self.options.max_pages
        if search.asked and not search.over and self.is_late():
            self.count("search/out_of_time")
        elif search.may_ask(limit=limit, prefetch=1):
            search.asked += 1
            search.waiting += 1
            self.gap_pages -= search.gap is not None
            yield self.request(
                f"{search.address}{search.asked}",
                self.parse_page,
                headers=cookie_headers(self.spec.credential),
                priority=-1 if search.gap else 0,
                search=search,
                page=search.asked,
            )

    def parse_page(self, response: Response, search: Search, page: int) -> Output:
        seen_at = self.now()
        reading = read(response.body, url=response.url, seen_at=seen_at)
        self.note(reading)
        times = [post.published_at for post in reading.posts if post.published_at is not None]
        news = [post for post in reading.posts if search.saw(post.native_id, post.published_at)]
        found = [self.mention_of(post, search.query, seen_at=seen_at) for post in news]
        mentions: list[Mention] = [mention for mention in found if mention is not None]
        if mentions:
            yield mentions
        pages = reading.paging.get("pages", 0)
        search.take_stock(
            page,
            news=len(news),
            newest=max(times, default=None),
            total=pages * PAGE_SIZE,
            size=PAGE_SIZE,
            following=page + 1 if reading.paging.get("next") else 0,
        )
        yield from self._ask(search)
        if search.waiting == 0:
            self._close(search)

    def _close(self, search: Search) -> None:
        if search.gap is not None:
            self.filled(search.filling(search.gap, site_limit=SITE_LIMIT, now=self.now()))
            return
        if not search.seen:
            self.count("search/empty")
        if search.cut_short(PAGE_SIZE):
            self.count("search/first_page_only")
        self.done(search.name, covered_since=search.covered_since(site_limit=SITE_LIMIT, now=self.now()))
