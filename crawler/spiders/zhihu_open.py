"""Zhihu's official search API (sources.md 2.1): the operator's own Access Secret, ten best items per query, no paging.

The ten are the best, not the newest: what the API leaves out nobody can ask for. So a run counts as complete when
every query was answered, and `search/full` in its stats says how many answers were as long as they may be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Request, Response

from crawler.options import Options
from crawler.spec import CrawlSpec
from crawler.spiders.base import Output, TingfengSpider
from crawler.text import address, count_of, text_of, without_parameters
from crawler.times import AHEAD, from_epoch
from tingfeng.errors import CrawlError, LayoutChanged, Refused, Unreachable
from tingfeng.model import Mention, Query

MOST = 10  # items; the API gives no more
SHORTEST, LONGEST = 2, 100  # characters of a query

CODES: dict[int, CrawlError] = {
    10001: CrawlError("bad_request", "code 10001: parameters"),
    20001: Refused("unauthorized", "code 20001: the Access Secret is not accepted"),
    30001: Refused("rate_limited", "code 30001: too fast"),
    30002: Refused("quota_exhausted", "code 30002: the day's quota is used up"),
    30003: Refused("risk_control", "code 30003: risk control, not to be tried again"),
    40362: Refused("risk_control", "code 40362: restricted for now"),
    50002: Unreachable("unreachable", "code 50002: trouble on their side"),
    90001: Unreachable("unreachable", "code 90001: trouble on their side"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZhihuOpenOptions(Options):
    max_text: int = 2_000  # characters; the terms give no right to republish, an excerpt and a link are enough
    max_age: timedelta = timedelta(days=30)  # older answers keep turning up among the best and are left out
    extra_words: tuple[str, ...] = ()  # each query is also asked together with each of these, such as "差评"

    def problems(self, *, local: bool) -> list[str]:
        found = super(ZhihuOpenOptions, self).problems(local=local)
        if self.max_age <= timedelta(0):
            found.append("max_age: more than 0")
        return found


class ZhihuOpenSpider(TingfengSpider):
    name = "zhihu_open"  # to Scrapy; a crawl bears the name of its source
    platform = "zhihu"
    home = "https://developer.zhihu.com"
    options_class = ZhihuOpenOptions
    options: ZhihuOpenOptions
    needs_credential = True
    robots_exempt = "an official API: its contract says what may be asked, not robots.txt"

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        wrong = [words for query in spec.queries for words in _wordings(query, options) if not _askable(words)]
        found = [f"query '{words}': expected {SHORTEST}–{LONGEST} characters" for words in wrong]
        return super().problems(spec, options) + found

    def searches(self) -> Iterable[Request]:
        for query in dict.fromkeys(self.spec.queries):
            for words in _wordings(query, self.options):
                name = f"{query.brand}/{words}"
                self.begin(name, query=query)
                parameters = urlencode({"Query": words, "Count": MOST})
                url = f"{self.base_url}/api/v1/content/zhihu_search?{parameters}"
                yield self.request(url, self.parse_found, headers=self._headers(), query=query, name=name)

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.spec.credential}",
            "X-Request-Timestamp": str(int(self.now().timestamp())),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def judge(self, response: Response) -> CrawlError | None:
        """Errors other than HTTP 200 may carry a code too, which says more."""
        try:
            data = json.loads(response.body)
        except ValueError:
            return None
        code = data.get("Code") if isinstance(data, dict) else None
        return CODES.get(code) if isinstance(code, int) else None

    def parse_found(self, response: Response, query: Query, name: str) -> Output:
        seen_at = self.now()
        items = self._items(response)
        if not items:
            self.count("search/empty")
        if len(items) >= MOST:
            self.count("search/full")
        mentions = [mention for item in items if (mention := self.read(item, query, seen_at)) is not None]
        if mentions:
            yield mentions
        self.done(name)

    def _items(self, response: Response) -> list[Any]:
        data = self.json(response)
        code = data.get("Code")
        if not isinstance(code, int):
            raise LayoutChanged("layout_changed", "no Code in the answer")
        if code != 0:
            raise CODES.get(code) or Refused(f"code_{code}", "a code we do not know")
        inner = data.get("Data")
        if not isinstance(inner, dict) or "Items" not in inner or not isinstance(inner["Items"], list | None):
            raise LayoutChanged("layout_changed", "no Data with Items in the answer")
        return inner.get("Items") or []

    def read(self, item: object, query: Query, seen_at: datetime) -> Mention | None:
        """The mention in one item; None when it is unreadable (counted as skipped), too old, or nobody's."""
        number = item.get("ContentID") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not number or not isinstance(number, int | str):
            self.skip("id")
            return None
        edited = str(item.get("EditTime"))
        posted = from_epoch(int(edited)) if edited.isascii() and edited.isdigit() and len(edited) < 20 else None
        if posted is None or posted.at > seen_at + AHEAD:
            self.skip("time")
            return None
        if posted.at < seen_at - self.options.max_age:
            self.count("too_old")
            return None
        title, text, name = (_words(item.get(key)) for key in ("Title", "ContentText", "AuthorName"))
        return self.mention(
            native_id=f"{_words(item.get('ContentType')).lower() or 'unknown'}:{number}",
            url=without_parameters(address(item.get("Url")), prefixes=("utm_",)),
            title=title,
            text=text or title,
            published_at=posted.at,
            seen_at=seen_at,
            query=query,
            author_key=self.author_key(f"name:{name}" if name else None),
            comments=count_of(item.get("CommentCount")),
            likes=count_of(item.get("VoteUpCount")),
        )


def _wordings(query: Query, options: ZhihuOpenOptions) -> list[str]:
    return [query.text, *(f"{query.text} {word}" for word in options.extra_words)]


def _words(value: object) -> str:
    return text_of(value) if isinstance(value, str) else ""


def _askable(words: str) -> bool:
    return SHORTEST <= len(words) <= LONGEST
