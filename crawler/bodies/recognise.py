"""Which reader understands a body: the named one, one of its family, or any of several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from crawler.bodies import load_reader
from crawler.post import Reading
from tingfeng.errors import CrawlError, LayoutChanged, Refused

VAGUE = "not_ok"  # what readers call an answer that is none, for no reason they know


class Understood(NamedTuple):
    reader: str
    reading: Reading


def read_as(
    named: str, body: bytes, *, others: Sequence[str] = (), url: str = "", seen_at: datetime
) -> tuple[Understood, LayoutChanged | None]:
    """What the named reader makes of `body`; if it does not know it, what one of the others does, with the reason.

    A refusal by the named reader ends it. When nobody knows the body, the named reader's LayoutChanged is raised; a
    relative's word counts against that only if it is a refusal with a name.
    """
    try:
        return Understood(named, load_reader(named)(body, url=url, seen_at=seen_at)), None
    except LayoutChanged as unknown:
        if not others:
            raise
        try:
            return read_any(others, body, url=url, seen_at=seen_at), unknown
        except CrawlError as e:
            if isinstance(e, Refused) and e.reason != VAGUE:
                raise
            raise unknown from None


def read_any(names: Sequence[str], body: bytes, *, url: str = "", seen_at: datetime) -> Understood:
    """What the first of these readers that finds posts makes of `body`.

    A reader that is handed another's page may take it for a refusal, for an error or for an empty one: posts are the
    better evidence. Without any, a refusal comes before an error, and neither ever reads as "nothing found".
    LayoutChanged when nobody knows the body.
    """
    wrong: list[CrawlError] = []
    empty: Understood | None = None
    for name in names:
        try:
            reading = load_reader(name)(body, url=url, seen_at=seen_at)
        except LayoutChanged:
            continue
        except CrawlError as e:
            wrong.append(e)
            continue
        if reading.posts:
            return Understood(name, reading)
        empty = empty or Understood(name, reading)
    if wrong:
        raise min(wrong, key=lambda e: (not isinstance(e, Refused), e.reason == VAGUE))
    if empty is not None:
        return empty
    raise LayoutChanged("layout_changed", f"understood by none of: {', '.join(names) or 'no readers'}")
