"""Sudden waves: more posts at once than this brand's own busiest moment of a usual day.

*Yardstick.* For each of a few time scales (a quarter of an hour, an hour …) the highest window of every day, its daily
peak, is kept for `DAYS` days. Logarithms of daily peaks scatter about evenly around their median, so the bar is
median + level · spread of them: at level 1.6 a usual day passes it once in about three weeks. A mean with a threshold
fails where this holds: brands differ in how bursty they are far more than in what a quiet hour looks like, and the time
of day is in the yardstick already, since a blip at night has to be as high as the evening.

*Spread.* 1.48 · median absolute deviation, squared and averaged with `SPREAD`² as if that had been seen on
`SPREAD_DAYS` days more: five days say little. An incident of days among 28 moves neither median nor deviation much.

*Few posts.* Logarithms are of peak + 1, no bar is below `LEAST` posts, and the count must be unlikely (`MAX_P`) for a
negative binomial whose mean is the brand's usual one and whose variance is that between the windows of a usual day,
widened by what so few posts leave unknown.

*Warm-up.* Nothing is said in the first day seen. Then `PRIOR_DAYS` imagined days stand among the seen ones, with a
peak hour of `PRIOR_PEAK` times the mean (shorter windows more, longer ones less): a new brand has shown little yet.

*Blindness.* A day is a day of seen bins; blind ones move no clock and are learnt by nobody. A window that reaches into
blindness has to pass the whole bar with the part that was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from statistics import fmean, median
from typing import Self

from alerts.cores import SEEN_ENOUGH, Reading
from tingfeng.tails import log_negative_binomial_tail

SCALES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
LEVEL = 1.6  # standard deviations of the logarithm of a daily peak
DAYS = 28  # daily peaks kept
SPREAD, SPREAD_DAYS = 0.4, 4  # of the logarithm of daily peaks, before any was seen
PRIOR_PEAK, PRIOR_DAYS = 4.0, 3
LEAST = 6.0  # posts
MAX_P = 1e-3
DAY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class FastState:
    """Of one series. Lists of lists are by scale."""

    sizes: list[int]  # bins of each scale
    per_day: int
    counts: list[float]  # the newest bins, a ring as long as the longest scale
    exposures: list[float]  # of them; 1 where blind: the whole bar stands
    at: int = 0  # where the next bin goes
    held: list[float] = field(default_factory=list)  # posts in each scale's window
    shown: list[float] = field(default_factory=list)  # exposure summed over it
    seen: int = 0  # bins of the day under way
    tops: list[float] = field(default_factory=list)  # its peak so far
    sums: list[float] = field(default_factory=list)  # Σ window, Σ window² of it, as if all had been seen
    squares: list[float] = field(default_factory=list)
    peaks: list[list[float]] = field(default_factory=list)  # of past days, oldest first
    rates: list[list[float]] = field(default_factory=list)  # a window's mean in each of them
    spreads: list[list[float]] = field(default_factory=list)  # a window's dispersion in each of them
    usual: list[float] = field(default_factory=list)  # usual peak; empty in warm-up
    bars: list[float] = field(default_factory=list)

    def copy(self) -> Self:
        return type(self)(**self.dump())  # type: ignore[arg-type]

    def dump(self) -> dict[str, object]:
        return {f.name: _copied(getattr(self, f.name)) for f in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FastCore:
    """See the module. `level`: how far above its usual daily peak a brand must be; more is quieter."""

    name: str = "fast"
    level: float = LEVEL

    def begin(self, step: timedelta) -> FastState:
        if step <= timedelta(0) or step > timedelta(hours=1) or DAY % step:
            raise ValueError(f"a bin must divide a day and last at most an hour, not {step}")
        sizes = sorted({max(1, scale // step) for scale in SCALES})
        n = len(sizes)
        return FastState(
            sizes=sizes,
            per_day=DAY // step,
            counts=[0.0] * sizes[-1],
            exposures=[1.0] * sizes[-1],
            held=[0.0] * n,
            shown=[float(size) for size in sizes],
            tops=[0.0] * n,
            sums=[0.0] * n,
            squares=[0.0] * n,
            peaks=[[] for _ in sizes],
            rates=[[] for _ in sizes],
            spreads=[[] for _ in sizes],
        )

    def load(self, table: Mapping[str, object]) -> FastState:
        try:
            return FastState(**{name: _copied(value) for name, value in table.items()})  # type: ignore[arg-type]
        except TypeError as e:
            raise ValueError("not a state of the fast core") from e

    def feed(self, state: FastState, count: float | None, *, exposure: float = 1.0) -> Reading | None:
        if count is None or exposure < SEEN_ENOUGH:
            _take(state, 0.0, 1.0)
            return None
        _take(state, count, exposure)
        found = self._judge(state) if state.bars else None
        _learn(state)
        if state.seen == state.per_day:
            _close_day(state)
            self._set_bars(state)
        return found

    def _judge(self, state: FastState) -> Reading | None:
        best, strength = -1, 1.0
        for i, bar in enumerate(state.bars):
            here = state.held[i] * state.sizes[i] / (state.shown[i] * bar)
            if here >= strength and state.held[i] >= LEAST:
                best, strength = i, here
        return None if best < 0 else _reading(state, best, strength)

    def _set_bars(self, state: FastState) -> None:
        state.usual, state.bars = [], []
        for size, peaks, rates in zip(state.sizes, state.peaks, state.rates, strict=True):
            imagined = PRIOR_PEAK * (size * 24 / state.per_day) ** -0.4 * median(rates)
            logs = [math.log1p(peak) for peak in peaks]
            middle = median([*logs, *[math.log1p(imagined)] * PRIOR_DAYS])
            own = median(logs)
            deviation = 1.48 * median(abs(x - own) for x in logs)
            weighted = len(logs) * deviation**2 + SPREAD_DAYS * SPREAD**2
            spread = math.sqrt(weighted / (len(logs) + SPREAD_DAYS))
            state.usual.append(math.expm1(middle))
            state.bars.append(max(LEAST, math.expm1(middle + self.level * spread)))


def _copied(value: object) -> object:
    return [_copied(part) for part in value] if isinstance(value, list) else value


def _take(state: FastState, count: float, exposure: float) -> None:
    """The bin into the ring and into every window, the one that leaves each window out of it."""
    length = len(state.counts)
    for i, size in enumerate(state.sizes):
        gone = (state.at - size) % length
        state.held[i] += count - state.counts[gone]
        state.shown[i] += exposure - state.exposures[gone]
    state.counts[state.at], state.exposures[state.at] = count, exposure
    state.at = (state.at + 1) % length


def _learn(state: FastState) -> None:
    state.seen += 1
    for i, size in enumerate(state.sizes):
        full = state.held[i] * size / state.shown[i]
        state.sums[i] += full
        state.squares[i] += full * full
        if full > state.tops[i]:
            state.tops[i] = full


def _close_day(state: FastState) -> None:
    """The day under way becomes the newest of the past."""
    for i in range(len(state.sizes)):
        mean = state.sums[i] / state.seen
        excess = state.squares[i] / state.seen - mean * mean - mean
        news = (
            (state.peaks, state.tops[i]),
            (state.rates, mean),
            (state.spreads, max(0.0, excess / mean**2 if mean else 0)),
        )
        for lists, value in news:
            lists[i].append(value)
            del lists[i][:-DAYS]
        state.tops[i] = state.sums[i] = state.squares[i] = 0.0
    state.seen = 0


def _reading(state: FastState, i: int, strength: float) -> Reading | None:
    """Of scale i, unless chance explains it."""
    size = state.sizes[i]
    part = state.shown[i] / size
    posts_known = fmean(state.rates[i]) * len(state.rates[i]) * state.per_day / size
    expected = median(state.rates[i]) * part
    spread = median(state.spreads[i]) + 1 / (posts_known + 1)
    log_p = log_negative_binomial_tail(math.floor(state.held[i] + 1e-6), expected, spread)
    if log_p > math.log(MAX_P):
        return None
    return Reading(
        strength=strength,
        observed=state.held[i],
        expected=expected,
        log_p=max(log_p, -1e6),
        bins=size,
        usual_peak=state.usual[i] * part,
    )
