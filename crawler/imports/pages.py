"""Saved pages and answers, read by the readers of the platforms they came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from crawler.bodies import FAMILIES, READERS, members_of, relatives_of
from crawler.bodies.recognise import Understood, read_any, read_as
from crawler.imports.gathered import Gathered, Rejected, Row, Wish
from crawler.post import Kind, Reading
from crawler.times import AHEAD
from tingfeng.errors import CrawlError, ImportFileError, LayoutChanged

_SAVED = re.compile(rb"<!--\s*saved from url=\(\d{1,6}\)(https?://[^\s>]{1,2000})\s*-->")
_CANONICAL = re.compile(rb"""<link\b[^>]{0,200}?rel=["']canonical["'][^>]{0,200}?href=["'](https?://[^"'\s]{1,2000})""")


def names_for(form: str) -> tuple[str, ...]:
    """The readers that a form stands for: a reader's own first, then its relatives; a family's; all of them."""
    if form in READERS:
        return (form, *relatives_of(form))
    return members_of(form) if form in FAMILIES else tuple(READERS)


def page(path: Path, raw: bytes, wish: Wish) -> Gathered:
    """A page saved by a browser. ImportFileError when no reader knows it, or it is a refusal."""
    names = names_for(wish.form)
    url = address_in(raw)
    try:
        if wish.form in READERS:
            found, _ = read_as(wish.form, raw, others=names[1:], url=url, seen_at=wish.seen_at)
        else:
            found = read_any(names, raw, url=url, seen_at=wish.seen_at)
    except LayoutChanged as e:
        raise ImportFileError(f"{path}: no reader knows this page ({e.detail}); name one with --as") from e
    except CrawlError as e:
        raise ImportFileError(f"{path}: a refusal was saved, no data: {e}") from e
    notes = Counter(found.reading.notes)
    items = list(rows_of(found, wish, notes, start=1))
    return Gathered(how=f"page, {found.reader}", size=len(items), items=items, notes=notes)


def address_in(raw: bytes) -> str:
    """Where a saved page says it came from; "" when it does not say."""
    found = _SAVED.search(raw[:5_000]) or _CANONICAL.search(raw[:50_000])
    return found[1].decode("utf-8", "replace") if found else ""


def rows_of(found: Understood, wish: Wish, notes: Counter[str], *, start: int) -> Iterator[Row | Rejected]:
    """The posts of a reading, numbered from `start`; entries of hot lists are no posts."""
    reading: Reading = found.reading
    notes.update({f"skipped_{why}": n for why, n in reading.skipped.items()})
    for number, post in enumerate(reading.posts, start):
        if post.kind is Kind.HOT:
            notes["hot_entries"] += 1
        elif not post.native_id:
            yield Rejected(number, ("没有编号",), (post.url, post.text))
        elif post.published_at is None:
            yield Rejected(number, ("没有时间",), (post.url, post.text))
        elif post.published_at > wish.now + AHEAD:
            yield Rejected(number, ("时间在将来",), (post.url, post.text))
        else:
            if post.platform == "feed":  # ids of feeds are unique only in themselves; as the feed spider calls them
                post = replace(post, platform=f"feed:{wish.label}")
            yield Row(number, post, cells=(post.url, post.text))
