"""The formulas people read, against values worked out by hand or published, and their edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tingfeng import measures as m
from tingfeng.measures import Interval

NPS = st.lists(st.integers(0, 10), min_size=1, max_size=300)
CSAT = st.lists(st.integers(1, 5), min_size=1, max_size=300)


@pytest.mark.parametrize(
    ("why", "positive", "negative", "total", "want"),
    [
        ("no mentions have no sentiment", 0, 0, 0, None),
        ("neutral ones count in the total", 3, 1, 10, 0.2),
        ("all negative", 0, 7, 7, -1.0),
        ("only neutral", 0, 0, 5, 0.0),
    ],
)
def test_net_sentiment(why, positive, negative, total, want):
    assert m.net_sentiment(positive, negative, total) == want, why


@pytest.mark.parametrize(
    ("counts", "want"),
    [
        ({"云雀": 3, "海燕": 1}, {"云雀": 0.75, "海燕": 0.25}),
        ({"云雀": 0, "海燕": 0}, {"云雀": 0.0, "海燕": 0.0}),
        ({}, {}),
    ],
)
def test_share_of_voice(counts, want):
    assert m.share_of_voice(counts) == want


@pytest.mark.parametrize(
    ("why", "ratings", "want"),
    [
        ("no answer is not a score of 0", [], None),
        ("7 and 8 are neither", [7, 8], 0.0),
        ("9 and 10 promote", [9, 10, 8, 7], 50.0),
        ("6 and below detract", [6, 0, 9, 8], -25.0),
        ("all detract", [0] * 5, -100.0),
        ("all promote", [10] * 5, 100.0),
    ],
)
def test_nps(why, ratings, want):
    assert m.nps(ratings) == want, why


def test_nps_interval_by_hand():
    """46 promoters, 20 passives, 22 detractors: +3 answers, ±1.96·√((p+d−(p−d)²)/n)."""
    found = m.nps_interval([10] * 46 + [8] * 20 + [3] * 22)
    up, down, n = 46.75 / 91, 22.75 / 91, 91
    half = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / n)
    assert found.low == pytest.approx(100 * (up - down - half), abs=1e-4)
    assert found.high == pytest.approx(100 * (up - down + half), abs=1e-4)


@pytest.mark.parametrize(
    ("why", "ratings", "want"),
    [
        ("no answer", [], None),
        ("4 and 5 are satisfied", [5, 4, 3, 2], 50.0),
        ("3 is not", [3], 0.0),
        ("all", [4, 4, 5], 100.0),
    ],
)
def test_csat_top2(why, ratings, want):
    assert m.csat_top2(ratings) == want, why


@pytest.mark.parametrize(
    ("why", "hits", "n", "want"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score, no continuity correction).
        ("81 of 263", 81, 263, Interval(low=0.2553, high=0.3662)),
        ("15 of 148", 15, 148, Interval(low=0.0624, high=0.1605)),
        ("none of 20", 0, 20, Interval(low=0.0, high=0.1611)),
        ("1 of 29", 1, 29, Interval(low=0.0061, high=0.1718)),
    ],
)
def test_wilson_as_published(why, hits, n, want):
    found = m.wilson(hits, n)
    assert (found.low, found.high) == pytest.approx((want.low, want.high), abs=5e-5), why


def test_intervals_of_nothing():
    assert m.wilson(0, 0) is None and m.nps_interval([]) is None and m.csat_top2_interval([]) is None


@given(NPS)
def test_nps_lies_within_its_bounds(ratings):
    score, interval = m.nps(ratings), m.nps_interval(ratings)
    assert -100 <= score <= 100
    assert -100 <= interval.low < interval.high <= 100


@given(CSAT)
def test_csat_lies_within_its_interval(ratings):
    score, interval = m.csat_top2(ratings), m.csat_top2_interval(ratings)
    assert 0 <= interval.low <= score <= interval.high <= 100


@given(NPS)
def test_more_of_the_same_answers_narrow_the_interval(ratings):
    one, four = m.nps_interval(ratings), m.nps_interval(ratings * 4)
    assert four.high - four.low < one.high - one.low


@pytest.mark.parametrize(
    ("why", "call"),
    [
        ("NPS above 10", lambda: m.nps([11])),
        ("NPS below 0", lambda: m.nps_interval([-1])),
        ("CSAT of 0", lambda: m.csat_top2([0])),
        ("CSAT of 6", lambda: m.csat_top2_interval([6])),
        ("CES of 8", lambda: m.ces_mean([8])),
        ("more parts than the whole", lambda: m.net_sentiment(3, 3, 5)),
        ("a negative count", lambda: m.share_of_voice({"云雀": -1})),
        ("more lost than there were", lambda: m.churn_rate(3, 4)),
        ("more kept than there were", lambda: m.retention_rate(3, 4, 0)),
        ("an endless customer", lambda: m.clv(10, 1, 0)),
        ("more hits than tries", lambda: m.wilson(3, 2)),
    ],
)
def test_what_cannot_be_is_refused(why, call):
    with pytest.raises(ValueError):
        call()


def test_ces_churn_retention():
    assert m.ces_mean([]) is None and m.ces_mean([7, 4, 1]) == 4.0
    assert m.churn_rate(0, 0) is None and m.churn_rate(200, 30) == 0.15
    assert m.retention_rate(0, 5, 5) is None and m.retention_rate(200, 190, 20) == 0.85


@pytest.mark.parametrize(
    ("why", "margin", "retention", "discount", "want"),
    [
        ("80 % stay at 10 %: 2.67 margins (Gupta & Lehmann 2003, table 1)", 1, 0.8, 0.10, 2.67),
        ("90 % at 10 %: 4.50", 1, 0.9, 0.10, 4.50),
        ("60 % at 16 %: 1.07", 1, 0.6, 0.16, 1.07),
        ("nobody stays", 100, 0.0, 0.1, 0.0),
    ],
)
def test_clv(why, margin, retention, discount, want):
    assert m.clv(margin, retention, discount) == pytest.approx(want, abs=0.005), why


@pytest.mark.parametrize(
    ("why", "light", "heavy"),
    [
        ("not told counts as none", {}, {"likes": 1}),
        ("followers by orders of magnitude", {"followers": 1_000}, {"followers": 10_000_000}),
        ("acting readers outweigh possible ones", {"followers": 10_000_000}, {"reposts": 5_000}),
    ],
)
def test_reach_weight(why, light, heavy):
    assert 1 <= m.reach_weight(**light) < m.reach_weight(**heavy), why


def test_reach_weight_survives_nonsense():
    assert m.reach_weight(followers=-5, likes=-1) == 1.0


def test_log_odds_names_what_grew():
    before = {"排队": 200, "好喝": 300, "起火": 1, "贵": 100}
    now = {"排队": 12, "好喝": 2, "起火": 40, "贵": 6, "召回": 1}
    z = m.log_odds(now, before)
    assert max(z, key=z.get) == "起火" and z["起火"] > 5
    assert z["好喝"] < -3 and abs(z["贵"]) < 2
    assert 0 < z["召回"] < 2, "seen once: it may be luck"


@pytest.mark.parametrize(("now", "before"), [({}, {}), ({"a": 1}, {}), ({}, {"a": 1}), ({"a": 0}, {"a": 3})])
def test_log_odds_of_nothing(now, before):
    assert m.log_odds(now, before) == {}


def test_log_odds_of_the_only_term_there_is():
    # 500 / 217 · 217 is a hair below 500 in floating point: once a division by zero.
    assert m.log_odds({"甲": 1}, {"甲": 216}) == {}


@given(
    st.dictionaries(st.sampled_from("甲乙丙丁戊"), st.integers(0, 1000), max_size=5),
    st.dictionaries(st.sampled_from("甲乙丙丁戊"), st.integers(0, 1000), max_size=5),
)
def test_log_odds_is_antisymmetric_and_finite(now, before):
    there, back = m.log_odds(now, before), m.log_odds(before, now)
    assert all(math.isfinite(z) for z in there.values())
    for term in set(there) & set(back):
        assert there[term] == pytest.approx(-back[term])
