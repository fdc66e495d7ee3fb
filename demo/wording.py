"""Invented sentences: frames with slots, filled at random from the lists in words/. Same seed, same sentences."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from random import Random
from typing import Any

_SLOT = re.compile(r"\{(\w+)\}")


@cache
def words(name: str) -> Mapping[str, Any]:
    """The lists of words/<name>.toml."""
    return tomllib.loads((resources.files("demo") / "words" / f"{name}.toml").read_text("utf-8"))


class Writer:
    """Writes as anybody: each text is drawn anew from the frames of its kind."""

    def __init__(self, rng: Random) -> None:
        self._rng, self._slots = rng, words("slots")

    def post(self, kind: str, brand: str) -> str:
        """A short post about `brand`; `kind` is the name of a file in words/ with frames and clauses."""
        table = words(kind)
        a, b = self._rng.sample(table["clauses"], 2)
        return self.fill(self._rng.choice(table["frames"]), brand, a=a, b=b)

    def long_post(self, kind: str, brand: str) -> str:
        """A post too long for a list: several on end, in one breath."""
        parts = [self.post(kind, brand) for _ in range(self._rng.randint(4, 6))]
        return "\n".join(parts)

    def line(self, kind: str, name: str, brand: str) -> str:
        """One of the single sentences `name` of words/<kind>.toml."""
        found = words(kind)[name]
        return self.fill(found if isinstance(found, str) else self._rng.choice(found), brand)

    def news(self, kind: str, brand: str) -> tuple[str, str]:
        """Title and body of a news piece."""
        table = words("long")["news"][kind]
        body = " ".join(self.fill(self._rng.choice(table["bodies"]), brand) for _ in range(self._rng.randint(1, 2)))
        return self.fill(self._rng.choice(table["titles"]), brand), body

    def answer(self, kind: str, brand: str) -> tuple[str, str]:
        """Title and text of an answer on the question-and-answer site."""
        table = words("long")["zhihu"][kind]
        opener = self.fill(self._rng.choice(table["openers"]), brand)
        rest = (self.post(kind, brand) for _ in range(self._rng.randint(2, 4)))
        return self.fill(self._rng.choice(table["titles"]), brand), opener + "。".join(rest) + "。"

    def fill(self, frame: str, brand: str, **known: str) -> str:
        """`frame` with every slot filled: from `known`, else at random from words/slots.toml."""
        draw: dict[str, Callable[[], str]] = {
            "brand": lambda: brand,
            "product": lambda: self._choice(self._slots["products"][brand]),
            "rival": lambda: self._choice([other for other in self._slots["products"] if other != brand]),
        }

        def one(slot: re.Match[str]) -> str:
            name = slot[1]
            if name in known:
                return known[name]
            return draw[name]() if name in draw else self._choice(self._slots[name])

        return _SLOT.sub(one, frame)

    def _choice(self, among: Sequence[str]) -> str:
        return self._rng.choice(among)
