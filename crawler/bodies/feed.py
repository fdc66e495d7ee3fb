"""RSS, Atom and JSON feeds (sources.md 10, 12), whoever publishes them.

A Weibo post in a feed is the post it is, under Weibo's own id; all else is an article of the platform "feed", whose
ids are unique only within their feed.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from crawler.feeds import Entry, entries_of
from crawler.post import Kind, Post, Reading
from crawler.text import address
from crawler.weibo import post_address


def read(body: bytes, *, url: str, seen_at: datetime, content_type: str = "") -> Reading:
    """See crawler.bodies. `content_type`: the header, whose charset may overrule the document's own.

    Posts without a time are among the posts: what to do about them is the operator's decision.
    """
    reading = Reading()
    for entry in entries_of(body, url=url, content_type=content_type, seen_at=seen_at):
        if not entry.id or not entry.text:
            reading.skipped["text" if entry.id else "id"] += 1
        else:
            reading.posts.append(_post(entry))
    return reading


def _post(entry: Entry) -> Post:
    url = _real(entry.url)
    weibo = post_address(url)  # a weibo post is the same one, whichever way it came
    name = f"name:{entry.author}" if entry.author else None
    return Post(
        platform="weibo" if weibo else "feed",
        native_id=weibo[1] if weibo else url if url != entry.url else entry.id,
        url=url,
        title=entry.title,
        text=entry.text,
        published_at=entry.published_at,
        kind=Kind.POST if weibo else Kind.ARTICLE,
        author=weibo[0] if weibo else name,
        author_name=entry.author,
    )


def _real(url: str) -> str:
    """Bing's news link to themselves and carry the real address; the rest of their link changes each time."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith("bing.com") or not parts.path.endswith("/apiclick.aspx"):
        return url
    return address(parse_qs(parts.query).get("url", [""])[0]) or url
