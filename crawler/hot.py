"""From a hot list that was read to what the store keeps of it: the entries that name one of our brands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crawler.post import Post, Reading
from tingfeng.model import HotEntry, HotPage

if TYPE_CHECKING:
    from crawler.spiders.base import TingfengSpider

# What entered a list and left it again between two looks is not seen. Looked at more seldom than this, a list has gaps.
HELD = timedelta(hours=1)


def pages_of(spider: TingfengSpider, reading: Reading, *, seen_at: datetime) -> list[HotPage]:
    """One look at each list in `reading`, in which one body usually holds one. Skips and notes are counted."""
    for why, n in reading.skipped.items():
        spider.count(f"skipped/{why}", n)
    for what, n in reading.notes.items():
        spider.count(f"entry/{what}", n)
    by_board: dict[str, list[Post]] = {}
    for post in reading.posts:
        by_board.setdefault(post.platform, []).append(post)
    spider.outcome.yields.update({board: len(posts) for board, posts in by_board.items()})  # a list has its length
    return [
        HotPage(
            board=board,
            source=spider.spec.source,
            seen_at=seen_at,
            length=len(posts),
            entries=tuple(entry for post in posts if (entry := _entry(spider, post)) is not None),
        )
        for board, posts in by_board.items()
    ]


def _entry(spider: TingfengSpider, post: Post) -> HotEntry | None:
    """None when the entry's words, its description included, name none of our brands."""
    brands = spider.brands_of("\n".join(dict.fromkeys((post.title, post.text))), asked=None)
    if not brands or post.rank is None:
        return None
    return HotEntry(
        entry_id=post.native_id,
        title=post.title,
        url=post.url,
        rank=post.rank,
        brands=brands,
        heat=post.heat,
        text="" if post.text == post.title else post.text,
    )


def covered_since(spider: TingfengSpider) -> datetime:
    """How far back a look at a list speaks for: to the look before it, unless that lies too far back."""
    return max(spider.spec.since, spider.spec.now - HELD)
