"""What `tingfeng doctor --live` adds to a crawl: it asks once, stores nothing, and notes what it found.

Loaded only by a probing child. Findings are in the outcome's `findings`: posts, newest, clock, robots, of hot lists
also lists and entries, and whatever the spider's own `contact` has to tell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.refusals import http_date
from crawler.spiders.base import CONTACT, spider_of
from tingfeng.model import HotPage, Mention


class OnePage:
    """Spider middleware: what a page leads to is not followed, unless `contact` says so itself."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider = spider_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_spider_input(self, response: Response) -> None:
        """A page has come, so robots.txt did not forbid it."""
        spec, kind = self.spider.spec, type(self.spider)
        overridden = f"overridden: {spec.robots_override_reason}" if spec.robots_override_reason else ""
        exempt = kind.robots_exempt or response.meta.get("robots_exempt", "")
        self.spider.finding("robots.txt", overridden or exempt or "allows it")

    def process_spider_output(self, response: Response, result: Iterable[Any]) -> Iterable[Any]:
        return (one for one in result if _wanted(one))

    async def process_spider_output_async(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for one in result:
            if _wanted(one):
                yield one


def _wanted(one: object) -> bool:
    return not isinstance(one, Request) or bool(one.meta.get(CONTACT))


class Sample:
    """Pipeline: counts posts, or the entries of hot lists, and drops them."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider = spider_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: list[Mention] | HotPage) -> list[Mention] | HotPage:
        findings = self.spider.outcome.findings
        if isinstance(item, HotPage):
            findings["lists"] = findings.get("lists", 0) + 1
            findings["entries"] = findings.get("entries", 0) + item.length
            findings["posts"] = findings.get("posts", 0) + len(item.entries)
            return item
        findings["posts"] = findings.get("posts", 0) + len(item)
        for mention in item:
            findings["newest"] = max(findings.get("newest", ""), mention.published_at.isoformat())
        self.spider.outcome.found += len(item)
        return item


class Clock:
    """Downloader middleware: how far the platform's clock is ahead of ours, in seconds, by its last answer."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider = spider_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        theirs = http_date((response.headers.get("Date") or b"").decode("latin-1"))
        if theirs is not None:
            ahead = round((theirs - self.spider.now()).total_seconds())
            self.spider.outcome.findings["clock"] = ahead
        return response


SETTINGS = {
    "ITEM_PIPELINES": {"crawler.probe.Sample": 300},
    "SPIDER_MIDDLEWARES": {"crawler.probe.OnePage": 100},
    "DOWNLOADER_MIDDLEWARES": {"crawler.probe.Clock": 545},
    "RETRY_TIMES": 1,
}
