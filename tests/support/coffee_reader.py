"""The other route of tests/support/readers.py."""

from __future__ import annotations

from datetime import datetime

from crawler.post import Reading
from tests.support.readers import _read


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    return _read("coffee", body, url=url, seen_at=seen_at)
