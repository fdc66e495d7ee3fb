"""`tingfeng alerts replay`: one score per row, no look-ahead, one alert per episode; errors name the line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.episode import News, Pace, Told, news
from alerts.replay import Replay, rows_of
from tests.alerts.test_cores import DAY, usual
from tingfeng.errors import ImportFileError

START = datetime(2026, 1, 5, 0, 2, 53, tzinfo=UTC)
HEAD = "timestamp,value"


def lines(counts, *, without=()):
    at = (START.replace(tzinfo=None) + i * timedelta(minutes=5) for i in range(len(counts)))
    return [HEAD] + [f"{t},{n}" for i, (t, n) in enumerate(zip(at, counts, strict=True)) if i not in without]


def scores(text):
    return [score for _, score in Replay().scores(rows_of(text, name="x.csv"))]


@pytest.mark.parametrize(
    ("why", "told", "strength", "want"),
    [
        ("nothing was told", None, 1.0, News.OPEN),
        ("told an hour ago, as strong", Told(START, 2.0), 4.9, News.ONGOING),
        ("told an hour ago, much stronger now", Told(START, 2.0), 5.0, News.ESCALATE),
        ("told a day ago", Told(START - timedelta(hours=23), 2.0), 1.0, News.OPEN),
    ],
)
def test_news(why, told, strength, want):
    assert news(told, strength, now=START + timedelta(hours=1), pace=Pace()) is want, why


def test_a_spike_is_alerted_once_and_again_when_it_is_much_worse():
    counts = usual(10)
    counts[9 * DAY : 9 * DAY + 12] = [30] * 3 + [12] * 9
    alerts = [i for i, score in enumerate(scores(lines(counts))) if score >= 0.5]
    assert len(alerts) == 1
    assert 9 * DAY <= alerts[0] < 9 * DAY + 3
    counts[9 * DAY + 6 : 9 * DAY + 12] = [200] * 6
    more = [i for i, score in enumerate(scores(lines(counts))) if score >= 0.5]
    assert more[0] == alerts[0]
    assert len(more) >= 2


@settings(max_examples=10, deadline=None)
@given(wild=st.lists(st.integers(0, 10**7) | st.just(""), min_size=1, max_size=30), cut=st.integers(1, 40))
def test_the_first_rows_alone_give_the_same_scores(wild, cut):
    text = lines([*usual(3), *wild, *usual(1, seed=2)])
    whole = scores(text)
    assert len(whole) == len(text) - 1
    assert all(0 <= score <= 1 for score in whole)
    assert scores(text[: 3 * DAY + cut]) == whole[: 3 * DAY + cut - 1]


def test_scores_come_while_rows_do():
    endless = iter([*lines(usual(1))[:50], "not a row"])
    assert len(list(islice(Replay().scores(rows_of(endless, name="-")), 49))) == 49


def test_missing_rows_and_empty_values_are_the_same_blindness():
    counts = usual(10)
    gone = range(8 * DAY, 8 * DAY + 150)
    empty = ["" if i in gone else n for i, n in enumerate(counts)]
    left_out = scores(lines(counts, without=gone))
    assert left_out == [score for i, score in enumerate(scores(lines(empty))) if i not in gone]
    assert max(left_out) < 0.5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ([], "x.csv:1: expected the header"),
        (["time,count"], "x.csv:1: expected the header 'timestamp,value', got 'time,count'"),
        ([HEAD, "2026-01-05 00:00:00,1,2"], "x.csv:2: expected two cells"),
        ([HEAD, "yesterday,1"], "x.csv:2: expected a time such as"),
        ([HEAD, "2026-01-05,1", "2026-01-06,many"], "x.csv:3: expected a count from 0 to"),
        ([HEAD, "2026-01-05,-1"], "x.csv:2: expected a count"),
        ([HEAD, "2026-01-05,nan"], "x.csv:2: expected a count"),
        ([HEAD, "2026-01-05,1", "2026-01-05,1"], "x.csv:3: 2026-01-05 is not after the row before"),
        ([HEAD, "2026-01-05,1", "2026-01-06T00:00+08:00,1"], "x.csv:3:"),
        ([HEAD, '2026-01-05,"1'], "not CSV"),
        ([HEAD, "2026-01-05,1", "2026-01-06,1"], "1 day, 0:00:00 apart"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, says):
    with pytest.raises(ImportFileError) as e:
        scores(text)
    assert says in str(e.value)
