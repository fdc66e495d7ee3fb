"""Incidents: one open per subject, no change lost or made twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from store import incidents
from store.database import Database
from store.incidents import IncidentStats
from tests.support.factories import NOW, make_incident
from tingfeng.errors import StoreError
from tingfeng.model import Incident, IncidentKind, Reason

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def opened(db: Database, **overrides: object) -> Incident:
    with db.write() as s:
        return incidents.insert(s, make_incident(**overrides))


def test_an_incident_from_opened_to_resolved(db: Database) -> None:
    first = opened(db, evidence={"词": ["起火"], "ids": [1, 2]})
    with db.write() as s:
        assert incidents.open_one(s, first.kind, first.subject) == incidents.get(s, first.id) == first
        incidents.add_step(s, first, at=NOW, reason=Reason.OPENED)
        later = incidents.update(s, first, last_spike_at=NOW + HOUR, observed=30, peak_observed=30)
        incidents.add_step(s, later, at=NOW + HOUR, reason=Reason.REPEAT)
        done = incidents.update(s, later, resolved_at=NOW + 3 * HOUR)
        assert incidents.open_one(s, first.kind, first.subject) is None
        assert incidents.get(s, first.id) == done
        story = incidents.steps(s, first.id)
    assert (first.version, later.version, done.version) == (1, 2, 3)
    assert (later.observed, done.observed, done.evidence) == (30, 30, {"词": ["起火"], "ids": [1, 2]})
    assert [(x.at, x.reason, x.observed) for x in story] == [(NOW, Reason.OPENED, 20), (NOW + HOUR, Reason.REPEAT, 30)]


def test_only_one_is_open_per_kind_and_subject(db: Database) -> None:
    first = opened(db)
    with pytest.raises(StoreError, match="open already"):
        opened(db)
    opened(db, subject="夜莺")
    opened(db, kind=IncidentKind.FRESHNESS)
    with db.write() as s:
        incidents.update(s, first, resolved_at=NOW + HOUR)
    assert opened(db, opened_at=NOW + 2 * HOUR).id != first.id


def test_the_second_of_two_writers_is_told(db: Database) -> None:
    first = opened(db)
    with db.write() as s:
        incidents.update(s, first, told=2)
    with pytest.raises(StoreError, match="somebody else"), db.write() as s:
        incidents.update(s, first, acknowledged_at=NOW)
    with db.read() as s:
        assert incidents.get(s, first.id).acknowledged_at is None


def test_two_watchers_open_one_incident(db: Database) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def watch() -> None:
        start.wait()
        try:
            opened(db)
        except StoreError:
            outcomes.append("lost")
        else:
            outcomes.append("won")

    threads = [threading.Thread(target=watch) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(outcomes) == ["lost", "won"]


def test_unknown_ids_are_errors(sqlite_db: Database) -> None:
    with sqlite_db.read() as s:
        with pytest.raises(StoreError, match="no incident 7"):
            incidents.get(s, 7)
        assert incidents.steps(s, 7) == []


def test_between_finds_whatever_was_open_at_some_moment(db: Database) -> None:
    spans = {
        "before": (-9, -8),
        "into": (-3, 1),
        "within": (1, 2),
        "out of": (5, 99),
        "around": (-5, 99),
        "after": (7, 8),
    }
    for subject, (since, until) in spans.items():
        opened(db, subject=subject, opened_at=NOW + since * HOUR, resolved_at=NOW + until * HOUR)
    opened(db, subject="still open", opened_at=NOW - 4 * HOUR)
    opened(db, subject="within", kind=IncidentKind.FRESHNESS, opened_at=NOW + HOUR, resolved_at=NOW + 2 * HOUR)
    with db.read() as s:
        found = incidents.between(s, NOW, NOW + 6 * HOUR)
        one = incidents.between(s, NOW, NOW + 6 * HOUR, "within", IncidentKind.NEGATIVE_SPIKE)
        figures = incidents.stats(s, NOW, NOW + 6 * HOUR)
        none = incidents.stats(s, NOW, NOW + HOUR, "nobody")
    assert [i.subject for i in found] == ["around", "still open", "into", "within", "within", "out of"]
    assert [i.kind for i in one] == [IncidentKind.NEGATIVE_SPIKE]
    assert figures == IncidentStats(total=6, opened=3, resolved=3, open=3, told=6, mean_minutes=120.0)
    assert none == IncidentStats(total=0, opened=0, resolved=0, open=0, told=0, mean_minutes=None)
