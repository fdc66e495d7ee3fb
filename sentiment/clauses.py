"""A post in clauses, as far as aspects need them: what is said of one thing ends where another begins.

味道不错，就是配送太慢了  →  味道不错 | 就是配送太慢了
质量好物流慢              →  质量好 | 物流慢      a second aspect begins a new part, once the first was commented on
服务、环境、味道都很好    →  one part for all three
客服，我真是服了          →  客服，我真是服了      a bare noun borrows what follows, up to the next aspect
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sentiment.triggers import Hit

# A new clause begins before these; not inside 不过是, 这就是, 忘却.
_TURNS = (
    "但是|但(?![愿凡是])|不过(?!是)|可是|只是|然而|虽然|尽管|可惜|反而|倒是|唯一|除了"
    "|(?<![这那也不可它])就是(?!说)|(?<![忘退])却(?!步)"
)
_ENDS = re.compile(f"(?P<strong>[。！？!?；;\n…]+)|[，,\\s]+|(?={_TURNS})")
_EMPTY = re.compile(  # says nothing about anything
    r"[\W_和与跟及或同的了啊呢吧嘛呀哦之有还也都这那个它是在我你他们家]+"
    "|但是|不过|可是|就是|只是|然而|虽然|尽管|可惜|反而|倒是|唯一|除了|一直|总是|每次|真的|根本|简直|以前|现在|希望|改进"
)
_TELLING = frozenset("好差烂慢快贵坏脏赞棒妙牛渣屎香臭酷丑美强弱稳大小高低多少顶绝行")  # one sign that is a comment
_SIGNS = 2  # any two others are


class Part(NamedTuple):
    """Part of a text, [start, end), with the hits it is about; many have none."""

    start: int
    end: int
    hits: Sequence[Hit]
    ends: bool  # a sentence
    bare: bool = False  # too little stands there to tell an opinion


def pieces(text: str, hits: Sequence[Hit]) -> Iterator[Part]:
    """The parts of `text` that hold any of `hits` (in order, not overlapping), with what they borrow."""
    parts = list(_parts(text, hits))
    lent = -1  # the last part that was borrowed
    for i, part in enumerate(parts):
        if not part.hits:
            continue
        if _comments(text, part):
            yield part
            continue
        start, end, last = part.start, part.end, i
        while not parts[last].ends and last + 1 < len(parts) and not parts[last + 1].hits:
            last += 1
            end = parts[last].end
        if last == i and i - 1 > lent and not parts[i - 1].hits and not parts[i - 1].ends:
            start = parts[i - 1].start  # 太让人失望了，这个客服
        lent = last
        longer = part._replace(start=start, end=end)
        yield longer._replace(bare=not _comments(text, longer))


def _parts(text: str, hits: Sequence[Hit]) -> Iterator[Part]:
    at = 0
    for start, end, ends in _clauses(text):
        first = at
        while at < len(hits) and hits[at].start < end:
            at += 1
        yield from _split(text, Part(start, end, hits[first:at], ends))


def _clauses(text: str) -> list[tuple[int, int, bool]]:
    """Start, end, and whether a sentence ends there."""
    found: list[tuple[int, int, bool]] = []
    start = 0
    for sign in _ENDS.finditer(text):
        strong = bool(sign["strong"])
        if sign.start() > start:
            found.append((start, sign.start(), strong))
            start = sign.start()
        elif strong and found:  # 客服 。: the space ended the clause, the stop ends the sentence
            found[-1] = (*found[-1][:2], True)
        start = max(start, sign.end())
    if start < len(text):
        found.append((start, len(text), True))
    return found


def _split(text: str, clause: Part) -> Iterator[Part]:
    """The clause, cut before each hit of another aspect once something was said of the one before."""
    start, own = clause.start, list(clause.hits[:1])
    named = {hit.aspect for hit in own}
    for hit in clause.hits[1:]:
        if not hit.loose and hit.aspect not in named:
            here = Part(start, hit.start, own, False)
            if _comments(text, here, after=own[-1].end):
                yield here
                start, own, named = hit.start, [], set()
        own.append(hit)
        named.add(hit.aspect)
    yield Part(start, clause.end, own, clause.ends)


def _comments(text: str, part: Part, *, after: int = 0) -> bool:
    """Whether there is more than the bare hits; with `after`, more behind that place."""
    if any(hit.lean for hit in part.hits):
        return True
    start = max(part.start, after)
    rest: list[str] = []
    for hit in part.hits:
        rest.append(text[start : hit.start])
        start = max(start, hit.end)
    said = _EMPTY.sub("", "".join((*rest, text[start : part.end])))
    return len(said) >= _SIGNS or said in _TELLING
