"""Stories in the store: counts, first posts, what retention leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select, update

from sentiment.jobs_stories import group_pending
from sentiment.text import Normaliser
from store import mentions, stories
from store.database import Database
from store.jobs import erase, retain
from store.stories import WINDOW, Spread
from tests.support.factories import NOW, make_mention, make_verdict, stored_scored
from tests.tingfeng.test_stories import COMPLAINT
from tingfeng.config import RetentionRule
from tingfeng.model import Label, Mention
from tingfeng.stories import prints

DAY = timedelta(days=1)
SINCE, UNTIL = NOW - 30 * DAY, NOW + DAY


def copies(n: int, text: str = COMPLAINT, **fields: object) -> list[Mention]:
    return [
        make_mention(
            **{
                "text": f"{text} https://t.example/{i}",
                "author_key": f"author{i % 3}",
                "published_at": NOW - timedelta(minutes=i),
            }
            | fields
        )
        for i in range(n)
    ]


def stored(db: Database, batch: list[Mention], *, at: datetime = NOW) -> None:
    with db.write() as s:
        mentions.add(s, batch)
    group_pending(db, now=at)


def test_a_story_counts_copies_authors_and_sources_and_knows_its_first_post(db: Database) -> None:
    first = make_mention(
        platform="zhihu",
        source="zhihu",
        url="https://zhihu.example/1",
        text=f"转发：{COMPLAINT}",
        published_at=NOW - 5 * DAY,
        author_key=None,
    )
    stored(db, copies(7))
    stored(db, [first, make_mention(text="完全是另一件事，今天去门店试驾，座椅很舒服")])
    with db.read() as s:
        [told] = stories.largest(s, SINCE, UNTIL)
        assert (told.copies, told.authors, told.sources) == (8, 4, 2)
        assert (told.first.platform, told.first.published_at) == ("zhihu", NOW - 5 * DAY)
        assert told.first.url == "https://zhihu.example/1"
        assert told.text == first.text
        assert stories.count(s) == 2


def test_a_period_counts_its_own_copies_but_knows_where_it_began(db: Database) -> None:
    stored(db, [make_mention(text=COMPLAINT, published_at=NOW - 9 * DAY), *copies(3)])
    with db.read() as s:
        [told] = stories.largest(s, NOW - DAY, UNTIL, brand=None)
        assert (told.copies, told.first.published_at) == (3, NOW - 9 * DAY)
        assert told.since == NOW - timedelta(minutes=2)
        assert stories.largest(s, NOW - 9 * DAY, NOW - 2 * DAY) == []


def test_what_everybody_says_is_no_copied_text(db: Database) -> None:
    stored(db, [make_mention(text=text) for text in ("转发微博", "好喝！") for _ in range(9)])
    with db.read() as s:
        assert stories.largest(s, SINCE, UNTIL) == []
        assert stories.count(s) == 2


def test_the_spread_of_a_brand_by_label(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, copies(5))
        stored_scored(s, [make_mention(text="很好", author_key="z")], make_verdict(Label.POSITIVE))
    with db.read() as s:
        before = stories.spread(s, "云雀", SINCE, UNTIL)
    assert before == Spread(posts=6, stories=6, authors=4), "not grouped yet: by equal text"
    group_pending(db, now=NOW)
    with db.read() as s:
        assert stories.spread(s, "云雀", SINCE, UNTIL) == Spread(posts=6, stories=2, authors=4)
        assert stories.spread(s, "云雀", SINCE, UNTIL, label=Label.NEGATIVE) == Spread(posts=5, stories=1, authors=3)
        assert stories.spread(s, "夜莺", SINCE, UNTIL) == Spread()
        assert len(stories.largest(s, SINCE, UNTIL, brand="云雀", label=Label.NEGATIVE)) == 1
        assert stories.largest(s, SINCE, UNTIL, brand="云雀", label=Label.POSITIVE) == []


def test_two_who_group_the_same_batch_do_it_once(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, copies(4))
    with db.read() as s:
        batch = stories.pending(s, limit=10)
    texts = Normaliser().batch([one.text for one in batch])
    made = prints(texts.codes, texts.bounds)
    with db.write() as s:
        assert stories.join(s, batch[:2], prints_of(made, [0, 1]), now=NOW) == (2, 1)
    with db.write() as s:
        assert stories.join(s, batch, made, now=NOW) == (2, 0), "the first two have their story"
    with db.read() as s:
        assert [told.copies for told in stories.largest(s, SINCE, UNTIL)] == [4]


def prints_of(made: object, rows: list[int]) -> object:
    return type(made)(made.keys[rows], made.sketches[rows])  # type: ignore[attr-defined,call-arg]


def test_a_key_of_everybodys_words_stays_short(db: Database) -> None:
    """Ever more stories with one phrase in common: a key leads to the newest few."""
    texts = [
        "云雀电动车官方旗舰店" + "".join(chr(c) for c in row)
        for row in np.random.default_rng(2).integers(0x4E00, 0x9000, (40, 30))
    ]
    stored(db, [make_mention(text=text) for text in texts])
    with db.read() as s:
        assert stories.count(s) == 40
        per_key = np.unique(
            [key for (key,) in s.execute(stories.STORY_KEY.select().with_only_columns(stories.STORY_KEY.c.key))],
            return_counts=True,
        )[1]
    assert per_key.max() <= 4


def test_an_erased_author_leaves_no_trace_in_stories(db: Database) -> None:
    own = make_mention(text="只有我一个人说过的话：云雀的空调外机挂错了楼层", author_key="a" * 32)
    stored(db, [make_mention(text=COMPLAINT, author_key="a" * 32, published_at=NOW - DAY), own, *copies(3)])
    erase(db, "a" * 32, by="李", reason="本人要求", now=NOW)
    with db.read() as s:
        [told] = stories.largest(s, SINCE, UNTIL, least=1)
        assert (told.copies, told.authors, told.first.published_at) == (3, 3, NOW - timedelta(minutes=2))
        assert stories.count(s) == 1
    stored(db, [make_mention(text=own.text)])
    with db.read() as s:
        assert stories.count(s) == 2, "founded anew"


def test_posts_whose_words_are_gone_are_not_one_story(db: Database) -> None:
    stored(db, [make_mention(text=""), make_mention(text="")])
    with db.read() as s:
        assert stories.count(s) == 0


RULE = {"scores": timedelta(days=365), "runs": 90 * DAY, "outbox": 90 * DAY, "surveys": None, "corrections": None}


@pytest.mark.parametrize(
    ("why", "mentions_kept", "later", "left", "found_again"),
    [
        ("in use", 180 * DAY, DAY, 1, True),
        ("its mentions are kept, but nobody joined for long", 180 * DAY, WINDOW + 2 * DAY, 1, False),
        ("without mentions, still fresh", DAY, 2 * DAY, 1, True),
        ("without mentions, old", DAY, WINDOW + 2 * DAY, 0, False),
    ],
)
def test_what_retention_leaves(
    db: Database, why: str, mentions_kept: timedelta, later: timedelta, left: int, found_again: bool
) -> None:
    stored(db, copies(2))
    retain(db, RetentionRule(mentions=mentions_kept, **RULE), now=NOW + later)
    with db.read() as s:
        assert stories.count(s) == left, why
    stored(db, [make_mention(text=COMPLAINT, published_at=NOW + later)], at=NOW + later)
    with db.read() as s:
        assert (stories.count(s) == 1) == (found_again or left == 0), why


def test_what_is_not_about_a_brand_is_no_story_of_all_brands_either(db: Database) -> None:
    """A list of every brand's stories counts what a list of each of them counts; a post of two brands once."""
    batch = copies(6, brands=("云雀", "鲸落"))
    stored(db, batch)
    with db.write() as s:
        ids = [one for (one,) in s.execute(select(mentions.MENTION.c.id).order_by(mentions.MENTION.c.id))]
        s.execute(update(mentions.LINK).where(mentions.LINK.c.mention_id.in_(ids[:2])).values(relevant=False))
        one_brand = mentions.LINK.c.brand == "鲸落"
        s.execute(update(mentions.LINK).where(one_brand).values(relevant=False))
    with db.read() as s:
        [told] = stories.largest(s, SINCE, UNTIL)
    assert told.copies == 4
