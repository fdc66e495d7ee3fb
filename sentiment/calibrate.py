"""From sums of log-odds to three honest probabilities.

Naive Bayes counts every word as if it were independent of the others, so it is far too sure of itself, the more so the
longer the text; and it has no neutral. A small multinomial logistic regression over five features mends both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log1p, sqrt
from operator import mul, sub

from sentiment.evidence import Sums
from sentiment.scorer import verdict_of
from tingfeng.model import Label, Verdict

Coefficients = tuple[tuple[float, ...], tuple[float, ...]]  # of negative and of positive; neutral is the reference
Features = tuple[float, float, float, float, float]
_RIDGE = 1e-4  # per text: keeps the fit finite on tiny corpora
_STEPS = 30
_ENOUGH = 1e-9


def features(sums: Sums) -> Features:
    """1, leaning, its strength, neutrality, log of the evidence. Sums of n words spread by √n, hence the division."""
    root = sqrt(sums.known or 1)
    leaning = sums.positive / root
    return 1.0, leaning, abs(leaning), sums.neutral / root, log1p(sums.known)


def probabilities(x: Features, coefficients: Coefficients) -> tuple[float, float, float]:
    """Of negative, neutral, positive; they add up to 1."""
    against, pro = _value(coefficients[0], x), _value(coefficients[1], x)
    top = max(against, pro, 0.0)
    a, n, p = exp(against - top), exp(-top), exp(pro - top)
    total = a + n + p
    return a / total, n / total, p / total


def _value(row: Sequence[float], x: Features) -> float:
    a, b, c, d, e = row  # written out: this runs twice per text
    p, q, r, s, t = x
    return a * p + b * q + c * r + d * s + e * t


def judge(sums: Sums, coefficients: Coefficients) -> Verdict:
    """The label is the likeliest; neutral when two share that, and surely neutral without a telling word."""
    return verdict_of(*(probabilities(features(sums), coefficients) if sums.known else (0.0, 1.0, 0.0)))


def fit(rows: Sequence[Features], labels: Sequence[Label]) -> Coefficients:
    """Maximum likelihood with a little ridge, by Newton's method; rounded to six digits so that builds agree."""
    columns = list(zip(*rows, strict=True))
    truth = [[float(label == kind) for label in labels] for kind in (Label.NEGATIVE, Label.POSITIVE)]
    ridge = _RIDGE * len(rows)
    theta = [0.0] * (2 * len(columns))
    for _ in range(_STEPS):
        coefficients = _split(theta)
        chances = [probabilities(x, coefficients) for x in rows]
        kinds = [[c[0] for c in chances], [c[2] for c in chances]]
        missed = [list(map(sub, guess, true)) for guess, true in zip(kinds, truth, strict=True)]
        slope = [_dot(miss, column) for miss in missed for column in columns]
        step = _solve(_curvature(kinds, columns, ridge), [g + ridge * t for g, t in zip(slope, theta, strict=True)])
        theta = list(map(sub, theta, step))
        if max(map(abs, step)) < _ENOUGH:
            break
    return _split([round(t, 6) for t in theta])


def _curvature(kinds: list[list[float]], columns: Sequence[Sequence[float]], ridge: float) -> list[list[float]]:
    """Second derivatives of the loss: Σ p_k (δ_kl − p_l) x_i x_j, with the ridge on the diagonal."""
    size = len(columns)
    matrix = [[0.0] * (2 * size) for _ in range(2 * size)]
    for k, m in ((0, 0), (0, 1), (1, 1)):
        weights = [p * ((k == m) - q) for p, q in zip(kinds[k], kinds[m], strict=True)]
        for i in range(size):
            weighted = list(map(mul, weights, columns[i]))
            for j in range(size):
                a, b = k * size + i, m * size + j
                matrix[a][b] = matrix[b][a] = _dot(weighted, columns[j])
    for a in range(2 * size):
        matrix[a][a] += ridge
    return matrix


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """x of matrix · x = right, for a symmetric positive definite matrix, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[i + 1 :]:
            factor = row[i] / pivot[i]
            row[i:] = [r - factor * p for r, p in zip(row[i:], pivot[i:], strict=True)]
    x: list[float] = []
    for i in range(len(rows) - 1, -1, -1):
        known = _dot(rows[i][i + 1 : -1], x)
        x.insert(0, (rows[i][-1] - known) / rows[i][i])
    return x


def _dot(a: Iterable[float], b: Iterable[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=False))


def _split(theta: Sequence[float]) -> Coefficients:
    half = len(theta) // 2
    return tuple(theta[:half]), tuple(theta[half:])
