"""s.weibo.com: the search page, as recorded in 2026. Times are spelled as that site spells them."""

from __future__ import annotations

import html
from datetime import datetime, timedelta

from demo.replica.faults import Fault
from demo.replica.http import Reply, Request
from demo.replica.posts import Post, World, bid_of
from demo.replica.weibo_bodies import CUT_AT, MADE_UP, ZONE

PAGE = 10  # posts
MOST_PAGES = 50
_NOTHING = '<div class="card card-no-result s-pt20b40"><p>抱歉，未找到相关结果。</p></div>'


class WeiboHtml:
    """Answers `/realtime?q=` and `/weibo?q=`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def search(self, request: Request, fault: Fault | None = None) -> Reply:
        """One page of a search; one beyond the last says that nothing was found."""
        query = request.query
        page = int(query["page"]) if query.get("page", "").isdigit() else 1
        start = max(0, page - 1) * PAGE - (3 if fault is Fault.OVERLAP and page > 1 else 0)
        posts, total = self._world.search("weibo", query.get("q", ""), start=start, count=PAGE)
        pages = min(MOST_PAGES, -(-total // PAGE))
        cut = fault is Fault.LAST_PAGE and page > 1
        if fault in (Fault.EMPTY_PAGE, Fault.EMPTY) or cut or not posts or page > pages:
            return _page(_NOTHING)
        cards = "".join(_card(post, self._world.clock.now) for post in posts)
        return _page(cards + _pager(query.get("q", ""), page, pages))


def spelled_here(at: datetime, *, now: datetime) -> str:
    """A time as s.weibo.com writes it: 刚刚, 5分钟前, 今天12:30, 11月01日 10:00, 2024年08月21日 10:00."""
    local, today, age = at.astimezone(ZONE), now.astimezone(ZONE), now - at
    if age < timedelta(minutes=1):
        return "刚刚"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)}分钟前"
    if local.date() == today.date():
        return f"今天{local:%H:%M}"
    return f"{local:%m月%d日 %H:%M}" if local.year == today.year else f"{local:%Y年%m月%d日 %H:%M}"


def _page(inside: str) -> Reply:
    made = (
        '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>微博搜索</title></head>\n'
        f"<body>{inside}</body>\n</html>"
    )
    return Reply(made.encode(), content_type="text/html; charset=utf-8")


def _card(post: Post, now: datetime) -> str:
    home, name = f"//weibo.com/{post.author.uid}", html.escape(post.author.name)
    return (
        f'<div class="card-wrap" action-type="feed_list_item" mid="{post.id}"><div class="card"><div class="card-feed">'
        f'<div class="avator"><a href="{home}?refer_flag=1001030103_"><span class="woo-avatar-icon"></span></a></div>'
        '<div class="content" node-type="like">'
        f'<div class="info"><div style="padding: 6px 0 3px;"><a href="{home}?refer_flag=1001030103_" class="name" '
        f'target="_blank">{name}</a></div></div>'
        f'<div class="from">\n<a href="{home}/{bid_of(post.id)}?refer_flag=1001030103_" target="_blank">\n'
        f"{spelled_here(post.at, now=now)}\n</a>\n"
        f'&nbsp;来自 <a href="//weibo.com/" rel="nofollow">{MADE_UP}</a></div>'
        f"{_texts(post)}{_original(post.original)}"
        f'<div node-type="feed_list_media_prev"><div action-data="uid={post.author.uid}&amp;mid={post.id}"></div></div>'
        f'</div></div><div class="card-act">{_counts(post)}</div></div></div>\n<!--/card-wrap-->\n'
    )


def _texts(post: Post) -> str:
    """The text; of a long one the beginning, and the whole hidden behind it."""
    said = f'nick-name="{html.escape(post.author.name)}"'
    if not post.long:
        return f'<p class="txt" node-type="feed_list_content" {said}>\n{_markup(post.text)}\n</p>'
    unfold = (
        f'<a href="//weibo.com/{post.author.uid}/{bid_of(post.id)}" action-type="fl_unfold" target="_blank">展开'
        '<i class="wbicon">c</i></a>'
    )
    return (
        f'<p class="txt" node-type="feed_list_content" {said}>\n{_markup(post.text[:CUT_AT])}...{unfold}\n</p>'
        f'<p class="txt" node-type="feed_list_content_full" {said} style="display: none">\n{_markup(post.text)}\n</p>'
    )


def _original(post: Post | None) -> str:
    if post is None:
        return ""
    return (
        '<div class="card-comment"><div class="con"><div node-type="feed_list_forwardContent">'
        f'<a href="//weibo.com/{post.author.uid}" class="name" target="_blank">@{html.escape(post.author.name)}</a>'
        f"{_texts(post)}</div></div></div>"
    )


def _counts(post: Post) -> str:
    likes = f'<button><span class="woo-like-count">{post.likes or "赞"}</span></button>'
    return (
        f'<ul><li><a action-type="feed_list_forward">{post.reposts or "转发"}</a></li>'
        f'<li><a action-type="feed_list_comment"><span>{post.comments or "评论"}</span></a></li>'
        f'<li><a action-type="feed_list_like">{likes}</a></li></ul>'
    )


def _markup(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br/>")


def _pager(words: str, page: int, pages: int) -> str:
    address = f"/realtime?q={html.escape(words)}&amp;page="
    listed = "".join(f'<li><a href="{address}{n}">第{n}页</a></li>' for n in range(1, pages + 1))
    following = f'<a href="{address}{page + 1}" class="next">下一页</a>' if page < pages else ""
    return f'<div class="m-page"><ul class="s-scroll">{listed}</ul>{following}</div>'
