"""Third-party spiders as one fears them, reached by dotted path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scrapy.http import Request, Response

from crawler.spiders.base import Output, TingfengSpider


class _Short(TingfengSpider):
    platform = "test"
    home = ""

    def searches(self) -> Iterable[Request]:
        self.begin("one")
        yield self.request(self.base_url + "/page", self.parse_page)

    def parse_page(self, response: Response) -> Output:
        raise NotImplementedError


class Crashes(_Short):
    """Its callback has a bug; Scrapy ends with success."""

    def parse_page(self, response: Response) -> Output:
        yield [1 // 0]  # type: ignore[list-item]


class Forgets(_Short):
    """Loses a search on the way; Scrapy ends with success."""

    def parse_page(self, response: Response) -> Output:
        yield from ()


class CannotStart(_Short):
    """Has a bug before the first request; Scrapy ends with success."""

    def searches(self) -> Iterable[Request]:
        raise KeyError("bug")


class StoresNonsense(_Short):
    """Hands the pipeline what no database takes; Scrapy ends with success."""

    def parse_page(self, response: Response) -> Output:
        self.done("one")
        nonsense: Any = ["not a mention"]
        yield nonsense


class NoSpider:
    """Not one of ours at all."""
