"""Text → words. jieba defines them; rjieba has the same dictionary and is some twenty times as fast.

rjieba takes runs of Latin letters, digits and signs (T_T, 20-8, 2018.4.21) as one word; here they are cut again by
jieba's own rule. A test holds the cuts of both together on real text.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from typing import Protocol

from sentiment.text import clean
from tingfeng.model import storable


class Tokenizer(Protocol):
    """Cuts any text into words that joined together are the text again (lone surrogates and NUL as U+FFFD)."""

    name: str

    def cut(self, text: str) -> list[str]: ...


_RUN = re.compile(r"[A-Za-z0-9%][#&._%+-]+[A-Za-z0-9]")
_JIEBA_SKIP = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")  # jieba.finalseg.re_skip


class RjiebaTokenizer:
    """rjieba: 40 MB, a tenth of a second to load. Holds the GIL, so threads gain nothing."""

    name = "rjieba"

    def __init__(self) -> None:
        import rjieba

        self._cut = rjieba.cut
        self._has_word = rjieba.has_word

    def cut(self, text: str) -> list[str]:
        text = storable(text)  # rjieba raises on lone surrogates
        words = self._cut(text)
        return list(self._cut_runs(words)) if _RUN.search(text) else words

    def _cut_runs(self, words: list[str]) -> Iterator[str]:
        for word in words:
            if _RUN.search(word) and not self._has_word(word):
                yield from filter(None, _JIEBA_SKIP.split(word))
            else:
                yield word


class JiebaTokenizer:
    """jieba itself: 80 MB, two thirds of a second to load."""

    name = "jieba"

    def __init__(self) -> None:
        import jieba

        self._jieba = jieba.Tokenizer()
        # Its own start would leave a cache in the shared temporary folder, which it later loads back unchecked, and
        # which is no faster than reading the dictionary.
        self._jieba.FREQ, self._jieba.total = self._jieba.gen_pfdict(self._jieba.get_dict_file())
        self._jieba.initialized = True

    def cut(self, text: str) -> list[str]:
        words: list[str] = self._jieba.lcut(storable(text))
        return words


@cache
def default_tokenizer() -> Tokenizer:
    """rjieba where it is installed, else jieba; loaded once per process."""
    return RjiebaTokenizer() if importlib.util.find_spec("rjieba") else JiebaTokenizer()


def words_of(text: str, tokenizer: Tokenizer) -> dict[str, None]:
    """The words of the cleaned text, each once, in the order they first appear; no white space."""
    return dict.fromkeys(filter(str.strip, tokenizer.cut(clean(text))))
