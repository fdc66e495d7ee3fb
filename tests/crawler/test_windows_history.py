"""Whatever happens in whatever order: a source is said to be covered only where every search of a good run has read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.jobs_windows import Past, cover, covered_since, gaps_to_fill, keep, search_of, starts
from crawler.outcome import Filling, Result, name_of
from store import runs, windows
from store.database import Database
from tests.store.test_windows import MINUTE, at, ticks
from tests.support.crawls import make_spec
from tests.support.factories import NOW
from tingfeng.model import Query, RunStatus

QUERIES = tuple(Query(brand="云雀", text=words) for words in ("云雀", "售后", "召回"))


@dataclass(frozen=True)
class Step:
    """One run: what the world was like."""

    passed: int  # minutes since the last one
    asked: int  # how many queries are configured
    refused: int  # so many of them were not finished
    depth: tuple[int, int, int]  # minutes each got back
    filled: int  # minutes read of the newest gaps
    back: int | None  # an operator's back-fill so far


STEPS = st.builds(
    Step,
    passed=st.integers(1, 60),
    asked=st.integers(1, 3),
    refused=st.integers(0, 2),
    depth=st.tuples(*[st.integers(0, 90)] * 3),
    filled=st.integers(0, 40),
    back=st.none() | st.integers(60, 200),
)


@dataclass
class World:
    """What was really read, minute by minute."""

    clock: int = 0
    read: dict[str, set[int]] = field(default_factory=lambda: {name_of(q): set() for q in QUERIES})
    good: set[int] = field(default_factory=set)  # minutes that all searches of a good run had read by then

    def crawl(self, s: Any, step: Step) -> None:
        self.clock += step.passed
        now, queries = at(self.clock), QUERIES[: step.asked]
        past = Past(since=None if step.back is None else at(self.clock - step.back))
        begun = starts(s, "weibo", queries, first_window=50 * MINUTE, now=now)
        gaps = gaps_to_fill(s, "weibo", queries, past, now=now)
        spec = make_spec(source="weibo", queries=queries, since=min(begun.values()), now=now, windows=begun, gaps=gaps)
        run = runs.begin(s, "weibo", window_since=spec.since, window_until=now, now=now)
        result = replace(self.result(spec, step), filled=self.fill(gaps, step))
        keep(s, spec, result, now=now)
        since = covered_since(spec, result)
        run = runs.finish(s, run.id, status=result.status, covered_since=since, now=now)
        cover(s, spec, run, result)
        if run.status is RunStatus.OK:
            self.good |= set.intersection(*(self.read[name_of(q)] for q in queries))

    def result(self, spec: Any, step: Step) -> Result:
        done = spec.queries[: len(spec.queries) - step.refused]
        finished = {}
        for query, depth in zip(done, step.depth, strict=False):
            name = name_of(query)
            start, got_to = spec.windows[name], at(self.clock - depth)
            finished[name] = got_to if got_to > start else None
            self.read[name] |= ticks([(max(start, got_to), spec.now)])
        status = RunStatus.OK if len(done) == len(spec.queries) else RunStatus.REFUSED
        return Result(status=status, finished=finished, reaches_back="pages")

    def fill(self, gaps: Any, step: Step) -> tuple[Filling, ...]:
        made = []
        for gap in gaps[:2]:
            read_to = max(gap.since, gap.until - step.filled * MINUTE)
            self.read[name_of(gap.query)] |= ticks([(read_to, gap.until)])
            made.append(Filling(gap=gap.id, read_to=read_to if step.filled else None, page=gap.page))
        return tuple(made)


@pytest.fixture(scope="module")
def history(sqlite_migrated, tmp_path_factory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("history") / "history.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@given(steps=st.lists(STEPS, max_size=12))
def test_nothing_is_covered_that_was_not_read_and_every_hole_is_a_gap(history, steps):
    world = World()
    with history.read() as s:  # rolled back
        for step in steps:
            world.crawl(s, step)
        covered = ticks(runs.coverage(s, "weibo", since=NOW - timedelta(days=2), until=NOW + timedelta(days=2)))
        assert covered <= world.good
        known = windows.of(s, "weibo")
        for query in QUERIES:
            search = search_of(query)
            if search in known:
                whole = ticks([(known[search].since, known[search].until)])
                missed = ticks([(g.since, g.until) for g in windows.gaps(s, "weibo", search=search)])
                assert whole - world.read[name_of(query)] <= missed, "a hole nobody knows of"
                assert ticks(windows.covered(s, "weibo", search)) <= world.read[name_of(query)]


@given(steps=st.lists(STEPS, max_size=8))
def test_when_all_goes_well_nothing_is_left_uncovered(history, steps):
    """The other way round: without refusals and with pages enough there are no holes at all."""
    world = World()
    calm = [replace(step, asked=3, refused=0, depth=(90, 90, 90), back=None) for step in steps]
    with history.read() as s:
        for step in calm:
            world.crawl(s, step)
        assert windows.gaps(s, "weibo") == []
        if calm:
            whole = [(at(calm[0].passed - 50), at(world.clock))]
            assert runs.coverage(s, "weibo", since=whole[0][0], until=whole[0][1]) == whole
