"""Whose a text may be. Every brand it could be about: whether it is, the scoring job judges, which knows words."""

from __future__ import annotations

from collections.abc import Sequence

from tingfeng.model import Brand
from tingfeng.words import WordFinder, fold


class Ears:
    """The configured brands, made ready to be listened for in thousands of texts."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._order = {brand.name: place for place, brand in enumerate(brands)}
        self._owners: dict[str, list[str]] = {}
        for brand in brands:
            for word in dict.fromkeys(map(fold, brand.words)):
                self._owners.setdefault(word, []).append(brand.name)
        self._finder = WordFinder(self._owners)

    def brands_of(self, text: str, *, asked: str | None) -> tuple[str, ...]:
        """The brand we searched for, if it is a configured one, and every other whose name stands in `text`."""
        found = {name for word in {hit.word for hit in self._finder.hits(fold(text))} for name in self._owners[word]}
        if asked in self._order:
            found.add(asked)
        return tuple(sorted(found, key=self._order.__getitem__))
