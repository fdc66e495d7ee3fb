"""The replica as a whole: addresses to platforms, faults in between, and the server around it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from demo.loopback import Loopback
from demo.replica.faults import Fault, Faults
from demo.replica.feeds import Feeds
from demo.replica.http import Connection, Reply, Request
from demo.replica.posts import StoryClock, World
from demo.replica.v2ex import V2ex
from demo.replica.weibo import MOST, Weibo
from demo.replica.weibo_cli import TOKEN, WeiboCli
from demo.replica.weibo_comments import WeiboComments
from demo.replica.weibo_html import WeiboHtml
from demo.replica.zhihu import Zhihu

SECRET = "demo-access-secret"  # opens nothing but this replica
_ROBOTS = "User-agent: *\nAllow: /\n"
_ROBOTS_DENY = "User-agent: *\nDisallow: /\n"


class Replica:
    """Four platforms on one loopback port. Enter it to serve; `url` is the base address for every source.

    `clock` and `faults` may be changed from any thread while it serves. `most`: how many posts a Weibo search admits
    to (None = all).
    """

    def __init__(self, world: World, *, secret: str = SECRET, most: int | None = MOST, port: int = 0) -> None:
        self.world, self.faults, self.requests = world, Faults(), 0
        self._weibo, self._zhihu = Weibo(world, most=most), Zhihu(world, secret=secret)
        self._comments, self._html, self._cli = WeiboComments(world), WeiboHtml(world), WeiboCli(world, token=TOKEN)
        self._feeds, self._v2ex = Feeds(world), V2ex(world)
        self._server = Loopback(lambda loop: Connection(self.answer, loop), port)

    @property
    def clock(self) -> StoryClock:
        return self.world.clock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.__exit__(kind, value, at)

    def answer(self, request: Request) -> Reply:
        """The reply to one request; 404 for an address no platform has."""
        self.requests += 1
        path = request.path
        if path == "/robots.txt":
            return Reply((_ROBOTS_DENY if self.faults.robots_deny else _ROBOTS).encode(), content_type="text/plain")
        if path in ("/api/container/getIndex", "/statuses/extend", "/statuses/show"):
            return self._weibo_reply(request, path)
        if path == "/comments/hotflow":
            return self._faulty("weibo_comments", lambda: self._comments.hotflow(request))
        if path in ("/realtime", "/weibo"):
            return self._paged("weibo_html", request, request.query.get("page", "1"), self._html.search)
        if path.startswith("/cli/api/cli/"):
            return self._gateway(request, path.removeprefix("/cli/api/cli/"))
        if path.startswith("/api/v1/"):
            return self._zhihu_reply(request, path.removeprefix("/api/v1/"))
        if path.startswith(("/api/topics/", "/api/replies/")):
            return self._v2ex_reply(request, path.removeprefix("/api/"))
        if path.startswith("/feed/news."):
            return self._faulty("feed", lambda: self._feeds.news(request, path.rpartition(".")[2]))
        if path.startswith("/weibo/keyword/"):
            words = path.removeprefix("/weibo/keyword/").partition("/")[0]
            return self._faulty("feed", lambda: self._feeds.hub(request, words))
        return Reply(b"not found", 404, "text/plain")

    def _weibo_reply(self, request: Request, path: str) -> Reply:
        if path == "/statuses/extend":
            return self._weibo.extend(request)
        if path == "/statuses/show":
            return self._weibo.show(request)
        return self._paged("weibo", request, request.query.get("page", "1"), self._weibo.search)

    def _gateway(self, request: Request, what: str) -> Reply:
        if what != "invoke":
            return self._cli.about(request, what)
        return self._paged("weibo_cli", request, self._cli.page_of(request), self._cli.invoke)

    def _paged(
        self, platform: str, request: Request, page: str, search: Callable[[Request, Fault | None], Reply]
    ) -> Reply:
        fault = self.faults.due(platform, int(page) if page.isdigit() else 1)
        if fault is None:
            return search(request, None)
        return self.faults.reply(fault, lambda: search(request, fault))

    def _zhihu_reply(self, request: Request, path: str) -> Reply:
        fault = self.faults.due("zhihu")
        usual = {
            "content/zhihu_search": lambda: self._zhihu.search(request),
            "content/question_answers": lambda: self._zhihu.answers(request),
            "quota": lambda: self._zhihu.quota(request, used_up=fault is Fault.NEARLY_USED_UP),
        }.get(path)
        if usual is None:
            return Reply(b"not found", 404, "text/plain")
        return usual() if fault is None else self.faults.reply(fault, usual)

    def _v2ex_reply(self, request: Request, path: str) -> Reply:
        fault = self.faults.due("v2ex")
        usual = {
            "topics/latest.json": lambda: self._v2ex.topics(request, "latest", fault),
            "topics/hot.json": lambda: self._v2ex.topics(request, "hot", fault),
            "topics/show.json": lambda: self._v2ex.topics(request, "show", fault),
            "replies/show.json": lambda: self._v2ex.replies(request, fault),
        }.get(path)
        if usual is None:
            return Reply(b"not found", 404, "text/plain")
        return usual() if fault is None else self.faults.reply(fault, usual)

    def _faulty(self, platform: str, usual: Callable[[], Reply]) -> Reply:
        fault = self.faults.due(platform)
        return usual() if fault is None else self.faults.reply(fault, usual)
