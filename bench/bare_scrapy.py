"""The yardstick beside the replay: Scrapy and nothing else, over the same pages, in the same minute.

    python bench/bare_scrapy.py BASE_URL WORDS CONCURRENCY

Reads every page's JSON, turns each text's HTML into words with lxml, counts, keeps nothing. Prints the number of posts.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import lxml.html
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response


class BareSpider(scrapy.Spider):
    """What anybody would write first."""

    name = "bare"

    def __init__(self, base: str, words: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base, self.words, self.posts = base, words, 0

    def page(self, number: int, callback: Any) -> scrapy.Request:
        container = quote(f"100103type=61&q={self.words}&t=0", safe="")
        url = f"{self.base}/api/container/getIndex?containerid={container}&page_type=searchall&page={number}"
        return scrapy.Request(url, callback=callback)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        yield self.page(1, self.first)

    def first(self, response: Response) -> Iterator[Any]:
        info = json.loads(response.text)["data"]["cardlistInfo"]
        yield from self.parse(response)
        for number in range(2, math.ceil(info["total"] / info["page_size"]) + 1):
            yield self.page(number, self.parse)

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Any]:
        found = []
        for card in json.loads(response.text)["data"]["cards"]:
            for post in [card, *card.get("card_group", ())]:
                if "mblog" in post:
                    blog = post["mblog"]
                    found.append((blog["mid"], lxml.html.fromstring(f"<p>{blog['text']}</p>").text_content()))
        self.posts += len(found)
        yield {"posts": found}


def main() -> None:
    base, words, concurrency = sys.argv[1:]
    settings = {
        "CONCURRENT_REQUESTS": int(concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": int(concurrency),
        "DOWNLOAD_DELAY": 0,
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "ERROR",
    }
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(BareSpider)
    process.crawl(crawler, base=base, words=words)
    process.start()
    print(crawler.spider.posts)


if __name__ == "__main__":
    main()
