"""The records that travel between rooms: frozen, typed, without behaviour beyond what follows from their own fields.

Every datetime is aware UTC. Every text may be hostile: whoever shows it escapes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class Label(IntEnum):
    NEGATIVE = -1
    NEUTRAL = 0
    POSITIVE = 1


class RunStatus(StrEnum):
    RUNNING = "running"
    OK = "ok"
    REFUSED = "refused"  # the platform said no; `reason` names how
    FAILED = "failed"  # time-out, crash, changed layout, no answer


class IncidentKind(StrEnum):
    NEGATIVE_SPIKE = "negative_spike"  # subject = brand
    FRESHNESS = "freshness"  # subject = source
    HOT_LIST = "hot_list"  # subject = brand


class Reason(StrEnum):
    """Why the incident life cycle took the step it took."""

    QUIET = "quiet"  # nothing open, nothing found
    OPENED = "opened"
    ONGOING = "ongoing"  # still going on, told recently
    REPEAT = "repeat"  # still going on, due to be told again
    CALM = "calm"  # no spike now, not yet long enough to call it over
    RESOLVED = "resolved"
    SILENCED = "silenced"  # quiet on purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What we listen for. Names, must, any and none words count where they stand as words: see sentiment/naming.py."""

    name: str
    aliases: tuple[str, ...] = ()
    must: tuple[str, ...] = ()  # all of these
    any: tuple[str, ...] = ()  # at least one of these, when given
    none: tuple[str, ...] = ()  # not one of these
    competitor_of: tuple[str, ...] = ()  # empty for our own brands
    # Words that name an aspect when people talk of this brand, by aspect; lists become tuples. A mapping has no hash.
    aspects: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "aspects", {name: tuple(words) for name, words in self.aspects.items()})

    @property
    def words(self) -> tuple[str, ...]:
        """All names the brand goes by, its own first, without repeats."""
        return tuple(dict.fromkeys((self.name, *self.aliases)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The words we search a source for on behalf of a brand."""

    brand: str
    text: str


def text_key(text: str) -> str:
    """Key of a text wherever a score belongs to the text and not to the post: 128-bit BLAKE2b, 32 hex digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` without what no database takes: NUL and lone surrogates become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One public utterance, as the page says it. `(platform, native_id)` is its identity, whichever route saw it.

    A count of None means "not told", never 0. `author_key` is a keyed pseudonym, never a name.
    """

    platform: str  # weibo, zhihu …; web (an article, by its address); feed:<source name>
    native_id: str
    source: str  # the configured source that saw it
    url: str
    text: str
    published_at: datetime
    seen_at: datetime
    brands: tuple[str, ...]  # whose it is; never empty when stored
    title: str = ""
    author_key: str | None = None
    followers: int | None = None
    reposts: int | None = None
    comments: int | None = None
    likes: int | None = None
    region: str | None = None
    is_repost: bool = False
    kind: str = "post"  # post, comment, article, question, answer, video, complaint
    parent: str | None = None  # native_id of what it comments on or answers
    author_name: str | None = None  # kept only where the operator asks for it
    deleted_at: datetime | None = None  # when its platform was seen to have deleted it; only the store tells


@dataclass(frozen=True, slots=True, kw_only=True)
class HotEntry:
    """A place on a hot list whose words name one of our brands. Never a mention: nobody said anything there."""

    entry_id: str  # the list's own id where it has one that stays, else the words
    title: str
    url: str
    rank: int  # 1 is the top
    brands: tuple[str, ...]  # never empty
    heat: int | None = None  # in the list's own unit
    text: str = ""  # what the list says of it beside the title, if anything


@dataclass(frozen=True, slots=True, kw_only=True)
class HotPage:
    """One look at a hot list: when, how long it was, and which of its entries name a brand."""

    board: str  # hot:weibo, hot:baidu …
    source: str  # the configured source that looked
    seen_at: datetime
    length: int
    entries: tuple[HotEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a scorer says of one text. Probabilities add up to 1; polarity = P(positive) − P(negative)."""

    polarity: float
    label: Label
    negative: float
    neutral: float
    positive: float

    def as_json(self) -> dict[str, object]:
        return {
            "polarity": self.polarity,
            "label": int(self.label),
            "probabilities": {"negative": self.negative, "neutral": self.neutral, "positive": self.positive},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A verdict with its key: which text, by whom."""

    text_key: str
    scorer: str
    version: str
    verdict: Verdict
    terms: tuple[str, ...] = ()  # content words of the text, for "what grew"; at most 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A person's label of a text, which wins over every scorer; `brand` None: whichever brand it is about."""

    id: int
    mention_id: int | None  # None once retention deleted the mention
    brand: str | None
    text_key: str
    text: str  # as scored
    label: Label
    author: str
    note: str
    at: datetime
    revoked_at: datetime | None = None

    def rules(self, brand: str) -> bool:
        """Whether it is about this brand and still stands."""
        return self.revoked_at is None and self.brand in (None, brand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Counts of five minutes by `published_at`. `start` is inclusive, `start + 5 min` exclusive."""

    brand: str
    source: str
    start: datetime
    total: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    polarity_sum: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A brand's buckets of one source on a regular five-minute grid from `start`.

    `negative[i]` and `total[i]` belong to `start + i·5 min`; None = we were blind then, which is not 0.
    """

    brand: str
    source: str
    start: datetime
    negative: tuple[int | None, ...]
    total: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """A window of negative mentions too far above what was expected."""

    brand: str
    since: datetime  # start of the window
    until: datetime  # its end, exclusive
    observed: int  # negative mentions in the window
    expected: float  # of the same window, from the baseline
    p_value: float  # chance of `observed` or more if nothing were going on
    total: int  # all mentions of the window
    detector: str
    baseline: str  # one Chinese sentence: what the expectation rests on
    by_source: Mapping[str, int] = field(default_factory=dict)  # negative mentions by source
    blind_sources: tuple[str, ...] = ()  # left out on both sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An episode of spikes (subject = brand) or of blindness (subject = source)."""

    id: int
    kind: IncidentKind
    subject: str
    version: int  # grows with each change; guards against two writers
    opened_at: datetime
    last_spike_at: datetime
    last_told_at: datetime
    told: int  # how many times it was told
    since: datetime  # when it began in the data
    observed: int
    expected: float
    p_value: float
    peak_observed: int
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Quiet on purpose: `brand` None silences all."""

    id: int | None = None
    brand: str | None
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime

    def covers(self, brand: str, *, at: datetime) -> bool:
        return (self.brand is None or self.brand == brand) and self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineImage:
    cid: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Rendered text for one recipient. `key` is its idempotency key and becomes the Message-ID."""

    key: str
    channel: str
    recipient: str  # for mail: the address
    subject: str
    text: str
    html: str | None = None
    images: tuple[InlineImage, ...] = ()
    thread: str | None = None  # messages of one incident share it


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyResponse:
    """One person's answer to a survey. `row_key` makes a second import of the same row a no-op."""

    row_key: str
    source: str  # the file or connector it came from
    brand: str
    answered_at: datetime
    nps: int | None = None  # 0–10
    csat: int | None = None  # 1–5
    comment: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt to crawl one source. The window is what it set out to cover, `covered_since` how far back it got."""

    id: int
    source: str
    status: RunStatus
    started_at: datetime
    window_since: datetime
    window_until: datetime
    covered_since: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    detail: str = ""
    found: int = 0
    stored: int = 0
    skipped: int = 0
    stats: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)  # what spider and crawl counted
