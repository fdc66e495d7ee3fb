"""Invented posts and what of them a search shows at a moment: the replica's only knowledge."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

# A Weibo id holds its time: (mid >> 22) + this = Unix seconds (seen on recordings).
MID_EPOCH = 515_483_463
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Nobody: a numbered stand-in with as many followers as the story needs."""

    uid: int
    name: str
    followers: int
    verified_type: int = -1  # -1 none, 0 person, 1–7 organisations


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One invented utterance. `id` is the platform's own number; `at` is when it was published (aware)."""

    platform: str  # "weibo", "zhihu", "news" or "v2ex"
    id: int
    at: datetime
    text: str  # plain, as a reader sees it
    author: Author
    title: str = ""
    reposts: int = 0
    comments: int = 0
    likes: int = 0
    region: str = ""
    original: Post | None = None  # what it reposts or replies to
    found_by: str | None = None  # the one search that finds it; None = whatever its words answer to
    long: bool = False  # the list shows only its beginning

    def answers(self, words: Iterable[str]) -> bool:
        """Whether a search for all of `words` finds it, in its own words or in those it reposts."""
        everything = self.title + self.text + (self.original.text if self.original else "")
        return all(word in everything for word in words)


def mid_at(at: datetime, serial: int) -> int:
    """The Weibo id of a post published at `at` (whole seconds); `serial` 0–4194303 tells posts of a second apart."""
    return ((int(at.timestamp()) - MID_EPOCH) << 22) + serial


def bid_of(mid: int) -> str:
    """The base-62 name of a Weibo id: groups of 7 decimal digits from the right become groups of 4 letters."""
    digits, groups = str(mid), []
    while digits:
        digits, group = digits[:-7], digits[-7:]
        groups.append(_base62(int(group)).rjust(4 if digits else 1, "0"))
    return "".join(reversed(groups))


def _base62(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number, 62)
        letters = _BASE62[rest] + letters
    return letters or "0"


class StoryClock:
    """The replica's idea of now; only the story moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)

    def move_to(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)


class World:
    """All posts, past and future; shows those published up to the clock's now."""

    def __init__(self, posts: Iterable[Post], clock: StoryClock) -> None:
        self.clock = clock
        self._posts = sorted(posts, key=lambda p: (p.at, p.id))
        self._by_id = {(p.platform, p.id): p for p in self._posts}
        self.version = 0  # grows with each deletion
        self._found: dict[tuple[str, str], tuple[list[Post], list[datetime]]] = {}

    def search(self, platform: str, words: str, *, start: int = 0, count: int | None = None) -> tuple[list[Post], int]:
        """Posts number `start` to `start + count` of the newest-first result, and how many there are in all."""
        posts, times = self._answers(platform, words.strip())
        shown = bisect_right(times, self.clock.now)
        end = shown - start
        first = 0 if count is None else max(0, end - count)
        return posts[first : max(0, end)][::-1], shown

    def post(self, platform: str, number: int) -> Post | None:
        """A post by its id, if it is out already."""
        post = self._by_id.get((platform, number))
        return post if post is not None and post.at <= self.clock.now else None

    def delete(self, platform: str, number: int) -> None:
        """Its author takes a post back: no search finds it any more, and its page says that it is gone."""
        post = self._by_id.pop((platform, number))
        self._posts.remove(post)
        self._found = {}
        self.version += 1

    def newest(self, platform: str) -> list[Post]:
        """All posts of a platform that are out already, newest first."""
        return [p for p in reversed(self._posts) if p.platform == platform and p.at <= self.clock.now]

    def _answers(self, platform: str, words: str) -> tuple[list[Post], list[datetime]]:
        key = (platform, words)
        if key not in self._found:
            split = words.split()
            posts = [p for p in self._posts if p.platform == platform and _finds(p, words, split)]
            self._found[key] = posts, [p.at for p in posts]
        return self._found[key]


def _finds(post: Post, words: str, split: list[str]) -> bool:
    if post.found_by is not None:
        return post.found_by == words
    return bool(split) and post.answers(split)
