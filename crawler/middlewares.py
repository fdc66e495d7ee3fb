"""What happens to requests and answers on their way: robots.txt, redirects, and the guard that names refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import redirect, robotstxt
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from crawler.refusals import STATUSES, judge, refused_redirect, translate
from crawler.spiders.base import spider_of
from crawler.times import MOST_SKEW
from tingfeng.errors import CrawlError, Refused, Unreachable


class RobotsMiddleware(robotstxt.RobotsTxtMiddleware):
    """Scrapy's, but a denial is a named refusal, and a robots.txt that cannot be had does not mean yes.

    Statuses as in RFC 9309: 4xx = no rules, except those by which platforms say no; 5xx or no answer = not now.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._errors: dict[str, CrawlError] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        if request.meta.get("dont_obey_robotstxt"):
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
    """Scrapy's, but nobody sends us to a machine inside, and a login or a captcha is a refusal, not a page."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        made = cls(crawler.settings)
        made.crawler = crawler  # and not the warning that Referer headers are off: that is on purpose
        return made

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if response.status == 200:
            return response
        followed = super().process_response(request, response)
        if isinstance(followed, Request) and (refused := refused_redirect(request.url, followed.url)):
            raise refused
        return followed

    def handle_referer(self, request: Request, response: Response) -> None:
        request.headers.pop("Referer", None)


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
        if response.status != 200 and not request.meta.get("dont_obey_robotstxt"):
            error = self.spider.judge(response) or judge(response)
            if error is not None:
                raise error
        return response

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
        named = error if isinstance(error, CrawlError) else CrawlError("crash", f"{type(error).__name__}: {error}")
        spider_of(self.crawler).stop(named)

    def _closed(self, reason: str) -> None:
        spider_of(self.crawler).outcome.finish_reason = reason
