"""The life of an incident: a table of decisions, then everything a machine can think of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts.incident import (
    BLIND_CALM,
    TOLD,
    Finding,
    changed,
    last_step,
    next_step,
    quiet_until,
    ref_of,
    worth_noting,
)
from tests.support.factories import NOW, make_incident, make_silence
from tingfeng.config import AlertRule
from tingfeng.model import Incident, IncidentKind, Reason, Silence

RULE = AlertRule()  # calm 2 h, repeat 4 h
HOUR = timedelta(hours=1)
KIND, SUBJECT = IncidentKind.NEGATIVE_SPIKE, "云雀"
SPIKE = Finding(since=NOW - HOUR, observed=20, expected=2.0, p_value=1e-9)
NEWS = replace(SPIKE, news=True)


def told(*, hours_ago: float, **more: object) -> Incident:
    return make_incident(last_told_at=NOW - hours_ago * HOUR, **more)


def spiked(*, hours_ago: float, **more: object) -> Incident:
    return make_incident(last_spike_at=NOW - hours_ago * HOUR, **more)


UNTOLD = make_incident(told=0)
SILENT = (make_silence(starts_at=NOW - HOUR, ends_at=NOW + HOUR),)
SILENT_UNTIL_NOW = (make_silence(starts_at=NOW - HOUR, ends_at=NOW),)


@pytest.mark.parametrize(
    ("why", "open_", "found", "silences", "want"),
    [
        ("nothing there", None, None, (), Reason.QUIET),
        ("nothing there, and silenced", None, None, SILENT, Reason.QUIET),
        ("first spike opens", None, SPIKE, (), Reason.OPENED),
        ("told an hour ago: keep calm", told(hours_ago=1), SPIKE, (), Reason.ONGOING),
        ("told just under four hours ago", told(hours_ago=3.99), SPIKE, (), Reason.ONGOING),
        ("told four hours ago: repeat", told(hours_ago=4), SPIKE, (), Reason.REPEAT),
        ("told a minute ago, but this is news: at once", told(hours_ago=0.02), NEWS, (), Reason.REPEAT),
        ("news waits for nobody who was not told at all", UNTOLD, NEWS, (), Reason.OPENED),
        ("news in a silence is kept quiet", told(hours_ago=1), NEWS, SILENT, Reason.SILENCED),
        ("told five hours ago, but calm now: no repeat", told(hours_ago=5, last_spike_at=NOW), None, (), Reason.CALM),
        ("an hour of calm is not the end", spiked(hours_ago=1), None, (), Reason.CALM),
        ("two calm hours are", spiked(hours_ago=2), None, (), Reason.RESOLVED),
        ("a spike in a silence is kept quiet", None, SPIKE, SILENT, Reason.SILENCED),
        ("so is one that was open before", told(hours_ago=9), SPIKE, SILENT, Reason.SILENCED),
        ("a silence ends at its end, exclusive", None, SPIKE, SILENT_UNTIL_NOW, Reason.OPENED),
        ("a silence's end during a spike opens it", UNTOLD, SPIKE, (), Reason.OPENED),
        ("an incident may end during a silence", spiked(hours_ago=2), None, SILENT, Reason.RESOLVED),
        ("an acknowledged one still repeats", told(hours_ago=5, acknowledged_at=NOW), SPIKE, (), Reason.REPEAT),
    ],
)
def test_next_step(why, open_, found, silences, want):
    assert next_step(open_, found, silences, now=NOW, rule=RULE) is want, why


@pytest.mark.parametrize(
    ("why", "hours_ago", "want"),
    [
        ("where we cannot see, two quiet hours mean nothing", 2, Reason.CALM),
        ("nor does most of a day", 2 * BLIND_CALM - 1, Reason.CALM),
        ("but a source that never returns does not keep it open for ever", 2 * BLIND_CALM, Reason.RESOLVED),
    ],
)
def test_blindness_is_not_calm(why, hours_ago, want):
    assert next_step(spiked(hours_ago=hours_ago), None, (), now=NOW, rule=RULE, blind=True) is want, why


def step(open_, found, *, now=NOW, silences=()):
    reason = next_step(open_, found, silences, now=now, rule=RULE)
    return reason, changed(open_, reason, found, kind=KIND, subject=SUBJECT, now=now)


def test_opening_writes_what_was_found():
    _, opened = step(None, SPIKE)
    assert (opened.observed, opened.expected, opened.p_value, opened.peak_observed) == (20, 2.0, 1e-9, 20)
    assert (opened.since, opened.opened_at, opened.told, opened.last_told_at) == (SPIKE.since, NOW, 1, NOW)
    assert last_step(opened) is Reason.OPENED


@pytest.mark.parametrize(
    ("why", "found", "want"),
    [
        ("a more unlikely window becomes what is told", replace(SPIKE, observed=30, p_value=1e-12), (30, 1e-12, 30)),
        ("a weaker one does not", replace(SPIKE, observed=9, p_value=1e-5), (20, 1e-9, 20)),
        (
            "more posts in a longer, less unlikely window are the peak",
            replace(SPIKE, observed=40, p_value=1e-5),
            (20, 1e-9, 40),
        ),
    ],
)
def test_the_strongest_window_is_remembered(why, found, want):
    _, opened = step(None, SPIKE)
    _, after = step(opened, found, now=NOW + HOUR)
    assert (after.observed, after.p_value, after.peak_observed) == want, why
    assert after.last_spike_at == NOW + HOUR


def test_the_same_moment_twice_writes_nothing():
    _, opened = step(None, SPIKE)
    assert step(opened, SPIKE) == (Reason.ONGOING, None)
    _, calm = step(opened, None, now=NOW + HOUR)
    assert step(calm, None, now=NOW + HOUR) == (Reason.CALM, None)
    _, quiet = step(None, SPIKE, silences=SILENT)
    assert step(quiet, SPIKE, silences=SILENT) == (Reason.SILENCED, None)


def test_nobody_is_told_the_end_of_what_nobody_was_told():
    _, kept = step(None, SPIKE, silences=SILENT)
    assert kept.told == 0
    reason, over = step(kept, None, now=NOW + 2 * HOUR)
    assert (reason, over.told, over.resolved_at) == (Reason.RESOLVED, 0, NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("before", "reason", "want"),
    [
        (None, Reason.OPENED, True),
        (Reason.OPENED, Reason.ONGOING, False),
        (Reason.ONGOING, Reason.ONGOING, False),
        (Reason.ONGOING, Reason.CALM, True),
        (Reason.CALM, Reason.CALM, False),
        (Reason.CALM, Reason.ONGOING, True),
        (Reason.REPEAT, Reason.REPEAT, True),
        (None, Reason.SILENCED, True),
        (Reason.SILENCED, Reason.SILENCED, False),
    ],
)
def test_the_story_holds_changes_not_ticks(before, reason, want):
    assert worth_noting(before, reason) is want


def silence(start_h: float, end_h: float) -> Silence:
    return make_silence(starts_at=NOW + start_h * HOUR, ends_at=NOW + end_h * HOUR)


@pytest.mark.parametrize(
    ("why", "silences", "hours"),
    [
        ("none", (), None),
        ("over", (silence(-2, -1),), None),
        ("in force", (silence(-1, 1),), 1),
        ("the longer one counts", (silence(-1, 1), silence(-1, 3)), 3),
        ("one that follows without a gap", (silence(1, 4), silence(-1, 1)), 4),
        ("one after a gap does not", (silence(2, 4), silence(-1, 1)), 1),
    ],
)
def test_quiet_until(why, silences, hours):
    want = None if hours is None else NOW + hours * HOUR
    assert quiet_until(silences, now=NOW) == want, why


class Life(RuleBasedStateMachine):
    """A store of one subject, ticked through any weather; the clock stands still at times, as a re-run's does."""

    @initialize()
    def begin(self) -> None:
        self.now, self.open, self.silenced_until = NOW, None, NOW
        self.said: list[tuple[Reason, object, str]] = []
        self.refs: set[str] = set()

    @rule(minutes=st.sampled_from([0, 5, 30, 115, 120, 240]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(hours=st.integers(1, 6))
    def somebody_silences(self, hours):
        self.silenced_until = self.now + hours * HOUR

    @rule(p=st.sampled_from([1e-5, 1e-9, 1e-30]), n=st.integers(8, 90))
    def spike(self, p, n):
        self.tick(replace(SPIKE, since=self.now - HOUR, observed=n, p_value=p))

    @rule()
    def no_spike(self):
        self.tick(None)

    @precondition(lambda self: self.open is not None)
    @rule()
    def long_calm(self):
        self.now = max(self.now, self.open.last_spike_at + RULE.calm)
        self.tick(None)
        assert self.open is None, "calm long enough must end it"

    def tick(self, found):
        silences = (make_silence(starts_at=NOW, ends_at=self.silenced_until),) if self.silenced_until > NOW else ()
        silent = any(s.starts_at <= self.now < s.ends_at for s in silences)
        before = self.open
        reason = next_step(before, found, silences, now=self.now, rule=RULE)
        after = changed(before, reason, found, kind=KIND, subject=SUBJECT, now=self.now)
        if reason is Reason.OPENED:
            assert found and not silent and (before is None or before.told == 0)
        if reason is Reason.RESOLVED:
            assert found is None and self.now - before.last_spike_at >= RULE.calm
        if reason is Reason.REPEAT:
            assert found and not silent and self.now - before.last_told_at >= RULE.repeat
        if after is not None:
            if reason in TOLD and after.told > 0:
                self.said.append((reason, self.now, f"{ref_of(after)}.{after.told}.{reason}"))
            self.open = (
                None if after.resolved_at else replace(after, id=1, version=(before.version if before else 0) + 1)
            )
        # The same tick again, as after a kill that came once everything was written.
        again = next_step(self.open, found, silences, now=self.now, rule=RULE)
        assert changed(self.open, again, found, kind=KIND, subject=SUBJECT, now=self.now) is None

    @invariant()
    def keys_are_never_used_twice(self):
        keys = [key for _, _, key in self.said]
        assert len(keys) == len(set(keys))

    @invariant()
    def opened_then_repeats_then_one_end(self):
        live = False
        for reason, _, _ in self.said:
            assert live is (reason is not Reason.OPENED)
            live = reason is not Reason.RESOLVED


TestLife = Life.TestCase
