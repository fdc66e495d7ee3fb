"""Whether a text that was posted many times was copied on purpose: many people, one wording, within hours, no reposts.

A platform's own reposts spread a post by design and are marked as such; newspapers print what agencies send. Neither
is a wave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.stories import Copy

SHORT = timedelta(hours=2)
COPIES, AUTHORS = 10, 8  # at least, within SHORT
LEAST_TEXT = 15  # characters; people say shorter things alike without copying
NEWS = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The densest stretch of a copy-paste wave, and what it amounts to in all."""

    copies: int  # posts that are no reposts, in the whole period
    authors: int  # of those
    since: datetime  # of the densest stretch of SHORT
    until: datetime
    densest: int  # posts in it


def wave(copies: Sequence[Copy], text: str) -> Wave | None:
    """The wave that these posts of one story, oldest first, make; None when they make none."""
    own = [copy for copy in copies if not copy.is_repost and copy.kind != NEWS]
    if len(text) < LEAST_TEXT:
        return None
    best: tuple[int, int, int] | None = None
    start, within = 0, Counter[str]()
    for end, copy in enumerate(own):
        within[copy.author] += 1
        while copy.published_at - own[start].published_at > SHORT:
            within -= Counter((own[start].author,))
            start += 1
        n = end - start + 1
        if n >= COPIES and len(within) >= AUTHORS and (best is None or n > best[0]):
            best = (n, start, end)
    if best is None:
        return None
    return Wave(
        copies=len(own),
        authors=len({copy.author for copy in own}),
        since=own[best[1]].published_at,
        until=own[best[2]].published_at,
        densest=best[0],
    )
