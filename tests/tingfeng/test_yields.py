"""Too little to be true: silence against learnt rates, poor pages against those of the past."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.brands import CALM, PER_DAY, START, WILD, brand, seen
from tingfeng.clock import BUCKET
from tingfeng.model import Series
from tingfeng.tails import log_negative_binomial_none, negative_binomial_tail
from tingfeng.yields import Rates, Seen, judge_gap, judge_pages

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOW = START + timedelta(days=28)


def even(per_hour: float, *, days: int = 28, until: datetime = NOW) -> Series:
    """A source that never sleeps: as many mentions in every hour, spread evenly."""
    n = days * PER_DAY
    total = tuple(int((i + 1) * per_hour / 12) - int(i * per_hour / 12) for i in range(n))
    return Series(brand="云雀", source="weibo", start=until - n * BUCKET, negative=total, total=total)


def looks(found: int, n: int = 40, *, lag: timedelta = 2 * MINUTE) -> list[Seen]:
    return [
        Seen(at=NOW - (i + 1) * 10 * MINUTE, found=found, newest=NOW - (i + 1) * 10 * MINUTE - lag) for i in range(n)
    ]


@pytest.mark.parametrize(("per_hour", "since"), [(0.5, 48 * HOUR), (6, 3 * HOUR), (120, 10 * MINUTE)])
def test_rates_are_learnt(per_hour, since):
    rates = Rates.learn(even(per_hour))
    assert rates is not None
    assert rates.expected(NOW, NOW + since) == pytest.approx(per_hour * (since / HOUR), rel=0.05)


@pytest.mark.parametrize(
    ("why", "past"),
    [
        ("a day is too little", even(10, days=1)),
        ("too few mentions to expect any", even(0.02)),
        (
            "nothing was ever seen",
            Series(brand="b", source="s", start=START, negative=(None,) * 8064, total=(None,) * 8064),
        ),
        ("no past at all", Series(brand="b", source="s", start=START, negative=(), total=())),
    ],
)
def test_before_much_was_seen_nothing_is_expected(why, past):
    assert Rates.learn(past) is None, why


def test_nights_are_quieter_than_evenings():
    rates = Rates.learn(seen(brand(random.Random(3), 480, 28, CALM), 28 * PER_DAY))
    assert rates is not None
    day = [rates.expected(NOW + h * HOUR, NOW + (h + 1) * HOUR) for h in range(24)]
    assert min(day) < max(day) / 4


def test_a_storm_is_nobodys_expectation():
    calm = even(6)
    storm = [n + 40 if 4000 <= i < 4400 else n for i, n in enumerate(calm.total)]
    rates = Rates.learn(Series(brand="b", source="s", start=calm.start, negative=tuple(storm), total=tuple(storm)))
    assert rates is not None and rates.expected(NOW, NOW + HOUR) < 9


def test_a_fallen_level_is_believed():
    calm = even(12)
    less = [n if i < 27 * PER_DAY or i % 24 == 0 else 0 for i, n in enumerate(calm.total)]
    rates = Rates.learn(Series(brand="b", source="s", start=calm.start, negative=tuple(less), total=tuple(less)))
    assert rates is not None and rates.expected(NOW, NOW + HOUR) < 2


def test_wild_sources_are_believed_longer():
    calm, wild = (Rates.learn(seen(brand(random.Random(3), 480, 28, h), 28 * PER_DAY)) for h in (CALM, WILD))
    assert calm is not None and wild is not None
    assert wild.dispersion > calm.dispersion and wild.chance_of_none(12) > 10 * calm.chance_of_none(12)


@pytest.mark.parametrize(
    ("why", "per_hour", "silent", "doubted"),
    [
        ("forty an hour, ten minutes without: may happen", 40, 10 * MINUTE, False),
        ("forty an hour, half an hour without", 40, 40 * MINUTE, True),
        ("a quiet brand, a whole day without", 0.2, 24 * HOUR, False),
        ("a quiet brand, four days without", 0.2, 96 * HOUR, True),
    ],
)
def test_gaps(why, per_hour, silent, doubted):
    rates = Rates.learn(even(per_hour))
    now = Seen(at=NOW + silent, found=10, newest=NOW)
    doubt = judge_gap("云雀", now, looks(10), rates, p=1e-4)
    assert (doubt is not None) is doubted, why
    if doubt:
        assert (doubt.name, doubt.seen, doubt.since) == ("suspicious_silence", 0, NOW)
        assert doubt.expected == pytest.approx(per_hour * (silent / HOUR), rel=0.1) and doubt.p < 1e-4


def test_a_listing_that_always_lags_is_not_doubted_for_its_lag():
    rates, now = Rates.learn(even(40)), Seen(at=NOW + 40 * MINUTE, found=10, newest=NOW)
    assert judge_gap("q", now, looks(10, lag=25 * MINUTE), rates, p=1e-4) is None
    assert judge_gap("q", now, looks(10, n=5), rates, p=1e-4) is None, "too few runs to know its lag"
    assert judge_gap("q", now, looks(10), None, p=1e-4) is None


@pytest.mark.parametrize(
    ("why", "past", "found", "name"),
    [
        ("always ten, now none", looks(10), 0, "suspicious_silence"),
        ("always ten, now one", looks(10), 1, "last_page_only"),
        ("always ten, now ten", looks(10), 10, None),
        ("a shorter window holds less, but a page is a page", looks(60), 10, None),
        ("a young source", looks(10, n=19), 0, None),
        ("a quiet search", looks(2), 0, None),
        ("a feed whose entries drop out one by one", looks(3, n=10) + looks(30, n=30), 0, None),
        ("it was empty before", [*looks(10, n=12), Seen(at=NOW, found=0, newest=None), *looks(10, n=200)], 0, None),
    ],
)
def test_pages(why, past, found, name):
    doubt = judge_pages("云雀/云雀", Seen(at=NOW, found=found, newest=None), past)
    assert (doubt and doubt.name) == name, why


@given(st.floats(0, 1e4), st.floats(0, 5))
def test_no_mention_is_what_at_least_one_is_not(mean, dispersion):
    none = math.exp(log_negative_binomial_none(mean, dispersion))
    assert 0 <= none <= 1
    assert none == pytest.approx(1 - negative_binomial_tail(1, mean, dispersion), abs=1e-9)


def test_a_count_cannot_be_negative():
    for mean, dispersion in ((-1, 0), (1, -1)):
        with pytest.raises(ValueError, match="negative"):
            log_negative_binomial_none(mean, dispersion)
