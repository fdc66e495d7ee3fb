"""What happens to requests and answers on their way: robots.txt, redirects, and the guard that names refusals."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import redirect, retry, robotstxt
from scrapy.exceptions import NotConfigured
from scrapy.http import Request, Response, TextResponse
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure
from w3lib.encoding import http_content_type_encoding

from crawler.doors import TRUSTED, host_of, is_private, private_address
from crawler.jobs_rate import Rate
from crawler.refusals import STATUSES, by_address, judge, retry_after, translate
from crawler.spiders.base import spider_of
from crawler.times import MOST_SKEW
from store.database import Database
from tingfeng.errors import CrawlError, Refused, StoreError, Unreachable

PATIENCE = 30.0  # seconds a crawl waits before it tries again; a longer rest is the source's, not the crawl's


class RobotsMiddleware(robotstxt.RobotsTxtMiddleware):
    """Scrapy's, but a denial is a named refusal, and a robots.txt that cannot be had does not mean yes.

    Statuses as in RFC 9309: 4xx = no rules, except those by which platforms say no; 5xx or no answer = not now.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._errors: dict[str, CrawlError] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        if request.meta.get("dont_obey_robotstxt") or request.meta.get("robots_exempt"):
            return
        rules = await self.robot_parser(request)
        if self._errors and (error := self._errors.get(urlparse_cached(request).netloc)):
            raise error
        if rules is not None and not rules.allowed(request.url, self._robotstxt_useragent or ""):
            raise Refused("robots_denied", f"robots.txt of {urlparse_cached(request).hostname} forbids this address")

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status in STATUSES:
            raise Refused("robots_denied", f"robots.txt answered HTTP {response.status}")
        if response.status >= 500:
            raise Unreachable("robots_unreachable", f"robots.txt answered HTTP {response.status}")
        if 300 <= response.status < 500:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._errors[netloc] = translate(exc)
        super()._robots_error(exc, netloc)


class RedirectMiddleware(redirect.RedirectMiddleware):
    """Scrapy's, but nobody outside is allowed to send us to a machine inside."""

    trusted: frozenset[str]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        made = cls(crawler.settings)
        made.crawler = crawler  # and not the warning that Referer headers are off: that is on purpose
        made.trusted = frozenset(crawler.settings.getlist(TRUSTED))
        return made

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if response.status == 200:
            return response
        followed = super().process_response(request, response)
        if isinstance(followed, Request) and is_private(followed.url) and host_of(followed.url) not in self.trusted:
            raise private_address(host_of(followed.url))
        if isinstance(followed, Request) and (name := by_address(followed.url, otherwise="")):
            raise Refused(name, f"HTTP {response.status} to {host_of(followed.url)}")
        return followed

    def handle_referer(self, request: Request, response: Response) -> None:
        request.headers.pop("Referer", None)


def in_utf8(response: Response) -> Response:
    """The answer as readers expect it, in UTF-8, when its header declares another encoding. XML says it itself.

    Servers that declare Latin-1 out of habit and send UTF-8 are taken at what they send.
    """
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
    declared = http_content_type_encoding(kind)
    if declared in (None, "utf-8") or "xml" in kind or _is_utf8(response.body):
        return response
    headers = response.headers.copy()
    headers["Content-Type"] = kind.partition(";")[0] + "; charset=utf-8"
    body = response.body.decode(str(declared), "replace").encode()
    if isinstance(response, TextResponse):
        return response.replace(body=body, headers=headers, encoding="utf-8")
    return response.replace(body=body, headers=headers)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def clock_skew(response: Response, *, now: datetime) -> float | None:
    """Seconds by which the server's clock is ahead of ours, by its Date header; None when it tells none.

    An answer out of a cache keeps the Date of its making and says its Age (RFC 9110, 9111).
    """
    told = (response.headers.get("Date") or b"").decode("latin-1")
    try:
        made = parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError, OverflowError):  # hostile dates raise them all
        return None
    age = (response.headers.get("Age") or b"0").decode("latin-1")
    cached = int(age) if age.isdecimal() and len(age) < 9 else 0
    return (made.replace(tzinfo=made.tzinfo or UTC) - now).total_seconds() + cached


class RateMiddleware:
    """Waits for our turn at the host, which other processes may be asking too. Innermost: retries wait as well."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler, self.spider = crawler, spider_of(crawler)
        self.delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        if self.delay <= 0 or not self.spider.spec.database_url:
            raise NotConfigured
        self.rate = Rate(Database(self.spider.spec.database_url), key=self.spider.options.rate_key)
        crawler.signals.connect(self._closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        host = urlparse_cached(request).hostname or ""
        engine = self.crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None  # AutoThrottle may have made it slower
        delay = max(self.delay, slot.delay) if slot else self.delay
        try:
            at = self.rate.turn(host, delay=delay, earliest=slot.lastseen + slot.delay if slot else 0.0)
        except StoreError as e:
            raise CrawlError("store", str(e)) from e
        await asyncio.sleep(max(0.0, at - time.monotonic()))

    def _closed(self) -> None:
        with contextlib.suppress(StoreError):  # a few turns are lost, no more
            self.rate.close()
        self.rate.db.close()


class RetryMiddleware(retry.RetryMiddleware):
    """Scrapy's, but a platform that says when to come back is not asked before: we wait, or give up if it is long."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if response.status not in self.retry_http_codes:
            return response
        spider = spider_of(self.crawler)
        now = spider.now()
        at = retry_after(response, now=now)
        wait = (at - now).total_seconds() if at else 0.0
        if wait > PATIENCE:
            return response
        if wait > 0:
            spider.count("retry/waited")
            await asyncio.sleep(wait)
        return super().process_response(request, response)


class GuardMiddleware:
    """Turns every answer that is no answer into an error with a name. Sits outside retry."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider = spider_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        self.spider.outcome.pages += 1
        self._compare_clocks(response)
        if response.status != 200 and (at := retry_after(response, now=self.spider.now())):
            self.spider.outcome.wait_until(at)
        if response.status != 200 and not request.meta.get("dont_obey_robotstxt"):
            error = self.spider.judge(response) or judge(response)
            if error is not None:
                raise error
        return in_utf8(response)

    def _compare_clocks(self, response: Response) -> None:
        """Times like "5 分钟前" are counted from our clock: when it is wrong, everything is misplaced."""
        skew = clock_skew(response, now=self.spider.now())
        if skew is None:
            return
        self.spider.outcome.met_clock(skew)
        if abs(skew) > MOST_SKEW.total_seconds():
            side = "behind" if skew > 0 else "ahead of"
            raise CrawlError("clock_skew", f"our clock is {abs(skew) / 3600:.1f} h {side} the server's")


class Watch:
    """Listens for what Scrapy would only log, and ends the crawl for it."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        made = cls(crawler)
        crawler.signals.connect(made._failed, signal=signals.spider_error)
        crawler.signals.connect(made._failed, signal=signals.item_error)
        crawler.signals.connect(made._closed, signal=signals.spider_closed)
        return made

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        spider_of(self.crawler).outcome.named_errors += isinstance(error, CrawlError)
        named = error if isinstance(error, CrawlError) else CrawlError("crash", f"{type(error).__name__}: {error}")
        spider_of(self.crawler).stop(named)

    def _closed(self, reason: str) -> None:
        spider_of(self.crawler).outcome.finish_reason = reason
