"""Whose a text is: the brands it speaks of, for spiders and imports alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from tingfeng.model import Brand


@dataclass(frozen=True, slots=True)
class Ear:
    """A brand made ready to be listened for in thousands of texts."""

    name: str
    words: tuple[str, ...]  # case-folded
    picky: Brand | None  # when its must/any/none words have to be asked

    @classmethod
    def of(cls, brand: Brand) -> Self:
        words = tuple(word.casefold() for word in brand.words)
        return cls(brand.name, words, brand if brand.must or brand.any or brand.none else None)

    def hears(self, folded: str) -> bool:
        """As Brand.named_in, of a text that is case-folded already."""
        return any(word in folded for word in self.words)


def brands_of(ears: Iterable[Ear], text: str, *, asked: str | None) -> tuple[str, ...]:
    """Whose `text` is: the brand `asked` for, unless its words exclude it, and every other one it names."""
    folded = text.casefold()
    return tuple(
        ear.name
        for ear in ears
        if (ear.name == asked or ear.hears(folded)) and (ear.picky is None or ear.picky.admits(text))
    )
