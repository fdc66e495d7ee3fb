"""Content words of a text, for "what grew"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from itertools import islice

MOST = 24  # per text
LONGEST = 20  # characters; longer ones are codes and keyboard runs

_DIGITS = "0-9一二两三四五六七八九十百千万亿几半多"
_MEASURES = "个次天年月日号点岁家位张条本份块元分秒楼层星件句种些样名间台部遍盒箱瓶包斤场段片首口页回周晚夜套道"
# 第一次, 三天, 2018年, 一个多月, 十几块: numbers with a measure word.
_POINTERS = "第好前后每上下这那"
_COUNTED = re.compile(f"[{_POINTERS}]?[{_DIGITS}]+[{_MEASURES}]?[{_DIGITS}]*[{_MEASURES}]?|[0-9][0-9A-Za-z]*")  # 500ml
_COUNT_STARTS = frozenset("0123456789" + _DIGITS[3:] + _POINTERS)


def terms(words: Iterable[str]) -> tuple[str, ...]:
    """Those of `words` (each once) that name a thing, an act or a quality, in their order, at most `MOST`."""
    return tuple(islice(filter(is_term, [word for word in words if len(word) > 1]), MOST))


@lru_cache(maxsize=65536)
def is_term(word: str) -> bool:
    """Two letters or more, no number, no stop word, no laughter (啊啊啊)."""
    return (
        2 <= len(word) <= LONGEST
        and word.isalnum()
        and word.lower() not in stop_words()
        and not (word[0] in _COUNT_STARTS and _COUNTED.fullmatch(word))
        and not (len(word) > 2 and word == word[0] * len(word))
    )


@cache
def stop_words() -> frozenset[str]:
    """The words of data/stopwords.txt."""
    lines = resources.files("sentiment").joinpath("data/stopwords.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
