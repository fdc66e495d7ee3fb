"""Feeds: an invented news desk as RSS, Atom and JSON Feed, and RSSHub's keyword route."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import quote

from demo.replica.faults import Fault, shown
from demo.replica.http import Reply, Request
from demo.replica.posts import Post, World, bid_of
from demo.replica.weibo_bodies import as_html

LIMIT = 100  # entries of the news desk's feeds, `?limit=` asks for fewer or more
HUB_LIMIT = 10  # RSSHub hands out about one page of the mobile search
SITE = "https://news.example"
DESK = "听风演示·虚构新闻"


class Feeds:
    """Answers `/feed/news.rss|atom|json?q=` and `/weibo/keyword/<words>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def news(self, request: Request, kind: str, fault: Fault | None = None) -> Reply:
        """The newest pieces that name `q` in the asked format; 404 for one the desk does not have."""
        query = request.query
        limit = int(query["limit"]) if query.get("limit", "").isdigit() else LIMIT
        words = query.get("q", "")
        posts = shown(self._world.search("news", words, count=limit)[0], fault)
        now = self._world.clock.now
        if kind == "rss":
            return _xml(
                _rss(f"{DESK}：{words}", f"{SITE}/search?q={quote(words)}", [_news_item(p) for p in posts], now)
            )
        if kind == "atom":
            return Reply(_atom(words, posts, now).encode(), content_type="application/atom+xml; charset=utf-8")
        if kind == "json":
            body = json.dumps(_json_feed(words, posts), ensure_ascii=False)
            return Reply(body.encode(), content_type="application/feed+json; charset=utf-8")
        return Reply(b"not found", 404, "text/plain")

    def hub(self, request: Request, words: str, fault: Fault | None = None) -> Reply:
        """RSSHub's `/weibo/keyword/:keyword`: the first page of the mobile search as RSS."""
        posts = shown(self._world.search("weibo", words, count=HUB_LIMIT)[0], fault)
        link = f"http://s.weibo.com/weibo/{quote(words)}&b=1&nodup=1"
        title = f"又有人在微博提到{words}了"
        return _xml(_rss(title, link, [_hub_item(p) for p in posts], self._world.clock.now, " - Powered by RSSHub"))


def _rss(title: str, link: str, items: list[str], now: datetime, maker: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(title)}</title><link>{escape(link)}</link>"
        f"<description>{escape(title + maker)}</description><generator>synthetic</generator><language>zh-cn</language>"
        f"<lastBuildDate>{_rfc822(now)}</lastBuildDate><ttl>5</ttl>{''.join(items)}</channel></rss>"
    )


def _news_item(post: Post) -> str:
    return (
        f"<item><title>{escape(post.title)}</title><description>{escape(f'<p>{escape(post.text)}</p>')}</description>"
        f'<link>{_address(post)}</link><guid isPermaLink="false">{post.id}</guid><pubDate>{_rfc822(post.at)}</pubDate>'
        f"<author>{escape(post.author.name)}</author><category>虚构演示</category></item>"
    )


def _hub_item(post: Post) -> str:
    name, home = escape(post.author.name), f"https://weibo.com/{post.author.uid}"
    words = as_html(post.text)
    described = f'<a href="{home}" target="_blank">{name}</a>: {words}'
    return (
        f"<item><title>{name}: {escape(post.text[:80])}...</title><description>{escape(described)}</description>"
        f"<link>{home}/{bid_of(post.id)}</link><pubDate>{_rfc822(post.at)}</pubDate><author>{name}</author>"
        "<category>虚构演示</category></item>"
    )


def _atom(words: str, posts: list[Post], now: datetime) -> str:
    entries = "".join(
        f"<entry><id>tag:news.example,2026:{p.id}</id><title>{escape(p.title)}</title>"
        f'<link href="{_address(p)}"/><published>{p.at.isoformat()}</published><updated>{p.at.isoformat()}</updated>'
        f"<author><name>{escape(p.author.name)}</name></author>"
        f'<category term="虚构演示"/><content type="html">{escape(f"<p>{escape(p.text)}</p>")}</content></entry>'
        for p in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(DESK)}：{escape(words)}</title><id>tag:news.example,2026:{quote(words)}</id>"
        f"<updated>{now.isoformat()}</updated>{entries}</feed>"
    )


def _json_feed(words: str, posts: list[Post]) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{DESK}：{words}",
        "home_page_url": SITE,
        "_synthetic": True,
        "items": [
            {
                "id": str(p.id),
                "url": _address(p),
                "title": p.title,
                "content_text": p.text,
                "date_published": p.at.isoformat(),
                "authors": [{"name": p.author.name}],
                "tags": ["虚构演示"],
            }
            for p in posts
        ],
    }


def _address(post: Post) -> str:
    return f"{SITE}/{post.id}.html"


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _xml(text: str) -> Reply:
    return Reply(text.encode(), content_type="application/rss+xml; charset=utf-8")
