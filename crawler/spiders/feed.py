"""RSS, Atom and JSON feeds, among them the keyword routes of the operator's own RSSHub (sources.md 10, 12).

An entry without a time we can read is counted as skipped (`undated = "skip"`), or takes the time it was first seen
(`undated = "seen"`): then everything an undated feed already holds at the first crawl seems to be of that moment.

Publishers leave feeds standing for years that nobody fills any more, so a feed whose newest entry is too old fails the
run. Not so a keyword feed: there it may be the brand that is quiet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from scrapy.http import Request, Response

from crawler.bodies.feed import read
from crawler.options import Options
from crawler.post import Post, Reading
from crawler.spec import CrawlSpec
from crawler.spiders.base import Output, TingfengSpider
from crawler.text import address
from tingfeng.errors import CrawlError
from tingfeng.model import Mention, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions(Options):
    url: str = ""  # the feed's address, whole or below base_url; {q} in it is replaced by each query's words
    keyword_feed: bool = False  # the feed holds only what was searched for, even where {q} does not show it
    key_parameter: str = ""  # name under which the credential is added to the address (RSSHub: "key" or "code")
    undated: str = "skip"  # what becomes of entries without a time: "skip" or "seen"
    full_at: int = 10  # a feed of so many entries or more may have dropped older ones
    stale_after: timedelta = timedelta(days=30)  # a publisher's feed without a newer entry fails; 0 = never
    max_text: int = 5_000  # characters

    def problems(self, *, local: bool) -> list[str]:
        found = super(FeedOptions, self).problems(local=local)
        if self.undated not in ("skip", "seen"):
            found.append('undated: expected "skip" or "seen"')
        if self.full_at < 1:
            found.append("full_at: at least 1")
        if "{" in self.url.replace("{q}", ""):
            found.append("url: {q} is the only thing that can be filled in")
        return found


class FeedSpider(TingfengSpider):
    name = "feed"  # to Scrapy; a crawl bears the name of its source
    platform = "feed"
    home = ""
    options_class = FeedOptions
    options: FeedOptions
    follows_redirects = True
    reaches_back = "listed"

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        found = super().problems(spec, options)
        if address(options.url):
            found = [line for line in found if not line.startswith("base_url")]
        if options.keyword_feed and "{q}" not in options.url and len(spec.queries) != 1:
            found.append("a keyword feed without {q} in its url needs exactly one query, to know whose it is")
        if spec.credential and not options.key_parameter:
            found.append("key_parameter is needed to know where the credential goes")
        return found

    @classmethod
    def configured_urls(cls, spec: CrawlSpec, options: Any) -> tuple[str, ...]:
        return (address(options.url) or spec.base_url or "",)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.platform = f"feed:{self.spec.source}"  # type: ignore[misc]  # ids of feeds are unique only in themselves

    def searches(self) -> Iterable[Request]:
        if "{q}" in self.options.url:
            for query in dict.fromkeys(self.spec.queries):
                yield self._ask(query, f"{query.brand}/{query.text}")
        else:
            yield self._ask(self.spec.queries[0] if self.options.keyword_feed else None, "feed")

    def _ask(self, query: Query | None, name: str) -> Request:
        self.begin(name, query=query)
        headers = {"Accept": "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9"}
        return self.request(self._url(query), self.parse_feed, headers=headers, query=query, name=name)

    def _url(self, query: Query | None) -> str:
        template = self.options.url.replace("{q}", quote(query.text, safe="")) if query else self.options.url
        if address(template):
            url = template
        else:
            url = urljoin(self.base_url + "/", template.lstrip("/")) if template else self.base_url
        if self.options.key_parameter and self.spec.credential:
            url += ("&" if urlsplit(url).query else "?") + urlencode({self.options.key_parameter: self.spec.credential})
        return url

    def parse_feed(self, response: Response, query: Query | None, name: str) -> Output:
        seen_at = self.now()
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        base = response.url.partition("?")[0]
        reading = read(response.body, url=base, seen_at=seen_at, content_type=kind)
        self.note(reading)
        if not reading.posts and not reading.skipped:
            if query is None:
                raise CrawlError("empty", "a publisher's feed without a single entry")
            self.count("search/empty")
        mentions = [mention for post in reading.posts if (mention := self._mention(post, query, seen_at)) is not None]
        if mentions:
            yield mentions
        self._close(name, query, reading, seen_at)

    def _mention(self, post: Post, query: Query | None, seen_at: datetime) -> Mention | None:
        if post.published_at is None and self.options.undated == "seen":
            post = replace(post, published_at=seen_at)
        if post.platform == "feed":
            post = replace(post, platform=self.platform)
        return self.mention_of(post, query, seen_at=seen_at)

    def _close(self, name: str, query: Query | None, reading: Reading, seen_at: datetime) -> None:
        times = [post.published_at for post in reading.posts if post.published_at is not None]
        if times and self.options.stale_after and max(times) < seen_at - self.options.stale_after:
            if query is None:
                raise CrawlError("stale_feed", f"its newest entry is of {max(times):%Y-%m-%d}")
            self.count("feed/stale")  # or nobody has spoken of the brand for so long
        oldest = min(times, default=None)
        entries = len(reading.posts) + reading.skipped.total()
        whole = entries < self.options.full_at or oldest is None or oldest <= self.since_of(query)
        self.done(name, covered_since=None if whole else oldest)
