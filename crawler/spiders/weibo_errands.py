"""What a Weibo crawl does when its searches are through: look at known posts again, read comments. One thing at a time.

A refusal met on the way ends the run as everywhere; an answer that is lost or not understood costs only itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.weibo_mobile import read
from crawler.post import Post
from crawler.refusals import translate
from tingfeng.errors import CrawlError, Refused
from tingfeng.model import Query

if TYPE_CHECKING:
    from crawler.spiders.base import Output
    from crawler.spiders.weibo_mobile import WeiboMobileSpider

NAME = "errands"  # as a search: the crawl is not through before they are


@dataclass(frozen=True, slots=True)
class Thread:
    """The comments of one post, from the page on that `cursor` names ("" = the first)."""

    post: Post
    queries: list[Query]  # which found the post
    cursor: str = ""


class Errands:
    """`comments`: pages of comments in this run; `revisits`: known posts to be looked at again in this run."""

    def __init__(self, spider: WeiboMobileSpider, *, comments: int, revisits: int) -> None:
        self._spider, self._comments_left = spider, comments
        self._threads: dict[str, Thread] = {}
        self._queue: deque[Thread] = deque()
        wanted = [mid for mid in spider.spec.revisit if mid.isascii() and mid.isdigit()]
        self._again = deque(wanted[:revisits])

    def remember(self, post: Post, query: Query) -> None:
        """A post whose comments would be worth reading."""
        if self._comments_left:
            self._threads.setdefault(post.native_id, Thread(post, [])).queries.append(query)

    def begin(self) -> Iterator[Request]:
        """The first request, if there is anything to do. The posts with the most comments come first."""
        self._queue.extend(sorted(self._threads.values(), key=lambda t: t.post.comments or 0, reverse=True))
        if self._again or self._queue:
            self._spider.begin(NAME)
            yield from self._next()

    def _next(self) -> Iterator[Request]:
        if self._spider.is_late() and (self._again or self._queue):
            self._spider.count("errands/out_of_time")
        elif self._again:
            yield self._ask(f"statuses/show?{urlencode({'id': self._again.popleft()})}", None)
            return
        elif self._queue and self._comments_left:
            self._comments_left -= 1
            yield self._ask_thread(self._queue.popleft())
            return
        self._spider.done(NAME)

    def _ask(self, address: str, thread: Thread | None) -> Request:
        spider = self._spider
        url = f"{spider.base_url}/{address}"
        return spider.request(url, self.parse, errback=self._failed, headers=spider.headers, thread=thread)

    def _ask_thread(self, thread: Thread) -> Request:
        mid = thread.post.native_id
        asked = {"id": mid, "mid": mid, "max_id_type": "0"}
        if thread.cursor:
            asked["max_id"], _, asked["max_id_type"] = thread.cursor.partition("/")
        return self._ask(f"comments/hotflow?{urlencode(asked)}", thread)

    def parse(self, response: Response, thread: Thread | None) -> Output:
        """One answer: a known post, or a page of comments."""
        spider, seen_at = self._spider, self._spider.now()
        try:
            reading = read(response.body, url=response.url, seen_at=seen_at)
        except Refused:
            raise
        except CrawlError as e:
            self._count_lost(thread, e)
            yield from self._next()
            return
        # Comments that hold a picture only are no reason to think that the layout has changed.
        if reading.skipped:
            spider.count("errands/unreadable", reading.skipped.total())
            reading.skipped.clear()
        spider.take(reading)
        if thread is None:
            for post in reading.posts:
                spider.seen_again(post)
            spider.count("revisit/seen", len(reading.posts))
        else:
            yield from self._take_comments(thread, reading.posts, seen_at)
            if reading.posts and reading.paging.get("max_id"):
                cursor = f"{reading.paging['max_id']}/{reading.paging['max_id_type']}"
                self._queue.append(replace(thread, cursor=cursor))  # first a page of each, then a second one
        yield from self._next()

    def _take_comments(self, thread: Thread, comments: list[Post], seen_at: datetime) -> Output:
        """The comments as mentions of the brands their post was found for: it says what they are about."""
        spider = self._spider
        told = [replace(comment, context=f"{thread.post.text}\n{thread.post.context}") for comment in comments]
        found = [spider.mention_of(one, query, seen_at=seen_at) for one in told for query in thread.queries]
        spider.count("comments/read", len(comments))
        if mentions := [mention for mention in found if mention is not None]:
            yield mentions

    def _failed(self, failure: Failure) -> Output:
        error = translate(failure.value)
        if isinstance(error, Refused):
            self._spider.stop(error)
            return
        self._count_lost(failure.request.cb_kwargs["thread"], error)  # type: ignore[attr-defined]
        yield from self._next()

    def _count_lost(self, thread: Thread | None, error: CrawlError) -> None:
        self._spider.count(f"{'revisit' if thread is None else 'comments'}/lost_{error.reason}")
