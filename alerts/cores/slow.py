"""Creeping rises and slow, weak storms: more posts in half a day or a day than this brand's usual days hold.

As in EARS C2 (Hutwagner et al., J. Urban Health 80, 2003) the newest `GUARD` days are no part of the baseline, so a
rise of days cannot hide behind itself. The bar is that of `alerts.cores.peaks`, on hours instead of bins, judged once
an hour.

An hour counts at most `CLIP` times the usual busiest hour: a sudden wave, however high, is the fast core's matter, and
would otherwise keep a day's sum up long after it was told. Nothing is said before `WARM_UP` + `GUARD` days seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from alerts.cores import SEEN_ENOUGH, Reading
from alerts.cores.peaks import DAYS, HOUR, Peaks, bins_of

HOURS = (1, 6, 24)  # the first is not judged: it says what the busiest hour usually holds
LEVEL = 2.0
LEAST = 15.0  # posts in a window
GUARD, WARM_UP = 2, 7  # days
CLIP = 1.5


@dataclass(slots=True, kw_only=True)
class SlowState:
    """Of one series: the hour under way, and the hours before."""

    per_hour: int
    bins: int = 0  # of the hour under way
    posts: float = 0.0
    exposure: float = 0.0  # summed over them
    hours: Peaks

    def copy(self) -> Self:
        return type(self)(
            per_hour=self.per_hour, bins=self.bins, posts=self.posts, exposure=self.exposure, hours=self.hours.copy()
        )

    def dump(self) -> dict[str, object]:
        return {
            "per_hour": self.per_hour,
            "bins": self.bins,
            "posts": self.posts,
            "exposure": self.exposure,
            "hours": self.hours.dump(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowCore:
    """`level`: how many spreads above its usual days a brand must be; more is quieter."""

    name: str = "slow"
    level: float = LEVEL

    def begin(self, step: timedelta) -> SlowState:
        bins_of((), step)
        return SlowState(per_hour=HOUR // step, hours=Peaks.begin(HOURS, 24))

    def load(self, table: Mapping[str, object]) -> SlowState:
        try:
            return SlowState(**{**table, "hours": Peaks.load(table["hours"])})  # type: ignore[arg-type]
        except (TypeError, KeyError) as e:
            raise ValueError("not the state of the slow core") from e

    def feed(self, state: SlowState, count: float | None, *, exposure: float = 1.0) -> Reading | None:
        state.bins += 1
        if count is not None and exposure >= SEEN_ENOUGH:
            state.posts += count
            state.exposure += exposure
        if state.bins < state.per_hour:
            return None
        posts, part = state.posts, state.exposure / state.per_hour
        state.bins, state.posts, state.exposure = 0, 0.0, 0.0
        return self._hour(state.hours, posts, part)

    def _hour(self, hours: Peaks, posts: float, exposure: float) -> Reading | None:
        if exposure < SEEN_ENOUGH:
            hours.take(0.0, 1.0)
            return None
        most = CLIP * max(hours.usual[0], 1.0) * exposure if hours.usual else posts
        hours.take(min(posts, most), exposure)
        found = hours.judge(least=LEAST, first=1)
        if hours.learn():
            hours.close_day(keep=DAYS + GUARD)
            known = len(hours.peaks[0]) - GUARD
            if known >= WARM_UP:
                hours.set_bars(level=self.level, least=LEAST, days=known)
        return found
