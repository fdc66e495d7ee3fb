"""Our own polarity lexicon (data/lexicon.txt), as weights of n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sentiment.ngrams import LONGEST, hashes
from sentiment.text import Normaliser


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of up to LONGEST characters: their hashes (ascending, each once) and strength −3…3; 0 marks a report."""

    hashes: NDArray[np.int64]
    strength: NDArray[np.float32]

    def column(self, name: str, vocabulary: NDArray[np.int64]) -> NDArray[np.float32]:
        """Weights of the columns of `vocabulary` (ascending): of "lexicon:lean" or "lexicon:neutral"."""
        values = self.strength / 3 if name == "lexicon:lean" else (self.strength == 0).astype(np.float32)
        at = np.searchsorted(self.hashes, vocabulary)
        at = np.minimum(at, len(self.hashes) - 1)
        found: NDArray[np.float32] = np.where(self.hashes[at] == vocabulary, values[at], 0).astype(np.float32)
        return found


def load() -> Lexicon:
    """The lexicon that comes with the program."""
    text = resources.files("sentiment").joinpath("data/lexicon.txt").read_text("utf-8")
    return parse(text)


def parse(text: str) -> Lexicon:
    """Lines `STRENGTH word word …`; # begins a comment line."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    strength = {word: float(line[0]) for line in lines for word in line[1:]}
    words = Normaliser().texts(list(strength))
    batch = Normaliser().batch(words)
    rows = hashes(batch)
    sizes = np.diff(batch.bounds) - 1
    usable = (sizes >= 1) & (sizes <= LONGEST)
    keys = rows[batch.bounds[:-1][usable] + 1, sizes[usable] - 1].astype(np.int64)
    values = np.array(list(strength.values()), dtype=np.float32)[usable]
    unique, at = np.unique(keys, return_index=True)
    return Lexicon(unique, values[at])
