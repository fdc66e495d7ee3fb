"""What a body says of one public utterance, before anybody decides whose it is: the common tongue of all readers.

A reader (crawler/bodies) turns a body into a `Reading` or raises the CrawlError that names what it is instead. Spiders
turn posts into mentions; `tingfeng sources parse` prints them; an import feeds them to the store. None of the three
looks into a platform's fields.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of utterance it is; stored with the mention."""

    POST = "post"  # also forum topics and short thoughts
    COMMENT = "comment"
    ARTICLE = "article"  # news, blogs, columns
    QUESTION = "question"
    ANSWER = "answer"
    VIDEO = "video"
    COMPLAINT = "complaint"
    HOT = "hot"  # an entry of a hot list: an event of its own, never a mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One utterance as the body tells it, cleaned. A count of None means "not told", never 0.

    `author` is the platform's own id of the author, or "name:<name>" where only a name is told. It and `author_name`
    never reach the store as they are: spiders make a keyed pseudonym of the one and drop the other.
    """

    platform: str
    native_id: str  # unique within the platform, the same whichever route told it
    url: str
    text: str
    published_at: datetime | None  # aware UTC; None: the body does not tell it
    title: str = ""
    kind: Kind = Kind.POST
    parent: str | None = None  # native_id of what it comments on or answers
    context: str = ""  # words it was said about that are not its own: the reposted original, the question
    author: str | None = None
    author_name: str = ""
    followers: int | None = None
    reposts: int | None = None
    comments: int | None = None
    likes: int | None = None
    region: str | None = None
    is_repost: bool = False
    is_cut: bool = False  # the body holds only its beginning
    rank: int | None = None  # of a hot list, 1 is the top
    heat: int | None = None  # of a hot list, in the list's own unit

    def as_json(self) -> dict[str, Any]:
        """Every field, times as ISO 8601: one line of `tingfeng sources parse`."""
        at = self.published_at.isoformat() if self.published_at else None
        return asdict(self) | {"published_at": at, "kind": str(self.kind)}


@dataclass(slots=True)
class Reading:
    """What a body yields. An empty one was understood and holds nothing; whatever is not understood is an error."""

    posts: list[Post] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)  # posts that could not be read, by why: "time", "id", "text"
    notes: Counter[str] = field(default_factory=Counter)  # what else is worth counting: "time/id_differs" …
    gone: list[str] = field(default_factory=list)  # native ids of posts the platform says are deleted
    paging: dict[str, Any] = field(default_factory=dict)  # what the body says about going on, in the reader's own words
