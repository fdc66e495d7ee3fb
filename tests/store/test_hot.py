"""Hot lists in the store: visits, their ends, and what tells an end from a look that was not taken."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from store import hot
from store.database import Database
from store.hot import AWAY, HotVisit
from store.jobs import retain
from tests.support.factories import NOW
from tingfeng.config import RetentionRule
from tingfeng.model import HotEntry, HotPage, Label

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def look(
    db: Database, at: datetime, *ranks: int, board: str = "hot:weibo", source: str = "w", heat: int | None = 100
) -> int:
    """One look at a list on which 云雀 holds these ranks, each by words of its own."""
    entries = tuple(
        HotEntry(entry_id=f"云雀{n}", title=f"云雀{n}", url="https://x.cn/", rank=rank, heat=heat, brands=("云雀",))
        for n, rank in enumerate(ranks)
    )
    with db.write() as s:
        return hot.add(s, HotPage(board=board, source=source, seen_at=at, length=50, entries=entries))


def all_of(
    db: Database, brand: str = "云雀", since: datetime = NOW - 9 * DAY, until: datetime = NOW + 9 * DAY
) -> list[HotVisit]:
    with db.read() as s:
        return hot.visits(s, since, until, brands=[brand])


def test_a_visit_grows_with_each_look_and_ends_by_not_growing(db: Database):
    assert look(db, NOW, 12, heat=50) == 1
    assert look(db, NOW + 5 * MINUTE, 3, heat=900) == 0
    look(db, NOW + 10 * MINUTE, 7, heat=None)
    look(db, NOW + 15 * MINUTE)
    [visit] = all_of(db)
    assert (visit.best_rank, visit.last_rank, visit.peak_heat, visit.seen) == (3, 7, 900, 3)
    assert (visit.first_seen, visit.last_seen) == (NOW, NOW + 10 * MINUTE)
    with db.read() as s:
        [board] = hot.boards(s)
    assert (board.looked_at, board.entries, board.source) == (NOW + 15 * MINUTE, 50, "w")


@pytest.mark.parametrize(
    ("why", "looks", "visits"),
    [
        ("away for a short while", [(0, 1), (5, 0), (10, 1)], 1),
        ("away for long", [(0, 1), (5, 0), (6 + AWAY // MINUTE, 1)], 2),
        ("still there at the next look, however late that is", [(0, 1), (2 * AWAY // MINUTE, 1)], 1),
    ],
)
def test_coming_back_after_long_is_another_visit(db: Database, why, looks, visits):
    for minutes, there in looks:
        look(db, NOW + minutes * MINUTE, *[4] * there)
    assert len(all_of(db)) == visits, why


def test_a_look_taken_twice_or_late_changes_nothing(db: Database):
    look(db, NOW + 5 * MINUTE, 3)
    look(db, NOW + 5 * MINUTE, 3)
    look(db, NOW, 1)
    [visit] = all_of(db)
    assert (visit.seen, visit.best_rank) == (1, 3)
    with db.read() as s:
        assert hot.boards(s)[0].looked_at == NOW + 5 * MINUTE


def test_brands_and_lists_are_apart_and_the_highest_comes_first(db: Database):
    entry = HotEntry(entry_id="7", title="云雀和山雀", url="", rank=9, brands=("云雀", "山雀"))
    with db.write() as s:
        assert hot.add(s, HotPage(board="hot:baidu", source="b", seen_at=NOW, length=1, entries=(entry,))) == 2
    look(db, NOW, 2)
    assert [(v.board, v.best_rank) for v in all_of(db)] == [("hot:weibo", 2), ("hot:baidu", 9)]
    assert [v.board for v in all_of(db, "山雀")] == ["hot:baidu"]
    assert all_of(db, since=NOW + MINUTE) == [] and all_of(db, until=NOW) == []


def test_what_no_column_takes_is_made_fit(db: Database):
    entry = HotEntry(entry_id="长" * 900, title="a\x00b\ud800", url="\x00", rank=1, brands=("云雀",), heat=10**12)
    with db.write() as s:
        hot.add(s, HotPage(board="x" * 200, source="b", seen_at=NOW, length=1, entries=(entry,)))
    [visit] = all_of(db)
    assert "\x00" not in visit.title and len(visit.entry_id) == 300 and len(visit.board) == 80


def test_retention_takes_old_visits(db: Database):
    look(db, NOW - 200 * DAY, 1)
    look(db, NOW - 199 * DAY)
    look(db, NOW, 1)
    assert retain(db, RetentionRule(), now=NOW).hot == 1
    assert [v.first_seen for v in all_of(db, since=NOW - 300 * DAY)] == [NOW]


def test_an_entry_is_judged_once_and_anew_when_its_words_change(db: Database):
    look(db, NOW, 4)
    with db.write() as s:
        [entry] = hot.unjudged(s, limit=10)
        assert (entry.brand, entry.title, entry.text) == ("云雀", "云雀0", "云雀0")
        hot.judge(s, entry.mention_id, label=Label.NEGATIVE, relevant=True, by="scorer/1")
        assert hot.unjudged(s, limit=10) == []
    assert [v.label for v in all_of(db)] == [Label.NEGATIVE]
    look(db, NOW + MINUTE, 3)
    changed = HotEntry(entry_id="云雀0", title="云雀0", text="经过", url="", rank=3, brands=("云雀",))
    with db.write() as s:
        assert hot.unjudged(s, limit=10) == [], "the same words"
        later = NOW + 2 * MINUTE
        hot.add(s, HotPage(board="hot:weibo", source="w", seen_at=later, length=1, entries=(changed,)))
        assert [p.text for p in hot.unjudged(s, limit=10)] == ["云雀0\n经过"]


@pytest.mark.parametrize(("relevant", "counts"), [(None, True), (True, True), (False, False)])
def test_what_is_about_something_else_is_not_on_the_list_for_the_brand(db: Database, relevant, counts):
    look(db, NOW, 4)
    with db.write() as s:
        [entry] = hot.unjudged(s, limit=10)
        hot.judge(s, entry.mention_id, label=Label.NEUTRAL, relevant=relevant, by="scorer/1")
    assert bool(all_of(db)) is counts
