"""From bytes to values one can ask: what all readers of bodies need, whatever the platform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawler.refusals import not_json
from crawler.text import text_of
from crawler.times import parse_posted
from tingfeng.errors import LayoutChanged

_LONGEST_ID = 64


def load_json(body: bytes) -> Any:
    """The JSON in a body; the fitting CrawlError when it is anything else."""
    try:
        return json.loads(body)
    except ValueError as e:
        raise not_json(body) from e
    except RecursionError as e:
        raise LayoutChanged("layout_changed", "JSON nested too deep") from e


def load_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; the fitting CrawlError when it is anything else."""
    data = load_json(body)
    if not isinstance(data, dict):
        raise LayoutChanged("layout_changed", f"expected an object, got a {type(data).__name__}")
    return data


def part(table: object, name: str) -> dict[str, Any]:
    """The object called `name` in `table`; an empty one when there is none."""
    value = table.get(name) if isinstance(table, Mapping) else None
    return value if isinstance(value, dict) else {}


def identity(value: object) -> str:
    """An id as text: whole numbers above 0 and plain ASCII words; "" for all else."""
    if type(value) is int:
        return str(value) if 0 < value < 10**_LONGEST_ID else ""
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isascii() and value != "0":
        return value if value.replace("-", "").replace("_", "").isalnum() else ""
    return ""


def moment(value: object, *, seen_at: datetime) -> datetime | None:
    """The time that Unix seconds or milliseconds name, number or digits; None for all else and for impossible ones."""
    text = str(value) if type(value) is int and 0 <= value < 10**14 else value
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        return None
    posted = parse_posted(text, seen_at=seen_at)
    return posted.at if posted else None


def words(value: object) -> str:
    """What a reader sees of a field that may hold markup; "" when it is no text."""
    return text_of(value) if isinstance(value, str) else ""
