"""What words are like: a vector for each common word, from the company it keeps in the training corpora.

Words of one field lie near one another (屏幕, 分辨率, 灵敏): what a filter learns of one it knows of the others.
Made by train_senses.py.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FILE = "senses.npz"
_UNSURE = 0.7  # of a word that is only known by its parts
_LONGEST = 8  # characters of a word that is looked for in parts


class Senses:
    """`rows`: words × dimensions, one byte each; a vector is its row times its word's scale."""

    def __init__(self, words: list[str], rows: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> None:
        self._places = {word: i for i, word in enumerate(words)}
        self._rows, self._scales = rows, scales
        self.size = rows.shape[1]

    def of(self, word: str) -> Floats | None:
        """At most 1 long, the longer the more the folded word tells. Of an unknown one the mean of known parts."""
        at = self._places.get(word)
        if at is not None:
            return self._vector(at)
        word = word[:_LONGEST]
        parts = [word[i:j] for i in range(len(word)) for j in range(i + 1, len(word) + 1) if word[i:j] in self._places]
        if parts := [part for part in parts if len(part) > 1] or parts:
            mean: Floats = _UNSURE * np.mean([self._vector(self._places[part]) for part in parts], axis=0)
            return mean
        return None

    def _vector(self, at: int) -> Floats:
        found: Floats = self._rows[at].astype(np.float64) * float(self._scales[at])
        return found


def read(path: Path) -> Senses:
    with np.load(path, allow_pickle=False) as file:
        words = bytes(file["words"]).decode().split("\n")
        return Senses(words, file["rows"], file["scales"])


@cache
def senses() -> Senses:
    """Those that are shipped."""
    with resources.as_file(resources.files("sentiment").joinpath("data", FILE)) as path:
        return read(path)
