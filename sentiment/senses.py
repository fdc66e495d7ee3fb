"""What words are like: a vector for each common word, from the company it keeps in the training corpora.

Words of one field lie near one another (屏幕, 分辨率, 灵敏): what a filter learns of one it knows of the others.
Made by train_senses.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FILE = "senses.npz"
_UNSURE = 0.7  # of a word that is only known by its parts
REMEMBERED = 1 << 16  # words
_LONGEST = 8  # characters of a word that is looked for in parts


class Senses:
    """`rows`: words × dimensions, one byte each; a vector is its row times its word's scale."""

    def __init__(self, words: list[str], rows: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> None:
        self._places = {word: i for i, word in enumerate(words)}
        self._rows, self._scales = rows, scales
        self.size = rows.shape[1]
        self._of_parts = lru_cache(maxsize=REMEMBERED)(self._parts)

    def of(self, word: str) -> Floats | None:
        """At most 1 long, the longer the more the folded word tells. Of an unknown one the mean of known parts."""
        found = self.places(word)
        if not found:
            return None
        rows = self._rows[list(found)] * self._scales[list(found), None]
        vector: Floats = rows.mean(axis=0, dtype=np.float64)
        return vector if word in self._places else _UNSURE * vector

    def along(self, direction: Floats) -> list[float]:
        """How far the vector of each word lies in a direction, by place."""
        found: list[float] = ((self._rows @ direction.astype(np.float32)) * self._scales).tolist()
        return found

    def far(self, word: str, along: Sequence[float]) -> float:
        """As `of(word) @ direction`, from what `along` told of the direction; 0 of what is not known."""
        found = self.places(word)
        if not found:
            return 0.0
        mean = sum([along[i] for i in found]) / len(found)
        return mean if word in self._places else _UNSURE * mean

    def places(self, word: str) -> tuple[int, ...]:
        """Of the word; of an unknown one those of its parts, single characters only where none is longer."""
        at = self._places.get(word)
        return self._of_parts(word[:_LONGEST]) if at is None else (at,)

    def _parts(self, word: str) -> tuple[int, ...]:
        known, size = self._places, len(word)
        parts = [part for i in range(size) for j in range(i + 1, size + 1) if (part := word[i:j]) in known]
        return tuple(known[part] for part in [part for part in parts if len(part) > 1] or parts)


def read(path: Path) -> Senses:
    with np.load(path, allow_pickle=False) as file:
        words = bytes(file["words"]).decode().splitlines()
        return Senses(words, file["rows"], file["scales"])


@cache
def senses() -> Senses:
    """Those that are shipped."""
    with resources.as_file(resources.files("sentiment").joinpath("data", FILE)) as path:
        return read(path)
