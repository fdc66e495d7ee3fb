"""What a text talks about, for "what grew": its content words and the phrases they form, synonyms merged.

    客服的态度很差，一直不发货  →  客服, 态度, 态度差, 客服态度差, 不发货

Words next to each other form a phrase; words of degree (很, 一直) and 的 may stand between. Which of word and phrase is
worth saying, the counts of many texts decide: `tingfeng.growth`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import NamedTuple

from sentiment.synonyms import lines_of, synonyms
from sentiment.text import cleaned
from sentiment.tokenizer import Tokenizer, default_tokenizer
from tingfeng.growth import GrownTerm, grown

MOST = 24  # per text
LONGEST = 20  # characters; longer ones are codes and keyboard runs
LONGEST_PHRASE = 12
REMEMBERED = 1 << 17  # words

_DIGITS = "0-9一二两三四五六七八九十百千万亿几半多"
_MEASURES = (
    "个次天年月日号点岁家位张条本份块元分秒楼层星件句种些样名间"
    "台部遍盒箱瓶包斤场段片首口页回周晚夜套道根钱颗粒只双把碗杯通"
)
# 第一次, 三天, 2018年, 一个多月, 十几块: numbers with a measure word.
_POINTERS = "第好前后每上下这那"
_COUNTED = re.compile(f"[{_POINTERS}]?[{_DIGITS}]+[{_MEASURES}]?[{_DIGITS}]*[{_MEASURES}]?|[0-9][0-9A-Za-z]*")  # 500ml
_COUNT_STARTS = frozenset("0123456789" + _DIGITS[3:] + _POINTERS)

# Stand inside a phrase without being part of it: 态度非常差, 客服的态度, 屏幕突然黑屏.
_PASSED = frozenset(
    str.split(
        "的 得 地 很 太 真 好 超 特 最 更 极 都 也 还 就 又 再 特别 非常 十分 极其 极度 相当 比较 有点 有点儿"
        " 真的 真是 实在 确实 完全 根本 简直 一直 总是 经常 突然 居然 竟然 已经 全部 全都 都是 这么 那么 如此"
        " 越来越 说是 又是 还是 天天 每次 每天 直接"
    )
)
_NOT = {
    "不": "不",
    "没": "没",
    "没有": "没",
    "未": "没",
    "无法": "无法",
    "不能": "无法",
    "没法": "无法",
    "不给": "不给",
}
_NOT |= {"不让": "不给", "不予": "不给", "不肯": "不", "不会": "不", "不再": "不", "拒绝": "拒绝", "拒不": "拒绝"}
# Say nothing alone, but much when they did not happen.
_NOT_DONE = frozenset(str.split("收到 拿到 看到 见到 说明 提醒 使用 进去 面对"))
_DEGREES = "很太真超极最更较偏挺好不"


# What a word may be in a phrase.
_BREAK = "b"  # ends it: signs, stop words, single characters
_PASSED_BY = "p"
_NEGATION = "n"
_DEED = "d"  # a word after a negation, else a break
_ENDING = "e"  # only ever the end
_EITHER = "x"  # the end after a word, else a word
_WORD = "w"  # a term by itself
_RUN = re.compile("[wxn](?:[^b]*[wxned])?")  # what else may stand in a phrase can neither begin one nor be one


class _Unit(NamedTuple):
    part: str
    word: str
    ending: str = ""


def terms(words: Iterable[str]) -> tuple[str, ...]:
    """What a text of these words, in order, talks about: each term once, at most `MOST`."""
    words = list(words)
    return _terms(words, dict.fromkeys(synonyms().wordings.found("".join(words))))


def _terms(words: list[str], found: dict[str, None]) -> tuple[str, ...]:
    for run in _RUN.finditer("".join(map(_PARTS.__getitem__, words))):
        start, end = run.span()
        if end - start > 1:
            units = map(_UNITS.__getitem__, words[start:end])
            _phrases(_joined(units) if _NEGATION in run[0] else units, found)
        elif run[0] != _NEGATION:  # most are: a word alone
            found[_UNITS[words[start]].word] = None
        if len(found) >= MOST:
            break
    return tuple(found if len(found) <= MOST else islice(found, MOST))


def _joined(run: Iterable[_Unit]) -> Iterator[_Unit]:
    """The run with negations joined to what they negate."""
    no = ""
    for unit in run:
        if unit.part == _NEGATION:
            no = unit.word
        elif no and unit.part != _PASSED_BY:
            yield _Unit(_WORD, _shown(no + unit.word))
            no = ""
        else:
            yield unit


def _phrases(run: Iterable[_Unit], found: dict[str, None]) -> None:
    """Puts the words of a run and its phrases into `found`: pairs, and three words where the last is an ending."""
    before = pair = ""
    for part, word, ending in run:
        if part == _WORD or (part == _EITHER and not before):
            found[word] = None
            pair = before and _phrase(before, word)
            if pair:
                found[_shown(pair)] = None
            before = word
        elif part != _PASSED_BY:
            if ending:
                found.update({_shown(phrase): None for head in (pair, before) if (phrase := _phrase(head, ending))})
            before = pair = ""


def _phrase(head: str, tail: str) -> str:
    """Both together; nothing when there is no head, when it would be too long, or when one says the other."""
    fits = head and len(head) + len(tail) <= LONGEST_PHRASE and head not in tail
    return head + tail if fits else ""


class _Units(dict[str, _Unit]):
    """Every word seen, with what it is; emptied before it grows without end."""

    def __missing__(self, word: str) -> _Unit:
        if len(self) >= REMEMBERED:
            self.clear()
        self[word] = found = _unit(word)
        return found


class _Parts(dict[str, str]):
    def __missing__(self, word: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        self[word] = found = _UNITS[word].part
        return found


_UNITS, _PARTS = _Units(), _Parts()


def _unit(word: str) -> _Unit:
    if word in _NOT:
        return _Unit(_NEGATION, _NOT[word])
    ending = synonyms().endings.get(word)
    if ending and (len(word) == 1 or word[0] in _DEGREES or not is_term(word)):
        return _Unit(_ENDING, word, ending)
    if word in _PASSED:
        return _Unit(_PASSED_BY, word)
    if word in _NOT_DONE:
        return _Unit(_DEED, word)
    if not is_term(word):
        return _Unit(_BREAK, word)
    return _Unit(_EITHER if ending else _WORD, _shown(word), ending or "")


def _shown(term: str) -> str:
    return synonyms().forms.get(term, term)


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
    return frozenset(word for line in lines_of("stopwords.txt") for word in line.split())


def terms_of(texts: Iterable[str], tokenizer: Tokenizer | None = None) -> list[tuple[str, ...]]:
    """The terms of each text, whatever it holds; linear in its length."""
    cut = (tokenizer or default_tokenizer()).cut
    ready = cleaned(list(texts))
    said = synonyms().wordings.found_in(ready)
    return [_terms(cut(text), dict.fromkeys(said.get(i, ()))) for i, text in enumerate(ready)]


def counted(texts: Iterable[str], tokenizer: Tokenizer | None = None) -> Counter[str]:
    """In how many of the texts each term stands."""
    return Counter(chain.from_iterable(terms_of(texts, tokenizer)))


def name_growth(
    window: Sequence[str],
    baseline: Sequence[str],
    *,
    names: Sequence[str] = (),
    tokenizer: Tokenizer | None = None,
    least: int = 2,
    least_z: float = 1.96,
    limit: int = 8,
) -> tuple[GrownTerm, ...]:
    """What the texts of `window` talk about and those of `baseline` did not: at most `limit` terms, strongest first.

    `names` of brands are never shown. A term counts once per text; see `tingfeng.growth.grown` for the rest.
    """
    return grown(
        counted(window, tokenizer),
        counted(baseline, tokenizer),
        posts_now=len(window),
        posts_before=len(baseline),
        least=least,
        least_z=least_z,
        limit=limit,
        ignore=names,
    )
