"""V2EX (sources.md 9): the official API without a key. It has no search: what is new is read, and matched here.

The newest topics, the hot ones and chosen nodes; replies of topics that name a brand, and topics seen before, as far as
the budgets go. One request after the other, and none once the hour's allowance is nearly used up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.v2ex import read
from crawler.options import Options
from crawler.post import Post, Reading
from crawler.refusals import translate
from crawler.spiders.base import Output, TingfengSpider
from tingfeng.errors import CrawlError, Refused

NEWEST = "latest"
RESERVE = 1  # calls of the hour's allowance that are left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class V2exOptions(Options):
    least_delay: ClassVar[timedelta] = timedelta(seconds=5)

    delay: timedelta = timedelta(seconds=5)
    nodes: tuple[str, ...] = ()  # read besides the newest and the hot topics, such as "cars"
    replies: int = 5  # topics naming a brand whose replies are read in one run; 0 = never
    revisits: int = 10  # topics seen before whose counts are read again in one run; 0 = never

    def problems(self, *, local: bool) -> list[str]:
        found = super(V2exOptions, self).problems(local=local)
        if self.replies < 0:
            found.append("replies: 0 or more")
        if self.revisits < 0:
            found.append("revisits: 0 or more")
        found += [f"nodes: '{node}' is no name of a node" for node in self.nodes if not _is_node(node)]
        return found


class V2exSpider(TingfengSpider):
    name = "v2ex"  # to Scrapy; a crawl bears the name of its source
    platform = "v2ex"
    home = "https://www.v2ex.com"
    options_class = V2exOptions
    options: V2exOptions
    reaches_back = "listed"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._todo: deque[Request] = deque()
        self._left: int | None = None  # of the hour's allowance, as last told
        self._named: dict[str, Post] = {}  # topics that name a brand and have replies
        self._replies_left = self.options.replies
        self._revisit = dict.fromkeys(i for i in self.spec.revisit if i.startswith("topic:"))

    def searches(self) -> Iterable[Request]:
        lists = {NEWEST: "topics/latest.json", "hot": "topics/hot.json"}
        lists |= {f"node/{node}": f"topics/show.json?node_name={quote(node)}" for node in self.options.nodes}
        for name, path in lists.items():
            self._plan(name, path, self.parse_topics, name=name)
        yield from self._next()

    def judge(self, response: Response) -> CrawlError | None:
        """A refusal's body may say that it is only for this hour; where the status says so, Retry-After says more."""
        if response.status not in (401, 403):
            return None
        try:
            read(response.body, url=response.url, seen_at=self.now())
        except Refused as e:
            return e
        except CrawlError:
            pass
        return None

    # --- one request after the other

    def _plan(self, search: str, path: str, callback: Any, *, errback: Any = None, **values: Any) -> None:
        self.begin(search, extra=search != NEWEST)  # only the newest topics say how far back the site was seen
        self._todo.append(self.request(f"{self.base_url}/api/{path}", callback, errback=errback, **values))

    def _next(self) -> Iterator[Request]:
        if not self._todo:
            self._plan_more()
        if not self._todo:
            return
        if self._left is not None and self._left <= RESERVE:
            raise Refused("rate_limited", f"{self._left} requests left in this hour, {len(self._todo)} or more needed")
        yield self._todo.popleft()

    def _plan_more(self) -> None:
        """When the lists are through: replies of the newest topics that name a brand, then topics seen before."""
        if self.is_late():
            return
        while self._named and self._replies_left > 0:
            topic = self._named.pop(next(iter(self._named)))
            self._replies_left -= 1
            number = topic.native_id.removeprefix("topic:")
            self._plan(f"replies/{number}", f"replies/show.json?topic_id={number}", self.parse_replies, topic=topic)
        for native_id in list(self._revisit)[: self.options.revisits]:
            number = native_id.removeprefix("topic:")
            path = f"topics/show.json?id={quote(number)}"
            self._plan(native_id, path, self.parse_revisit, errback=self._revisit_failed, native_id=native_id)
        self._revisit.clear()

    def _read(self, response: Response, seen_at: datetime) -> Reading:
        told = (response.headers.get("X-Rate-Limit-Remaining") or b"").decode("latin-1").strip()
        if told.isdigit() and len(told) < 10:
            self._left = int(told)
        reading = read(response.body, url=response.url, seen_at=seen_at)
        self.note(reading)
        for native_id in reading.gone:
            self.seen_gone(native_id)
            self._revisit.pop(native_id, None)
        return reading

    # --- what comes back

    def parse_topics(self, response: Response, name: str) -> Output:
        seen_at = self.now()
        reading = self._read(response, seen_at)
        if not reading.posts and not reading.skipped and not reading.gone:
            raise CrawlError("empty", f"no topics at all: {name}")
        self.finding("listed", f"{len(reading.posts)} topics")  # that none of them names a brand is usual
        mentions = []
        for post in reading.posts:
            if post.native_id in self._revisit:
                del self._revisit[post.native_id]
                self.seen_again(post)
            mention = self.mention_of(post, None, seen_at=seen_at)
            if mention is not None:
                mentions.append(mention)
                if post.comments:
                    self._named[post.native_id] = post
        if mentions:
            yield mentions
        self._close(name, reading)
        yield from self._next()

    def _close(self, name: str, reading: Reading) -> None:
        since = self.since_of(None)
        oldest = min((p.published_at for p in reading.posts if p.published_at is not None), default=None)
        whole = name != NEWEST or oldest is None or oldest <= since
        self.done(name, covered_since=None if whole else oldest)

    def parse_replies(self, response: Response, topic: Post) -> Output:
        """What is said below a topic is said of what it names, whether it repeats the name or not."""
        seen_at, about = self.now(), f"{topic.title}\n{topic.text}"
        posts = [replace(post, context=about, parent=topic.native_id) for post in self._read(response, seen_at).posts]
        mentions = [m for post in posts if (m := self.mention_of(post, None, seen_at=seen_at)) is not None]
        if mentions:
            yield mentions
        self.done(f"replies/{topic.native_id.removeprefix('topic:')}")
        yield from self._next()

    def parse_revisit(self, response: Response, native_id: str) -> Output:
        reading = self._read(response, self.now())
        for post in reading.posts:
            if post.native_id == native_id:
                self.seen_again(post)
        if not reading.posts and not reading.gone:
            self.count("revisit/missing")  # hidden from strangers, perhaps: no proof that it is deleted
        self.done(native_id)
        yield from self._next()

    def _revisit_failed(self, failure: Failure) -> Output:
        error = translate(failure.value)
        if error.reason != "not_found":
            self.stop(error)
            return
        native_id = failure.request.cb_kwargs["native_id"]  # type: ignore[attr-defined]
        self.seen_gone(native_id)
        self.done(native_id)
        yield from self._next()


def _is_node(name: str) -> bool:
    return 0 < len(name) <= 50 and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
