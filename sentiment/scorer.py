"""What a scorer can do. One file each in scorers/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tingfeng.model import Verdict


class Scorer(Protocol):
    """Scores texts in batches, in order, one verdict per text, never raising on any text.

    `version` changes whenever the same text could get another verdict: scores are keyed by it.
    """

    name: str
    version: str

    def score(self, texts: Sequence[str]) -> list[Verdict]: ...
