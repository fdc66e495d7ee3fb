"""The figures people read, as pure formulas. Each says its unit, its range and where it comes from.

No answer is not an answer of 0: what has no value for empty input returns None. Tails of count distributions, which
nobody reads but the detectors, live in `tingfeng.tails`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054  # two-sided 95 % point of the normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % confidence interval, in the unit of its measure."""

    low: float
    high: float


def net_sentiment(positive: int, negative: int, total: int) -> float | None:
    """(positive − negative) / all, −1…+1; neutral mentions count in `total`. None without mentions."""
    if min(positive, negative) < 0 or positive + negative > total:
        raise ValueError("net sentiment needs 0 ≤ positive + negative ≤ total")
    return (positive - negative) / total if total else None


def share_of_voice(counts: Mapping[str, int]) -> dict[str, float]:
    """Each brand's part of all mentions of the compared brands, 0…1, adding up to 1. All 0.0 without mentions."""
    if any(n < 0 for n in counts.values()):
        raise ValueError("mention counts cannot be negative")
    total = sum(counts.values())
    return {brand: n / total if total else 0.0 for brand, n in counts.items()}


def nps(ratings: Sequence[int]) -> float | None:
    """Net promoter score, −100…+100: % of 9–10 minus % of 0–6 (Reichheld, "The one number you need to grow", 2003).

    `ratings` are whole numbers 0–10; ValueError otherwise. None when empty: no answer is not a score of 0.
    """
    promoters, detractors = _promoters_and_detractors(ratings)
    return 100 * (promoters - detractors) / len(ratings) if ratings else None


def nps_interval(ratings: Sequence[int]) -> Interval | None:
    """95 % interval of `nps`, by the adjusted Wald method; None when empty.

    Three answers are added, ¾ promoters and ¾ detractors among them, before the variance of the difference of the two
    shares is taken: the best of the methods compared by Rocks, "Interval estimation for the 'Net Promoter Score'",
    The American Statistician 70 (2016). Its middle lies a little nearer to 0 than the score itself.
    """
    if not ratings:
        return None
    promoters, detractors = _promoters_and_detractors(ratings)
    n = len(ratings) + 3
    up, down = (promoters + 0.75) / n, (detractors + 0.75) / n
    half = Z95 * math.sqrt((up + down - (up - down) ** 2) / n)
    return Interval(low=100 * max(-1.0, up - down - half), high=100 * min(1.0, up - down + half))


def _promoters_and_detractors(ratings: Sequence[int]) -> tuple[int, int]:
    if any(not 0 <= r <= 10 for r in ratings):
        raise ValueError("NPS ratings must lie in 0–10")
    return sum(r >= 9 for r in ratings), sum(r <= 6 for r in ratings)


def csat_top2(ratings: Sequence[int]) -> float | None:
    """Customer satisfaction as the top-2 box, 0…100: % of 4–5 on the scale 1–5.

    ValueError outside 1–5; None when empty.
    """
    satisfied = _satisfied(ratings)
    return 100 * satisfied / len(ratings) if ratings else None


def csat_top2_interval(ratings: Sequence[int]) -> Interval | None:
    """95 % interval of `csat_top2`, 0…100, by Wilson's score method (Wilson 1927); None when empty."""
    share = wilson(_satisfied(ratings), len(ratings))
    return Interval(low=100 * share.low, high=100 * share.high) if share else None


def _satisfied(ratings: Sequence[int]) -> int:
    if any(not 1 <= r <= 5 for r in ratings):
        raise ValueError("CSAT ratings must lie in 1–5")
    return sum(r >= 4 for r in ratings)


def wilson(hits: int, n: int) -> Interval | None:
    """95 % interval of the share hits/n, 0…1; None when n is 0. Wilson, JASA 22 (1927); sound for small n too."""
    if not 0 <= hits <= n:
        raise ValueError("need 0 ≤ hits ≤ n")
    if n == 0:
        return None
    share, z2 = hits / n, Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At 0 and n the bound is exactly the share; rounding must not push it past.
    return Interval(low=0.0 if hits == 0 else middle - half, high=1.0 if hits == n else middle + half)


def ces_mean(ratings: Sequence[int]) -> float | None:
    """Customer effort as the mean of "made it easy for me", 1–7, more is easier (CES 2.0, CEB 2013)."""
    if any(not 1 <= r <= 7 for r in ratings):
        raise ValueError("CES ratings must lie in 1–7")
    return math.fsum(ratings) / len(ratings) if ratings else None


def churn_rate(at_start: int, lost: int) -> float | None:
    """Part of the customers at the start of a period who left during it, 0…1; None when there were none."""
    if not 0 <= lost <= at_start:
        raise ValueError("churn needs 0 ≤ lost ≤ customers at the start")
    return lost / at_start if at_start else None


def retention_rate(at_start: int, at_end: int, gained: int) -> float | None:
    """Part of the customers at the start who are still there at the end, 0…1: (end − gained) / start.

    None when there were none at the start. `retention_rate` = 1 − `churn_rate` of the same period.
    """
    if gained < 0 or not 0 <= at_end - gained <= at_start:
        raise ValueError("retention needs 0 ≤ end − gained ≤ start")
    return (at_end - gained) / at_start if at_start else None


def clv(margin: float, retention: float, discount: float) -> float:
    """Customer lifetime value in the currency of `margin`: margin · r / (1 + d − r).

    Gupta & Lehmann, "Customers as assets", Journal of Interactive Marketing 17 (2003): constant margin per period,
    constant retention r (0…1) and discount rate d (≥ 0) per period, no end, first margin at the end of the first
    period, cost of winning the customer not deducted. ValueError when r = 1 and d = 0: it would be infinite.
    """
    if not 0 <= retention <= 1 or discount < 0 or retention >= 1 + discount:
        raise ValueError(
            "lifetime value needs 0 ≤ retention ≤ 1, discount ≥ 0, and not both retention 1 and discount 0"
        )
    return margin * retention / (1 + discount - retention)


def reach_weight(
    *,
    followers: int | None = None,
    reposts: int | None = None,
    comments: int | None = None,
    likes: int | None = None,
) -> float:
    """How far a post carries, ≥ 1: 1 + log₁₀(1 + followers) + log₂(1 + reposts + comments + likes).

    Our own rule, for sorting only. Followers are possible readers and count by orders of magnitude, so that one
    celebrity does not hide everything else; everyone who acted is a proven one. Not told counts as 0.
    """
    acted = sum(max(0, n or 0) for n in (reposts, comments, likes))
    return 1 + math.log10(1 + max(0, followers or 0)) + math.log2(1 + acted)


def log_odds(now: Mapping[str, int], before: Mapping[str, int], *, prior_size: float = 500.0) -> dict[str, float]:
    """How much more each term of `now` belongs to `now` than to `before`: z scores, > 0 means "grew".

    Log-odds ratio with an informative Dirichlet prior over its standard deviation: Monroe, Colaresi & Quinn,
    "Fightin' Words", Political Analysis 16 (2008), eqs. 16 and 19–22. The prior is both sides together, scaled to
    `prior_size` pseudo-counts, so that rare words need more than one lucky count. Empty when either side is.
    """
    n_now, n_before = sum(now.values()), sum(before.values())
    if not n_now or not n_before:
        return {}
    scale = prior_size / (n_now + n_before)
    scores = {}
    for term, y_now in now.items():
        y_before = before.get(term, 0)
        seen = y_now + y_before
        if seen in (0, n_now + n_before):  # never, or the only term there is: nothing to compare it with
            continue
        prior = scale * seen
        a, b = y_now + prior, y_before + prior
        delta = math.log(a / (n_now + prior_size - a)) - math.log(b / (n_before + prior_size - b))
        scores[term] = delta / math.sqrt(1 / a + 1 / b)
    return scores
