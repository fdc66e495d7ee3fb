"""The story the replica tells: a month of an invented tea brand, its two rivals, and one evening that goes wrong.

Nothing here was said by anybody: brands, products, persons and posts are made up, and every record says so. The
same seed tells the same story.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from demo.replica.hot import HotSpell
from demo.replica.posts import Author, Post, mid_at
from demo.rhythm import ZONE, burst, everyday, within
from demo.wording import Writer, words
from tingfeng.model import Brand

SEED = 20_261_112
STARTS = datetime(2026, 10, 16, tzinfo=ZONE)
ENDS = datetime(2026, 11, 16, 9, 10, tzinfo=ZONE)  # a Monday morning: the weekly digest is due
CRISIS = datetime(2026, 11, 12, 19, 38, tzinfo=ZONE)  # the first complaint; the crowd follows within the hour
CAMPAIGN = datetime(2026, 10, 31, 10, tzinfo=ZONE)  # members' day: much noise, all of it joy

OWN, RIVALS = "云麂", ("栖柿", "泊杏")
BRANDS = (
    Brand(name=OWN, aliases=("小麂茶",)),
    *(Brand(name=rival, competitor_of=(OWN,)) for rival in RIVALS),
)
# On every hot list from the time the big account's post has gone round, into the next morning.
HOT = (HotSpell(word=f"{OWN}茶饮异物", since=CRISIS + timedelta(minutes=35), until=CRISIS + timedelta(hours=14)),)
# Posts on a working day, by brand: Weibo, answers, news.
_PER_DAY = {OWN: (80.0, 1.3, 2.6), RIVALS[0]: (38.0, 0.5, 0.9), RIVALS[1]: (29.0, 0.4, 0.8)}
_MOODS = {OWN: (0.17, 0.29, 0.54), RIVALS[0]: (0.22, 0.33, 0.45), RIVALS[1]: (0.18, 0.34, 0.48)}
_KINDS = ("negative", "neutral", "positive")
_LONG = 0.02  # of all posts
_BOTH = 0.03  # of all posts name a rival too


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All posts, oldest first, with what was planted among them."""

    posts: tuple[Post, ...]
    brands: tuple[Brand, ...] = BRANDS
    starts: datetime = STARTS
    ends: datetime = ENDS
    crisis_at: datetime = CRISIS
    campaign_at: datetime = CAMPAIGN
    hot: tuple[HotSpell, ...] = HOT


def tell(seed: int = SEED) -> Story:
    """The whole story; about six thousand posts."""
    author = _Author(Random(seed))
    drafts = [*_everyday(Random(seed + 1), author), *_campaign(Random(seed + 2), author)]
    drafts += _crisis(Random(seed + 3), author)
    return Story(posts=tuple(sorted((p for p in drafts if p.at < ENDS), key=lambda p: (p.at, p.id))))


class _Author:
    """Writes posts: gives each its id, its nobody and as much attention as its author commands."""

    def __init__(self, rng: Random) -> None:
        self.rng, self._serial = rng, itertools.count(1)

    def nobody(self, *, followers: int | None = None, verified_type: int = -1) -> Author:
        number = self.rng.randrange(1, 90_000)
        reach = int(self.rng.lognormvariate(5.6, 1.5)) if followers is None else followers
        return Author(
            uid=9_100_000_000 + number, name=f"示例用户{number:05d}", followers=reach, verified_type=verified_type
        )

    def weibo(self, at: datetime, text: str, by: Author | None = None, original: Post | None = None) -> Post:
        by = by or self.nobody()
        heard = 1 + by.followers // 2_000
        return Post(
            platform="weibo",
            id=mid_at(at, next(self._serial) % 4_000_000),
            at=at,
            text=text,
            author=by,
            reposts=int(self.rng.expovariate(1 / (0.6 * heard))),
            comments=int(self.rng.expovariate(1 / (1.5 * heard))),
            likes=int(self.rng.expovariate(1 / (4.0 * heard))),
            region=self.rng.choice(words("slots")["region"]),
            original=original,
            long=len(text) > 140,
        )

    def piece(self, platform: str, at: datetime, title: str, text: str) -> Post:
        """A news piece or an answer."""
        number = next(self._serial)
        name = "听风演示社" if platform == "news" else f"示例答主{self.rng.randrange(1, 999):03d}"
        return Post(
            platform=platform,
            id=(700_000_000 if platform == "zhihu" else 20_260_000_000) + number,
            at=at,
            title=title,
            text=text,
            author=Author(uid=number, name=name, followers=0),
            comments=self.rng.randrange(40),
            likes=self.rng.randrange(200),
        )


def _everyday(rng: Random, author: _Author) -> Iterator[Post]:
    writer = Writer(rng)
    for brand, (weibo, answers, news) in _PER_DAY.items():
        for at in everyday(rng, STARTS, ENDS, per_day=weibo):
            kind = rng.choices(_KINDS, _MOODS[brand])[0]
            yield author.weibo(at, _short_or_long(rng, writer, kind, brand))
        for at in everyday(rng, STARTS, ENDS, per_day=answers):
            yield author.piece("zhihu", at, *writer.answer(rng.choices(_KINDS, _MOODS[brand])[0], brand))
        for at in everyday(rng, STARTS, ENDS, per_day=news):
            yield author.piece("news", at, *writer.news(rng.choices(_KINDS, (0.06, 0.7, 0.24))[0], brand))


def _short_or_long(rng: Random, writer: Writer, kind: str, brand: str) -> str:
    text = writer.long_post(kind, brand) if rng.random() < _LONG else writer.post(kind, brand)
    if rng.random() < _BOTH:
        text += writer.fill("，还是{rival}更合我口味", brand)
    return text


def _campaign(rng: Random, author: _Author) -> Iterator[Post]:
    """Members' day: four times a usual day's posts on top of it, none of them angry."""
    writer = Writer(rng)
    for hour in range(13):
        for at in within(rng, CAMPAIGN + timedelta(hours=hour), timedelta(hours=1), rng.randint(20, 33)):
            yield author.weibo(at, writer.post("campaign", OWN))


def _crisis(rng: Random, author: _Author) -> Iterator[Post]:
    """One complaint, one big account, then the crowd: most in their own words, every third reposting."""
    writer = Writer(rng)
    first = author.weibo(CRISIS, writer.line("crisis", "first", OWN), author.nobody(followers=183))
    loud = author.nobody(followers=3_260_000, verified_type=0)
    big = author.weibo(CRISIS + timedelta(minutes=9), writer.line("crisis", "big", OWN), loud)
    big = replace(big, reposts=18_437, comments=9_652, likes=52_310)
    yield from (first, big)
    crowd = burst(
        rng, CRISIS + timedelta(minutes=2), per_minute=2.6, rise=timedelta(minutes=25), half_life=timedelta(minutes=65)
    )
    for at in crowd:
        if at > big.at and rng.random() < 0.3:
            original = big if rng.random() < 0.8 else first
            by = author.nobody()
            text = f"{writer.line('crisis', 'reposts', OWN)}//@{original.author.name}:{original.text}"
            yield author.weibo(at, text, by, original)
        else:
            yield author.weibo(at, writer.post("crisis", OWN))
    statement = author.nobody(followers=412_000, verified_type=2)
    yield author.weibo(CRISIS + timedelta(hours=3, minutes=12), writer.line("crisis", "statement", OWN), statement)
    for hours in (1.4, 2.2, 3.9, 13.5, 15.0, 17.2, 22.0):
        yield author.piece("news", CRISIS + timedelta(hours=hours), *writer.news("crisis", OWN))
    for hours in (1.9, 4.3, 14.0, 20.5, 38.0):
        yield author.piece("zhihu", CRISIS + timedelta(hours=hours), *writer.answer("crisis", OWN))
    yield from _echo(rng, author, writer)


def _echo(rng: Random, author: _Author, writer: Writer) -> Iterator[Post]:
    """The days after: now and then somebody still speaks of it."""
    for at in everyday(rng, CRISIS.replace(minute=0) + timedelta(hours=13), ENDS, per_day=8.0):
        yield author.weibo(at, writer.post("crisis", OWN))
