"""What the configuration says of brands, made ready once: names, words to keep whole, and words of their aspects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from sentiment.aspects import Taxonomy, render_stored
from sentiment.relevance import Judge
from sentiment.said import Said
from sentiment.scorer import Scorer
from sentiment.scorers import load_scorer
from sentiment.tokenizer import Tokenizer, tokenizer_for
from tingfeng.model import Brand

Aspects = Mapping[tuple[int, str], str]  # (mention_id, brand) → "name:label", joined by a tab


class BrandWords:
    """Made from a configuration's brands and its `whole_words`; `filters`: the folder of learnt filters."""

    def __init__(
        self, brands: Sequence[Brand], whole_words: Sequence[str] = (), *, filters: Path | None = None
    ) -> None:
        self._filters = filters
        self._brands = {brand.name: brand for brand in brands}
        self.whole_words = tuple(whole_words)
        self.names = tuple(dict.fromkeys(word for brand in brands for word in brand.words))

    def scorer(self, name: str, *, layers: Path | None = None) -> Scorer:
        """The scorer told of the names and words.

        Everybody who has a configuration loads it here: its version, by which scores and layers are kept, must be the
        same for all.
        """
        return load_scorer(name, layers=layers, names=self.names, words=self.whole_words)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return tokenizer_for(self.whole_words)

    @cached_property
    def relevance(self) -> Judge:
        """Says whether mentions are about the brands they are linked with."""
        return Judge(tuple(self._brands.values()), self.tokenizer, self._filters)

    def aspects(self, scorer: Scorer) -> Callable[[Sequence[Said]], Aspects]:
        """A function that tags a batch, each text with the aspects of the brand it is about."""

        def tagged(batch: Sequence[Said]) -> Aspects:
            by_brand: dict[str, list[Said]] = defaultdict(list)
            for one in batch:
                by_brand[one.brand].append(one)
            found: dict[tuple[int, str], str] = {}
            for brand, own in by_brand.items():
                tags = self._taxonomy(brand).tag([one.text for one in own], scorer.score)
                found |= {(o.mention_id, brand): render_stored(t) for o, t in zip(own, tags, strict=True) if t}
            return found

        return tagged

    def _taxonomy(self, name: str) -> Taxonomy:
        """Of a brand that is no longer configured: the shipped one."""
        if name not in self._taxonomies:
            brand = self._brands.get(name)
            self._taxonomies[name] = Taxonomy.load(brand.aspects, names=brand.words) if brand else Taxonomy.load()
        return self._taxonomies[name]

    @cached_property
    def _taxonomies(self) -> dict[str, Taxonomy]:
        return {}
