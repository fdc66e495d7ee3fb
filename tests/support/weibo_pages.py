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


def search_page(blogs: Sequence[dict[str, Any]] | None, *, pages: int = 1) -> str:
    """A page of s.weibo.com with these posts; None: with the word that nothing was found."""
    if blogs is None:
        return '<html><div class="card card-no-result s-pt20b40"><p>抱歉，未找到相关结果。</p></div></html>'
    cards = "".join(search_card(blog) for blog in blogs)
    return f"""<html><body>{cards}<ul class="s-scroll">{"<li></li>" * pages}</ul></body></html>"""


def search_card(blog: dict[str, Any], *, more: str = "", uid: int = 9_000_000_000) -> str:
    """One card. `more`: what stands after the text (its full form, a reposted original)."""
    return f"""<div class="card-wrap" action-type="feed_list_item" mid="{blog["mid"]}"><div class="card">
      <div class="card-feed"><div class="content" node-type="like">
        <div class="info"><div><a href="//weibo.com/{uid}?refer_flag=1001030103_" class="name">用户0</a></div></div>
        <div class="from"><a href="//weibo.com/{uid}/Ab3" target="_blank">
            {blog["created_at"]}
        </a>&nbsp;来自 <a href="//weibo.com/" rel="nofollow">某设备</a></div>
        <p class="txt" node-type="feed_list_content" nick-name="用户0">
            {blog["text"]}
        </p>{more}
      </div></div>
      <div class="card-act"><ul>
        <li><a action-type="feed_list_forward">转发</a></li>
        <li><a action-type="feed_list_comment"><span>2</span></a></li>
        <li><a action-type="feed_list_like"><button><span class="woo-like-count">12</span></button></a></li>
      </ul></div></div></div>"""
