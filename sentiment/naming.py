"""Whether a brand's name stands in a text as a word: 小米 in 小米粥, mac in machine do not name the brand.

A Chinese word is bounded as the segmenter bounds it: a longer word of the dictionary that covers it (小米粥), or one
that reaches into it (广大|众多), means something else, unless what it adds is a word of trade or the brand's own
(苹果公司). A Latin word ends where letters end, or where a capital begins the next one (iMac, MacBook, macOS); digits
may follow a letter (iPhone15), and Chinese neighbours are a bound (买Mac了).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, pairwise

from sentiment.tokenizer import Tokenizer
from tingfeng.model import Brand
from tingfeng.relevance import Relevance
from tingfeng.words import Hit, WordFinder, fold

RULES = 2  # grows when the same words are judged otherwise
MOST = 40  # places of one word in one text that are looked at
REACH = 6  # characters around a place that are segmented
LONGEST_MORE = 3  # characters a covering word may add on one side
SURE, UNSURE = 0.99, 0.5  # the rules' probability: what they rule out, and what they only let pass

# What a dictionary's longer word may add to a name without meaning something else: 苹果公司, 大众汽车.
TRADE = frozenset(
    str.split(
        "公司 集团 企业 品牌 汽车 轿车 手机 电脑 平板 电视 科技 数码 商城 商店 官网 官方 客服 门店"
        " 专卖店 旗舰店 股份 总部"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place where a word of the brand is written. `inside` names what covers it where it does not stand as a word."""

    word: str  # folded
    start: int
    end: int
    inside: str = ""

    @property
    def stands(self) -> bool:
        return not self.inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the rules say of a text and a brand. `why` is empty where they let it pass."""

    relevant: bool
    why: str  # "inside", "must", "any" or "none"
    names: tuple[Found, ...]
    words: tuple[Found, ...] = ()  # of must, any and none


_PASSED = Ruling(relevant=True, why="", names=())


class Naming:
    """The brands of a configuration and a tokenizer, ready for thousands of texts."""

    def __init__(self, brands: Sequence[Brand], tokenizer: Tokenizer) -> None:
        self._ways = {brand.name: _Way.of(brand, tokenizer.name) for brand in brands}
        self._finder = WordFinder(word for way in self._ways.values() for word in way.all)
        self._owners: dict[str, list[str]] = {}
        for name, way in self._ways.items():
            for word in way.names:
                self._owners.setdefault(word, []).append(name)
        self._tokenizer = tokenizer
        self._judgements = {
            (name, ours): Relevance(relevant=ours, p=UNSURE if ours else 1 - SURE, by=self.version(name))
            for name in self._ways
            for ours in (True, False)
        }

    def knows(self, brand: str) -> bool:
        return brand in self._ways

    def look(self, text: str) -> Look:
        """`text` with all words of all brands found in it, in one pass."""
        folded = fold(text)
        places: dict[str, list[Hit]] = {}
        for hit in self._finder.hits(folded):
            there = places.setdefault(hit.word, [])
            if len(there) < MOST:
                there.append(hit)
        return Look(text, folded, places)

    def rule(self, look: Look, brand: str) -> Ruling:
        """What the rules say.

        A text that nowhere holds the name the source found all the same, by words that were not the author's own (what
        was reposted, the question): must and any may stand there too, so only `none` rules it out.
        """
        if not look.places:  # most texts that a search found
            return _PASSED
        way = self._ways[brand]
        names = tuple(self._found(look, way.names, way))
        others = {word: tuple(self._found(look, [word], way)) for word in way.listed}
        words = tuple(found for each in others.values() for found in each)
        stands = {word for word, found in others.items() if any(f.stands for f in found)}
        why = ""
        if names and not any(f.stands for f in names):
            why = "inside"
        elif names and not way.must <= stands:
            why = "must"
        elif names and way.any and not way.any & stands:
            why = "any"
        elif way.none & stands:
            why = "none"
        return Ruling(relevant=not why, why=why, names=names, words=words)

    def version(self, brand: str) -> str:
        """By whom a judgement of the rules is; changes with the brand's words, the tokenizer and the rules."""
        return f"words/{self._ways[brand].version}"

    def judgement(self, ruling: Ruling, brand: str) -> Relevance:
        """What is stored where no filter knows better."""
        return self._judgements[brand, ruling.relevant]

    def others_named(self, look: Look, brand: str) -> int:
        """How many other configured brands have a name written there."""
        own = self._ways[brand].names
        return len({owner for word in look.places if word not in own for owner in self._owners.get(word, ())})

    def _found(self, look: Look, words: Iterable[str], way: _Way) -> Iterator[Found]:
        for word in words:
            for _, start, end in look.places.get(word, ()):
                yield Found(word=word, start=start, end=end, inside=self._inside(look, start, end, way))

    def _inside(self, look: Look, start: int, end: int, way: _Way) -> str:
        """The longer word that the place is a part of; "" where it stands for itself."""
        text = look.folded
        left, right = _latin_more(text, start, end)
        left, right = left * (not _hump(look.text, start)), right * (not _hump(look.text, end))
        if left or right:
            return text[start - left : end + right]
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (_meet(before, text[start]) or _meet(text[end - 1], after)):
            return ""
        return next(
            (w for a, b in self._covers(text, start, end) if not way.allows((w := text[a:b]), text[start:end])), ""
        )

    def _covers(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Dictionary words that reach over an end of the place, as the segmenter sees them, and pairs of bounds around
        it between which one stands.
        """
        first = max(0, start - REACH)
        tokens = self._tokenizer.cut(text[first : end + REACH])
        ends = list(accumulate(map(len, tokens), initial=first))
        knows = self._tokenizer.knows
        for a, b in pairwise(ends):
            if (a < start < b or a < end < b) and knows(text[a:b]):
                yield a, b
        before = [a for a in ends if start - LONGEST_MORE <= a < start]
        after = [b for b in ends if end < b <= end + LONGEST_MORE]
        for a in (*before, start):
            for b in (*reversed(after), end):
                if b - a > end - start and knows(text[a:b]):
                    yield a, b


@dataclass(frozen=True, slots=True)
class Look:
    """A text, the same folded, and where which word is written in it."""

    text: str
    folded: str
    places: dict[str, list[Hit]]


@dataclass(frozen=True, slots=True)
class _Way:
    """A brand's words, folded, with a version that changes with them."""

    names: tuple[str, ...]
    must: frozenset[str]
    any: frozenset[str]
    none: frozenset[str]
    listed: tuple[str, ...]  # must, any and none
    version: str

    @classmethod
    def of(cls, brand: Brand, tokenizer: str) -> _Way:
        names, must, any_, none = (tuple(map(fold, w)) for w in (brand.words, brand.must, brand.any, brand.none))
        told = "\n".join([str(RULES), tokenizer, *("\t".join(words) for words in (names, must, any_, none))])
        version = blake2b(told.encode(), digest_size=4).hexdigest()
        listed = tuple(dict.fromkeys((*must, *any_, *none)))
        return cls(tuple(dict.fromkeys(names)), frozenset(must), frozenset(any_), frozenset(none), listed, version)

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.names, *self.listed)

    def allows(self, longer: str, word: str) -> bool:
        """Whether the longer word still speaks of the same: 苹果公司 of 苹果, but not 苹果醋."""
        if longer in self.all:
            return True
        head, _, tail = longer.partition(word)
        return word in longer and all(not more or more in TRADE or more in self.all for more in (head, tail))


def _latin_more(text: str, start: int, end: int) -> tuple[int, int]:
    """How many letters or digits run on before and after a word that begins, or ends, with one."""
    left = right = 0
    if _is_latin(text[start]):
        left = _run(text[max(0, start - REACH) : start][::-1])
    if _is_latin(text[end - 1]):
        after = text[end : end + REACH]
        digits = 0 if text[end - 1].isdigit() else len(after) - len(after.lstrip("0123456789"))
        right = _run(after[digits:]) if not digits else 0
    return left, right


def _hump(text: str, at: int) -> bool:
    """Whether a capital begins a new word there: i|Mac, Mac|Book."""
    return text[at - 1 : at].islower() and text[at : at + 1].isupper()


def _run(text: str) -> int:
    return next((i for i, sign in enumerate(text) if not _is_latin(sign)), len(text))


def _meet(a: str, b: str) -> bool:
    """Whether two neighbours may be parts of one Chinese word."""
    return _is_chinese(a) and _is_chinese(b)


def _is_chinese(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff" or "\U00020000" <= sign <= "\U0003ffff"


def _is_latin(sign: str) -> bool:
    """A letter or digit of a script that puts spaces between words."""
    return sign.isalnum() and sign < "\u2e80"
