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
from demo.replica.weibo import MOST, Weibo
from demo.replica.zhihu import Zhihu

SECRET = "demo-access-secret"  # opens nothing but this replica
_ROBOTS = "User-agent: *\nAllow: /\n"
_ROBOTS_DENY = "User-agent: *\nDisallow: /\n"


class Replica:
    """Three platforms on one loopback port. Enter it to serve; `url` is the base address for every source.

    `clock` and `faults` may be changed from any thread while it serves. `most`: how many posts a Weibo search admits
    to (None = all).
    """

    def __init__(self, world: World, *, secret: str = SECRET, most: int | None = MOST, port: int = 0) -> None:
        self.world, self.faults, self.requests = world, Faults(), 0
        self._weibo, self._zhihu = Weibo(world, most=most), Zhihu(world, secret=secret)
        self._feeds = Feeds(world)
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
        if path == "/robots.txt" and self.faults.robots_down:
            return Reply(b"", 503)
        if path == "/robots.txt":
            return Reply((_ROBOTS_DENY if self.faults.robots_deny else _ROBOTS).encode(), content_type="text/plain")
        if path in ("/api/container/getIndex", "/statuses/extend", "/statuses/show"):
            return self._weibo_reply(request, path)
        if path == "/api/v1/content/zhihu_search":
            return self._faulty("zhihu", request, lambda fault: self._zhihu.search(request, fault))
        if path.startswith("/feed/news."):
            kind = path.rpartition(".")[2]
            return self._faulty("feed", request, lambda fault: self._feeds.news(request, kind, fault))
        if path.startswith("/weibo/keyword/"):
            words = path.removeprefix("/weibo/keyword/").partition("/")[0]
            return self._faulty("feed", request, lambda fault: self._feeds.hub(request, words, fault))
        return Reply(b"not found", 404, "text/plain")

    def _weibo_reply(self, request: Request, path: str) -> Reply:
        if path == "/statuses/extend":
            return self._weibo.extend(request)
        if path == "/statuses/show":
            return self._weibo.show(request)
        page = request.query.get("page", "1")
        fault = self.faults.due("weibo", int(page) if page.isdigit() else 1)
        if fault is None:
            return self._weibo.search(request)
        return self._at_fault(fault, request, lambda: self._weibo.search(request, fault))

    def _faulty(self, platform: str, request: Request, usual: Callable[[Fault | None], Reply]) -> Reply:
        fault = self.faults.due(platform)
        return usual(None) if fault is None else self._at_fault(fault, request, lambda: usual(fault))

    def _at_fault(self, fault: Fault, request: Request, usual: Callable[[], Reply]) -> Reply:
        return self.faults.reply(fault, usual, now=self.clock.now, target=request.target)
