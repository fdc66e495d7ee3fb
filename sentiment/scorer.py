"""What a scorer can do, and what its version tells. One file each in scorers/."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from tingfeng.model import Label, Verdict


class Scorer(Protocol):
    """Scores texts in batches, in order, one verdict per text, never raising on any text.

    `version` changes whenever the same text could get another verdict: scores are keyed by it.
    """

    name: str
    version: str

    def score(self, texts: Sequence[str]) -> list[Verdict]: ...


def verdict_of(negative: float, neutral: float, positive: float) -> Verdict:
    """What three probabilities say. The label is the likeliest; neutral when two share that."""
    label = Label.NEUTRAL
    if negative > neutral and negative > positive:
        label = Label.NEGATIVE
    elif positive > neutral and positive > negative:
        label = Label.POSITIVE
    polarity = round(positive - negative, 12)  # 0.3, not 0.30000000000000004
    return Verdict(polarity=polarity, label=label, negative=negative, neutral=neutral, positive=positive)


_NAMED = "~"


def named(names: Sequence[str]) -> str:
    """The end of a version that stands for the brand names a scorer was told; nothing without any."""
    told = "\n".join(sorted(set(names)))
    return _NAMED + blake2b(told.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest() if told else ""


def without_names(version: str) -> str:
    """What a layer hangs on: another brand in the configuration does not make it useless."""
    return version.partition(_NAMED)[0]
