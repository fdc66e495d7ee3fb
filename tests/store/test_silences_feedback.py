"""Silences and survey answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from store import feedback, silences
from store.database import Database
from tests.support.factories import NOW, make_response, make_silence
from tingfeng.errors import StoreError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_silence_is_active_from_its_start_until_its_end(db: Database) -> None:
    with db.write() as s:
        one = silences.add(s, make_silence())
        every = silences.add(s, make_silence(brand=None, starts_at=NOW + HOUR))
        assert one.id is not None
        active = [[x.id for x in silences.active(s, at=NOW + h * HOUR)] for h in (-1, 0, 1, 2)]
        assert active == [[], [one.id], [one.id, every.id], []]
        assert silences.all(s) == [one, every]


def test_a_silence_can_be_lifted_once(db: Database) -> None:
    with db.write() as s:
        one = silences.add(s, make_silence())
        assert one.id is not None
        assert silences.end(s, one.id, now=NOW + HOUR)
        assert not silences.end(s, one.id, now=NOW + HOUR)
        assert silences.active(s, at=NOW + HOUR) == []


def test_a_silence_must_last(sqlite_db: Database) -> None:
    with pytest.raises(StoreError, match="end after it begins"), sqlite_db.write() as s:
        silences.add(s, make_silence(ends_at=NOW))


def test_answers_are_imported_once(db: Database) -> None:
    one, two = make_response(), make_response(nps=None, csat=None, comment="坏\x00了", segment="老客户")
    with db.write() as s:
        assert feedback.add(s, [one, one, two], now=NOW) == 2
        assert feedback.add(s, [one, two], now=NOW + DAY) == 0
        found = feedback.ratings(s, "云雀", NOW - 2 * DAY, NOW)
    assert [r.comment for r in found] == [one.comment, "坏\ufffd了"]
    assert found[0] == one


def test_ratings_are_of_a_brand_and_a_period(db: Database) -> None:
    with db.write() as s:
        feedback.add(s, [make_response(answered_at=NOW + d * DAY, row_key=str(d)) for d in (2, 0, 1)], now=NOW)
        feedback.add(s, [make_response(brand="夜莺", answered_at=NOW)], now=NOW)
        found = feedback.ratings(s, "云雀", NOW, NOW + 2 * DAY)
    assert [r.row_key for r in found] == ["0", "1"]


def test_naive_answers_are_refused(db: Database) -> None:
    with pytest.raises(ValueError, match="naive"), db.write() as s:
        feedback.add(s, [make_response(answered_at=datetime(2026, 11, 1))], now=NOW)  # noqa: DTZ001
