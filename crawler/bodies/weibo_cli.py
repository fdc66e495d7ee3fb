"""The answers of Weibo's official gateway for the CLI, a search that is paid by the record (sources.md 1.1)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from crawler.documents import load_object
from crawler.post import Reading
from crawler.text import count_of
from crawler.weibo_posts import read_posts
from tingfeng.errors import CrawlError, LayoutChanged, Refused

# Code → what it means. Others are refused under their own name.
CODES: dict[str, CrawlError] = {
    "COUNT_EXCEEDS_MAX": Refused("count_exceeds_max", "the gateway takes fewer posts a page than were asked for"),
    "TOO_MANY_REQUESTS": Refused("too_many_requests", "asked too often for this plan"),
    "SERVICE_REQUIRED": Refused("plan_required", "no plan, or one that has ended: see the platform's console"),
    "UNAUTHORIZED": Refused("unauthorized", "the token is not accepted"),
}
_DEPTH = 4  # objects inside one another, until the list must have come
_LISTS = ("statuses", "items", "data", "list")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """Posts of an answer to search statuses/limited.

    `paging`: records (listed, and so paid for), total (a rough word of the platform's), more (True, False or None: not
    told).
    """
    data = load_object(body)
    error = error_in(data)
    if error is not None:
        raise error
    into = Reading()
    listed, frames = _unwrapped(data.get("result", data))
    read_posts(listed, into, seen_at=seen_at)
    if not listed:
        into.notes["page/empty"] += 1
    into.paging = {"records": len(listed), "total": _total(frames), "more": _more(frames)}
    return into


def error_in(data: object) -> CrawlError | None:
    """The named error an answer speaks of; None when it speaks of none."""
    error = data.get("error") if isinstance(data, dict) else None
    if not error:
        return None
    code = str(error.get("code") or "") if isinstance(error, dict) else str(error)
    if code in CODES:
        return CODES[code]
    return Refused(f"code_{code.lower()}" if _CODE.fullmatch(code) else "not_ok", f"the gateway says {code[:80]!r}")


def _unwrapped(value: object) -> tuple[list[Any], list[dict[str, Any]]]:
    """The list of statuses, however deep it lies, and the objects around it, outermost first."""
    frames: list[dict[str, Any]] = []
    for _ in range(_DEPTH):
        if isinstance(value, list):
            return value, frames
        if not isinstance(value, dict):
            break
        frames.append(value)
        inner = [value[name] for name in _LISTS if isinstance(value.get(name), list | dict)]
        # An empty list beside a full one says nothing: the gateway's forms differ in which of them is filled.
        value = next((one for one in inner if one), inner[0] if inner else None)
    raise LayoutChanged("layout_changed", "no list of posts in the answer")


def _total(frames: list[dict[str, Any]]) -> int:
    return max((count_of(frame.get(key)) or 0 for frame in frames for key in ("total_number", "total")), default=0)


def _more(frames: list[dict[str, Any]]) -> bool | None:
    """Whether there is another page, as far as the answer says so."""
    for frame in frames:
        if isinstance(frame.get("has_more"), bool):
            return bool(frame["has_more"])
        if "next_cursor" in frame:
            return str(frame["next_cursor"]) not in ("", "0", "-1", "None")
    return None
