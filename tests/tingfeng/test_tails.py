"""Count tails against scipy, and beyond where scipy's or a float's 1 − cdf can go."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tingfeng.tails import (
    dispersion,
    log_negative_binomial_tail,
    log_poisson_tail,
    negative_binomial_tail,
    poisson_tail,
)

special = pytest.importorskip("scipy.special", reason="scipy is in the dev group")

MEANS = st.floats(1e-4, 1e3)
COUNTS = st.integers(0, 5_000)
DISPERSIONS = st.floats(1e-4, 20)
SMALLEST = 1e-290  # below this a float loses digits, and scipy's answer with it


@given(COUNTS, MEANS)
def test_poisson_tail_agrees_with_scipy(k, mean):
    want = special.gammainc(k, mean) if k else 1.0  # P(X ≥ k) = P(k, mean), DLMF 8.4.9
    assume(want > SMALLEST)
    assert poisson_tail(k, mean) == pytest.approx(want, rel=1e-9)


@given(COUNTS, MEANS, DISPERSIONS)
def test_negative_binomial_tail_agrees_with_scipy(k, mean, a):
    r = 1 / a
    want = special.betainc(k, r, mean / (r + mean)) if k else 1.0
    assume(want > SMALLEST)
    assert negative_binomial_tail(k, mean, a) == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize(("why", "k", "mean"), [("1 − cdf would be 0", 60, 5.0), ("rarer than any float", 5_000, 2.0)])
def test_far_tails_stay_exact(why, k, mean):
    """Against the sum itself, with 50 digits."""
    getcontext().prec = 50
    term = (Decimal(mean) ** k) * Decimal(-mean).exp() / Decimal(math.factorial(k))
    total = Decimal(0)
    for j in range(k + 1, k + 400):
        total += term
        term *= Decimal(mean) / j
    assert log_poisson_tail(k, mean) == pytest.approx(float(total.ln()), rel=1e-12), why


@pytest.mark.parametrize(
    ("why", "got", "want"),
    [
        ("at least none: certain", log_poisson_tail(0, 3.0), 0.0),
        ("of nothing nothing comes", log_poisson_tail(1, 0.0), -math.inf),
        ("… nor if overdispersed", log_negative_binomial_tail(1, 0.0, 2.0), -math.inf),
        ("too rare for a float", poisson_tail(10_000, 1.0), 0.0),
        ("without overdispersion it is Poisson", log_negative_binomial_tail(9, 2.0, 0.0), log_poisson_tail(9, 2.0)),
    ],
)
def test_edges(why, got, want):
    assert got == want, why


@given(st.integers(1, 500), MEANS, DISPERSIONS)
def test_tails_are_ordered(k, mean, a):
    tail = log_negative_binomial_tail(k, mean, a)
    assert tail <= 0
    assert log_negative_binomial_tail(k + 1, mean, a) <= tail + 1e-12
    assert log_negative_binomial_tail(k, mean * 1.5, a) >= tail - 1e-12
    if k > mean + 1:
        assert log_poisson_tail(k, mean) <= log_negative_binomial_tail(k, mean, 1e-7) + 1e-6


@pytest.mark.parametrize(
    ("why", "call"),
    [
        ("a negative mean", lambda: log_poisson_tail(3, -1.0)),
        ("a negative dispersion", lambda: log_negative_binomial_tail(3, 1.0, -0.1)),
    ],
)
def test_what_cannot_be_is_refused(why, call):
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize(
    ("why", "pairs", "want"),
    [
        ("no evidence", [], 0.0),
        ("nothing expected, nothing known", [(0, 0.0)], 0.0),
        ("less restless than Poisson is not less than none", [(5, 5.0)] * 9, 0.0),
        ("by hand: ((9−4)² − 4 + (0−4)² − 4) / (16 + 16)", [(9, 4.0), (0, 4.0)], 33 / 32),
    ],
)
def test_dispersion(why, pairs, want):
    assert dispersion(pairs) == pytest.approx(want), why
