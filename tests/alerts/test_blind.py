"""Which sources cannot be seen now, and what of it reaches whom; the operator's table."""

from __future__ import annotations

import pytest

from alerts.advice import CAUSES
from alerts.blind import blind_now
from alerts.jobs_desk import source_states
from alerts.source_state import SILENT
from store import runs
from tests.alerts.world import DAY, HOUR, LARK, MINUTE, RIVAL, WEIBO, ZHIHU, World
from tests.support.factories import NOW
from tingfeng.config import QueryConfig, SourceConfig
from tingfeng.model import RunStatus

FOR_RIVAL = SourceConfig(name="zhihu", kind="zhihu_open", queries=(QueryConfig(brand="海燕", text="海燕"),))
REFUSED = RunStatus.REFUSED


@pytest.fixture
def small(sqlite_db):
    return World(sqlite_db)


def out(world, at, *sources):
    with world.db.read() as s:
        return [(one.source, one.since, one.cause) for one in blind_now(s, sources, now=at)]


def test_a_source_is_out_from_its_last_good_window_until_it_is_seen_again(small):
    small.history("weibo", "zhihu")
    at = NOW + 10 * MINUTE
    small.crawl(at, "zhihu")
    small.crawl(at, "weibo", status=REFUSED, reason="cookie_expired")
    assert out(small, at, WEIBO, ZHIHU) == [("weibo", NOW, "cookie_expired")]
    small.crawl(at + 10 * MINUTE, "weibo", "zhihu")
    assert out(small, at + 10 * MINUTE, WEIBO, ZHIHU) == [], "its hole was filled"


def test_a_silence_begins_where_it_began_not_where_it_was_noticed(small):
    small.history("weibo")
    small.crawl(NOW + HOUR, "weibo")
    with small.db.write() as s:
        runs.uncover(s, "weibo", since=NOW - HOUR, until=NOW + HOUR)
    small.crawl(NOW + HOUR + MINUTE, "weibo", status=RunStatus.FAILED, reason="suspicious_silence")
    assert out(small, NOW + HOUR + MINUTE, WEIBO) == [("weibo", NOW - HOUR, "suspicious_silence")]


def test_an_alert_names_the_sources_of_its_own_brand_only(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    small.crawl(at, "zhihu", status=REFUSED, reason="captcha")
    small.look(at, sources=(WEIBO, FOR_RIVAL))
    (facts,) = small.notes.alerts
    assert facts.blind_now == ()
    assert not any("看不到" in step for step in facts.to_do)


def test_an_alert_names_a_source_that_was_never_seen(small):
    small.history("weibo")
    at = NOW + 10 * MINUTE
    small.crawl(at, "weibo", posts=25)
    small.crawl(at, "zhihu", status=REFUSED, reason="captcha")
    small.look(at, sources=(WEIBO, ZHIHU))
    (facts,) = small.notes.alerts
    assert [(one.source, one.cause) for one in facts.blind_now] == [("zhihu", "captcha")]
    assert any(step.startswith("知乎 目前看不到") for step in facts.to_do)


def states(world, at, *sources):
    return {one.name: one for one in source_states(world.db, sources, (LARK, RIVAL), now=at)}


@pytest.mark.parametrize(
    ("why", "status", "reason", "minutes", "health"),
    [
        ("well", RunStatus.OK, "", 10, "ok"),
        ("refused", REFUSED, "cookie_expired", 10, "refused"),
        ("failed", RunStatus.FAILED, "layout_changed", 10, "failed"),
        *((name, RunStatus.FAILED, name, 10, "silent") for name in sorted(SILENT)),
        ("stopped by ourselves", RunStatus.FAILED, "stopped", 10, "ok"),
        ("long ago", RunStatus.OK, "", 200, "stale"),
    ],
)
def test_health(small, why, status, reason, minutes, health):
    small.history("weibo")
    small.crawl(NOW + 5 * MINUTE, "weibo", status=status, reason=reason)
    state = states(small, NOW + minutes * MINUTE, WEIBO)["weibo"]
    assert state.health == health, why
    assert (state.blind_since is None) == (health == "ok")
    assert bool(state.to_do) == (health != "ok")
    if health not in ("ok", "stale"):
        assert state.to_do == CAUSES[reason].to_do


def test_yield_against_a_usual_day_and_what_is_left(small):
    small.history("weibo")
    with small.db.write() as s:
        begun = runs.begin(s, "weibo", window_since=NOW, window_until=NOW + MINUTE, now=NOW)
        stats = {"quota/left": 41, "clock_skew": -900, "newest": {"云雀/云雀": (NOW - HOUR).isoformat()}}
        runs.finish(s, begun.id, status=RunStatus.OK, stats=stats, now=NOW + MINUTE)
    off = SourceConfig(name="news", kind="feed", enabled=False)
    found = states(small, NOW + 2 * MINUTE, WEIBO, ZHIHU, off)
    weibo = found["weibo"]
    assert weibo.found_today == 12 and weibo.expected_today == pytest.approx(12, rel=0.1)
    assert (weibo.left, weibo.clock_skew, weibo.newest) == ({"left": 41}, -900, NOW - HOUR)
    assert (found["zhihu"].health, found["zhihu"].expected_today) == ("never", None)
    assert found["news"].health == "off"
    assert states(small, NOW + 30 * DAY, off)["news"].to_do == ()
