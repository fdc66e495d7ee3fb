"""Zhihu's official search API (sources.md 2.1): the operator's own Access Secret, ten best items per query, no paging.

The ten are the best, not the newest: what the API leaves out nobody can ask for. So a run counts as complete when
every query was answered, and `search/full` in its stats says how many answers were as long as they may be. Answers of
questions that name a brand are newer than that; following questions costs calls of another quota.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.zhihu_open import read, refusal
from crawler.options import Options
from crawler.post import Kind, Post, Reading
from crawler.refusals import translate
from crawler.spec import CrawlSpec
from crawler.spiders.base import CONTACT, Output, Page, TingfengSpider
from tingfeng.errors import CrawlError, Refused
from tingfeng.model import Query

MOST = 10  # items; the API gives no more
ANSWERS = 20  # of a question, asked for at once
SHORTEST, LONGEST = 2, 100  # characters of a query


@dataclass(frozen=True, slots=True, kw_only=True)
class ZhihuOpenOptions(Options):
    max_text: int = 2_000  # characters; the terms give no right to republish, an excerpt and a link are enough
    max_age: timedelta = timedelta(days=30)  # older answers keep turning up among the best and are left out
    extra_words: tuple[str, ...] = ()  # each query is also asked together with each of these, such as "差评", "维权"
    answers: int = 0  # questions naming a brand whose answers are read in one run, 0–100
    answer_pages: int = 2  # of one question, 20 answers each, 1–50
    check_quota: bool = True  # ask first what is left, which is free, and stop before it runs out

    def problems(self, *, local: bool) -> list[str]:
        found = super(ZhihuOpenOptions, self).problems(local=local)
        if self.max_age <= timedelta(0):
            found.append("max_age: more than 0")
        if not 0 <= self.answers <= 100:
            found.append("answers: expected 0–100")
        if not 1 <= self.answer_pages <= 50:
            found.append("answer_pages: expected 1–50")
        return found


@dataclass(frozen=True, slots=True)
class Question:
    """A question that names a brand, and how far its answers are read."""

    number: str
    title: str
    query: Query
    page: int = 1
    offset: str = "0"


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

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._revisit = frozenset(self.spec.revisit)  # nothing can be asked for by its id: seen by chance or not at all
        self._followed: set[str] = set()  # questions
        self._answer_calls = self.options.answers * self.options.answer_pages

    def searches(self) -> Iterable[Request]:
        if not self.options.check_quota:
            return self._searches()
        self.begin("quota")
        apis = "zhihu_search,question_answers" if self.options.answers else "zhihu_search"
        return [self._ask("/api/v1/quota", {"APIIDs": apis}, self.parse_quota, errback=self._no_quota)]

    def _searches(self) -> Iterator[Request]:
        for query in dict.fromkeys(self.spec.queries):
            for words in _wordings(query, self.options):
                name = f"{query.brand}/{words}"
                self.begin(name, query=query)
                asked = {"Query": words, "Count": MOST}
                yield self._ask("/api/v1/content/zhihu_search", asked, self.parse_found, query=query, name=name)

    def _first_search(self) -> Iterator[Request]:
        for request in islice(self._searches(), 1):
            request.meta[CONTACT] = True
            yield request

    def _ask(self, path: str, parameters: dict[str, Any], callback: Any, **values: Any) -> Request:
        headers = {
            "Authorization": f"Bearer {self.spec.credential}",
            "X-Request-Timestamp": str(int(self.now().timestamp())),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        return self.request(f"{self.base_url}{path}?{urlencode(parameters)}", callback, headers=headers, **values)

    def judge(self, response: Response) -> CrawlError | None:
        """Errors other than HTTP 200 may carry a code too, which says more."""
        return refusal(response.body)

    def _read(self, response: Response, seen_at: datetime) -> Reading:
        reading = read(response.body, url=response.url, seen_at=seen_at)
        self.note(reading)
        return reading

    # --- what is left

    def parse_quota(self, response: Response) -> Output:
        quota = self._read(response, self.now()).paging.get("quota")
        if quota is None:
            yield from self._begin_searches("not told: no RemainingQuota in the answer")
            return
        needed = sum(len(_wordings(query, self.options)) for query in dict.fromkeys(self.spec.queries))
        left = quota.get("zhihu_search", min(quota.values()))
        self.count("quota/left", left)
        if left < needed:
            raise Refused("quota_exhausted", f"{left} searches left, {needed} needed; nothing was spent")
        self._answer_calls = min(self._answer_calls, quota.get("question_answers", self._answer_calls))
        yield from self._begin_searches(f"{left} searches left today")

    def _no_quota(self, failure: Failure) -> Output:
        """A refusal is one; an address that has moved is no reason to be blind (the API itself says 30002 in time)."""
        error = translate(failure.value)
        if isinstance(error, Refused):
            self.stop(error)
            return
        self.count("quota/not_told")
        yield from self._begin_searches(f"not told ({error})")

    def _begin_searches(self, told: str) -> Iterator[Request]:
        self.finding("quota", told)
        yield from self._first_search() if self.spec.probe else self._searches()
        self.done("quota")

    # --- searches

    def parse_found(self, response: Response, query: Query, name: str) -> Output:
        seen_at = self.now()
        reading = self._read(response, seen_at)
        found = len(reading.posts) + reading.skipped.total()
        if not found:
            self.count("search/empty")
        if found >= MOST:
            self.count("search/full")
        yield from self._mentions(reading.posts, query, seen_at)
        for post in reading.posts:
            yield from self._follow(post, query)
        self.done(name)

    def _mentions(self, posts: list[Post], query: Query, seen_at: datetime) -> Iterator[Page]:
        for post in posts:
            if post.native_id in self._revisit:
                self.seen_again(post)
        fresh = [p for p in posts if p.published_at is None or p.published_at >= seen_at - self.options.max_age]
        if len(fresh) < len(posts):
            self.count("too_old", len(posts) - len(fresh))
        mentions = [m for post in fresh if (m := self.mention_of(post, query, seen_at=seen_at)) is not None]
        if mentions:
            yield mentions

    # --- answers of questions

    def _follow(self, post: Post, query: Query) -> Iterator[Request]:
        """Ask for the answers of the question this post belongs to, if it names the brand and there is budget left."""
        told = post.native_id if post.kind is Kind.QUESTION else post.parent or ""
        number = told.removeprefix("question:")
        if not number or number in self._followed or len(self._followed) >= self.options.answers:
            return
        if query.brand in self.brands_of(post.title, asked=None):
            self._followed.add(number)
            self.begin(f"question/{number}", extra=True)
            yield from self._ask_answers(Question(number, post.title, query))

    def _ask_answers(self, question: Question) -> Iterator[Request]:
        if question.page > self.options.answer_pages or self._answer_calls <= 0 or self.is_late():
            self.count("answers/left")
            self.done(f"question/{question.number}")
            return
        self._answer_calls -= 1
        asked = {
            "QuestionUrl": f"https://www.zhihu.com/question/{question.number}",
            "Offset": question.offset,
            "Limit": ANSWERS,
        }
        yield self._ask("/api/v1/content/question_answers", asked, self.parse_answers, question=question)

    def parse_answers(self, response: Response, question: Question) -> Output:
        seen_at = self.now()
        reading = self._read(response, seen_at)
        self.count("answers/pages")
        posts = [_answer(post, question) for post in reading.posts]
        yield from self._mentions(posts, question.query, seen_at)
        following = reading.paging["next"]
        if reading.paging["has_more"] and following not in ("", question.offset):
            yield from self._ask_answers(replace(question, page=question.page + 1, offset=following))
        else:
            self.done(f"question/{question.number}")


def _answer(post: Post, question: Question) -> Post:
    """The post as the answer it is, whatever the list left out because it goes without saying."""
    number = post.native_id.partition(":")[2]
    return replace(
        post,
        native_id=f"answer:{number}",
        url=post.url or f"https://www.zhihu.com/question/{question.number}/answer/{number}",
        title=post.title or question.title,
        kind=Kind.ANSWER,
        parent=f"question:{question.number}",
    )


def _wordings(query: Query, options: ZhihuOpenOptions) -> list[str]:
    return [query.text, *(f"{query.text} {word}" for word in options.extra_words)]


def _askable(words: str) -> bool:
    return SHORTEST <= len(words) <= LONGEST
