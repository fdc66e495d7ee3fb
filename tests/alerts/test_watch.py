"""`watch` over a real store with an injected clock: what is written, what is said, to whom, and how often."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from alerts import jobs
from alerts.jobs import watch
from alerts.routing import Routing
from store import incidents, outbox, silences
from store.database import Database
from tests.alerts.world import HOUR, LARK, MINUTE, ROUTING, WEIBO, ZHIHU, ZONE, Notebook, World
from tests.support.factories import NOW, make_mention, make_silence, stored_scored
from tingfeng.config import AlertRule
from tingfeng.model import Reason


@pytest.fixture
def world(db):
    return World(db)


@pytest.fixture
def small(sqlite_db):
    """A world for what does not depend on the database's dialect."""
    return World(sqlite_db)


def test_a_whole_life(world):
    world.history("weibo")
    assert world.reasons(NOW) == [Reason.QUIET], "and the competitor is not watched at all"

    storm = NOW + 10 * MINUTE
    world.crawl(storm, "weibo", posts=25)
    report = world.look(storm)
    opened = report.steps[0]
    assert (opened.reason, opened.messages, opened.incident.told) == (Reason.OPENED, 2, 1)
    assert world.queued() == [("li@example.com", "云雀 opened"), ("wang@example.com", "云雀 opened")]

    for minutes in range(70, 240, 60):  # it goes on for four hours
        at = NOW + minutes * MINUTE
        world.crawl(at, "weibo", posts=25)
        assert world.reasons(at) == [Reason.ONGOING]
    at = storm + 4 * HOUR
    world.crawl(at, "weibo", posts=25)
    assert world.reasons(at) == [Reason.REPEAT]

    calm = at + 70 * MINUTE  # the window has forgotten the last posts
    world.crawl(calm, "weibo")
    assert world.reasons(calm) == [Reason.CALM]
    over = at + 2 * HOUR
    world.crawl(over, "weibo")
    assert world.reasons(over) == [Reason.RESOLVED]
    assert world.reasons(over + 5 * MINUTE) == [Reason.QUIET]

    assert [subject for _, subject in world.queued()] == ["云雀 opened"] * 2 + ["云雀 repeat"] * 2 + [
        "云雀 resolved"
    ] * 2
    assert world.steps(opened.incident.id) == [Reason.OPENED, Reason.REPEAT, Reason.CALM, Reason.RESOLVED]
    last = world.notes.alerts[-1]
    assert last.spike is None and last.observed >= 25 and last.incident.told == 3
    assert last.since == opened.incident.since and last.lasted == over - opened.incident.since


def test_facts_of_an_opening(world):
    world.history("weibo", "zhihu")
    at = NOW + 10 * MINUTE
    world.crawl(at, "weibo", posts=20)
    world.crawl(at, "zhihu", posts=4, text="全是一样的话")
    world.look(at, sources=(WEIBO, ZHIHU))
    (facts,) = world.notes.alerts
    assert (facts.reason, facts.brand, facts.observed, facts.total_mentions) == (Reason.OPENED, "云雀", 24, 24)
    assert facts.by_source == {"weibo": 20, "zhihu": 4}
    assert facts.expected < 1 and facts.p_value < 1e-9 and facts.spike.detector == "seasonal" and facts.baseline
    assert (facts.net_now, facts.net_before) == (-1.0, 0.0)
    assert [t.term for t in facts.terms] == ["召回", "起火"] or [t.term for t in facts.terms] == ["起火", "召回"]
    assert facts.terms[0].share_now == 1.0 and facts.terms[0].share_before == 0.0
    assert len(facts.posts) == 5 and max(p.copies for p in facts.posts) == 4
    assert any("4 次" in step for step in facts.to_do)
    assert facts.chart[-1].start + facts.chart_step == facts.until
    assert facts.chart[-1].negative == 24 and facts.chart[-1].expected < 1
    assert len(facts.chart) in (48, 49) and not facts.blind
    assert facts.incident.id == 0 and facts.incident.told == 1, "rendered before the row exists"


def test_the_real_mail_renders(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=20)
    watch(small.db, [LARK], [WEIBO], AlertRule(), ROUTING, now=at, zone=ZONE)
    with small.db.write() as s:
        mail = outbox.claim(s, now=at, lease=MINUTE).message
    assert "云雀" in mail.subject and "起火" in mail.text and mail.html and mail.images
    assert mail.thread in mail.key


def test_blind_sources_are_named_and_left_out(small):
    small.history("weibo", "zhihu")
    at = NOW + 2 * HOUR
    small.crawl(at, "weibo", posts=20)  # zhihu has not been seen since NOW
    report = small.look(at, sources=(WEIBO, ZHIHU))
    (facts,) = small.notes.alerts
    assert report.steps[0].spike.blind_sources == ("zhihu",)
    assert [(b.source, b.since, b.cause) for b in facts.blind_now] == [("zhihu", NOW, "stale")]
    assert facts.blind == (), "what cannot be seen now is no gap of the past"
    assert any("知乎" in step for step in facts.to_do)


def test_what_came_of_blindness_is_no_end(small):
    """The crawl that saw the crisis breaks: nothing more is found, which is not the end of it."""
    small.history("weibo", "zhihu")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", "zhihu")
    small.crawl(at + 5 * MINUTE, "weibo", posts=20)
    assert small.reasons(at + 5 * MINUTE, sources=(WEIBO, ZHIHU)) == [Reason.OPENED]
    late = at + 5 * HOUR
    small.crawl(late, "zhihu")
    assert small.reasons(late, sources=(WEIBO, ZHIHU)) == [Reason.CALM], "weibo carried it and cannot be seen"
    small.crawl(late, "weibo")
    assert small.reasons(late, sources=(WEIBO, ZHIHU)) == [Reason.RESOLVED]


def test_a_returning_source_is_no_spike(small):
    small.history("weibo", "zhihu")
    at = NOW + 6 * HOUR
    small.crawl(at, "weibo")
    assert small.reasons(at, sources=(WEIBO, ZHIHU)) == [Reason.QUIET]
    with small.db.write() as s:  # six blind hours come in at once, thirty negative posts among them
        posts = [make_mention(source="zhihu", published_at=NOW + i * 10 * MINUTE) for i in range(30)]
        stored_scored(s, posts)
    small.crawl(at + 5 * MINUTE, "zhihu", "weibo")
    assert small.reasons(at + 5 * MINUTE, sources=(WEIBO, ZHIHU)) == [Reason.QUIET]


def test_the_same_moment_again_adds_nothing(world):
    world.history("weibo")
    at = NOW + 10 * MINUTE
    world.crawl(at, "weibo", posts=25)
    for moment in (at, at + 70 * MINUTE, at + 3 * HOUR):
        if moment > at:
            world.crawl(moment, "weibo")
        world.look(moment)
        before = world.state()
        world.look(moment)
        assert world.state() == before


class Killed(BaseException):
    """What SIGKILL looks like from inside."""


@pytest.mark.parametrize("place", ["open_one", "gather", "insert", "add_step", "put"])
def test_killed_anywhere_nothing_is_lost_or_said_twice(small, monkeypatch, place):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    owner = {"put": outbox, "gather": jobs.cases}.get(place, incidents)

    def die(*args, **more):
        raise Killed

    with monkeypatch.context() as m:
        m.setattr(owner, place, die)
        with pytest.raises(Killed):
            small.look(at)
    assert small.state() == ([], [], [])
    assert small.reasons(at) == [Reason.OPENED]
    assert len(small.queued()) == 2


def test_two_watchers_say_it_once(world, monkeypatch):
    """The second one reads, then the first one writes, then the second one tries to."""
    world.history("weibo")
    at = NOW + 10 * MINUTE
    world.crawl(at, "weibo", posts=25)
    write, other = Database.write, Notebook()

    @contextmanager
    def late(self):
        with monkeypatch.context() as m:
            m.setattr(Database, "write", write)
            watch(self, [LARK], [WEIBO], AlertRule(), ROUTING, now=at, zone=ZONE, renderer=other)
        with write(self) as s:
            yield s

    for moment, want in ((at, Reason.OPENED), (at + 4 * HOUR, Reason.REPEAT)):
        if moment > at:
            world.crawl(moment, "weibo", posts=25)
        monkeypatch.setattr(Database, "write", late)
        at = moment
        first = world.look(moment).steps[0]
        monkeypatch.setattr(Database, "write", write)
        assert (first.reason, first.outrun) == (want, True)
    assert [subject for _, subject in world.queued()] == ["云雀 opened"] * 2 + ["云雀 repeat"] * 2


def test_silences(small):
    small.history("weibo")
    with small.db.write() as s:
        silences.add(s, make_silence(starts_at=NOW, ends_at=NOW + HOUR))
        silences.add(s, make_silence(brand="海燕", starts_at=NOW, ends_at=NOW + 9 * HOUR))
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    step = small.look(at).steps[0]
    assert (step.reason, step.messages, small.queued()) == (Reason.SILENCED, 0, [])
    assert small.steps(step.incident.id) == [Reason.SILENCED], "kept on purpose, told to nobody"
    small.crawl(NOW + 50 * MINUTE, "weibo")
    assert small.reasons(NOW + 50 * MINUTE) == [Reason.SILENCED]
    assert small.reasons(NOW + HOUR) == [Reason.OPENED], "the silence is over, the storm is not"
    assert len(small.queued()) == 2
    assert small.steps(step.incident.id) == [Reason.SILENCED, Reason.OPENED]


def test_an_end_within_a_silence_is_told_after_it(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    small.look(at)
    with small.db.write() as s:
        silences.add(s, make_silence(brand=None, starts_at=at + MINUTE, ends_at=NOW + 9 * HOUR))
    small.crawl(NOW + 4 * HOUR, "weibo")
    assert small.reasons(NOW + 4 * HOUR) == [Reason.RESOLVED]
    with small.db.read() as s:
        due = {m.subject: m.due_at for m in outbox.waiting(s)}
    assert due == {"云雀 opened": at, "云雀 resolved": NOW + 9 * HOUR}


def test_a_storm_that_passes_within_a_silence_is_never_mentioned(small):
    small.history("weibo")
    with small.db.write() as s:
        silences.add(s, make_silence(starts_at=NOW, ends_at=NOW + 9 * HOUR))
    small.crawl(NOW + 10 * MINUTE, "weibo", posts=25)
    small.look(NOW + 10 * MINUTE)
    small.crawl(NOW + 4 * HOUR, "weibo")
    assert small.reasons(NOW + 4 * HOUR) == [Reason.RESOLVED]
    assert small.queued() == []


def test_nobody_to_tell_is_said_and_the_incident_stands(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    step = small.look(at, routing=Routing()).steps[0]
    assert (step.reason, step.unrouted, step.messages, step.incident.told) == (Reason.OPENED, True, 0, 1)
    assert small.reasons(at + 5 * MINUTE, routing=Routing()) == [Reason.ONGOING], "not opened again at every turn"
