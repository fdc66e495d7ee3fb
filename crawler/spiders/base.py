"""What all spiders share: queries and a window in, pages of mentions out, and an honest end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, Literal

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.budget import Purse
from crawler.ears import Ears
from crawler.options import Options
from crawler.outcome import START, Filling, Outcome, name_of
from crawler.post import Post, Reading
from crawler.refusals import LOGIN_WALLS, not_json, translate
from crawler.spec import CrawlSpec, Gap
from crawler.text import cut
from crawler.times import AHEAD, MOST_SKEW
from tingfeng.errors import CrawlError, LayoutChanged, Refused
from tingfeng.model import HotPage, Mention, Query
from tingfeng.privacy import Pseudonyms

ENOUGH = 0.7  # of the time limit
CONTACT = "tingfeng_contact"  # in a request's meta: made on purpose while only making contact
LAST = 1_000_000  # what priority gaps are behind everything else

Page = list[Mention] | HotPage
Output = Iterator[Page | Request]


class TingfengSpider(Spider):
    """A source's reader. A subclass says where to begin (`searches`) and what its pages say.

    Each search is opened by `begin` and must be closed by `done`; a crawl with one left open has failed, whatever
    Scrapy thinks. Nothing is caught here to go on: what is not understood ends the run under a name.
    """

    platform: ClassVar[str]
    home: ClassVar[str]  # the platform's own address
    options_class: ClassVar[type[Options]] = Options
    needs_credential: ClassVar[bool] = False
    robots_exempt: ClassVar[str] = ""  # why robots.txt does not govern this source; empty: it does
    follows_redirects: ClassVar[bool] = False
    purse: Purse | None = None  # of a source that is paid by the record; the pipeline makes it one that remembers
    # How much of the past can be read: "pages" = page by page, as `fill` does; "listed" = what is listed now and no
    # more (a feed); "none" = only a choice, such as the ten best.
    reaches_back: ClassVar[Literal["pages", "listed", "none"]] = "none"

    def __init__(self, *, spec: CrawlSpec, options: Options) -> None:
        super().__init__(name=spec.source)
        self.spec, self.options = spec, options
        self.base_url = (spec.base_url or self.home).rstrip("/")
        self.outcome = Outcome(reaches_back=self.reaches_back, probe=spec.probe)
        self.gap_pages = spec.gap_pages  # requests left for filling gaps
        self._ears = Ears(spec.brands)
        self._pseudonyms = Pseudonyms(spec.author_secret)
        self._started = time.monotonic()
        self._closing: asyncio.Task[None] | None = None

    # --- what a subclass writes

    @classmethod
    def wants_credential(cls, options: Any) -> bool:
        """Whether it cannot do without a credential, given these options."""
        return cls.needs_credential

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        """What keeps this source from being crawled at all, one line each; found before anything is fetched."""
        found = []
        if cls.wants_credential(options) and not spec.credential:
            found.append("a credential is needed")
        if spec.credential and not (spec.credential.isprintable() and spec.credential.isascii()):
            found.append("the credential holds line breaks or other characters that no header takes")
        if not (spec.base_url or cls.home):
            found.append("base_url is needed")
        return found

    @classmethod
    def configured_urls(cls, spec: CrawlSpec, options: Any) -> tuple[str, ...]:
        """The addresses the operator has written down; only their hosts may be machines of the inner network."""
        return (spec.base_url or cls.home,)

    def searches(self) -> Iterable[Request]:
        """The first requests. Each belongs to a search opened with `begin`, query by query."""
        raise NotImplementedError

    def fill(self, gap: Gap) -> Iterable[Request]:
        """The first requests for a stretch of the past that was missed. Only with `reaches_back` "pages".

        Each request, later ones too, is taken off `gap_pages`; at 0, or when `is_late`, it is closed by `filled` with
        what was read so far. It is no search of its query: that one's window must not wait for it.
        """
        return ()

    def contact(self) -> Iterable[Request]:
        """What `tingfeng doctor --live` asks: the first search's first request, unless a spider knows better.

        An official API may ask who we are and what is left of the quota first, and tell by `finding`. What the
        callbacks ask for in their turn is dropped, but for requests with `meta[CONTACT]`. Nothing is stored.
        """
        return islice(self.searches(), 1)

    def judge(self, response: Response) -> CrawlError | None:
        """What an answer other than 200 means on this platform, if its body tells more than its status."""
        return None

    # --- what it may use

    async def start(self) -> AsyncIterator[Any]:
        self.begin(START)
        for n, request in enumerate(self.contact() if self.spec.probe else self.searches()):
            request.priority -= n  # one after the other: of many half-read searches none has finished when it ends
            yield request
        self.done(START)
        for gap in self.spec.gaps:
            for request in self._fill(gap):
                request.priority -= LAST
                yield request

    def _fill(self, gap: Gap) -> Iterable[Request]:
        requests = [] if self.is_late() or self.gap_pages <= 0 else list(self.fill(gap))
        if requests:
            self.begin(f"gap/{gap.id}", extra=True)
        return requests

    def now(self) -> datetime:
        """The time in the story the crawl was told, moved on by what has passed since."""
        return self.spec.now + timedelta(seconds=time.monotonic() - self._started)

    def is_late(self) -> bool:
        """Whether so much of the time limit is used that nothing more should be asked for than what is under way.

        A run that is ended from outside has failed and begins anew, for ever if it never fits; one that stops asking
        in time has got as far as it says.
        """
        return time.monotonic() - self._started > ENOUGH * self.spec.time_limit.total_seconds()

    def request(
        self,
        url: str,
        callback: Callable[..., Any],
        *,
        headers: Mapping[str, str] | None = None,
        errback: Callable[..., Any] | None = None,
        priority: int = 0,
        **values: Any,
    ) -> Request:
        """A GET whose failure ends the crawl, unless `errback` knows better. `values` reach the callback by name."""
        return Request(
            url,
            callback=callback,
            errback=errback or self.failed,
            headers=dict(headers or {}),
            cb_kwargs=values,
            priority=priority,
            meta={} if self.follows_redirects else {"dont_redirect": True},
        )

    def failed(self, failure: Failure) -> None:
        """No answer, or a refusal: the crawl is over."""
        self.stop(translate(failure.value))

    def stop(self, error: CrawlError) -> None:
        """End the crawl under this name; what is already read will still be stored."""
        if self.spec.credential and error.reason in LOGIN_WALLS:
            error = Refused("cookie_expired", f"{error.reason} in spite of a credential: {error.detail}")
        self.outcome.end(error)
        if self._closing is None:
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=error.reason))

    def since_of(self, query: Query | None) -> datetime:
        """How far back this search has to read; every one has a window of its own."""
        return self.spec.windows.get(name_of(query), self.spec.since)

    def begin(self, search: str, *, query: Query | None = None, extra: bool = False) -> None:
        """Open a search. `query`: on whose behalf; what it yields is counted under it.

        `extra`: it is read besides what was searched for; the run waits for it, but no query's window does.
        """
        if extra:
            self.outcome.open_searches.add(search)
        else:
            self.outcome.begin(search, query)

    def done(self, search: str, *, covered_since: datetime | None = None) -> None:
        """The search is through. `covered_since`: how far back it got, if not to the start of the window."""
        self.outcome.done(search, covered_since)

    def filled(self, filling: Filling) -> None:
        """What came of one of `spec.gaps`, begun by `fill`."""
        self.outcome.open_searches.discard(f"gap/{filling.gap}")
        self.outcome.filled.append(filling)

    def finding(self, name: str, value: str) -> None:
        """Something `contact` found out, for the operator: name in English, such as "quota"; no secrets."""
        self.outcome.findings[name] = value[:200]

    def seen_again(self, post: Post) -> None:
        """A post of `spec.revisit` was looked at again: its counts are kept, with the time, if it is a stored one."""
        self.outcome.again.append(post)

    def seen_gone(self, native_id: str, *, platform: str = "") -> None:
        """The platform says that this post is deleted: a stored one becomes a tombstone."""
        self.outcome.gone.append((platform or self.platform, native_id))

    def count(self, what: str, n: int = 1) -> None:
        self.outcome.tally[what] += n

    def skip(self, why: str) -> None:
        """One post that could not be read. Too many of them fail the run."""
        self.outcome.tally[f"skipped/{why}"] += 1

    def note(self, reading: Reading) -> None:
        """Count what a reader could not read, and what else it found worth counting."""
        for why, n in reading.skipped.items():
            self.count(f"skipped/{why}", n)
        for what, n in reading.notes.items():
            self.count(what, n)

    def json(self, response: Response) -> dict[str, Any]:
        """The object in the body; the fitting error when it is anything else."""
        try:
            data = json.loads(response.body)
        except ValueError as e:
            raise not_json(response.body) from e
        except RecursionError as e:
            raise LayoutChanged("layout_changed", "JSON nested too deep") from e
        if not isinstance(data, dict):
            raise LayoutChanged("layout_changed", f"expected an object, got a {type(data).__name__}")
        return data

    def author_key(self, author: object, *, platform: str = "") -> str | None:
        """A pseudonym only this installation can make: 32 hex digits of an HMAC; None without an author."""
        return self._pseudonyms.of(platform or self.platform, author)

    def brands_of(self, text: str, *, asked: str | None) -> tuple[str, ...]:
        """Whose a text may be: the brand we searched for and every other one it names."""
        return self._ears.brands_of(text, asked=asked)

    def mention_of(self, post: Post, query: Query | None, *, seen_at: datetime) -> Mention | None:
        """The mention in what a reader found; None when it is nobody's, or has no time we can place it at (skipped)."""
        if post.published_at is None or post.published_at > seen_at + AHEAD:
            self.skip("time")
            return None
        return self.mention(
            platform=post.platform,
            native_id=post.native_id,
            url=post.url,
            title=post.title,
            text=post.text,
            context=post.context,
            published_at=post.published_at,
            seen_at=seen_at,
            query=query,
            kind=str(post.kind),
            parent=post.parent,
            author_key=self.author_key(post.author, platform=post.platform),
            author_name=post.author_name if self.spec.author_names else None,
            followers=post.followers,
            reposts=post.reposts,
            comments=post.comments,
            likes=post.likes,
            region=post.region,
            is_repost=post.is_repost,
        )

    def mention(
        self,
        *,
        text: str,
        published_at: datetime,
        query: Query | None,
        title: str = "",
        context: str = "",
        **fields: Any,
    ) -> Mention | None:
        """A mention with everything the spider knows about itself filled in; None when it is nobody's.

        `context`: words that belong to what was said but not to the author's own text (the reposted original).
        Another `platform` may be among the fields: a feed can carry posts of one.
        """
        brands = self.brands_of("\n".join((title, text, context)), asked=query.brand if query else None)
        if not brands:
            self.count("not_ours")
            return None
        self.outcome.heard(query, published_at)
        if published_at > fields["seen_at"] + MOST_SKEW:
            self.count("time/ahead")
        fields.setdefault("platform", self.platform)
        return Mention(
            source=self.spec.source,
            text=cut(text, self.options.max_text),
            title=cut(title, self.options.max_text),
            published_at=published_at,
            brands=brands,
            **fields,
        )


def spider_of(crawler: Crawler) -> TingfengSpider:
    """The spider of a crawl, as what it is. TypeError when Scrapy runs something else in our project."""
    if not isinstance(crawler.spider, TingfengSpider):
        raise TypeError("Tingfeng's pipeline and middlewares work with its own spiders only")
    return crawler.spider
