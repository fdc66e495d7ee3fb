"""What a relevance filter looks at: the words of a text, what stands around the name, and what the text is about.

Features are named in words, so that a filter can be read: "word:甜", "left:吃", "topic:farm", "aspect:价格".
"sense:甜" (anywhere) and "close:甜" (near the name) stand for what the word is like (see `sentiment.senses`): a filter
learns weights of their few dimensions, `expanded` here, and so of words it has not seen.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, chain

from sentiment.aspects import shipped
from sentiment.naming import Found, Look
from sentiment.senses import Floats, senses
from sentiment.synonyms import lines_of
from sentiment.tokenizer import Tokenizer
from tingfeng.words import WordFinder, fold

Places = Sequence[tuple[int, int]]

FEATURES = 2  # grows when the same text gets other features; a filter made before is not used then
NEAR = 6  # characters around a name that are close to it
LONGEST = 4_000  # characters of a text that are looked at
PLACES = 8  # of a name
REMEMBERED = 1 << 16  # words
# How far a weight of the kind may stray for the same price; fitted on the training half of bench/relevance only.
SCALE = {
    "word": 0.5,
    "left": 0.7,
    "right": 0.7,
    "before": 0.5,
    "after": 0.5,
    "topic": 1.5,
    "aspect": 0.7,
    "sense": 1.5,
    "close": 1.5,
    "form": 0.7,
    "also": 0.7,
}
# What people say of brands at all, whatever the brand makes: one feature each, so that few marks suffice.
_COMMERCE = ("company", "stock", "service")
_SUMS = {"commerce": _COMMERCE, "goods": (*_COMMERCE, "phone", "computer", "car", "home")}
_MOST = 63  # words of a topic
_LOG2 = [math.log2(1 + n) for n in range(_MOST + 1)]
SENSES = ("sense", "close")
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
        found[name] = SCALE[name.partition(":")[0]] * _LOG2[min(n, _MOST)]
    for name, parts in _SUMS.items():
        if n := sum(said.get(f"topic:{part}", 0) for part in parts):
            found[f"about:{name}"] = _LOG2[min(n, _MOST)]
    if others:
        found["also:brand"] = SCALE["also"]
    outside, close = _outside(tokens, ends, places)
    _add_senses(found, "sense", [names[1] for names in outside])
    _add_senses(found, "close", [names[2] for names in close])
    seen = chain((names[0] for names in outside), _around(folded, tokens, ends, places), _forms(text, places))
    for name in seen if only is None else filter(only.__contains__, seen):
        scale = SCALE[name.partition(":")[0]]
        found[name] = scale * _TWICE if name in found else scale
    return found


_Names = tuple[str, str, str]  # of a word's features: word, sense, close


def _outside(tokens: Sequence[str], ends: Sequence[int], places: Places) -> tuple[list[_Names], list[_Names]]:
    """The words outside the names that say something, and those of them that are close to a name."""
    inside: set[int] = set()
    close: set[int] = set()
    for start, end in places:
        first, last = bisect_right(ends, start) - 1, bisect_left(ends, end)
        inside.update(range(first, last))
        close.update(range(bisect_left(ends, start - NEAR, 1) - 1, first))
        close.update(range(last, min(bisect_right(ends, end + NEAR), len(tokens))))
    words = [(i, names) for i, token in enumerate(tokens) if i not in inside and (names := _named(token))]
    return [names for _, names in words], [names for i, names in words if i in close]


@lru_cache(maxsize=REMEMBERED)
def _named(token: str) -> _Names | None:
    """Of a token that says something."""
    if not any(map(str.isalnum, token)) or token in _SAYS_NOTHING or token.isdecimal():
        return None
    return f"word:{token}", f"sense:{token}", f"close:{token}"


def _add_senses(found: dict[str, float], kind: str, names: Sequence[str]) -> None:
    """What the words are like: each kind together about as long, however many words there are."""
    share = SCALE[kind] / math.sqrt(len(names) or 1)
    for name in names:
        found[name] = found.get(name, 0.0) + share


def expanded(found: Mapping[str, float]) -> dict[str, float]:
    """The same with the dimensions of what words are like ("sense#0") in place of the words ("sense:甜")."""
    sums: dict[str, Floats] = {}
    plain: dict[str, float] = {}
    for name, value in found.items():
        kind, _, word = name.partition(":")
        if kind not in SENSES:
            plain[name] = value
        elif (vector := senses().of(word)) is not None:
            sums[kind] = sums.get(kind, 0.0) + value * vector
    for kind, vector in sums.items():
        plain.update((f"{kind}#{i}", float(value)) for i, value in enumerate(vector))
    return plain


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


def _forms(text: str, places: Places) -> Iterator[str]:
    """How a Latin name is spelled (MAC is another thing than Mac), and whether a model's number follows."""
    for start, end in places:
        name, after = text[start:end], text[end : end + 2].lstrip()
        if name.isascii() and name.upper() != name.lower():
            yield "form:UPPER" if name.isupper() else "form:lower" if name.islower() else "form:Mixed"
        if after[:1].isascii() and after[:1].isalnum():
            yield "form:model"
        if text[start - 1 : start] in ("《", "「", "“"):
            yield "form:title"


def topics(folded: str, tokens: Sequence[str], places: Places) -> Mapping[str, int]:
    """How many different words of each topic ("topic:food") and aspect ("aspect:价格") stand outside the names."""
    by_word, finder = _topics()
    hits = finder.hits(folded)
    said = {hit.word for hit in hits if not any(hit.start < end and start < hit.end for start, end in places)}
    said.update(token for token in tokens if len(token) == 1 and token in by_word)
    return Counter(topic for word in said for topic in by_word[word])


@cache
def _topics() -> tuple[dict[str, tuple[str, ...]], WordFinder]:
    """The topics and aspects of each word, and what finds those of two characters or more."""
    by_word: dict[str, tuple[str, ...]] = {}
    lists = [
        ("topic:" + name, words.split()) for name, _, words in (ln.partition(":") for ln in lines_of("topics.txt"))
    ]
    lists += [(f"aspect:{aspect.name}", [w for w in aspect.words if len(w) > 1]) for aspect in shipped()]
    for name, words in lists:
        for word in dict.fromkeys(map(fold, words)):
            by_word[word] = (*by_word.get(word, ()), name)
    # Latin ones are left to a filter's own words: "os" is in most of them.
    return by_word, WordFinder(word for word in by_word if len(word) > 1 and not word.isascii())
