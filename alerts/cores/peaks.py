"""The yardstick of both cores: a brand's own usual daily peak, on several time scales at once.

For each scale (a quarter of an hour, an hour …) the highest window of every day, its daily peak, is kept for `DAYS`
days. Logarithms of daily peaks scatter about evenly around their middle, so the bar is middle + level · spread of them,
and a level is an answer to "how many days are there between two false alarms". A mean with a threshold cannot say
that: brands differ in how bursty they are far more than in how loud a quiet hour is. The time of day is in it already:
a blip at night has to be as high as the evening.

*Middle* is the median, *spread* is 1.48 · median absolute deviation, its square averaged with `SPREAD`² as if that had
been seen on `SPREAD_DAYS` more days, since five days say little. A crisis of days moves neither much.

*Warm-up.* `PRIOR_DAYS` imagined days stand among the seen ones, with a peak hour of `PRIOR_PEAK` times the mean
(shorter windows more, longer ones less): a new brand has shown little yet.

*Few posts.* Logarithms are of peak + 1, and a count must besides be unlikely (`MAX_P`) for a negative binomial with the
brand's usual mean and the variance between the windows of a usual day, widened by what few posts leave unknown.

*Blindness.* A day is a day of seen bins: blind ones move no clock and teach nothing. A window that reaches into
blindness has to pass the whole bar with the part that was seen, so a source's return is no spike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from statistics import median
from typing import Self

from alerts.cores import Reading
from tingfeng.tails import log_negative_binomial_tail

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS = 28
SPREAD, SPREAD_DAYS = 0.4, 10
PRIOR_PEAK, PRIOR_DAYS, PRIOR_SLOPE = 4.0, 5, -0.4
MAX_P = 1e-3
_LEAST_LOG = -1e6  # JSON has no −inf


@dataclass(slots=True, kw_only=True)
class Peaks:
    """What is remembered of one series. Lists have one entry per scale."""

    sizes: list[int]  # bins of each scale, shortest first
    per_day: int  # bins of a day
    counts: list[float]  # the newest bins, a ring as long as the longest scale
    exposures: list[float]  # of them; 1 where blind: the whole bar stands
    at: int = 0  # where the next bin goes
    held: list[float] = field(default_factory=list)  # posts in each window that ends with the newest bin
    shown: list[float] = field(default_factory=list)  # exposure summed over it
    seen: int = 0  # bins of the day under way
    tops: list[float] = field(default_factory=list)  # its peak so far, as if all had been seen
    sums: list[float] = field(default_factory=list)  # Σ window, Σ window² of it
    squares: list[float] = field(default_factory=list)
    peaks: list[list[float]] = field(default_factory=list)  # of past days, oldest first
    rates: list[list[float]] = field(default_factory=list)  # a window's mean in each
    spreads: list[list[float]] = field(default_factory=list)  # its dispersion in each
    usual: list[float] = field(default_factory=list)  # usual peak; empty before anything can be said
    bars: list[float] = field(default_factory=list)

    @classmethod
    def begin(cls, sizes: Sequence[int], per_day: int) -> Self:
        n = len(sizes)
        return cls(
            sizes=list(sizes),
            per_day=per_day,
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

    def copy(self) -> Self:
        return type(self)(**self.dump())  # type: ignore[arg-type]

    def dump(self) -> dict[str, object]:
        return {f.name: _copied(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def load(cls, table: object) -> Self:
        """ValueError when it is not what `dump` wrote."""
        if not isinstance(table, dict) or set(table) != {f.name for f in fields(cls)}:
            raise ValueError("not the state of a core")
        return cls(**{name: _copied(value) for name, value in table.items()})  # type: ignore[arg-type]

    def take(self, count: float, exposure: float) -> None:
        """The next bin into every window, and the bin that leaves it out. A blind one is (0, 1)."""
        length = len(self.counts)
        for i, size in enumerate(self.sizes):
            gone = (self.at - size) % length
            self.held[i] += count - self.counts[gone]
            self.shown[i] += exposure - self.exposures[gone]
        self.counts[self.at], self.exposures[self.at] = count, exposure
        self.at = (self.at + 1) % length

    def learn(self) -> bool:
        """Take what the windows hold into the day under way; True when that ends it."""
        self.seen += 1
        for i, size in enumerate(self.sizes):
            full = self.held[i] * size / self.shown[i]
            self.sums[i] += full
            self.squares[i] += full * full
            if full > self.tops[i]:
                self.tops[i] = full
        return self.seen >= self.per_day

    def close_day(self, *, keep: int) -> None:
        """The day under way becomes the newest of the `keep` past ones."""
        for i in range(len(self.sizes)):
            mean = self.sums[i] / self.seen
            excess = self.squares[i] / self.seen - mean * mean - mean
            spread = max(0.0, excess / mean**2) if mean > 1e-9 else 0.0
            for lists, value in ((self.peaks, self.tops[i]), (self.rates, mean), (self.spreads, spread)):
                lists[i].append(value)
                del lists[i][:-keep]
            self.tops[i] = self.sums[i] = self.squares[i] = 0.0
        self.seen = 0

    def set_bars(self, *, level: float, least: float, days: int) -> None:
        """What the `days` oldest of the past days ask of each window."""
        self.usual, self.bars = [], []
        for size, peaks, rates in zip(self.sizes, self.peaks, self.rates, strict=True):
            imagined = PRIOR_PEAK * (size * 24 / self.per_day) ** PRIOR_SLOPE * median(rates[:days])
            logs = [math.log1p(peak) for peak in peaks[:days]]
            middle = median([*logs, *[math.log1p(imagined)] * PRIOR_DAYS])
            own = median(logs)
            deviation = 1.48 * median([abs(x - own) for x in logs])
            weighted = len(logs) * deviation**2 + SPREAD_DAYS * SPREAD**2
            spread = math.sqrt(weighted / (len(logs) + SPREAD_DAYS))
            self.usual.append(math.expm1(middle))
            self.bars.append(max(least, math.expm1(middle + level * spread)))

    def judge(self, *, least: float, first: int = 0) -> Reading | None:
        """The window of the scales from `first` on that passes its bar by most, unless chance explains it."""
        best, strength = -1, 1.0
        for i in range(first, len(self.bars)):
            here = self.held[i] * self.sizes[i] / (self.shown[i] * self.bars[i])
            if here >= strength and self.held[i] >= least:
                best, strength = i, here
        return None if best < 0 else self._reading(best, strength)

    def _reading(self, i: int, strength: float) -> Reading | None:
        size, rates = self.sizes[i], self.rates[i]
        part = self.shown[i] / size
        expected = median(rates) * part
        unknown = 1 / (sum(rates) * self.per_day / size + 1)
        posts = math.floor(self.held[i] + 1e-6)
        log_p = log_negative_binomial_tail(posts, expected, median(self.spreads[i]) + unknown)
        if log_p > math.log(MAX_P):
            return None
        return Reading(
            strength=strength,
            observed=self.held[i],
            expected=expected,
            log_p=max(log_p, _LEAST_LOG),
            bins=size,
            usual_peak=self.usual[i] * part,
        )


def bins_of(scales: Sequence[timedelta], step: timedelta) -> list[int]:
    """The scales in bins, shortest first; those shorter than a bin become one. ValueError for an odd step."""
    if step <= timedelta(0) or HOUR % step:
        raise ValueError(f"a bin must divide an hour, not last {step}")
    return sorted({max(1, scale // step) for scale in scales})


def _copied(value: object) -> object:
    return [_copied(part) for part in value] if isinstance(value, list) else value
