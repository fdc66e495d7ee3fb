"""Windows and gaps: what is said to be covered was read, and what was not read is a gap."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import windows
from store.database import Database
from store.intervals import Interval, intersect, subtract
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)
ONE, TWO = ("云雀", "云雀"), ("云雀", "云雀 售后")


def at(n: int) -> datetime:
    return NOW + n * MINUTE


def ticks(stretches: list[Interval]) -> set[int]:
    return {n for a, b in stretches for n in range((a - NOW) // MINUTE, (b - NOW) // MINUTE)}


def finished(s, since, until, read_since=None, search=ONE, reason="max_pages"):
    read = since if read_since is None else read_since
    window = (at(since), at(until))
    windows.advance(s, "weibo", search, window=window, read_since=at(read), reason=reason, now=at(until))


def test_a_search_goes_on_where_it_finished_and_what_it_did_not_reach_is_a_gap(db: Database) -> None:
    with db.write() as s:
        finished(s, 0, 10)
        finished(s, 9, 20)
        finished(s, 19, 40, read_since=30)
        assert windows.of(s, "weibo") == {ONE: windows.Window(since=at(0), until=at(40))}
        assert windows.covered(s, "weibo", ONE) == [(at(0), at(20)), (at(30), at(40))]
        [gap] = windows.gaps(s, "weibo")
        assert (gap.search, gap.since, gap.until, gap.reason, gap.tries) == (ONE, at(20), at(30), "max_pages", 0)


def test_a_gap_shrinks_is_cut_in_two_and_is_filled(db: Database) -> None:
    with db.write() as s:
        finished(s, 0, 100, read_since=90)
        windows.fill(s, "weibo", ONE, read=(at(40), at(50)), now=at(101))
        assert [(g.since, g.until) for g in windows.gaps(s, "weibo")] == [(at(50), at(90)), (at(0), at(40))]
        windows.fill(s, "weibo", ONE, read=(at(-5), at(95)), now=at(102))
        assert windows.gaps(s, "weibo") == [] and windows.count_gaps(s, "weibo") == 0
        assert windows.covered(s, "weibo", ONE) == [(at(0), at(100))]


def test_the_source_is_as_blind_as_its_blindest_search(db: Database) -> None:
    with db.write() as s:
        finished(s, 0, 50)
        finished(s, 20, 40, read_since=30, search=TWO)
        assert windows.covered_by_all(s, "weibo", [ONE, TWO]) == [(at(30), at(40))]
        assert windows.covered_by_all(s, "weibo", [ONE, ("云雀", "new")]) == []
        assert windows.covered_by_all(s, "weibo", []) == []


def test_what_is_tried_in_vain_too_often_or_is_not_listed_is_left_to_the_operator(db: Database) -> None:
    with db.write() as s:
        finished(s, 0, 50, read_since=40)
        finished(s, 0, 50, read_since=40, search=TWO, reason="not_listed")
        [gap] = windows.worth_trying(s, "weibo", limit=9)
        assert gap.search == ONE
        windows.tried(s, gap.id, page=7, in_vain=False)
        assert windows.worth_trying(s, "weibo", limit=9)[0].page == 7
        for _ in range(windows.IN_VAIN):
            windows.tried(s, gap.id, page=7, in_vain=True)
        assert windows.worth_trying(s, "weibo", limit=9) == []
        assert windows.count_gaps(s, "weibo") == 2, "still told as holes"


def test_reaching_back_makes_a_gap_of_what_lies_before(db: Database) -> None:
    with db.write() as s:
        finished(s, 50, 60)
        windows.reach(s, "weibo", ONE, since=at(10), now=at(60))
        windows.reach(s, "weibo", ONE, since=at(20), now=at(60))
        windows.reach(s, "weibo", TWO, since=at(20), now=at(60))
        assert [(g.since, g.until, g.reason) for g in windows.gaps(s)] == [(at(10), at(50), "asked")]
        assert windows.covered(s, "weibo", ONE) == [(at(50), at(60))]


STRETCH = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: (at(min(p)), at(max(p))))


def apart(stretches: list[Interval]) -> list[Interval]:
    """The same as they come from the store: in order, not touching."""
    found: list[Interval] = []
    for since, until in sorted(stretches):
        if since < until and (not found or since > found[-1][1]):
            found.append((since, until))
    return found


STRETCHES = st.lists(STRETCH, max_size=5)


@given(whole=STRETCHES.map(apart), other=STRETCHES.map(apart), away=STRETCHES)
def test_subtracting_and_intersecting_are_those_of_sets(whole, other, away) -> None:
    left = subtract(whole, away)
    assert ticks(left) == ticks(whole) - ticks(away)
    assert left == sorted(left) and all(a < b for a, b in left)
    assert ticks(intersect(whole, other)) == ticks(whole) & ticks(other)


def test_thousands_of_holes_are_subtracted_in_one_pass() -> None:
    """A search that misses something every quarter of an hour has 3,000 in a month; squared, they took ten seconds."""
    holes = [(at(15 * n), at(15 * n + 5)) for n in range(20_000)]
    began = time.process_time()
    left = subtract([(at(0), at(300_000))], holes)
    assert len(left) == len(intersect(left, left)) == 20_000
    assert time.process_time() - began < 5, "it is 0.1 on a slow machine, and was minutes"


@pytest.fixture(scope="module")
def history(sqlite_migrated, tmp_path_factory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("history") / "history.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


STEP = st.tuples(
    st.sampled_from(["finish", "finish", "fail", "fill", "reach"]),
    st.sampled_from([ONE, TWO]),
    st.integers(1, 40),  # minutes since the last step
    st.integers(0, 60),  # how far back it got
)


@given(steps=st.lists(STEP, max_size=25))
def test_no_stretch_is_claimed_that_no_search_read_and_every_hole_is_known(history: Database, steps) -> None:
    """Random runs, outages, caps, back-fills and requests for more, minute by minute against a set."""
    clock, read = 100, {ONE: set(), TWO: set()}
    with history.read() as s:  # rolled back: every example begins with nothing
        for kind, search, passed, depth in steps:
            clock += passed
            known = windows.of(s, "weibo").get(search)
            start = (known.until - NOW) // MINUTE - 3 if known else clock - 50
            if kind == "finish":
                got_to = max(start, clock - depth)
                read[search] |= set(range(got_to, clock))
                finished(s, start, clock, read_since=got_to, search=search)
            elif kind == "fill" and (open_ := windows.gaps(s, "weibo", search=search)):
                end = (open_[0].until - NOW) // MINUTE
                read[search] |= set(range(end - depth, end))
                windows.fill(s, "weibo", search, read=(at(end - depth), at(end)), now=at(clock))
            elif kind == "reach":
                windows.reach(s, "weibo", search, since=at(clock - 50 - depth), now=at(clock))
        for search in (ONE, TWO):
            claimed = ticks(windows.covered(s, "weibo", search))
            known = windows.of(s, "weibo").get(search)
            missed = [(g.since, g.until) for g in windows.gaps(s, "weibo", search=search)]
            assert claimed <= read[search]
            assert claimed | ticks(missed) == ticks([(known.since, known.until)] if known else [])
            assert not claimed & ticks(missed)
            assert sum(len(ticks([m])) for m in missed) == len(ticks(missed)), "no minute is missed twice"
        both = ticks(windows.covered_by_all(s, "weibo", [ONE, TWO]))
        assert both <= read[ONE] & read[TWO]


def test_a_rewound_search_keeps_its_place_and_its_gaps_are_not_counted_twice(db: Database) -> None:
    with db.write() as s:
        finished(s, 0, 100, read_since=60)  # a gap from 0 to 60
        finished(s, 50, 100, search=TWO)
        windows.rewind(s, "weibo", to=at(30), now=at(101))
        # TWO began later than that: forgotten, it would go on where the last run ended.
        assert windows.of(s, "weibo") == {
            ONE: windows.Window(since=at(0), until=at(30)),
            TWO: windows.Window(since=at(50), until=at(50)),
        }
        assert [(g.since, g.until) for g in windows.gaps(s, "weibo")] == [(at(0), at(30))]
        finished(s, 20, 110, read_since=80)
        assert [(g.since, g.until) for g in windows.gaps(s, "weibo")] == [(at(30), at(80)), (at(0), at(30))]
        assert windows.covered(s, "weibo", ONE) == [(at(80), at(110))]
