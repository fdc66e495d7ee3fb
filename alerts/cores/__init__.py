"""The cores of spike detection: online, O(1) memory, pure. One series of bins in, a Reading out when a bin is unusual.

A core knows no brand, source, clock or store; what a series counts (negative posts, stories, authors) is its caller's
matter. `alerts.episode` says which readings are news.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, Self, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a core says of the newest bin when it is unusual. The figures are those of the most telling time scale."""

    strength: float  # observed against the bar it had to pass, ≥ 1.0; comparable over time within a series
    observed: float  # posts in the scale's window, which ends with the newest bin
    expected: float  # of that window, from the baseline and what could be seen
    log_p: float  # ln of the chance of as many or more, ≤ 0
    bins: int  # the window's length
    usual_peak: float  # the usual daily peak of such a window, which it was compared with


class State(Protocol):
    """What a core remembers of one series: plain numbers and lists."""

    def copy(self) -> Self:
        """One that goes its own way."""
        ...

    def dump(self) -> dict[str, object]:
        """As JSON can hold it; `Core.load` takes it back, and goes on exactly as if nothing had happened."""
        ...


S = TypeVar("S", bound=State)


class Core(Protocol, Generic[S]):
    """One way to find the unusual in one series of bins. Strictly online: nothing after the newest bin is known."""

    @property
    def name(self) -> str: ...

    def begin(self, step: timedelta) -> S:
        """The state before the first bin. `step`: length of a bin; ValueError unless it divides a day, up to 1 h."""
        ...

    def feed(self, state: S, count: float | None, *, exposure: float = 1.0) -> Reading | None:
        """Take the next bin into `state`; a Reading when it is unusual. Each bin is fed once, in order, blind ones too.

        `count` ≥ 0; None is blindness, as is an `exposure` below `SEEN_ENOUGH`: nothing is learnt and nothing is found.
        `exposure` (0…1]: the part of the usual posts that could be seen; it scales what is expected.
        """
        ...

    def load(self, table: Mapping[str, object]) -> S:
        """The state that `dump` wrote. ValueError when it is not one of this core's."""
        ...


SEEN_ENOUGH = 0.5  # exposure below which a bin is blind
