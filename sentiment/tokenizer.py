"""Text → words. jieba defines them; rjieba has the same dictionary and is some twenty times as fast.

rjieba takes runs of Latin letters, digits and signs (T_T, 20-8, 2018.4.21) as one word; here they are cut again by
jieba's own rule. A test holds the cuts of both together on real text.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Protocol

from sentiment.text import clean
from tingfeng.config_types import KEEPABLE
from tingfeng.model import storable


class Tokenizer(Protocol):
    """Cuts any text into words that joined together are the text again (lone surrogates and NUL as U+FFFD)."""

    name: str

    def cut(self, text: str) -> list[str]: ...

    def knows(self, word: str) -> bool:
        """Whether a storable text is a word of the dictionary or one of the user's, not one that was guessed."""
        ...


_RUN = re.compile(r"[A-Za-z0-9%][#&._%+-]+[A-Za-z0-9]")
_JIEBA_SKIP = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")  # jieba.finalseg.re_skip


# How often a word of the user's counts as seen, at least. jieba's own suggestion only just wins against the word's own
# parts and loses to a neighbour's: 小麂茶 suggests 1. Both tokenizers are told the same number, so that they cut alike.
_SEEN = 1000


_shared_words: list[tuple[str, ...]] = []  # one entry: what was added to the dictionary rjieba itself holds


class RjiebaTokenizer:
    """rjieba: 40 MB, a tenth of a second to load. Holds the GIL, so threads gain nothing."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        import rjieba

        # Importing it loads a dictionary that everybody in the process shares. Who comes first may add words to it;
        # who wants other words gets a dictionary of his own, 26 MB more.
        fresh = not _shared_words
        if fresh:
            _shared_words.append(tuple(words))
        ours = _shared_words[0] == tuple(words)
        self._jieba = rjieba if ours else rjieba.Jieba()
        self.name = f"rjieba{_digest(words)}"
        if fresh or not ours:
            for word, seen in {word: _times(self._jieba.suggest_freq(word)) for word in words}.items():
                self._jieba.add_word(word, seen, "n")
        self._cut = self._jieba.cut
        self._has_word = self._jieba.has_word

    def cut(self, text: str) -> list[str]:
        text = storable(text)  # rjieba raises on lone surrogates
        words = self._cut(text)
        return list(self._cut_runs(words)) if _RUN.search(text) else words

    def knows(self, word: str) -> bool:
        return bool(self._has_word(word))

    def _cut_runs(self, words: list[str]) -> Iterator[str]:
        for word in words:
            if _RUN.search(word) and not self._has_word(word):
                yield from filter(None, _JIEBA_SKIP.split(word))
            else:
                yield word


class JiebaTokenizer:
    """jieba itself: 80 MB, two thirds of a second to load."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        import jieba

        self._jieba = jieba.Tokenizer()
        # Its own start would leave a cache in the shared temporary folder, which it later loads back unchecked, and
        # which is no faster than reading the dictionary.
        self._jieba.FREQ, self._jieba.total = self._jieba.gen_pfdict(self._jieba.get_dict_file())
        self._jieba.initialized = True
        self.name = f"jieba{_digest(words)}"
        for word, seen in {word: _times(self._jieba.suggest_freq(word)) for word in words}.items():
            self._jieba.add_word(word, seen, "n")

    def cut(self, text: str) -> list[str]:
        words: list[str] = self._jieba.lcut(storable(text))
        return words

    def knows(self, word: str) -> bool:
        return bool(self._jieba.FREQ.get(word))


def _times(suggested: int) -> int:
    return max(_SEEN, 2 * suggested)


def _digest(words: Sequence[str]) -> str:
    """ "+" and eight hex digits that stand for the words; "" without any."""
    return "+" + blake2b("\n".join(words).encode(), digest_size=4).hexdigest() if words else ""


def _make(words: Sequence[str] = ()) -> Tokenizer:
    return RjiebaTokenizer(words) if importlib.util.find_spec("rjieba") else JiebaTokenizer(words)


@cache
def default_tokenizer() -> Tokenizer:
    """rjieba where it is installed, else jieba; loaded once per process."""
    return _make()


def tokenizer_for(words: Sequence[str]) -> Tokenizer:
    """A tokenizer that keeps `words` whole, whatever their order; the default one when there is nothing to keep.

    For names of brands and words of a trade. Words that no segmenter can keep (one character, spaces, most signs) are
    left out. Its name changes with the words. 40 MB each: the newest few are remembered.
    """
    kept = tuple(sorted({word for word in words if KEEPABLE.fullmatch(word)}))
    return _with_words(kept) if kept else default_tokenizer()


@lru_cache(maxsize=4)
def _with_words(words: tuple[str, ...]) -> Tokenizer:
    return _make(words)


def words_of(text: str, tokenizer: Tokenizer) -> dict[str, None]:
    """The words of the cleaned text, each once, in the order they first appear; no white space."""
    return dict.fromkeys(filter(str.strip, tokenizer.cut(clean(text))))
