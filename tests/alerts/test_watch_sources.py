"""Blindness in a source, and what is no longer configured: the operator's half of `watch`."""

from __future__ import annotations

import pytest

from tests.alerts.world import BLIND, MINUTE, SPIKE, WEIBO, ZHIHU, World
from tests.support.factories import NOW
from tingfeng.config import QueryConfig, SourceConfig
from tingfeng.model import Reason, RunStatus


@pytest.fixture
def world(db):
    return World(db)


@pytest.fixture
def small(sqlite_db):
    """A world for what does not depend on the database's dialect."""
    return World(sqlite_db)


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
