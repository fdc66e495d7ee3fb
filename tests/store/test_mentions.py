"""Mentions: each utterance once, whoever brings it and however often."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from store import mentions, scores
from store.database import Database
from store.mentions import LINK, MENTION, kept_since, stored_id
from tests.support.factories import NOW, make_mention, make_verdict, stored_scored
from tingfeng.model import Label, Mention, text_key

POST = make_mention(native_id="1", likes=5, followers=None, reposts=2)
ELSEWHERE = replace(POST, platform="zhihu")
OTHERS, BOTH = replace(POST, brands=("夜莺",)), replace(POST, brands=("云雀", "夜莺"))
DAY = timedelta(days=1)


def stored(db: Database) -> list[Mention]:
    with db.read() as s:
        return [m.mention for m in mentions.by_ids(s, range(1, 100))]


def put(db: Database, *batches: list[Mention]) -> list[int]:
    """Each batch in a transaction of its own; how many were new in each."""
    new = []
    for batch in batches:
        with db.write() as s:
            new.append(mentions.add(s, batch))
    return new


def test_what_goes_in_comes_out(db: Database) -> None:
    post = make_mention(
        title="标题",
        text="emoji 😀 与换行\n第二行",
        author_key="a" * 32,
        followers=3_000_000_000,
        reposts=0,
        comments=None,
        region="四川",
        is_repost=True,
        brands=("云雀", "夜莺"),
    )
    assert put(db, [post]) == [1]
    assert stored(db) == [post]


@pytest.mark.parametrize(
    ("why", "batches", "new", "want"),
    [
        ("the same twice in a batch", [[POST, POST]], [1], [POST]),
        ("the same again later", [[POST], [POST]], [1, 0], [POST]),
        ("same id, another platform", [[POST, ELSEWHERE]], [2], [POST, ELSEWHERE]),
        ("two brands in one batch", [[POST, OTHERS]], [1], [BOTH]),
        ("another brand later", [[POST], [OTHERS]], [1, 0], [BOTH]),
        ("counts grow", [[POST], [replace(POST, likes=9)]], [1, 0], [replace(POST, likes=9)]),
        ("counts never shrink", [[POST], [replace(POST, likes=3)]], [1, 0], [POST]),
        ("each count on its own", [[POST], [replace(POST, likes=9, reposts=1)]], [1, 0], [replace(POST, likes=9)]),
        ("not told is not zero", [[POST], [replace(POST, likes=None)]], [1, 0], [POST]),
        ("told at last", [[POST], [replace(POST, followers=30)]], [1, 0], [replace(POST, followers=30)]),
        ("followers only roughly", [[POST], [replace(POST, followers=47)]], [1, 0], [replace(POST, followers=30)]),
        ("the first text stays", [[POST], [replace(POST, text="改了")]], [1, 0], [POST]),
        ("another route does not move it", [[POST], [replace(POST, source="rsshub")]], [1, 0], [POST]),
        ("nothing", [[]], [0], []),
    ],
)  # fmt: skip
def test_each_once(db: Database, why: str, batches: list[list[Mention]], new: list[int], want: list[Mention]) -> None:
    assert put(db, *batches) == new, why
    assert sorted(stored(db), key=lambda m: m.platform) == want, why


def test_hostile_text_is_stored(db: Database) -> None:
    put(db, [make_mention(text="a\x00b\ud800c", title="\udfff", url="u\x00", region="r" * 200)])
    (post,) = stored(db)
    assert (post.text, post.title, post.url, post.region) == ("a\ufffdb\ufffdc", "\ufffd", "u\ufffd", "r" * 80)


def test_long_ids_stay_apart(db: Database) -> None:
    long = "https://example.com/" + "x" * 400
    assert put(db, [make_mention(native_id=long + "1"), make_mention(native_id=long + "2")]) == [2]
    assert put(db, [make_mention(native_id=long + "1")]) == [0]
    assert len(stored_id(long)) == 300


def test_naive_times_are_refused(db: Database) -> None:
    naive = datetime(2026, 11, 20)  # noqa: DTZ001
    for post in (make_mention(published_at=naive), make_mention(seen_at=naive)):
        with pytest.raises(ValueError, match="naive"), db.write() as s:
            mentions.add(s, [make_mention(), post])
    assert stored(db) == []


def test_a_mention_without_a_brand_is_refused(sqlite_db: Database) -> None:
    with pytest.raises(ValueError, match="brand"), sqlite_db.write() as s:
        mentions.add(s, [make_mention(brands=())])


def test_never_cleaned_means_nothing_is_too_old(db: Database) -> None:
    with db.read() as s:
        assert kept_since(s) is None
    assert put(db, [make_mention(published_at=NOW - 4000 * DAY)]) == [1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(data=st.data())
def test_any_batches_leave_the_union(db: Database, data: st.DataObject) -> None:
    """However posts are cut into batches and repeated: each identity once, with the union of its brands."""
    pick = st.tuples(st.integers(0, 8), st.sampled_from(["云雀", "夜莺", "海燕"]))
    batches = data.draw(st.lists(st.lists(pick, max_size=8), max_size=5))
    mark = str(make_mention().native_id)  # this example's own corner of the table
    new = put(db, *([make_mention(native_id=f"{mark}-{n}", brands=(b,)) for n, b in batch] for batch in batches))
    want: dict[str, set[str]] = {}
    for n, brand in (item for batch in batches for item in batch):
        want.setdefault(f"{mark}-{n}", set()).add(brand)
    with db.read() as s:
        query = select(MENTION.c.native_id, LINK.c.brand).join(LINK, LINK.c.mention_id == MENTION.c.id)
        found = sorted(tuple(row) for row in s.execute(query.where(MENTION.c.native_id.startswith(mark))))
    assert found == sorted((key, brand) for key, brands in want.items() for brand in brands)
    assert sum(new) == len(want)


def test_two_writers_lose_nothing(db: Database) -> None:
    posts = [make_mention(brands=("云雀", "夜莺")) for _ in range(300)]
    new: list[int] = []

    def write(mine: list[Mention]) -> None:
        new.extend(put(db, *(mine[i : i + 20] for i in range(0, len(mine), 20))))

    threads = [threading.Thread(target=write, args=(part,)) for part in (posts[:200], posts[100:][::-1])]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with db.read() as s:
        found = mentions.by_ids(s, range(1, 2_000))
    assert {m.mention.native_id for m in found} == {m.native_id for m in posts}
    assert sum(new) == len(posts) == len(found)
    assert all(m.mention.brands == ("云雀", "夜莺") for m in found)


def test_top_shows_the_heaviest_of_each_text(db: Database) -> None:
    negative, positive = make_verdict(Label.NEGATIVE), make_verdict(Label.POSITIVE)
    with db.write() as s:
        stored_scored(
            s,
            [
                make_mention(native_id="copy", text="起火了", likes=10),
                make_mention(native_id="original", text="起火了", likes=1000),
                make_mention(native_id="quiet", text="也起火了"),
                make_mention(native_id="too old", published_at=NOW - 2 * DAY, likes=9999),
                make_mention(native_id="at the end", published_at=NOW, likes=9999),
                make_mention(native_id="other brand", brands=("夜莺",), likes=9999),
            ],
            negative,
        )
        stored_scored(s, [make_mention(native_id="praise", likes=5000)], positive)
        mentions.add(s, [make_mention(native_id="not scored", likes=20)])
    with db.read() as s:
        bad = mentions.top(s, "云雀", NOW - DAY, NOW, label=Label.NEGATIVE)
        every = mentions.top(s, "云雀", NOW - DAY, NOW, limit=3)
    assert [(m.mention.native_id, m.copies, m.verdict) for m in bad] == [
        ("original", 2, negative),
        ("quiet", 1, negative),
    ]
    assert [m.mention.native_id for m in every] == ["praise", "original", "not scored"]
    assert every[2].verdict is None
    assert [m.weight for m in every] == sorted((m.weight for m in every), reverse=True)


def test_the_title_is_scored_with_the_text(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(title="云雀起火", text="今天上午"), make_mention(title="云雀", text="云雀真好")])
        waiting = scores.pending(s, limit=9)
    assert [p.text for p in waiting] == ["云雀起火\n今天上午", "云雀真好"]
    assert [p.text_key for p in waiting] == [text_key(p.text) for p in waiting]
