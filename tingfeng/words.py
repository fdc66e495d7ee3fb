"""Finding words in texts: one pass however many words, and one spelling for all forms of a letter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from tingfeng.model import storable

# Full-width forms to ordinary ones; and the letters whose lower case is longer or depends on what stands beside them.
_FORMS = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: " ", 0x130: "i", 0x3A3: "σ", 0x3C2: "σ"}


def fold(text: str) -> str:
    """`text` in lower case, full-width forms made ordinary; of the same length, character by character."""
    return storable(text).translate(_FORMS).lower()


class Hit(NamedTuple):
    """`folded[start:end]` is that word, folded."""

    word: str
    start: int
    end: int


class WordFinder:
    """Finds all occurrences of all words in one pass over the text, whatever they overlap (Aho and Corasick, 1975)."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(dict.fromkeys(filter(None, map(fold, words))))
        self._find = AhoCorasick(self.words).find_matches_as_indexes if self.words else None

    def hits(self, folded: str) -> list[Hit]:
        """In a text that `fold` has seen: every occurrence of every word, as plain strings, by where they end."""
        if self._find is None:
            return []
        words = self.words
        return [Hit(words[i], start, end) for i, start, end in self._find(folded, overlapping=True)]
