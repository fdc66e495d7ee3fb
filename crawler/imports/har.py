"""HAR, the recording of a browser's network panel: every answer in it that a reader understands."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.bodies import READERS, members_of
from crawler.bodies.recognise import read_any
from crawler.imports.gathered import Gathered, Rejected, Row, Wish
from crawler.imports.pages import names_for, rows_of
from tingfeng.errors import ImportFileError, LayoutChanged, Refused

# Whose answers a host gives; the names of families. Every other host: feeds only.
_HOSTS = (
    ("weibo.com", "weibo"),
    ("weibo.cn", "weibo"),
    ("zhihu.com", "zhihu"),
    ("bilibili.com", "bilibili"),
    ("v2ex.com", "v2ex"),
    ("sogou.com", "weixin"),
    ("baidu.com", "baidu"),
)
_WORDS = ("json", "html", "xml", "rss", "atom", "text/plain")  # of content types that may hold posts
MAX_BODY = 20_000_000  # bytes of one answer


def is_har(data: object) -> bool:
    log = data.get("log") if isinstance(data, dict) else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def har(path: Path, data: dict[str, Any], wish: Wish) -> Gathered:
    """The posts of all answers that are understood. Refusals among them are rejected by name, the rest is counted.

    ImportFileError when none of the entries is understood.
    """
    entries = data["log"]["entries"]
    notes: Counter[str] = Counter()
    items = [one for number, entry in enumerate(entries, 1) for one in _entry(number, entry, wish, notes)]
    if not items and not notes["understood"]:
        raise ImportFileError(f"{path}: none of its {len(entries)} answers is known to a reader; record a search page")
    return Gathered(how=f"HAR, {len(entries)} entries", size=len(items), items=items, notes=notes)


def _entry(number: int, entry: object, wish: Wish, notes: Counter[str]) -> Iterator[Row | Rejected]:
    request, response = _table(entry, "request"), _table(entry, "response")
    url, body = str(request.get("url") or ""), body_of(response)
    names = _readers(url, str(_table(response, "content").get("mimeType") or ""), wish)
    if body is None or not names:
        notes["other_entries"] += 1
        return
    seen_at = _started(entry) or wish.seen_at
    try:
        found = read_any(names, body, url=url, seen_at=seen_at)
    except LayoutChanged:
        notes["not_understood"] += 1
        return
    except Refused as e:
        yield Rejected(number, (f"平台拒绝：{e.reason}",), (url.partition("?")[0],))
        return
    notes["understood"] += 1
    for row in rows_of(found, wish, notes, start=1):
        yield row._replace(number=number) if isinstance(row, Row) else replace(row, number=number)


def body_of(response: Mapping[str, Any]) -> bytes | None:
    """The body of an answer that went well; None when it was not recorded, is too large or no answer at all."""
    content = _table(response, "content")
    text = content.get("text")
    if response.get("status") != 200 or not isinstance(text, str) or not text or len(text) > MAX_BODY:
        return None
    if content.get("encoding") != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _readers(url: str, kind: str, wish: Wish) -> tuple[str, ...]:
    """Who may understand an answer: the readers of its host's platform; of an unknown host, feeds."""
    if kind and not any(word in kind.lower() for word in _WORDS):
        return ()
    if wish.form not in ("auto", "har"):
        return names_for(wish.form)
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ()
    family = next((family for part, family in _HOSTS if host == part or host.endswith(f".{part}")), None)
    if family is not None:
        return members_of(family)
    return ("feed",) if "feed" in READERS and any(word in kind for word in ("xml", "rss", "atom", "feed")) else ()


def _started(entry: object) -> datetime | None:
    told = entry.get("startedDateTime") if isinstance(entry, dict) else None
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _table(value: object, key: str) -> Mapping[str, Any]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else {}
