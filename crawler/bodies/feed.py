"""RSS, Atom and JSON feeds (sources.md 10, 12), whoever publishes them.

A post of a platform we know is the post it is, under the platform's own id; an article is the page of the web it stands
on, whichever feed told of it. Only what has no address of its own belongs to the platform "feed", whose ids are unique
only within their feed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from crawler.feeds import Entry, entries_of
from crawler.post import Kind, Post, Reading
from crawler.text import address
from crawler.weibo import post_address
from tingfeng.addresses import canonical, identity, is_front_page

_KINDS = {"weibo": Kind.POST, "v2ex": Kind.POST, "bilibili": Kind.VIDEO}


def read(body: bytes, *, url: str, seen_at: datetime, content_type: str = "") -> Reading:
    """See crawler.bodies. `content_type`: the header, whose charset may overrule the document's own.

    Posts without a time are among the posts: what to do about them is the operator's decision.
    """
    reading = Reading()
    entries = entries_of(body, url=url, content_type=content_type, seen_at=seen_at)
    shared = _shared(entries)
    for entry in entries:
        if not entry.id or not entry.text:
            reading.skipped["text" if entry.id else "id"] += 1
        else:
            reading.posts.append(_post(entry, shared))
    return reading


def _shared(entries: Sequence[Entry]) -> set[str]:
    """Addresses that tell nothing of an entry, because others that say something else have the same."""
    said = defaultdict(set)
    for entry in entries:
        said[canonical(_real(entry.url))].add(entry.text)
    return {url for url, texts in said.items() if len(texts) > 1}


def _post(entry: Entry, shared: Container[str]) -> Post:
    url = _real(entry.url)
    weibo = post_address(url)
    platform, native_id = identity(url) or ("feed", entry.id)
    if platform == "web" and (native_id in shared or is_front_page(native_id)):
        platform, native_id = "feed", entry.id
    name = f"name:{entry.author}" if entry.author else None
    return Post(
        platform=platform,
        native_id=native_id,
        url=url,
        title=entry.title,
        text=entry.text,
        published_at=entry.published_at,
        kind=_KINDS.get(platform, Kind.ARTICLE),
        author=weibo[0] if weibo else name,
        author_name=entry.author,
    )


def _real(url: str) -> str:
    """Bing's news link to themselves and carry the real address; the rest of their link changes each time."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith("bing.com") or not parts.path.endswith("/apiclick.aspx"):
        return url
    return address(parse_qs(parts.query).get("url", [""])[0]) or url
