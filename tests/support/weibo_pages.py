"""Bodies as m.weibo.cn sends them, small and synthetic; ids hold the time of posting, as real ones do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.support.web import Asked, Reply, reply_json

CHINA = timezone(timedelta(hours=8))
NOTHING = {"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}


def mid_of(at: datetime, n: int = 0) -> str:
    return str(((int(at.timestamp()) - 515_483_463) << 22) | n)


def told(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%a %b %d %H:%M:%S +0800 %Y")


def post(at: datetime, text: str = "云雀的车又坏了", *, n: int = 0, **more: Any) -> dict[str, Any]:
    """One `mblog`."""
    mid = mid_of(at, n)
    blog = {
        "created_at": told(at),
        "id": mid,
        "mid": mid,
        "text": text,
        "user": {"id": 9_000_000_000 + n, "screen_name": f"用户{n}", "followers_count": "43.2万"},
        "reposts_count": 1,
        "comments_count": 2,
        "attitudes_count": "100万+",
        "isLongText": False,
        "region_name": "发布于 广东",
    }
    return blog | more


def page(blogs: Sequence[dict[str, Any]], *, total: int | None = None, next_page: int | None = None) -> dict[str, Any]:
    info: dict[str, Any] = {"page_size": 10}
    if total is not None:
        info["total"] = total
    if next_page is not None:
        info["page"] = next_page
    return {"ok": 1, "data": {"cardlistInfo": info, "cards": [{"card_type": 9, "mblog": b} for b in blogs]}}


def pages(*bodies: Any) -> Any:
    """Answers page N of the search with the N-th body (a Reply or something for JSON); NOTHING beyond."""

    def answer(asked: Asked) -> Reply:
        if not asked.path.endswith("/api/container/getIndex"):
            return Reply(b"", 404)
        number = int(asked.query["page"])
        body = bodies[number - 1] if number <= len(bodies) else NOTHING
        return body if isinstance(body, Reply) else reply_json(body)

    return answer
