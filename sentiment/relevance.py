"""Whether mentions are about the brands they are linked with: the rules of words first, then the brand's filter."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.naming import Look, Naming, Ruling
from sentiment.relevance_features import features
from sentiment.relevance_filter import NONE, Filter, current, in_force
from sentiment.said import Said
from sentiment.tokenizer import Tokenizer
from tingfeng.errors import ScoringError
from tingfeng.model import Brand
from tingfeng.relevance import Relevance

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a text is, or is not, about a brand. `parts`: what the filter's features add to the log-odds."""

    relevance: Relevance
    ruling: Ruling
    threshold: float | None = None  # of the filter that was asked
    parts: tuple[tuple[str, float], ...] = ()


class Judge:
    """The brands of a configuration, and the folder of filters (None: rules only), which may change any time."""

    def __init__(self, brands: Sequence[Brand], tokenizer: Tokenizer, filters: Path | None = None) -> None:
        self.naming, self.tokenizer = Naming(brands, tokenizer), tokenizer
        self._folder = filters
        self._loaded: dict[str, tuple[str, Filter | None]] = {}

    def judge(self, batch: Iterable[Said]) -> Mapping[tuple[int, str], Relevance]:
        """What holds for each (mention, brand) of a configured brand; others are not judged. Takes any text."""
        batch = [one for one in batch if self.naming.knows(one.brand)]
        filters = {brand: self.filter(brand) for brand in {one.brand for one in batch}}
        looks: dict[str, Look] = {}
        found: dict[tuple[int, str], Relevance] = {}
        for one in batch:
            if one.text not in looks:
                looks[one.text] = self.naming.look(one.text)
            look, ours = looks[one.text], filters[one.brand]
            ruling = self.naming.rule(look, one.brand)
            if ruling.relevant and ruling.names and ours is not None:
                found[one.mention_id, one.brand] = _by(ours, self._features(look, one.text, ruling, ours))
            else:
                found[one.mention_id, one.brand] = self.naming.judgement(ruling, one.brand)
        return found

    def reasons(self, text: str, brand: str) -> Reasons:
        look = self.naming.look(text)
        ruling, ours = self.naming.rule(look, brand), self.filter(brand)
        if not (ruling.relevant and ruling.names and ours is not None):
            return Reasons(relevance=self.naming.judgement(ruling, brand), ruling=ruling)
        seen = self._features(look, text, ruling, ours)
        return Reasons(
            relevance=_by(ours, seen), ruling=ruling, threshold=ours.threshold, parts=tuple(ours.parts(seen))
        )

    def version(self, brand: str) -> str:
        """What `relevance_by` says of mentions that are judged now; those that only the rules judge keep "words/…"."""
        ours = self.filter(brand)
        return f"filter/{ours.digest}" if ours else self.naming.version(brand)

    def filter(self, brand: str) -> Filter | None:
        """The brand's filter in force, loaded anew when another has become current. A damaged one is not used."""
        if self._folder is None:
            return None
        try:
            digest = current(self._folder, brand)
            if brand not in self._loaded or self._loaded[brand][0] != digest:
                self._loaded[brand] = digest, None if digest == NONE else in_force(self._folder, brand)
        except ScoringError as e:
            if self._loaded.get(brand) != ("", None):
                log.warning("the filter of '%s' is not used: %s", brand, e)
            self._loaded[brand] = "", None
        return self._loaded[brand][1]

    def _features(self, look: Look, text: str, ruling: Ruling, ours: Filter) -> Mapping[str, float]:
        others = self.naming.others_named(look, ours.brand)
        return features(look, text, ruling.names, self.tokenizer, others=others, only=ours.weights)


def _by(ours: Filter, seen: Mapping[str, float]) -> Relevance:
    p = ours.p(seen)
    return Relevance(relevant=p >= ours.threshold, p=p, by=f"filter/{ours.digest}")
