"""From pages to the store, in batches. An item is one page: a list of mentions, or a look at a hot list."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from crawler.budget import Price, Purse, Reserved
from crawler.post import Post
from crawler.spiders.base import spider_of
from store import hot, mentions, reach, spending
from store.database import Database
from tingfeng.errors import CrawlError, StoreError
from tingfeng.model import HotPage, Mention

BATCH = 400  # mentions; from 200 on the cost of a transaction no longer shows
FLUSH_EVERY = timedelta(seconds=5)  # a killed crawl loses no more than this


class StorePipeline:
    """Buffers mentions and writes them in one transaction per batch, at the end and every few seconds.

    Writing happens in the event loop: 10 ms a batch is less than a thread costs. The same mention seen again in one
    crawl is passed on only if it brings a brand along that it did not have.
    """

    def __init__(self, crawler: Crawler, db: Database) -> None:
        self.db, self.spider = db, spider_of(crawler)
        self.buffer: list[Mention] = []
        self.seen: dict[tuple[str, str], set[str]] = {}
        self.timer: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = spider_of(crawler)
        db = Database(spider.spec.database_url)
        if spider.purse is not None:
            spider.purse = StoredPurse(spider.purse.cap, db, spider.spec.source)
        return cls(crawler, db)

    def open_spider(self) -> None:
        self.timer = create_looping_call(self.flush)
        self.timer.start(FLUSH_EVERY.total_seconds(), now=False)

    def process_item(self, item: list[Mention] | HotPage) -> list[Mention] | HotPage:
        if isinstance(item, HotPage):
            self._keep(item)
            return item
        self.buffer.extend(filter(self._is_news, item))
        if len(self.buffer) >= BATCH:
            self.flush()
        return item

    def close_spider(self) -> None:
        if self.timer is not None and self.timer.running:
            self.timer.stop()
        self.flush()
        self.db.close()

    def _is_news(self, mention: Mention) -> bool:
        key = (mention.platform, mention.native_id)
        known = self.seen.setdefault(key, set())
        if known.issuperset(mention.brands):
            return False
        self.spider.outcome.found += not known
        known.update(mention.brands)
        return True

    def _keep(self, page: HotPage) -> None:
        """Write a look at a hot list at once: there are few, and minutes matter."""
        self.spider.outcome.found += page.length
        try:
            with self.db.write() as s:
                self.spider.outcome.stored += hot.add(s, page)
        except StoreError as e:
            self.spider.outcome.lost = True
            self.spider.stop(CrawlError("store", str(e)))

    def flush(self) -> None:
        """Write what has gathered. A store that cannot be written to ends the crawl."""
        outcome = self.spider.outcome
        if not (self.buffer or outcome.again or outcome.gone):
            return
        batch, self.buffer = self.buffer, []
        again, outcome.again = [_seen(post) for post in outcome.again], []
        gone, outcome.gone = outcome.gone, []
        now = self.spider.now()
        try:
            with self.db.write() as s:
                stored = mentions.add(s, batch)
                reach.record(s, again, now=now)
                reach.bury(s, gone, now=now)
        except StoreError as e:
            self.spider.outcome.lost = True
            self.spider.stop(CrawlError("store", str(e)))
        else:
            self.spider.outcome.stored += stored


def _seen(post: Post) -> reach.Seen:
    return reach.Seen(
        platform=post.platform,
        native_id=post.native_id,
        reposts=post.reposts,
        comments=post.comments,
        likes=post.likes,
    )


class StoredPurse(Purse):
    """A day's budget as the store knows it: other processes and earlier runs have spent from it as well.

    Each step is a transaction of its own. CrawlError "store" when it cannot be written: nothing may be asked for then.
    """

    def __init__(self, cap: int, db: Database, source: str) -> None:
        super().__init__(cap)
        self._db, self._source = db, source

    def reserve(self, records: int, *, now: datetime) -> Reserved | None:
        with _named(), self._db.write() as s:
            if not spending.reserve(s, self._source, records=records, cap=self.cap, now=now):
                return None
        return Reserved(day=spending.day_of(now), records=records)

    def settle(self, reserved: Reserved, *, used: int, price: Price | None) -> None:
        each, currency = (price.each, price.currency) if price else (None, "")
        with _named(), self._db.write() as s:
            spending.settle(
                s, self._source, reserved.day, reserved=reserved.records, used=used, price=each, currency=currency
            )

    def spent(self, *, now: datetime) -> int:
        with _named(), self._db.read() as s:
            return spending.today(s, self._source, now).records

    def price(self, *, now: datetime) -> Price | None:
        with _named(), self._db.read() as s:
            told = spending.today(s, self._source, now)
        return None if told.price is None else Price(each=told.price, currency=told.currency)


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except StoreError as e:
        raise CrawlError("store", str(e)) from e
