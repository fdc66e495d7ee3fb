"""A brand on hot lists, from a look at a list to the outbox, over a real store with an injected clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from alerts import digest, hot_lists
from alerts.digest import Period, span_of
from store import hot, incidents, runs, silences
from tests.alerts.world import DAY, HOUR, LARK, MINUTE, RIVAL, WEIBO, ZONE, World
from tests.support.factories import NOW, make_silence
from tingfeng.config import SourceConfig
from tingfeng.model import HotEntry, HotPage, IncidentKind, Reason, RunStatus

HOT = SourceConfig(name="hot", kind="weibo_hot")
BOARDS = SourceConfig(name="boards", kind="hot_boards")
BOTH = (HOT, BOARDS)


class Lists(World):
    """A world with hot lists in it."""

    def board(
        self, at: datetime, *ranks: int, board: str = "hot:weibo", source: str = "hot", brand: str = "云雀"
    ) -> None:
        """One look at a list, on which the brand holds these ranks."""
        entries = tuple(
            HotEntry(
                entry_id=f"{brand}{n}", title=f"{brand}{n}", url="https://x.cn/", rank=rank, brands=(brand,), heat=9
            )
            for n, rank in enumerate(ranks)
        )
        with self.db.write() as s:
            hot.add(s, HotPage(board=board, source=source, seen_at=at, length=50, entries=entries))

    def hot_reasons(self, at: datetime, **more: Any) -> list[Reason]:
        report = self.look(at, **{"sources": BOTH} | more)
        return [step.reason for step in report.steps if step.kind is IncidentKind.HOT_LIST]

    def incident(self):
        with self.db.read() as s:
            return incidents.open_one(s, IncidentKind.HOT_LIST, "云雀")


@pytest.fixture
def world(db):
    return Lists(db)


@pytest.fixture
def small(sqlite_db):
    return Lists(sqlite_db)


def test_a_whole_life(world):
    assert world.hot_reasons(NOW) == [], "no list was ever looked at"
    world.board(NOW)
    assert world.hot_reasons(NOW) == [Reason.QUIET]

    enters = NOW + 5 * MINUTE
    world.board(enters, 23)
    assert world.hot_reasons(enters) == [Reason.OPENED]
    assert world.queued() == [("li@example.com", "云雀 opened"), ("wang@example.com", "云雀 opened")]
    facts = world.notes.hot[-1]
    assert [(v.board, v.last_rank) for v in facts.standing.on] == [("hot:weibo", 23)] and facts.entered == (
        "hot:weibo",
    )

    world.board(enters + 5 * MINUTE, 14)
    assert world.hot_reasons(enters + 5 * MINUTE) == [Reason.ONGOING]
    world.board(enters + 10 * MINUTE, 9)
    assert world.hot_reasons(enters + 10 * MINUTE) == [Reason.REPEAT], "the first ten are news"
    assert world.notes.hot[-1].climbed and world.notes.hot[-1].entered == ()
    world.board(enters + 15 * MINUTE, 12)
    world.board(enters + 20 * MINUTE, 3)
    assert world.hot_reasons(enters + 20 * MINUTE) == [Reason.ONGOING], "but only the first time"
    world.board(enters + 20 * MINUTE, 40, board="hot:baidu", source="boards")
    assert world.hot_reasons(enters + 21 * MINUTE) == [Reason.REPEAT], "another list is news"
    assert world.notes.hot[-1].entered == ("hot:baidu",)

    last = enters + 25 * MINUTE
    world.board(last, board="hot:baidu", source="boards")
    world.board(last, 30)
    assert world.hot_reasons(last) == [Reason.ONGOING], "off one of two lists"
    for minutes in range(30, 145, 5):
        world.board(enters + minutes * MINUTE)
        world.board(enters + minutes * MINUTE, board="hot:baidu", source="boards")
    assert world.hot_reasons(last + HOUR) == [Reason.CALM]
    assert world.hot_reasons(last + 2 * HOUR) == [Reason.RESOLVED]
    over = world.notes.hot[-1]
    assert over.incident.resolved_at == last and over.lasted == last - enters, "off the lists, not two hours later"
    assert {(v.board, v.best_rank) for v in over.standing.left} == {("hot:weibo", 3), ("hot:baidu", 40)}
    assert world.hot_reasons(last + 2 * HOUR + MINUTE) == [Reason.QUIET]
    assert world.incident() is None


def test_a_list_left_and_entered_again_is_no_news(small):
    small.board(NOW, 5)
    assert small.hot_reasons(NOW) == [Reason.OPENED]
    small.board(NOW + 5 * MINUTE)
    assert small.hot_reasons(NOW + 5 * MINUTE) == [Reason.CALM]
    small.board(NOW + 10 * MINUTE, 6)
    assert small.hot_reasons(NOW + 10 * MINUTE) == [Reason.ONGOING]


def test_it_is_said_again_while_it_goes_on(small):
    for hours in range(5):
        small.board(NOW + hours * HOUR, 5)
        got = small.hot_reasons(NOW + hours * HOUR)
        assert got == [Reason.OPENED if not hours else Reason.REPEAT if hours == 4 else Reason.ONGOING]


def test_what_happens_in_a_silence_is_told_after_it(small):
    small.board(NOW, 30)
    assert small.hot_reasons(NOW) == [Reason.OPENED]
    with small.db.write() as s:
        silences.add(s, make_silence(brand="云雀", starts_at=NOW + MINUTE, ends_at=NOW + HOUR))
    for minutes in (10, 20):
        small.board(NOW + minutes * MINUTE, 2)
        small.board(NOW + minutes * MINUTE, 7, board="hot:baidu", source="boards")
        assert small.hot_reasons(NOW + minutes * MINUTE) == [Reason.SILENCED]
    small.board(NOW + 61 * MINUTE, 2)
    assert small.hot_reasons(NOW + 61 * MINUTE) == [Reason.REPEAT], "baidu and the first ten are still news"


def test_a_list_that_cannot_be_seen_neither_holds_nor_ends_it(small):
    small.board(NOW, 3)
    assert small.hot_reasons(NOW) == [Reason.OPENED]
    late = NOW + HOT.stale_after + MINUTE
    assert small.hot_reasons(late) == [Reason.CALM]
    assert small.hot_reasons(NOW + 5 * HOUR) == [Reason.CALM], "blind: two calm hours end nothing"
    small.board(NOW + 5 * HOUR + MINUTE, 20)
    assert small.hot_reasons(NOW + 5 * HOUR + 2 * MINUTE) == [Reason.REPEAT], "still there, told four hours ago"


def test_a_mail_names_the_lists_that_cannot_be_seen(small):
    small.board(NOW - 3 * HOUR, board="hot:baidu", source="boards")
    small.board(NOW, 3)
    assert small.hot_reasons(NOW) == [Reason.OPENED]
    assert [b.source for b in small.notes.hot[-1].standing.blind] == ["hot:baidu"]


def test_competitors_and_sources_of_the_past_are_not_told(small):
    small.board(NOW, 1, brand="海燕")
    assert small.hot_reasons(NOW, brands=(LARK, RIVAL)) == [Reason.QUIET]
    small.board(NOW, 1)
    assert small.hot_reasons(NOW, sources=(WEIBO,)) == [], "the source that saw it is no longer configured"
    assert small.hot_reasons(NOW) == [Reason.OPENED]
    assert small.hot_reasons(NOW + MINUTE, brands=()) == [Reason.RESOLVED], "nothing would ever end it"
    assert len(small.queued()) == 2, "and nobody is told that"


def test_the_same_moment_twice_writes_nothing_more(world):
    world.board(NOW, 3)
    world.hot_reasons(NOW)
    before = world.state()
    world.hot_reasons(NOW)
    assert world.state() == before


def test_a_spikes_mail_says_where_the_brand_stands(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    small.board(at, 4)
    small.look(at, sources=(WEIBO, HOT))
    (facts,) = small.notes.alerts
    assert [(v.board, v.last_rank) for v in facts.hot] == [("hot:weibo", 4)]


def test_a_look_that_failed_is_told_to_the_operator_like_any_source(small):
    with small.db.write() as s:
        run = runs.begin(s, "hot", window_since=NOW - HOUR, window_until=NOW, now=NOW)
        runs.finish(s, run.id, status=RunStatus.REFUSED, reason="login_required", now=NOW)
    steps = small.look(NOW + MINUTE, sources=(HOT,)).steps
    assert [(x.kind, x.reason) for x in steps if x.subject == "hot"] == [(IncidentKind.FRESHNESS, Reason.OPENED)]


def test_a_hot_list_adds_no_silent_series_and_no_gap_to_the_counts(small):
    """It holds no mentions: neither its being seen nor its blindness changes what is counted of a brand."""
    small.history("weibo")
    small.board(NOW, 3)
    with small.db.write() as s:
        run = runs.begin(s, "hot", window_since=NOW - HOUR, window_until=NOW, now=NOW)
        runs.finish(s, run.id, status=RunStatus.OK, now=NOW)
    span = span_of(Period.DAILY, now=NOW + DAY, zone=ZONE)
    with small.db.read() as s:
        facts = digest.gather(s, [LARK], [LARK], (WEIBO, HOT), span, now=NOW + DAY, zone=ZONE)
        assert "hot" not in digest.reports.by_source(s, "云雀", NOW - DAY, NOW)
    (brand,) = facts.brands
    assert {b.source for b in brand.blind} <= {"weibo"}
    assert [(v.board, v.best_rank) for v in brand.hot] == [("hot:weibo", 3)] and brand.hot_boards == ("hot:weibo",)


def test_a_second_source_that_looks_less_far_down_ends_nothing(small):
    small.board(NOW, 30, source="hot")
    small.board(NOW + MINUTE, source="boards")
    assert small.hot_reasons(NOW + 2 * MINUTE) == [Reason.OPENED]
    late = NOW + HOT.stale_after + 5 * MINUTE
    small.board(late, source="boards")
    assert small.hot_reasons(late) == [Reason.CALM]
    assert small.look(late, sources=BOTH) and small.incident() is not None
    with small.db.read() as s:
        place = hot_lists.standing(s, "云雀", BOTH, since=NOW, now=late)
    assert (place.on, place.unseen, place.blind) == ((), (), ()), "one of the two still looks, and does not see it"
