"""RSS, Atom and JSON Feed → entries: the part of the feed spider that knows no crawl."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.refusals import by_page
from crawler.text import address, plain, text_of, tidy
from crawler.times import parse_posted
from tingfeng.errors import LayoutChanged, Refused

_ENDS = (b"</rss>", b"</feed>", b"</rdf:rdf>", b"</channel>")
_ENTITIES = re.compile(rb"<!ENTITY", re.I)
_DOTS = re.compile(r"[.…\s]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a feed, cleaned. `published_at` None: it names no time we can read."""

    id: str  # its guid, else its link; "" when it has neither
    url: str
    title: str
    text: str
    author: str
    published_at: datetime | None


def entries_of(body: bytes, *, url: str, content_type: str, seen_at: datetime) -> list[Entry]:
    """The entries of a feed of any kind. Refused or LayoutChanged when `body` is no whole feed."""
    start = body[:2_000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if not start:
        raise LayoutChanged("layout_changed", "empty body")
    if start.startswith(b"{"):
        return _json_feed(body, url=url, seen_at=seen_at)
    if _ENTITIES.search(body):
        raise LayoutChanged("layout_changed", "the feed declares entities: no honest feed does")
    return _xml_feed(body, url=url, content_type=content_type, seen_at=seen_at)


# --- RSS and Atom


def _xml_feed(body: bytes, *, url: str, content_type: str, seen_at: datetime) -> list[Entry]:
    import feedparser  # 60 ms, which no other source has to pay

    # A stream, never bytes or text: those feedparser takes for an address or a file name if they look like one.
    parsed = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": content_type},  # no address: it would be glued to the guids
        sanitize_html=False,  # text_of keeps words only
        resolve_relative_uris=False,
    )
    if not parsed.get("version"):
        raise _no_feed(body)
    if not body.rstrip().lower().endswith(_ENDS) and parsed.get("bozo"):
        raise LayoutChanged("layout_changed", f"the feed is cut short after {len(body)} bytes")
    return [_xml_entry(entry, url, seen_at) for entry in parsed.get("entries", ())]


def _no_feed(body: bytes) -> Refused | LayoutChanged:
    name = by_page(body)
    return Refused(name, "HTML page in place of a feed") if name else LayoutChanged("layout_changed", "not a feed")


def _xml_entry(entry: Mapping[str, Any], base: str, seen_at: datetime) -> Entry:
    contents = [str(c.get("value") or "") for c in entry.get("content") or ()]
    link = address(entry.get("link"), base=base)
    return _entry(
        id=str(entry.get("id") or link),
        url=link,
        title=str(entry.get("title") or ""),
        markup=max([*contents, str(entry.get("summary") or "")], key=len),
        author=str(entry.get("author") or "") or _publisher(entry),
        told=next((str(entry[key]) for key in ("published", "updated", "created") if entry.get(key)), ""),
        seen_at=seen_at,
    )


def _publisher(entry: Mapping[str, Any]) -> str:
    """Who published it: RSS's <source>, or Bing's <News:Source>, known by its local name only.

    Bing's namespace is the query's address and so another one each time; feedparser then keeps the prefix.
    """
    source = entry.get("source")
    named = source.get("title") if isinstance(source, Mapping) else None
    return str(named or next((value for key, value in entry.items() if key.endswith("_source")), "") or "")


# --- JSON Feed


def _json_feed(body: bytes, *, url: str, seen_at: datetime) -> list[Entry]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise LayoutChanged("layout_changed", f"no JSON, or cut short, after {len(body)} bytes") from e
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(data.get("version")):
        raise LayoutChanged("layout_changed", "JSON, but no JSON Feed")
    return [_json_entry(item, url, seen_at) for item in items if isinstance(item, dict)]


def _json_entry(item: Mapping[str, Any], base: str, seen_at: datetime) -> Entry:
    authors = item.get("authors") or [item.get("author")]
    author = authors[0] if isinstance(authors, list) and authors else None
    link = address(item.get("url") or item.get("external_url"), base=base)
    markup, words = item.get("content_html"), item.get("content_text")
    return _entry(
        id=str(item.get("id") or link),
        url=link,
        title=str(item.get("title") or ""),
        markup=str(markup or ""),
        words=str(words or item.get("summary") or ""),
        author=str(author.get("name") or "") if isinstance(author, dict) else "",
        told=str(item.get("date_published") or item.get("date_modified") or ""),
        seen_at=seen_at,
    )


# --- both


def _entry(
    *, id: str, url: str, title: str, markup: str, author: str, told: str, seen_at: datetime, words: str = ""
) -> Entry:
    author = plain(text_of(author))
    text = _without_author(tidy(text_of(markup) if markup else plain(words)), author)
    title = _without_author(tidy(text_of(title)), author)
    posted = parse_posted(told, seen_at=seen_at) if told else None
    return Entry(
        id=plain(id),
        url=url,
        title="" if _repeats(title, text or title) else title,
        text=text or title,
        author=author,
        published_at=posted.at if posted and posted.within.total_seconds() <= 60 else None,
    )


def _without_author(text: str, author: str) -> str:
    """RSSHub writes "作者: text"; names of authors are not kept."""
    if author and text.startswith(author):
        rest = text[len(author) :].lstrip()
        if rest.startswith((":", "：")):
            return rest[1:].lstrip()
    return text


def _repeats(title: str, text: str) -> bool:
    """Whether the title is only the beginning of the text, as it is where posts have none of their own."""
    beginning = "".join(_DOTS.sub("", title).split())
    return "".join(text[: 2 * len(title) + 50].split()).startswith(beginning)
