"""What a relevance filter looks at: the words of a text, what stands around the name, and what the text is about.

Features are named in words, so that a filter can be read: "word:甜", "left:吃", "near:一斤", "topic:farm".
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, chain, pairwise

from sentiment.naming import Found, Look
from sentiment.synonyms import lines_of
from sentiment.tokenizer import Tokenizer
from tingfeng.words import WordFinder, fold

FEATURES = 1  # grows when the same text gets other features; a filter made before is not used then
NEAR = 6  # characters around a name from which runs of two are taken
LONGEST = 4_000  # characters of a text that are looked at
PLACES = 8  # of a name
REMEMBERED = 1 << 16  # words
# How far a weight of the kind may stray for the same price; fitted on the training half of bench/relevance only.
SCALE = {
    "word": 0.5,
    "left": 0.7,
    "right": 0.7,
    "near": 0.2,
    "before": 0.5,
    "after": 0.5,
    "topic": 1.5,
    "form": 0.7,
    "also": 0.7,
}
# What people say of brands at all, whatever the brand makes: one feature each, so that few marks suffice.
_COMMERCE = ("company", "stock", "service")
_SUMS = {"commerce": _COMMERCE, "goods": (*_COMMERCE, "phone", "computer", "car", "home")}
_TWICE = 2**0.5  # what is said again says a little more
_SAYS_NOTHING = frozenset(str.split("的 了 是 在 和 就 都 也 还 这 那 个 一 不 有 我 你 被 给 把 着 过 吗 呢 吧 啊"))


def features(
    look: Look,
    text: str,
    names: Sequence[Found],
    tokenizer: Tokenizer,
    *,
    others: int = 0,
    only: Container[str] | None = None,
) -> dict[str, float]:
    """Of a text and the places where the brand is named in it; `others`: how many other brands are.

    `only`: the features a filter knows; others are left out, which is most of the work.
    """
    folded = look.folded[:LONGEST]
    places = [(n.start, n.end) for n in names if n.stands and n.end <= LONGEST][:PLACES]
    tokens = tokenizer.cut(folded)
    ends = [0, *accumulate(map(len, tokens))]
    found: dict[str, float] = {}
    said = topics(folded, tokens, places)
    for name, n in said.items():
        found[f"topic:{name}"] = SCALE["topic"] * math.log2(1 + n)
    for name, parts in _SUMS.items():
        if n := sum(said.get(part, 0) for part in parts):
            found[f"about:{name}"] = math.log2(1 + n)
    if others:
        found["also:brand"] = SCALE["also"]
    seen = chain(_words(tokens, ends, places), _around(folded, tokens, ends, places), _forms(text, places))
    for name in seen if only is None else filter(only.__contains__, seen):
        scale = SCALE[name.partition(":")[0]]
        found[name] = scale * _TWICE if name in found else scale
    return found


Places = Sequence[tuple[int, int]]


def _words(tokens: Sequence[str], ends: Sequence[int], places: Places) -> Iterator[str]:
    """The words of the text outside the names."""
    inside = {i for start, end in places for i in range(bisect_right(ends, start) - 1, bisect_left(ends, end))}
    for i, token in enumerate(tokens):
        if i not in inside and (feature := _word(token)):
            yield feature


@lru_cache(maxsize=REMEMBERED)
def _word(token: str) -> str:
    """Its feature; "" of a word that says nothing."""
    says = any(map(str.isalnum, token)) and token not in _SAYS_NOTHING and not token.isdecimal()
    return f"word:{token}" if says else ""


def _around(folded: str, tokens: Sequence[str], ends: Sequence[int], places: Places) -> Iterator[str]:
    """What stands next to the names, as words and as characters."""
    for start, end in places:
        before, after = bisect_right(ends, start) - 2, bisect_left(ends, end)
        while before >= 0 and not tokens[before].strip():
            before -= 1
        while after < len(tokens) and not tokens[after].strip():
            after += 1
        yield f"left:{tokens[before] if before >= 0 else '^'}"
        yield f"right:{tokens[after] if after < len(tokens) else '$'}"
        yield f"before:{folded[start - 1 : start] or '^'}"
        yield f"after:{folded[end : end + 1] or '$'}"
        for stretch in (folded[max(0, start - NEAR) : start], folded[end : end + NEAR]):
            yield from {f"near:{a}{b}" for a, b in pairwise(stretch) if a.isalnum() and b.isalnum()}


def _forms(text: str, places: Sequence[tuple[int, int]]) -> Iterator[str]:
    """How a Latin name is spelled (MAC is another thing than Mac), and whether a model's number follows."""
    for start, end in places:
        name, after = text[start:end], text[end : end + 2].lstrip()
        if name.isascii() and name.upper() != name.lower():
            yield "form:UPPER" if name.isupper() else "form:lower" if name.islower() else "form:Mixed"
        if after[:1].isascii() and after[:1].isalnum():
            yield "form:model"
        if text[start - 1 : start] in ("《", "「", "“"):
            yield "form:title"


def topics(folded: str, tokens: Sequence[str], places: Sequence[tuple[int, int]]) -> Mapping[str, int]:
    """How many different words of each topic the text holds outside the names."""
    by_word, finder = _topics()
    said = {
        hit.word for hit in finder.hits(folded) if not any(hit.start < end and start < hit.end for start, end in places)
    }
    said.update(token for token in tokens if len(token) == 1 and token in by_word)
    return Counter(topic for word in said for topic in by_word[word])


@cache
def _topics() -> tuple[dict[str, tuple[str, ...]], WordFinder]:
    """The topics of each word, and what finds those of two characters or more."""
    by_word: dict[str, tuple[str, ...]] = {}
    for line in lines_of("topics.txt"):
        name, _, words = line.partition(":")
        for word in dict.fromkeys(map(fold, words.split())):
            by_word[word] = (*by_word.get(word, ()), name)
    # Latin ones are left to a filter's own words: "os" is in most of them.
    return by_word, WordFinder(word for word in by_word if len(word) > 1 and not word.isascii())
