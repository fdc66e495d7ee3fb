"""m.weibo.cn with a past: one post a minute for every query, ten to a page, as many pages as there are posts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from tests.support.web import Asked, Reply, reply_json
from tests.support.weibo_pages import NOTHING, page, post

MINUTE = timedelta(minutes=1)
SIZE = 10


class Timeline:
    """Newest first; `now` moves it on. `refuse` gives the answer instead, by words and page, where it gives one."""

    def __init__(self, began: datetime, now: datetime) -> None:
        self.began, self.now = began, now
        self.refuse: Callable[[str, int], Reply | None] = lambda words, number: None
        self.asked: list[tuple[str, int]] = []

    def __call__(self, asked: Asked) -> Reply:
        if not asked.path.endswith("/api/container/getIndex"):
            return Reply(b"", 404)
        words, number = words_of(asked), int(asked.query["page"])
        self.asked.append((words, number))
        return self.refuse(words, number) or self.page(words, number)

    def page(self, words: str, number: int) -> Reply:
        total = (self.now - self.began) // MINUTE
        newest = (number - 1) * SIZE
        times = [self.now - (n + 1) * MINUTE for n in range(newest, min(newest + SIZE, total))]
        if not times:
            return reply_json(NOTHING)
        posts = [post(at, f"{words} 云雀", n=sum(map(ord, words)) % 4_000) for at in times]
        return reply_json(page(posts, total=total, next_page=number + 1 if newest + SIZE < total else 0))


def words_of(asked: Asked) -> str:
    return parse_qs(asked.query["containerid"])["q"][0]
