"""How far a search through pages has got, newest first but not strictly: decided here, without asking anybody.

Paging is loose on every platform (sources.md 1.1, 1.5): empty pages in the middle, overlaps, totals that lie.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from crawler.outcome import Filling
from crawler.spec import Gap
from tingfeng.model import Query

BARREN_PAGES = 3  # so many pages in a row without news end a search


@dataclass(slots=True)
class Search:
    """One query's way through its pages. Pages may arrive out of order when several are under way."""

    query: Query
    since: datetime  # start of the window
    address: str = ""  # of a page, but for its number
    asked: int = 0  # highest page requested so far
    waiting: int = 0  # pages under way
    promised: int = 0  # highest page the site has said there is
    barren: int = 0  # pages in a row without a post we had not seen
    total: int = 0  # posts, as the site counts them
    seen: set[str] = field(default_factory=set)
    oldest: datetime | None = None  # of the posts in the window that stood in their place
    reached: bool = False  # a whole page lay before the window
    older: bool = False  # a post in its place lay before the window
    over: bool = False
    gap: Gap | None = None  # what it is to fill; then it may begin in the middle of the list
    first: int = 1  # page it began at
    first_newest: datetime | None = None  # of the posts on that page

    @classmethod
    def of_gap(cls, gap: Gap, query: Query, address: str) -> Self:
        """A search beginning a page before the one the last try stopped at: newer posts have pushed the others on."""
        first = max(1, gap.page - 1)
        return cls(query, gap.since, address, gap=gap, first=first, asked=first - 1)

    @property
    def name(self) -> str:
        return f"{self.query.brand}/{self.query.text}"

    def may_ask(self, *, limit: int, prefetch: int) -> bool:
        """Whether to request page `asked + 1`: one at a time, or as many as were promised and may be fetched ahead."""
        ahead = self.waiting < prefetch and self.asked < self.promised
        return not self.over and self.asked < limit and (self.waiting == 0 or ahead)

    def saw(self, post: str, at: datetime | None) -> bool:
        """Takes note of a post; whether it is new to this search. `at` None: its place says nothing about its age."""
        if at is not None and at >= self.since and (self.oldest is None or at < self.oldest):
            self.oldest = at
        self.older = self.older or (at is not None and at < self.since)
        new = post not in self.seen
        self.seen.add(post)
        return new

    def take_stock(
        self, page: int, *, news: int, newest: datetime | None, total: int, size: int, following: int
    ) -> None:
        """What a page means: go on, or over. `news`: posts not seen before; `following`: next page's number or 0."""
        self.waiting -= 1
        if page == self.first:
            self.first_newest = newest
        self.total = max(self.total, total)
        self.promised = max(self.promised, -(-self.total // max(size, 1)), following)
        self.barren = 0 if news else self.barren + 1
        if newest is not None and newest < self.since:
            self.reached = self.over = True
        elif self.barren >= BARREN_PAGES or page >= self.promised:
            self.over = True

    def cut_short(self, size: int) -> bool:
        """Whether more than twice what the first page holds was announced, and the pages behind it held nothing."""
        return not self.older and self.asked > 1 and len(self.seen) <= size and self.total > 2 * size

    def covered_since(self, *, site_limit: int, now: datetime) -> datetime | None:
        """How far back it got, if not to the start of the window.

        `site_limit`: as many posts a search lists at most, so an end that comes after them proves nothing.
        """
        if self.reached or (self.asked >= self.promised and self.total < site_limit):
            return None
        got_to = self.oldest or now
        return got_to if got_to > self.since else None

    def filling(self, gap: Gap, *, site_limit: int, now: datetime) -> Filling:
        """What it has read of the gap: nothing if it began behind the gap's end, as posts between may be missed."""
        if self.first > 1 and (self.first_newest is None or self.first_newest < gap.until):
            return Filling(gap=gap.id, read_to=None, page=self.first // 2)
        got_to = self.covered_since(site_limit=site_limit, now=now)
        read_to = gap.since if got_to is None else got_to if got_to < gap.until else None
        return Filling(gap=gap.id, read_to=read_to, page=self.asked, over=got_to is not None and self.over)
