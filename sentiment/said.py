"""A text that somebody said of a brand, as batches of the scoring job carry it."""

from __future__ import annotations

from typing import Protocol


class Said(Protocol):
    """A text of a brand; store.scores.Pending is one."""

    @property
    def mention_id(self) -> int: ...
    @property
    def brand(self) -> str: ...
    @property
    def text(self) -> str: ...
