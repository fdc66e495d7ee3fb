"""What a detector can do. One file each in detectors/."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, Self

from tingfeng.model import Series, Spike

if TYPE_CHECKING:
    from tingfeng.config import AlertRule


class Detector(Protocol):
    """Looks at a brand's recent past and says whether the newest window is too negative.

    Pure and online: looks at nothing after `now`, and the same input gives the same answer. `series` holds one
    Series per source of the brand, all on the same grid, the last bucket being the newest complete one before `now`.
    None in a series is blindness, not zero. `from_rule` makes one as configured, ConfigError when it cannot be.
    """

    @classmethod
    def from_rule(cls, rule: AlertRule) -> Self: ...

    @property
    def name(self) -> str: ...

    def judge(self, series: Sequence[Series], *, now: datetime) -> Spike | None: ...
