"""Finding words in texts: one pass however many words, and one spelling for all forms of a letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

# Full-width forms to ordinary ones; and the letters whose lower case is longer or depends on what stands beside them.
_FORMS = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)} | {"\u3000": " ", "\u0130": "i", "Σ": "σ", "ς": "σ"}
# With what no database takes (see storable). A text has few of them: to replace those costs a quarter of str.translate.
_ODD = re.compile("[\x00\ud800-\udfff" + "".join(_FORMS) + "]")


def fold(text: str) -> str:
    """`text` in lower case, full-width forms made ordinary; of the same length, character by character."""
    return _ODD.sub(lambda sign: _FORMS.get(sign[0], "\ufffd"), text).lower()


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
