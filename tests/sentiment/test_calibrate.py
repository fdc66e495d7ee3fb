from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.calibrate import Features, features, fit, judge, probabilities
from sentiment.evidence import Sums
from tingfeng.model import Label

EVEN = ((0.0,) * 5, (0.0,) * 5)
LEANING = ((0.0, -1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0))  # the further from 0, the less neutral


@pytest.mark.parametrize(
    ("why", "sums", "want"),
    [
        ("leans to positive", Sums(9.0, 0.0, 9), Label.POSITIVE),
        ("leans to negative", Sums(-9.0, 0.0, 9), Label.NEGATIVE),
        ("leans nowhere: shared, hence neutral", Sums(0.0, 0.0, 9), Label.NEUTRAL),
        ("no telling word", Sums(-0.1, 0.0, 0), Label.NEUTRAL),
    ],
)
def test_label_is_the_likeliest(why: str, sums: Sums, want: Label) -> None:
    verdict = judge(sums, LEANING)
    assert verdict.label is want, why


@given(
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
    st.integers(0, 100_000),
)
def test_probabilities_add_up(positive: float, neutral: float, known: int) -> None:
    chances = probabilities(features(Sums(positive, neutral, known)), LEANING)
    assert math.isclose(sum(chances), 1, abs_tol=1e-12)
    assert min(chances) >= 0


def test_fit_is_the_most_likely() -> None:
    """At the maximum each feature, weighted by what was guessed, sums to what it sums to weighted by what was true."""
    rng = random.Random(7)
    truth = ((-0.5, -1.2, 0.3, -0.8, 0.1), (0.2, 1.0, 0.4, -0.6, 0.0))
    rows: list[Features] = [features(Sums(rng.gauss(0, 6), rng.gauss(0, 4), rng.randrange(1, 60))) for _ in range(500)]
    labels = [rng.choices(list(Label), probabilities(x, truth))[0] for x in rows]
    found = fit(rows, labels)
    guesses = [probabilities(x, found) for x in rows]
    for at, label in ((0, Label.NEGATIVE), (2, Label.POSITIVE)):
        for feature in range(5):
            guessed = sum(g[at] * x[feature] for g, x in zip(guesses, rows, strict=True))
            true = sum(x[feature] for x, said in zip(rows, labels, strict=True) if said is label)
            assert guessed == pytest.approx(true, abs=0.5)


def test_fit_is_even_where_nothing_is_to_be_learnt() -> None:
    rows = [features(Sums(0.0, 0.0, 0))] * 3
    assert probabilities(rows[0], fit(rows, list(Label))) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_fit_stays_finite_where_the_labels_part_cleanly() -> None:
    rows = [features(Sums(x, 0.0, 4)) for x in (-9.0, -8.0, 0.0, 0.1, 8.0, 9.0)]
    labels = [Label.NEGATIVE, Label.NEGATIVE, Label.NEUTRAL, Label.NEUTRAL, Label.POSITIVE, Label.POSITIVE]
    coefficients = fit(rows, labels)
    assert all(map(math.isfinite, (c for row in coefficients for c in row)))
    assert [judge(Sums(x, 0.0, 4), coefficients).label for x in (-9.0, 0.0, 9.0)] == list(Label)
