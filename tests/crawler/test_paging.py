"""Paging as loose as platforms make it: decided from what pages say, as a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.paging import Search
from crawler.spec import Gap
from tests.support.factories import NOW
from tingfeng.model import Query

SINCE = NOW - timedelta(days=1)


@dataclass(frozen=True)
class Page:
    hours: tuple[int, ...] = ()  # ages of its posts
    total: int = 0
    following: int = 0


def walk(pages: list[Page], *, limit: int = 99, prefetch: int = 1) -> Search:
    """Read pages in order as a spider would; beyond the last one there is nothing."""
    search = Search(Query(brand="云雀", text="云雀"), SINCE)
    under_way: list[int] = []
    while True:
        while search.may_ask(limit=limit, prefetch=prefetch):
            search.asked += 1
            search.waiting += 1
            under_way.append(search.asked)
        if not under_way:
            return search
        number = under_way.pop(0)
        read(search, number, pages[number - 1] if number <= len(pages) else Page())


def read(search: Search, number: int, page: Page) -> None:
    times = [NOW - timedelta(hours=h) for h in page.hours]
    news = sum(search.saw(str(h), at) for h, at in zip(page.hours, times, strict=True))
    newest = max(times, default=None)
    search.take_stock(number, news=news, newest=newest, total=page.total, size=2, following=page.following)


def back(hours: int) -> datetime:
    return NOW - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("why", "pages", "limit", "asked", "covered"),
    [
        ("nothing found covers the window", [Page()], 99, 1, None),
        ("one page and no word of another", [Page((1, 2))], 99, 1, None),
        ("the next page is named", [Page((1, 2), following=2), Page((3, 4))], 99, 2, None),
        ("the total says there is more", [Page((1, 2), total=4), Page((3, 4))], 99, 2, None),
        ("an empty page in the middle", [Page((1, 2), total=6), Page(), Page((3, 4))], 99, 3, None),
        ("the window is reached", [Page((1, 2), total=90), Page((25, 26)), Page((27, 28))], 99, 2, None),
        ("half a page before the window is not enough", [Page((1, 26), total=4), Page((27, 28))], 99, 2, None),
        ("the limit ends it: as far as the oldest", [Page((1, 2), total=90), Page((3, 4))], 2, 2, back(4)),
        ("… an old one on top says nothing", [Page((30, 1), total=90), Page((2, 3))], 2, 2, back(3)),
        ("three pages without news end it", [Page((1, 2), total=90)] + [Page((1, 2))] * 9, 99, 4, back(2)),
        ("a total that lies", [Page((1, 2), total=90)], 99, 4, back(2)),
        ("only lies", [Page(total=90)], 99, 3, NOW),
        ("the site lists no more than that", [Page((1, 2), total=1000), Page((3, 4), total=4)], 2, 2, back(4)),
    ],
)
def test_where_a_search_ends_and_what_it_covers(why, pages, limit, asked, covered):
    search = walk(pages, limit=limit)
    assert search.asked == asked, why
    assert search.covered_since(site_limit=1000, now=NOW) == covered, why


AGES = st.lists(st.integers(0, 40), max_size=4).map(tuple)
PAGES = st.lists(st.builds(Page, AGES, st.integers(0, 50), st.integers(0, 9)), max_size=12)


@given(PAGES, st.integers(1, 30), st.integers(1, 8))
def test_every_search_ends_and_never_claims_what_it_did_not_see(pages, limit, prefetch):
    search = walk(pages, limit=limit, prefetch=prefetch)
    assert search.waiting == 0 and search.asked <= limit
    covered = search.covered_since(site_limit=1000, now=NOW)
    assert covered is None or SINCE < covered <= NOW
    if covered is None:
        assert search.reached or search.asked >= search.promised or search.oldest is not None


def test_pages_fetched_ahead_are_asked_for_once_and_all_read():
    pages = [Page((2 * n, 2 * n + 1), total=20) for n in range(10)]
    search = walk(pages, prefetch=4)
    assert (search.asked, len(search.seen), search.waiting) == (10, 20, 0)


HOUR = timedelta(hours=1)
GAP = Gap(id=7, query=Query(brand="云雀", text="云雀"), since=SINCE, until=SINCE + 10 * HOUR)


@pytest.mark.parametrize(
    ("why", "page", "newest", "oldest", "following", "want"),
    [
        ("from its end into the middle", 9, 11, 4, 99, (4, 8)),
        ("not there yet", 9, 30, 20, 99, (None, 8)),
        ("the list ends before its start, and that is all there is", 9, 11, 4, 0, (0, 8)),
        ("begun behind its end: posts between may be missed", 9, 9, 4, 99, (None, 4)),
        ("begun at the top, where nothing can be missed", 0, 9, 4, 99, (4, 1)),
    ],
)
def test_what_a_search_has_read_of_a_gap(why, page, newest, oldest, following, want):
    gap = replace(GAP, page=page)
    search = Search.of_gap(gap, Query(brand="云雀", text="云雀"), "")
    assert search.may_ask(limit=search.asked + 1, prefetch=1)
    search.asked, search.waiting = search.asked + 1, 1
    for post in (newest, oldest):
        search.saw(str(post), SINCE + post * HOUR)
    search.take_stock(search.asked, news=2, newest=SINCE + newest * HOUR, total=0, size=10, following=following)
    filling = search.filling(gap, site_limit=1000, now=SINCE + 99 * HOUR)
    hours, stopped = want
    assert (filling.read_to, filling.page) == (None if hours is None else SINCE + hours * HOUR, stopped), why
    assert not filling.over


def test_a_gap_beyond_what_the_site_lists_is_over():
    search = Search.of_gap(GAP, Query(brand="云雀", text="云雀"), "")
    search.asked, search.waiting = 1, 1
    search.saw("1", SINCE + 5 * HOUR)
    search.take_stock(1, news=1, newest=SINCE + 5 * HOUR, total=1000, size=1000, following=0)
    filling = search.filling(GAP, site_limit=1000, now=SINCE + 99 * HOUR)
    assert (filling.read_to, filling.over) == (SINCE + 5 * HOUR, True)
