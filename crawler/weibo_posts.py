"""What Weibo's JSON says of posts and comments, field by field; mobile site, PC site and gateway share most names.

Sources.md 1.0, 1.1, 1.5, 1.7. Nothing here knows a crawl: what cannot be read is counted in the Reading.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from crawler.post import Kind, Post, Reading
from crawler.text import count_of, plain, text_of
from crawler.times import weibo_posted
from crawler.weibo import address_of, mid_of_name
from tingfeng.errors import LayoutChanged

_MORE = re.compile(r"\s*\.{0,3}\s*<a\b[^<>]*?href=[\"'][^\"']*/status/\w+[\"'][^<>]*>\s*全文\s*</a>\s*", re.I)
_REGION = re.compile(r"(?:发布于|来自)\s*([\u4e00-\u9fff]{2,12})")
_OF_POST = re.compile(r"(?:^|\|)mid:(\d{10,20})(?:\||$)")


def read_post(blog: dict[str, Any], into: Reading, *, seen_at: datetime) -> Post | None:
    """The post in an `mblog` or status, added to `into`; None when it is deleted, paid for, or unreadable."""
    mid = mid_of(blog)
    if str(blog.get("deleted")) in ("1", "True") or blog.get("is_deleted") is True:
        into.notes["deleted"] += 1
        into.gone += filter(None, [mid])
        return None
    if blog.get("isAd") is True:
        into.notes["advertisement"] += 1
        return None
    if not mid:
        into.skipped["id"] += 1
        return None
    published_at = _posted(blog, mid, into, seen_at)
    text = _own_text(blog)
    if not text:
        into.skipped["text"] += 1
        return None
    author, name, followers = _author(blog.get("user"))
    original = blog.get("retweeted_status")
    post = Post(
        platform="weibo",
        native_id=mid,
        url=address_of(mid),
        text=text,
        published_at=published_at,
        context=_own_text(original) if isinstance(original, dict) else "",
        author=author,
        author_name=name,
        followers=followers,
        **counts_of(blog),
        region=region_of(blog.get("region_name")),
        is_repost=isinstance(original, dict),
        is_cut=_is_cut(blog),
    )
    into.posts.append(post)
    return post


def read_posts(listed: list[Any], into: Reading, *, seen_at: datetime) -> None:
    """The posts of a list, as `read_post` does. LayoutChanged when it is a list of something else."""
    posts = [blog for blog in listed if isinstance(blog, dict)]
    if listed and not posts:
        raise LayoutChanged("layout_changed", "a list, but not of posts")
    into.skipped.update({"id": len(listed) - len(posts)} if len(listed) > len(posts) else {})
    for blog in posts:
        read_post(blog, into, seen_at=seen_at)


def read_comment(comment: object, into: Reading, *, parent: str, seen_at: datetime, depth: int = 1) -> None:
    """A comment and the answers below it, `depth` levels down, added to `into`. `parent`: its post's number, if known.

    An answer's parent is the post too: what brand it is about is said there.
    """
    if not isinstance(comment, dict):
        into.skipped["id"] += 1
        return
    mid = mid_of(comment)
    if not mid:
        into.skipped["id"] += 1
        return
    published_at = _posted(comment, mid, into, seen_at)
    text = _own_text(comment)
    parent = parent or _parent_of(comment)
    if not text:
        into.skipped["text"] += 1
    else:
        author, name, followers = _author(comment.get("user"))
        likes = comment.get("like_count", comment.get("like_counts"))
        post = Post(
            platform="weibo",
            native_id=mid,
            url=address_of(parent),
            text=text,
            published_at=published_at,
            kind=Kind.COMMENT,
            parent=parent or None,
            author=author,
            author_name=name,
            followers=followers,
            comments=count_of(comment.get("total_number")),
            likes=count_of(likes),
            region=_source_region(comment.get("source")),
        )
        into.posts.append(post)
    answers = comment.get("comments")  # False where there are none
    if depth and isinstance(answers, list):
        for answer in answers:
            read_comment(answer, into, parent=parent, seen_at=seen_at, depth=depth - 1)


def mid_of(blog: dict[str, Any]) -> str:
    """The post's number as text, from its short form where only that is told; "" when it has none."""
    for key in ("mid", "idstr", "id"):
        told = blog.get(key)
        mid = str(told) if type(told) is int else told
        if isinstance(mid, str) and mid:
            return mid if mid.isascii() and mid.isdigit() and len(mid) <= 20 else ""
    return mid_of_name(blog.get("mblogid") or blog.get("bid"))


def counts_of(blog: dict[str, Any]) -> dict[str, Any]:
    """Reposts, comments, likes. `number_display_strategy` is a display rule and says nothing of this post."""
    return {
        "reposts": count_of(blog.get("reposts_count")),
        "comments": count_of(blog.get("comments_count")),
        "likes": count_of(blog.get("attitudes_count")),
    }


def cursor_of(told: object) -> int:
    """The id from which a list goes on, number or digits; 0 when it ends."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) <= 20:
        return int(told)
    return told if type(told) is int and told > 0 else 0


def _posted(blog: dict[str, Any], mid: str, into: Reading, seen_at: datetime) -> datetime | None:
    at, contradicted = weibo_posted(str(blog.get("created_at") or ""), mid, seen_at=seen_at)
    if contradicted:
        into.notes["time/id_differs"] += 1
    return at


def _own_text(blog: dict[str, Any]) -> str:
    """The text, in full where the page has it; what the mobile site cuts ends in '…' instead of a link."""
    inline = blog.get("longText")
    if isinstance(inline, dict) and isinstance(inline.get("longTextContent"), str):
        return text_of(inline["longTextContent"])
    raw = blog.get("text_raw")
    if isinstance(raw, str) and raw:
        return plain(raw)
    markup = blog.get("text")
    if not isinstance(markup, str):
        return ""
    return text_of(_MORE.sub("…", markup) if "全文" in markup else markup)


def _is_cut(blog: dict[str, Any]) -> bool:
    """Whether the rest of the text has to be fetched."""
    markup = blog.get("text")
    linked = isinstance(markup, str) and "全文" in markup and _MORE.search(markup) is not None
    return (linked or bool(blog.get("isLongText"))) and not isinstance(blog.get("longText"), dict)


def _author(user: object) -> tuple[str | None, str, int | None]:
    """Id, name, followers. Gone authors have none of them; some answers of the gateway tell only a name."""
    if not isinstance(user, dict):
        return None, "", None
    told, name = user.get("id") or user.get("idstr"), user.get("screen_name")
    name = plain(name) if isinstance(name, str) else ""
    known = type(told) is int or (isinstance(told, str) and told != "")
    return str(told) if known else f"name:{name}" if name else None, name, count_of(user.get("followers_count"))


def region_of(told: object) -> str | None:
    """'发布于 广东' → 广东."""
    return told.removeprefix("发布于").strip() or None if isinstance(told, str) else None


def _source_region(told: object) -> str | None:
    """'来自广东' → 广东; None for what names a device, as comments did before 2022."""
    found = _REGION.fullmatch(told.strip()) if isinstance(told, str) else None
    return found[1] if found and not found[1].endswith("客户端") else None


def _parent_of(comment: dict[str, Any]) -> str:
    """The number of the post, from the comment's own fields."""
    status, extra = comment.get("status"), comment.get("analysis_extra")
    if isinstance(status, dict):
        return mid_of(status)
    found = _OF_POST.search(extra) if isinstance(extra, str) else None
    return found[1] if found else ""
