"""`watch` over a real store with an injected clock: what is written, what is said, to whom, and how often."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts import jobs
from alerts.facts import AlertFacts, FreshnessFacts
from alerts.jobs import WatchReport, watch
from alerts.render import Rendered
from alerts.routing import Routing
from store import incidents, outbox, silences
from store.database import Database
from tests.support.factories import NOW, make_mention, make_silence, make_verdict, stored_run, stored_scored
from tingfeng.config import AlertRule, QueryConfig, RecipientConfig, RouteConfig, SourceConfig
from tingfeng.model import Brand, IncidentKind, Label, Reason, RunStatus

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LARK = Brand(name="云雀")
RIVAL = Brand(name="海燕", competitor_of=("云雀",))
WEIBO = SourceConfig(name="weibo", kind="weibo_mobile")
ZHIHU = SourceConfig(name="zhihu", kind="zhihu_open")
ROUTING = Routing(
    recipients=(
        RecipientConfig(name="李", email="li@example.com"),
        RecipientConfig(name="王", email="wang@example.com"),
        RecipientConfig(name="运维", email="ops@example.com"),
    ),
    routes=(RouteConfig(to=("李", "王"), kinds=("alert",)), RouteConfig(to=("运维",), kinds=("operator",))),
)
SPIKE, BLIND = IncidentKind.NEGATIVE_SPIKE, IncidentKind.FRESHNESS


@dataclass
class Notebook:
    """A renderer that keeps what it was given."""

    alerts: list[AlertFacts] = field(default_factory=list)
    freshness: list[FreshnessFacts] = field(default_factory=list)

    def render_alert(self, facts, *, zone):
        self.alerts.append(facts)
        return Rendered(subject=f"{facts.brand} {facts.reason}", text="正文", html="<p>正文</p>")

    def render_freshness(self, facts, *, zone):
        self.freshness.append(facts)
        return Rendered(subject=f"{facts.source} {facts.reason}", text="正文", html="<p>正文</p>")


class World:
    """A store, told what happened when; `look` is one turn of `watch`."""

    def __init__(self, db: Database) -> None:
        self.db, self.notes = db, Notebook()
        self.seen_until = {}

    def history(self, *sources: str, days: int = 10, brand: str = "云雀") -> None:
        """Quiet days up to NOW: one negative and one positive post every four hours from each source."""
        with self.db.write() as s:
            for source in sources:
                times = [NOW - k * 4 * HOUR - 90 * MINUTE for k in range(days * 6)]
                posts = [make_mention(source=source, published_at=at, brands=(brand,)) for at in times]
                stored_scored(s, posts, make_verdict(terms=["贵", "排队"]))
                happy = [make_mention(source=source, published_at=at, brands=(brand,)) for at in times]
                stored_scored(s, happy, make_verdict(Label.POSITIVE))
                stored_run(s, source, since=NOW - days * DAY, until=NOW)
                self.seen_until[source] = NOW

    def crawl(self, at, *sources: str, posts: int = 0, status=RunStatus.OK, reason="", text=None) -> None:
        """One run of each source up to `at`, finding `posts` negative ones of the last ten minutes."""
        with self.db.write() as s:
            for source in sources:
                more = {"text": text, "reposts": 50} if text else {}
                found = [
                    make_mention(source=source, published_at=at - 10 * MINUTE + i * timedelta(seconds=1), **more)
                    for i in range(posts)
                ]
                if found:
                    stored_scored(s, found, make_verdict(terms=["起火", "召回"]))
                stored_run(
                    s, source, since=self.seen_until.get(source, at - DAY), until=at, status=status, reason=reason
                )
                if status is RunStatus.OK:
                    self.seen_until[source] = at

    def look(self, at, *, sources=(WEIBO,), brands=(LARK, RIVAL), routing=ROUTING, rule=None) -> WatchReport:
        return watch(self.db, brands, sources, rule or AlertRule(), routing, now=at, zone=ZONE, renderer=self.notes)

    def reasons(self, at, **more) -> list[Reason]:
        return [step.reason for step in self.look(at, **more).steps if step.kind is SPIKE]

    def queued(self) -> list[tuple[str, str]]:
        with self.db.read() as s:
            return [(m.recipient, m.subject) for m in outbox.waiting(s)]

    def steps(self, incident_id: int) -> list[Reason]:
        with self.db.read() as s:
            return [step.reason for step in incidents.steps(s, incident_id)]

    def state(self):
        """Everything that watching writes."""
        with self.db.read() as s:
            found = incidents.between(s, NOW - 90 * DAY, NOW + 90 * DAY)
            return found, [incidents.steps(s, one.id) for one in found], outbox.waiting(s)


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
    assert [(b.source, b.since, b.until) for b in facts.blind] == [("zhihu", NOW, facts.until)]
    assert any("zhihu" in step for step in facts.to_do)


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


def freshness(world, at, **more):
    return next(step for step in world.look(at, **more).steps if step.kind is BLIND)


@pytest.mark.parametrize(
    ("why", "status", "reason", "minutes", "want", "cause"),
    [
        ("a good run just now", RunStatus.OK, "", 5, Reason.QUIET, None),
        ("refused: told at once", RunStatus.REFUSED, "login_required", 5, Reason.OPENED, "login_required"),
        ("failed: told at once", RunStatus.FAILED, "timeout", 5, Reason.OPENED, "timeout"),
        ("we stopped it ourselves: the next run follows", RunStatus.FAILED, "stopped", 5, Reason.QUIET, None),
        ("… and if none does, it goes stale", RunStatus.FAILED, "killed", 31, Reason.OPENED, "stale"),
        ("a good run, long ago", None, "", 31, Reason.OPENED, "stale"),
        ("a good run, half an hour ago", None, "", 30, Reason.QUIET, None),
    ],
)
def test_freshness(small, why, status, reason, minutes, want, cause):
    small.history("weibo")
    at = NOW + minutes * MINUTE
    if status is not None:
        small.crawl(NOW + 5 * MINUTE if minutes > 5 else at, "weibo", status=status, reason=reason)
    step = freshness(small, at)
    assert (step.reason, step.outage and step.outage.cause) == (want, cause), why
    if cause:
        (facts,) = small.notes.freshness
        assert (facts.cause, facts.blind_since, facts.brands) == (cause, NOW, ("云雀",))
        assert facts.cause_text and facts.to_do and facts.last_good == NOW
        assert small.queued() == [("ops@example.com", "weibo opened")], "the operator's, nobody else's"


def test_a_source_never_tried_is_not_out_but_one_that_never_worked_is(small):
    assert freshness(small, NOW).reason is Reason.QUIET
    small.crawl(NOW, "weibo", status=RunStatus.REFUSED, reason="captcha")
    assert freshness(small, NOW).reason is Reason.OPENED
    (facts,) = small.notes.freshness
    assert facts.last_good is None and facts.blind_since == NOW


def test_freshness_ends_with_how_long_it_was(world):
    world.history("weibo")
    for minutes in (5, 10, 15):
        world.crawl(NOW + minutes * MINUTE, "weibo", status=RunStatus.FAILED, reason="unreachable")
        reason = freshness(world, NOW + minutes * MINUTE).reason
        assert reason is (Reason.OPENED if minutes == 5 else Reason.ONGOING)
    world.crawl(NOW + 20 * MINUTE, "weibo")
    assert freshness(world, NOW + 20 * MINUTE).reason is Reason.CALM, "one good run is not yet health"
    world.crawl(NOW + 25 * MINUTE, "weibo", status=RunStatus.FAILED, reason="unreachable")
    assert freshness(world, NOW + 25 * MINUTE).reason is Reason.ONGOING, "and this is why"
    world.crawl(NOW + 30 * MINUTE, "weibo")
    assert freshness(world, NOW + 30 * MINUTE).reason is Reason.CALM
    world.crawl(NOW + 40 * MINUTE, "weibo")
    assert freshness(world, NOW + 40 * MINUTE).reason is Reason.RESOLVED
    over = world.notes.freshness[-1]
    assert (over.reason, over.blind_for, over.cause) == (Reason.RESOLVED, 30 * MINUTE, "unreachable")
    assert over.missing == (), "the next good run caught up"
    assert [subject for _, subject in world.queued()] == ["weibo opened", "weibo resolved"]


def test_who_is_affected_by_a_source(small):
    only_rival = SourceConfig(name="weibo", kind="feed", queries=(QueryConfig(brand="海燕", text="海燕"),))
    small.crawl(NOW, "weibo", status=RunStatus.FAILED, reason="timeout")
    freshness(small, NOW, sources=(only_rival,))
    assert small.notes.freshness[0].brands == ()


def test_what_is_no_longer_configured_ends_without_a_word(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    small.crawl(at, "zhihu", status=RunStatus.FAILED, reason="timeout")
    small.look(at, sources=(WEIBO, ZHIHU))
    said = small.queued()
    off = SourceConfig(name="zhihu", kind="zhihu_open", enabled=False)
    report = small.look(at + 5 * MINUTE, brands=(), sources=(WEIBO, off))
    assert [(s.kind, s.subject, s.reason) for s in report.steps[1:]] == [
        (SPIKE, "云雀", Reason.RESOLVED),
        (BLIND, "zhihu", Reason.RESOLVED),
    ]
    assert small.queued() == said
    assert not [i for i in small.state()[0] if i.resolved_at is None]
