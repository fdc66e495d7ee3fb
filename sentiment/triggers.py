"""Which words of a taxonomy stand where in a batch of texts: one pass over all of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

_ASCII_SIGN = re.compile("[0-9a-z]")
# Ends a few characters before a word that did not happen: 没有漏发, 一点也不卡顿, 并没出现任何异味.
_NEGATED = re.compile(
    "(?:没有?|不|无|未|别|毫无|零)(?:[再会算是曾能用怕有过太很出]|出现|发生|任何|什么|那么|觉得|感到|存在)*$"
)
_REACH = 8


class Word(NamedTuple):
    """What a word stands for. `aspect` None: something else, such as a name, in which nothing else is looked for."""

    aspect: str | None
    lean: int  # −1 a complaint by itself, 1 praise by itself, else 0
    loose: bool = False  # says how a thing is; beside another aspect's noun it speaks of that


class Hit(NamedTuple):
    """A word of the taxonomy in a text, [start, end)."""

    aspect: str
    lean: int  # of the word, turned round where it is negated
    start: int
    end: int
    loose: bool = False


class Triggers:
    """Finds words: of overlapping ones the first, then the longest. Case is alike."""

    def __init__(self, words: Mapping[str, Word]) -> None:
        known = {folded(word): what for word, what in words.items() if word}
        self._words = list(known.values())
        self._ascii = [word.isascii() for word in known]
        self._find = AhoCorasick(list(known), matchkind=MatchKind.LeftmostLongest).find_matches_as_indexes

    def find(self, texts: Sequence[str]) -> dict[int, list[Hit]]:
        """The hits of those texts that have any, by place. The texts must be `folded`."""
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        joined = "\n".join(texts)
        found: dict[int, list[Hit]] = {}
        for which, start, end in self._find(joined):
            aspect, lean, loose = self._words[which]
            if aspect is None or (self._ascii[which] and _inside_a_word(joined, start, end)):
                continue
            text = bisect_right(starts, start) - 1
            first = starts[text]
            if lean and _NEGATED.search(joined, max(first, start - _REACH), start):
                lean = -lean
            found.setdefault(text, []).append(Hit(aspect, lean, start - first, end - first, loose))
        return found


def folded(text: str) -> str:
    """`text` in small letters, as long as before: a place in one is a place in the other."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(map(_small, text))


def _small(sign: str) -> str:
    return small if len(small := sign.lower()) == 1 else sign


def _inside_a_word(text: str, start: int, end: int) -> bool:
    """Whether a hit is part of a longer Latin word: app in happy."""
    return bool(_ASCII_SIGN.match(text, start - 1) if start else None) or bool(_ASCII_SIGN.match(text, end))
