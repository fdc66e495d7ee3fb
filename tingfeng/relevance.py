"""Whether a mention that says a brand's words means the brand: what a judge and a person say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PERSON = "person"  # who judged, where a person did; its version is the mark's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """What is stored of a (mention, brand). An irrelevant one is kept and stands in no count."""

    relevant: bool
    p: float  # probability that it is about the brand, 0–1
    by: str  # "words/<version>", "filter/<version>" or "person/<mark id>"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevanceMark:
    """A person's word on whether a text is about a brand; it wins over rules and filter, for every copy of the text."""

    id: int
    mention_id: int | None  # None once retention deleted the mention
    brand: str
    text_key: str
    text: str  # as judged
    relevant: bool
    author: str
    note: str
    at: datetime
    revoked_at: datetime | None = None

    @property
    def judgement(self) -> Relevance:
        return Relevance(relevant=self.relevant, p=float(self.relevant), by=f"{PERSON}/{self.id}")
