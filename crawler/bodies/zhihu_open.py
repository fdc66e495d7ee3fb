"""Zhihu's official API (sources.md 2.1): results of a search, answers of a question, the quota.

`Reading.paging`: "has_more" and "next" (an offset as text) of a question's answers; "quota", calls left by API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crawler.documents import identity, load_object, moment, words
from crawler.post import Kind, Post, Reading
from crawler.text import address, count_of, without_parameters
from tingfeng.errors import CrawlError, LayoutChanged, Refused, Unreachable

CODES: dict[int, CrawlError] = {
    10001: CrawlError("bad_request", "code 10001: parameters"),
    20001: Refused("unauthorized", "code 20001: the Access Secret is not accepted"),
    30001: Refused("rate_limited", "code 30001: too fast"),
    30002: Refused("quota_exhausted", "code 30002: the day's quota is used up"),
    30003: Refused("risk_control", "code 30003: risk control, not to be tried again"),
    40362: Refused("risk_control", "code 40362: restricted for now"),
    50002: Unreachable("unreachable", "code 50002: trouble on their side"),
    90001: Unreachable("unreachable", "code 90001: trouble on their side"),
}
KINDS = {
    "answer": Kind.ANSWER,
    "article": Kind.ARTICLE,
    "question": Kind.QUESTION,
    "zvideo": Kind.VIDEO,
    "pin": Kind.POST,
}
_QUESTION = re.compile(r"/question/(\d{1,20})(?:/|$)")
_NUMBER = re.compile(r"/(?:answer|p|pin|zvideo)/(\d{1,20})$")
_LEFT = "RemainingQuota"


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """See crawler.bodies. A quota holds no posts."""
    data = load_object(body)
    code = data.get("Code")
    if type(code) is not int:
        raise LayoutChanged("layout_changed", "no Code in the answer")
    if code != 0:
        raise CODES.get(code) or Refused(f"code_{code}", "a code we do not know")
    inner = data.get("Data")
    quota = dict(_quotas(inner, depth=3))
    if quota:
        return Reading(paging={"quota": quota})
    if not isinstance(inner, dict) or not isinstance(inner.get("Items", ""), list | None):
        raise LayoutChanged("layout_changed", "no Data with Items in the answer")
    reading = Reading(paging={"has_more": inner.get("HasMore") is True, "next": str(inner.get("NextOffset") or "")})
    for item in inner.get("Items") or ():
        _take(item, reading, seen_at)
    return reading


def refusal(body: bytes) -> CrawlError | None:
    """What the code in the body of an HTTP error says; None when there is none we know."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = data.get("Code") if isinstance(data, dict) else None
    return CODES.get(code) if type(code) is int else None


def question_of(url: str) -> str:
    """The number of the question in an address of zhihu.com, "" when it names none."""
    found = _QUESTION.search(url)
    return found[1] if found else ""


def _quotas(data: object, *, depth: int) -> Iterator[tuple[str, int]]:
    """(API, calls left), wherever the answer holds them: by key, or as objects that name their API."""
    found = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in found:
        left = value.get(_LEFT) if isinstance(value, dict) else None
        if isinstance(value, dict) and type(left) is int:
            named = next((value[k] for k in ("APIID", "ApiID", "APIId", "Name") if value.get(k)), key)
            yield identity(named) or "unknown", left
        elif depth and isinstance(value, dict | list):
            yield from _quotas(value, depth=depth - 1)


def _take(item: object, reading: Reading, seen_at: datetime) -> None:
    if isinstance(item, dict) and "ThumbnailUrl" in item:
        raise LayoutChanged("layout_changed", "a hot list, not a search")
    number = _number(item) if isinstance(item, dict) else ""
    if not isinstance(item, dict) or not number:
        reading.skipped["id"] += 1
        return
    at = moment(item.get("EditTime") or item.get("CreatedTime"), seen_at=seen_at)
    if at is None:
        reading.skipped["time"] += 1
        return
    post = _post(item, number, at)
    if post.text:
        reading.posts.append(post)
    else:
        reading.skipped["text"] += 1


def _number(item: dict[str, Any]) -> str:
    """Its own id; where a list leaves that out, the one its address ends with."""
    found = _NUMBER.search(without_parameters(address(item.get("Url")), prefixes=("utm_",)))
    return identity(item.get("ContentID") or item.get("AnswerID")) or (found[1] if found else "")


def _post(item: dict[str, Any], number: str, at: datetime) -> Post:
    title, name = words(item.get("Title")), words(item.get("AuthorName"))
    url = without_parameters(address(item.get("Url")), prefixes=("utm_",))  # they hold the credential's fingerprint
    kind = words(item.get("ContentType")).lower() or ("answer" if item.get("AnswerID") else "unknown")
    question = question_of(url) if kind == "answer" else ""
    return Post(
        platform="zhihu",
        native_id=f"{kind[:20]}:{number}",
        url=url,
        title=title,
        text=words(item.get("ContentText")) or words(item.get("Summary")) or title,
        published_at=at,
        kind=KINDS.get(kind, Kind.POST),
        parent=f"question:{question}" if question else None,
        author=f"name:{name}" if name else None,
        author_name=name,
        comments=count_of(item.get("CommentCount")),
        likes=count_of(item.get("VoteUpCount")),
    )
