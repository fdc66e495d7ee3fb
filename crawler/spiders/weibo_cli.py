"""Weibo's official gateway for the CLI: search statuses/limited, paid by the record (sources.md 1.1).

The home's path and the command's have `cli` each; both are needed. A day's budget of records is never exceeded: as
many as a page may hold are reserved in the store before it is asked for, and settled when it has come. Pages are asked
for one after the other, the first of every search before the second of any, so that a small budget serves all brands.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.weibo_cli import CODES, error_in, read
from crawler.budget import Price, Purse, Reserved, price_in
from crawler.documents import load_object
from crawler.options import Options
from crawler.paging import Search
from crawler.refusals import STATUSES, translate
from crawler.spec import CrawlSpec, Gap
from crawler.spiders.base import CONTACT, Output, TingfengSpider
from tingfeng.errors import CrawlError, Refused

FEWEST, MOST = 10, 20  # posts of a page; the schema says 50, the gateway refuses more than 20
LONGEST = 120  # characters of a query
SITE_LIMIT = 1_000_000  # posts; no limit is known, a search ends when pages bring no news


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboCliOptions(Options):
    max_pages: int = 5  # of one search in one run, 1–100
    count: int = MOST  # posts asked for a page, 10–20
    type: str = "1"  # the kind of search, which the gateway wants to be told
    daily_records: int = 2_000  # paid for in one day (UTC+8) at most, at least `count`

    def problems(self, *, local: bool) -> list[str]:
        found = super(WeiboCliOptions, self).problems(local=local)
        if not 1 <= self.max_pages <= 100:
            found.append("max_pages: expected 1–100")
        if not FEWEST <= self.count <= MOST:
            found.append(f"count: expected {FEWEST}–{MOST}; the gateway refuses more")
        if self.daily_records < self.count:
            found.append("daily_records: at least one page, which is `count`")
        if not (self.type.isascii() and self.type.isalnum()):
            found.append("type: letters and digits")
        return found


class WeiboCliSpider(TingfengSpider):
    name = "weibo_cli"  # to Scrapy; a crawl bears the name of its source
    platform = "weibo"
    home = "https://open.weibo.com/cli/api"
    options_class = WeiboCliOptions
    options: WeiboCliOptions
    needs_credential = True
    reaches_back = "pages"
    robots_exempt = "an official API: its contract says what may be asked, not robots.txt"
    purse: Purse

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.spec.probe:
            self.options = replace(self.options, count=FEWEST)
        self.purse = Purse(self.options.daily_records)
        self._price: Price | None = None
        self._todo: deque[Search] = deque()
        self._headers = {"Authorization": f"Bearer {self.spec.credential}", "Accept": "application/json"}

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        long = [f"query '{q.text[:20]}…': at most {LONGEST} characters" for q in spec.queries if len(q.text) > LONGEST]
        return super().problems(spec, options) + long

    async def start(self) -> AsyncIterator[Any]:
        """The price first, once a day: what the records of a page have cost is written down with them."""
        self._price = self.purse.price(now=self.now())
        if self._price is None and not self.spec.probe:
            yield self._ask_price()
        async for request in super().start():
            yield request

    def searches(self) -> Iterable[Request]:
        for query in dict.fromkeys(self.spec.queries):
            search = Search(query, self.since_of(query))
            self.begin(search.name, query=query)
            self._todo.append(search)
        yield from self._next()

    def contact(self) -> Iterable[Request]:
        """Who we are and what a record costs, for nothing; then the smallest search there is, which is billed.

        A probe has no store: these records are in nobody's budget, and it says so.
        """
        yield self.request(
            f"{self.base_url}/cli/whoami", self.parse_whoami, errback=self._no_whoami, headers=self._headers
        )

    def fill(self, gap: Gap) -> Iterable[Request]:
        """Only from what is left of the day's budget; that it is used up is then no reason to end the run."""
        if gap.query is not None and self.purse.spent(now=self.now()) + self.options.count <= self.purse.cap:
            yield from self._ask(Search.of_gap(gap, gap.query, ""))

    def judge(self, response: Response) -> CrawlError | None:
        """Refusals other than "too often", whose Retry-After says more, name themselves in the body.

        Where the body's code is none we know and the status is one, the status has the better name.
        """
        if not 400 <= response.status < 500 or response.status == 429:
            return None
        try:
            error = error_in(load_object(response.body))
        except CrawlError:
            return None
        return error if error in CODES.values() or response.status not in STATUSES else None

    # --- making contact

    def parse_whoami(self, response: Response) -> Output:
        data = load_object(response.body)
        if error := error_in(data):
            raise error
        told = [str(data[key]) for key in ("screen_name", "service_status") if data.get(key)]
        self.finding("whoami", ", ".join(told) or "known, not told by what name")
        yield self._ask_price()

    def _no_whoami(self, failure: Failure) -> Output:
        """A refusal is one; an address that has moved says nothing about the search."""
        error = translate(failure.value)
        if isinstance(error, Refused):
            self.stop(error)
            return
        self.finding("whoami", f"not told ({error})")
        yield self._ask_price()

    def _smallest_search(self) -> Iterator[Request]:
        for request in islice(self.searches(), 1 if self.spec.probe else 0):
            request.meta[CONTACT] = True
            yield request

    def _tell_bill(self, records: int) -> None:
        each = (
            f"{self._price.each} {self._price.currency} each 每条".replace("  ", " ")
            if self._price
            else "price not told 价格未知"
        )
        self.finding("billed", f"{records} records, {each}; not booked on the daily budget 未计入每日预算")

    # --- the price

    def _ask_price(self) -> Request:
        url = f"{self.base_url}/cli/commands/search/statuses%2Flimited"
        request = self.request(url, self.parse_price, errback=self._no_price, headers=self._headers, priority=1)
        request.meta[CONTACT] = True
        return request

    def parse_price(self, response: Response) -> Output:
        data = load_object(response.body)
        if error := error_in(data):
            raise error
        self._price = price_in(data)
        if self._price is None:
            self.count("price/unknown")
        yield from self._smallest_search()

    def _no_price(self, failure: Failure) -> Output:
        """Without a price only the records are counted; a refusal would meet the search as well."""
        error = translate(failure.value)
        self.count("price/unknown")
        if isinstance(error, Refused):
            self.stop(error)
            return
        yield from self._smallest_search()

    # --- pages

    def _next(self) -> Iterator[Request]:
        """The next page of whichever search is due, as long as the budget lasts."""
        while self._todo:
            search = self._todo.popleft()
            if search.asked and not search.over and self.is_late():
                self.count("search/out_of_time")
            elif search.may_ask(limit=self._limit(search), prefetch=1):
                yield from self._ask(search)
                return
            self._close(search)

    def _limit(self, search: Search) -> int:
        return search.asked + max(0, self.gap_pages) if search.gap else self.options.max_pages

    def _ask(self, search: Search) -> Iterator[Request]:
        reserved = self.purse.reserve(self.options.count, now=self.now())
        if reserved is None:
            if search.gap is None:
                self.stop(self._used_up())
            else:
                self._close(search)
            return
        search.asked += 1
        search.waiting += 1
        self.gap_pages -= search.gap is not None
        arguments = {"q": search.query.text, "type": self.options.type, "sort": "time"}
        arguments |= {"count": str(self.options.count), "page": str(search.asked)}
        body = {"group": "search", "action": "statuses/limited", "args": arguments}
        request = self.request(
            f"{self.base_url}/cli/invoke",
            self.parse_page,
            errback=self._lost,
            headers={**self._headers, "Content-Type": "application/json"},
            search=search,
            reserved=reserved,
        )
        # Not tried again by Scrapy: what did not arrive may have been paid for.
        yield request.replace(
            method="POST",
            body=json.dumps(body, ensure_ascii=False).encode(),
            meta={**request.meta, "dont_retry": True},
        )

    def _used_up(self) -> Refused:
        spent, cap = self.purse.spent(now=self.now()), self.purse.cap
        said = f"{spent} of {cap} records of today (UTC+8) are used up, a page takes {self.options.count}"
        return Refused("budget_used_up", f"{said}; see the option daily_records")

    def parse_page(self, response: Response, search: Search, reserved: Reserved) -> Output:
        seen_at = self.now()
        try:
            reading = read(response.body, url=response.url, seen_at=seen_at)
        except Refused:
            self.purse.settle(reserved, used=0, price=None)
            raise
        records = reading.paging["records"]
        self.purse.settle(reserved, used=records, price=self._price)
        self.count("budget/records", records)
        self.note(reading)
        for native_id in reading.gone:
            self.seen_gone(native_id)
        times = [post.published_at for post in reading.posts if post.published_at is not None]
        news = [post for post in reading.posts if search.saw(post.native_id, post.published_at)]
        found = [self.mention_of(post, search.query, seen_at=seen_at) for post in news]
        if mentions := [mention for mention in found if mention is not None]:
            yield mentions
        if self.spec.probe:
            self._tell_bill(records)
            return
        # The total is a rough word, and more than can be had: a full page speaks for another one as well.
        goes_on = reading.paging["more"] or records >= self.options.count
        search.take_stock(
            search.asked,
            news=len(news),
            newest=max(times, default=None),
            total=reading.paging["total"],
            size=self.options.count,
            following=search.asked + 1 if goes_on else 0,
        )
        self._todo.append(search)
        yield from self._next()

    def _lost(self, failure: Failure) -> None:
        """A refusal costs nothing. An answer that was lost may have been paid for: it stays reserved."""
        error = translate(failure.value)
        if isinstance(error, Refused):
            self.purse.settle(failure.request.cb_kwargs["reserved"], used=0, price=None)  # type: ignore[attr-defined]
        self.stop(error)

    def _close(self, search: Search) -> None:
        if search.gap is not None:
            self.filled(search.filling(search.gap, site_limit=SITE_LIMIT, now=self.now()))
            return
        if not search.seen:
            self.count("search/empty")
        if search.cut_short(self.options.count):
            self.count("search/first_page_only")
        self.done(search.name, covered_since=search.covered_since(site_limit=SITE_LIMIT, now=self.now()))
