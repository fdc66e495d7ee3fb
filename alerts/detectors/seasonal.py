"""More negative posts than this brand has at this time of day, by a count tail.

*What is compared.* The negative posts of the newest window (an hour by default), of its last half and of its last
quarter: the short ones notice a sudden wave, the long one a broad one. Three looks instead of one are paid for by
multiplying the p-value by three (Bonferroni).

*With what.* The same time of day ± one window over the past weeks, younger days counting more, quiet hours drawn
towards the brand's all-day rate, past incidents cut down to size (`alerts.baseline`). There is no weekday effect: on
simulated brands whose weekends were anything from half to one and a half times as loud false alarms stayed the same.

*How unlikely.* Negative binomial tail: the variance is what the brand's own past days show, never below Poisson, and
widened by what the baseline itself does not know (few past posts). `bench/detector.py` counts what that promises.

*When it keeps still.* Below `min_negative` posts; downwards; where it saw nothing within the last window. A source
counts only if it saw at least half of the window, and then only against a past in which it was seen too; a source with
less than `warm_up` of its own past is left out while others have more.

*Warm-up.* A brand with less than `warm_up` of past is judged with twice the rate seen so far and a dispersion of at
least 1, which only an extreme rise gets through; with less than a day of it nothing is said at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

from alerts.baseline import SEEN_ENOUGH, Past, Usual, covered, last_seen, negatives
from alerts.baseline import restlessness as restlessness_of
from alerts.baseline import usual as usual_of
from tingfeng.clock import BUCKET
from tingfeng.errors import ConfigError
from tingfeng.model import Series, Spike
from tingfeng.tails import log_negative_binomial_tail, log_poisson_tail

if TYPE_CHECKING:
    from tingfeng.config import AlertRule

DAY = timedelta(days=1)
LOOKS = (1, 2, 4)  # the whole window, its last half, its last quarter
LEAST_PAST = 1.0  # days seen, below which nothing is known
WARM_UP_RATE = 2.0  # in warm-up the brand may be this many times as loud as it was so far …
WARM_UP_DISPERSION = 1.0  # … and as restless as the news


class Look(NamedTuple):
    """The newest `size` buckets, which are `share` of the window."""

    size: int
    share: float
    observed: int
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonalDetector:
    """See the module. `window` must divide a day into whole buckets."""

    name: str = "seasonal"
    max_p: float = 1e-4
    min_negative: int = 8
    window: timedelta = timedelta(hours=1)
    warm_up: timedelta = timedelta(days=7)

    @classmethod
    def from_rule(cls, rule: AlertRule) -> Self:
        if rule.window % BUCKET or DAY % rule.window:
            raise ConfigError(
                "alerts.window: the seasonal detector wants 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h … of a day"
            )
        if rule.history < 2 * DAY:
            raise ConfigError("alerts.history: the seasonal detector needs at least 2d")
        # A past as long as `history` never holds more than history − 1 d of finished days.
        warm_up = min(rule.warm_up, rule.history - DAY)
        return cls(max_p=rule.max_p, min_negative=rule.min_negative, window=rule.window, warm_up=warm_up)

    def judge(self, series: Sequence[Series], *, now: datetime) -> Spike | None:
        """The newest window as a Spike when it is too negative; see the module for how."""
        size = self.window // BUCKET
        end = newest_seen(series, now=now)
        live = [one for one in series if covered(one, end - size, end) >= SEEN_ENOUGH * size]
        if not live or now - (live[0].start + end * BUCKET) > self.window:
            return None
        if sum(negatives(one, end - size, end) for one in live) < self.min_negative:
            return None  # cheap, and the usual answer
        live = self._known(live, end)
        past = Past(live, end)
        tiles = past.tiles(size, every=size)
        usual = usual_of(tiles)
        days = sum(x for x, ok in zip(tiles.exposures, tiles.usable, strict=True) if ok) / tiles.per_day
        if usual is None or days < LEAST_PAST:
            return None
        warm = days < self.warm_up / DAY
        found = self._most_unlikely(past, usual, warm=warm)
        if found is None:
            return None
        look, p_value = found
        return self._spike(series, live, end, look, p_value, baseline=_told(self, days, warm=warm))

    def _known(self, live: Sequence[Series], end: int) -> list[Series]:
        """Those with enough past of their own; all, when none has."""
        enough = self.warm_up // BUCKET
        return [one for one in live if covered(one, 0, end) >= enough] or list(live)

    def _most_unlikely(self, past: Past, usual: Usual, *, warm: bool) -> tuple[Look, float] | None:
        """The look that is hardest to explain, with its p-value, if that is below `max_p`."""
        size = self.window // BUCKET
        sizes = sorted({size // part for part in LOOKS} - {0})
        rate = usual.rates[0] * (WARM_UP_RATE if warm else 1.0)
        best: tuple[float, Look] | None = None
        for length in sizes:
            observed, exposure = past.newest(length)
            look = Look(length, length / size, observed, rate * exposure * length / size)
            if look.observed < self.min_negative or look.observed <= look.expected:
                continue
            log_p = math.log(len(sizes)) + self._log_p(look, past, usual, warm=warm)
            if log_p <= math.log(self.max_p) and (best is None or log_p < best[0]):
                best = log_p, look
        return None if best is None else (best[1], math.exp(best[0]))

    def _log_p(self, look: Look, past: Past, usual: Usual, *, warm: bool) -> float:
        """ln of the chance of as many or more; 0.0 where even Poisson noise is excuse enough."""
        if log_poisson_tail(look.observed, look.expected) > math.log(self.max_p):
            return 0.0
        tiles = past.tiles(look.size, every=self.window // BUCKET)
        spread = restlessness_of(tiles, usual.expected(tiles, share=look.share))
        if warm:
            spread = max(spread, WARM_UP_DISPERSION)
        return log_negative_binomial_tail(look.observed, look.expected, spread + 1 / usual.events[0])

    def _spike(
        self, series: Sequence[Series], live: Sequence[Series], end: int, look: Look, p_value: float, *, baseline: str
    ) -> Spike:
        begin = end - look.size
        by_source = {one.source: negatives(one, begin, end) for one in live}
        return Spike(
            brand=live[0].brand,
            since=live[0].start + begin * BUCKET,
            until=live[0].start + end * BUCKET,
            observed=look.observed,
            expected=look.expected,
            p_value=p_value,
            total=sum(sum(filter(None, one.total[begin:end])) for one in live),
            detector=self.name,
            baseline=baseline,
            by_source={name: n for name, n in sorted(by_source.items(), key=lambda item: -item[1]) if n},
            blind_sources=tuple(sorted({one.source for one in series} - {one.source for one in live})),
        )


def newest_seen(series: Sequence[Series], *, now: datetime) -> int:
    """Index after the newest bucket that was seen and is over by `now`; 0 when there is none."""
    if not series:
        return 0
    over = max(0, (now - series[0].start) // BUCKET)
    return max(last_seen(one, over) for one in series)


def _told(detector: SeasonalDetector, days: float, *, warm: bool) -> str:
    if warm:
        return (
            f"只有约 {days:.0f} 天历史（不足 {detector.warm_up / DAY:g} 天），"
            f"按迄今水平的 {WARM_UP_RATE:g} 倍保守估计，只有极端上升才提醒。"
        )
    around = detector.window // timedelta(minutes=1)
    return (
        f"取近 {days:.0f} 天同一时段（前后各 {around} 分钟）的负面数，越近的日子权重越大，以往的突发已削减，"
        "只与当时也能看到的来源相比。"
    )
