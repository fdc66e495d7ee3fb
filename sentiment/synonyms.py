"""Different words for one thing: the groups of data/synonyms.txt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from tingfeng.model import storable


class Synonyms(NamedTuple):
    """The groups of the file, each variant with the form that is shown."""

    forms: Mapping[str, str]  # of words and phrases
    endings: Mapping[str, str]  # of the last word of a phrase: 很差 → 差
    wordings: Wordings  # of what segmentation tears apart


class Wordings:
    """Finds wordings in texts as they stand."""

    def __init__(self, shown: Mapping[str, str]) -> None:
        self._shown = list(shown.values())
        patterns = [wording.encode() for wording in shown]
        self._find = BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest).find_matches_as_indexes

    def found(self, text: str) -> list[str]:
        """What the wordings in `text` are counted as, in order; of overlapping ones the first, then the longest."""
        return self.found_in([storable(text)]).get(0, [])

    def found_in(self, texts: Sequence[str]) -> dict[int, list[str]]:
        """The same for those of `texts` that hold any, by place; UnicodeEncodeError on lone surrogates."""
        raw = [text.encode() for text in texts]
        ends = list(accumulate(len(one) + 1 for one in raw))  # a break between two texts, which no wording holds
        found: dict[int, list[str]] = {}
        for which, start, _ in self._find(b"\n".join(raw)):
            found.setdefault(bisect_right(ends, start), []).append(self._shown[which])
        return found


@cache
def synonyms() -> Synonyms:
    """What the file says; read once per process."""
    forms: dict[str, str] = {}
    endings: dict[str, str] = {}
    wordings: dict[str, str] = {}
    for line in lines_of("synonyms.txt"):
        table = {"~": endings, "=": wordings}.get(line[0], forms)
        shown, *variants = line.lstrip("~=").split()
        table.update(dict.fromkeys((shown, *variants), shown))
    # A wording may also be what the words of a text happen to add up to.
    return Synonyms({**wordings, **forms}, endings, Wordings(wordings))


def lines_of(name: str) -> Iterator[str]:
    """The lines of a data file, without comments and empty ones."""
    text = resources.files("sentiment").joinpath(f"data/{name}").read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
