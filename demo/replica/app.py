"""The replica as a whole: addresses to platforms, faults in between, and the server around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from demo.loopback import Loopback
from demo.replica.faults import Fault, Faults
from demo.replica.feeds import Feeds
from demo.replica.hot import HotLists, HotSpell
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
    """The platforms and their hot lists on one loopback port. Enter it to serve; `url` is every source's base address.

    `clock` and `faults` may be changed from any thread while it serves. `most`: how many posts a Weibo search admits
    to (None = all).
    """

    def __init__(
        self,
        world: World,
        *,
        secret: str = SECRET,
        most: int | None = MOST,
        port: int = 0,
        hot: Sequence[HotSpell] = (),
    ) -> None:
        self.world, self.faults, self.requests = world, Faults(), 0
        self._weibo, self._zhihu = Weibo(world, most=most), Zhihu(world, secret=secret)
        self._comments, self._html, self._cli = WeiboComments(world), WeiboHtml(world), WeiboCli(world, token=TOKEN)
        self._feeds, self._v2ex = Feeds(world), V2ex(world)
        lists = HotLists(world, hot)
        self._places: dict[str, Callable[[Request], Reply]] = {
            "/robots.txt": self._robots,
            "/api/container/getIndex": lambda request: self._paged("weibo", request, self._weibo.search),
            "/statuses/extend": self._weibo.extend,
            "/statuses/show": self._weibo.show,
            "/comments/hotflow": lambda request: self._faulty("weibo_comments", self._hotflow, request),
            "/realtime": lambda request: self._paged("weibo_html", request, self._html.search),
            "/weibo": lambda request: self._paged("weibo_html", request, self._html.search),
            "/open/auth/ws_token": lists.token,
            "/open/weibo/hot_search": lambda request: self._faulty("hot", lists.official, request),
            "/ajax/side/hotSearch": lambda request: self._faulty("hot", lists.side, request),
            "/api/board": lambda request: self._faulty("hot", lists.baidu, request),
            "/gw/event/hot_ranking_list": lambda request: self._faulty("hot", lists.tencent, request),
        }
        self._folders: dict[str, Callable[[Request, str], Reply]] = {
            "/cli/api/cli/": self._gateway,
            "/api/v1/": self._zhihu_reply,
            "/api/": self._v2ex_reply,
            "/feed/news.": self._news,
            "/weibo/keyword/": self._hub,
        }
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
        known = self._places.get(path)
        if known is not None:
            return known(request)
        for prefix, answer in self._folders.items():
            if path.startswith(prefix):
                return answer(request, path.removeprefix(prefix))
        return Reply(b"not found", 404, "text/plain")

    def _robots(self, request: Request) -> Reply:
        if self.faults.robots_down:
            return Reply(b"", 503)
        return Reply((_ROBOTS_DENY if self.faults.robots_deny else _ROBOTS).encode(), content_type="text/plain")

    def _hub(self, request: Request, rest: str) -> Reply:
        words = rest.partition("/")[0]
        fault = self.faults.due("feed")
        return self._at_fault(fault, request, lambda: self._feeds.hub(request, words, fault))

    def _news(self, request: Request, kind: str) -> Reply:
        fault = self.faults.due("feed")
        return self._at_fault(fault, request, lambda: self._feeds.news(request, kind, fault))

    def _gateway(self, request: Request, what: str) -> Reply:
        if what != "invoke":
            return self._cli.about(request, what)
        return self._paged("weibo_cli", request, self._cli.invoke, page=self._cli.page_of(request))

    def _paged(
        self, platform: str, request: Request, search: Callable[[Request, Fault | None], Reply], *, page: str = ""
    ) -> Reply:
        page = page or request.query.get("page", "1")
        fault = self.faults.due(platform, int(page) if page.isdigit() else 1)
        return self._at_fault(fault, request, lambda: search(request, fault))

    def _zhihu_reply(self, request: Request, path: str) -> Reply:
        fault = self.faults.due("zhihu")
        usual = {
            "content/zhihu_search": lambda: self._zhihu.search(request, fault),
            "content/question_answers": lambda: self._zhihu.answers(request),
            "quota": lambda: self._zhihu.quota(request, used_up=fault is Fault.NEARLY_USED_UP),
        }.get(path)
        if usual is None:
            return Reply(b"not found", 404, "text/plain")
        return self._at_fault(fault, request, usual)

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
        return self._at_fault(fault, request, usual)

    def _hotflow(self, request: Request, fault: Fault | None) -> Reply:
        return self._comments.hotflow(request)

    def _faulty(self, platform: str, usual: Callable[[Request, Fault | None], Reply], request: Request) -> Reply:
        fault = self.faults.due(platform)
        return self._at_fault(fault, request, lambda: usual(request, fault))

    def _at_fault(self, fault: Fault | None, request: Request, usual: Callable[[], Reply]) -> Reply:
        if fault is None:
            return usual()
        return self.faults.reply(fault, usual, now=self.clock.now, target=request.target)
