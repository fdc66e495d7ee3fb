"""Sudden waves: more posts at once than in the busiest moment of this brand's usual day (`alerts.cores.peaks`).

Several scales together: a short one notices a burst, a longer one a broad wave of a brand with few posts an hour.
Nothing is said in the first day seen.

The figures here and in `peaks` were chosen by a search of some 10,000 settings on five labelled real series and thinned
and coarser copies of them, then rounded, with all five in view; so what they reach there flatters them.
`bench/brandvolume.py` also prints the level chosen with each file left out, which is nearer to what to expect. From
level 1.6 to 2.2 the score moves by five points, mostly with one labelled window found or missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerts.cores import SEEN_ENOUGH, Reading
from alerts.cores.peaks import DAY, DAYS, Peaks, bins_of

SCALES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3))
LEVEL = 1.8
LEAST = 6.0  # posts in a window: a blip of five is none


@dataclass(frozen=True, slots=True, kw_only=True)
class FastCore:
    """`level`: how many spreads above its usual daily peak a brand must be; more is quieter."""

    name: str = "fast"
    level: float = LEVEL

    def begin(self, step: timedelta) -> Peaks:
        return Peaks.begin(bins_of(SCALES, step), DAY // step)

    def load(self, table: Mapping[str, object]) -> Peaks:
        return Peaks.load(table)

    def feed(self, state: Peaks, count: float | None, *, exposure: float = 1.0) -> Reading | None:
        if count is None or exposure < SEEN_ENOUGH:
            state.take(0.0, 1.0)
            return None
        state.take(count, exposure)
        found = state.judge(least=LEAST)
        if state.learn():
            state.close_day(keep=DAYS)
            state.set_bars(level=self.level, least=LEAST, days=DAYS)
        return found
