"""Known posts looked at again: when, what is kept of it, and what becomes of deleted ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from store import mentions, reach
from store.database import Database
from store.jobs import retain
from store.mentions import MENTION
from store.reach import Look, Seen
from tests.store.test_jobs import Rule
from tests.support.factories import NOW, make_mention

HOUR = timedelta(hours=1)


def stored(db: Database, **fields: object) -> str:
    post = make_mention(**fields)
    with db.write() as s:
        mentions.add(s, [post])
    return post.native_id


def due(db: Database, now: datetime, limit: int = 9) -> list[str]:
    with db.read() as s:
        return reach.due(s, "weibo", now=now, limit=limit)


def test_a_post_is_looked_at_each_time_its_age_has_doubled(db: Database) -> None:
    began = NOW - 30 * timedelta(days=1)
    post = stored(db, published_at=began, seen_at=began + timedelta(minutes=5))
    looks = []
    now = began
    while now < NOW:
        now += timedelta(minutes=30)
        if due(db, now) == [post]:
            looks.append((now - began) / HOUR)
            with db.write() as s:
                reach.record(s, [Seen(platform="weibo", native_id=post, likes=len(looks))], now=now)
    assert looks == [1.5, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0]
    with db.read() as s:
        history = reach.history(s, 1)
    assert [look.likes for look in history] == list(range(1, 9))
    assert history[0] == Look(at=began + 1.5 * HOUR, reposts=None, comments=None, likes=1)


def test_the_most_talked_of_come_first_other_sources_and_comments_not_at_all(db: Database) -> None:
    seen = {"published_at": NOW - 3 * HOUR, "seen_at": NOW - 2 * HOUR}
    quiet, loud = stored(db, **seen), stored(db, likes=50, reposts=3, **seen)
    stored(db, source="other", likes=99, **seen)
    stored(db, kind="comment", likes=99, **seen)
    assert due(db, NOW) == [loud, quiet]
    assert due(db, NOW, limit=1) == [loud]
    assert due(db, NOW, limit=0) == []


def test_counts_are_kept_with_their_time_and_the_mentions_own_only_grow(db: Database) -> None:
    post = stored(db, likes=5, reposts=9)
    unknown = Seen(platform="weibo", native_id="999", likes=1)
    with db.write() as s:
        assert reach.record(s, [Seen(platform="weibo", native_id=post, likes=7, reposts=8), unknown], now=NOW) == 1
        assert reach.history(s, 1) == [Look(at=NOW, reposts=8, comments=None, likes=7)]
        [shown] = mentions.by_ids(s, [1])
    assert (shown.mention.likes, shown.mention.reposts, shown.mention.comments) == (7, 9, None)


def test_a_deleted_post_is_a_tombstone_first_with_and_then_without_its_words(db: Database) -> None:
    post = stored(db, title="云雀", text="云雀起火")
    with db.write() as s:
        assert reach.bury(s, [("weibo", post), ("weibo", "999"), ("zhihu", post)], now=NOW) == 1
        assert reach.bury(s, [("weibo", post)], now=NOW + HOUR) == 0
    assert due(db, NOW + 5 * HOUR) == []
    for days, words in ((1, "云雀起火"), (3, "")):
        retain(db, Rule(), now=NOW + timedelta(days=days))
        with db.read() as s:
            row = s.execute(select(MENTION)).one()
        assert (row.text, row.deleted_at) == (words, NOW)
    assert row.title == "" and row.text_key


@pytest.mark.parametrize("followers", [47, 30])
def test_followers_are_stored_roughly(db: Database, followers: int) -> None:
    stored(db, followers=followers)
    with db.read() as s:
        assert mentions.by_ids(s, [1])[0].mention.followers == 30


def test_texts_and_titles_are_masked_on_the_way_in(db: Database) -> None:
    stored(db, title="找13800138000", text="云雀客服 a.b@example.com")
    with db.read() as s:
        shown = mentions.by_ids(s, [1])[0].mention
    assert (shown.title, shown.text) == ("找[手机号]", "云雀客服 [邮箱]")
