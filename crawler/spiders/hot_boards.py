"""Hot boards beside Weibo's (sources.md 2.1, 2.3, 3, 4, 10, 13): one request per board and run, robots.txt asked first.

A board that says no does not hide the others: they are read and stored, and the run then ends under the name of the
refusal, its detail naming the board. A source that was refused is left alone for a while, with all of its boards: one
that keeps refusing belongs into a source of its own, or out of the list.

Zhihu's list comes from its official API where the source has the credential of zhihu_open, else from the site, whose
robots.txt forbids it. Entries that name a brand go to the hot-list tables, never to the mentions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.hot_boards import read
from crawler.hot import covered_since, pages_of
from crawler.options import Options
from crawler.refusals import translate
from crawler.spiders.base import Output, TingfengSpider
from tingfeng.errors import CrawlError, LayoutChanged, Refused
from tingfeng.registry import nearest

BOARDS = {
    "baidu": "https://top.baidu.com/api/board?platform=pc&tab=realtime",
    "tencent": "https://r.inews.qq.com/gw/event/hot_ranking_list?page_size=60",
    "toutiao": "https://www.toutiao.com/hot-event/hot-board/?origin=toutiao_pc",
    "thepaper": "https://cache.thepaper.cn/contentapi/wwwIndex/rightSidebar",
    "zhihu": "https://www.zhihu.com/api/v3/feed/topstory/hot-list-web?limit=50&desktop=true",
    "bilibili": "https://s.search.bilibili.com/main/hotword?limit=30",
    "tieba": "https://tieba.baidu.com/hottopic/browse/topicList",
}
ZHIHU_OFFICIAL = "https://developer.zhihu.com/api/v1/content/hot_list?Limit=30"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotBoardsOptions(Options):
    least_delay: ClassVar[timedelta] = timedelta(seconds=2)

    boards: tuple[str, ...] = ("baidu",)  # of baidu tencent toutiao thepaper zhihu bilibili tieba
    delay: timedelta = timedelta(seconds=2)  # between two requests to one host, at least

    def problems(self, *, local: bool) -> list[str]:
        found = super(HotBoardsOptions, self).problems(local=local)
        if not self.boards:
            found.append(f"boards: at least one of {' '.join(BOARDS)}")
        for name in self.boards:
            if name not in BOARDS:
                hint = nearest(name, BOARDS)
                found.append(f"boards: no '{name}'" + (f"; did you mean '{hint}'?" if hint else ""))
        return found


class HotBoardsSpider(TingfengSpider):
    name = "hot_boards"  # to Scrapy; a crawl bears the name of its source
    platform = "hot"
    home = "https://top.baidu.com"
    options_class = HotBoardsOptions
    options: HotBoardsOptions

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._left = dict.fromkeys(self.options.boards)  # in the order asked, each once
        self._lost: dict[str, CrawlError] = {}

    def searches(self) -> Iterable[Request]:
        for board in tuple(self._left):
            self.begin(board)
            yield self._ask(board)

    def contact(self) -> Iterable[Request]:
        """Every board: each is a platform of its own."""
        return self.searches()

    def _ask(self, board: str) -> Request:
        official = board == "zhihu" and bool(self.spec.credential)
        url = ZHIHU_OFFICIAL if official else BOARDS[board]
        if self.spec.base_url:
            parts = urlsplit(url)
            url = f"{self.base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": "application/json, text/plain, */*"}
        if not official:
            return self.request(url, self.parse_board, errback=self.board_lost, headers=headers, board=board)
        headers |= {
            "Authorization": f"Bearer {self.spec.credential}",
            "X-Request-Timestamp": str(int(self.now().timestamp())),
            "Content-Type": "application/json",
        }
        request = self.request(url, self.parse_board, errback=self.board_lost, headers=headers, board=board)
        request.meta["robots_exempt"] = "an official API: its contract says what may be asked, not robots.txt"
        return request

    def parse_board(self, response: Response, board: str) -> Output:
        seen_at = self.now()
        try:
            pages = pages_of(self, read(response.body, url=response.url, seen_at=seen_at), seen_at=seen_at)
            if any(page.board != f"hot:{board}" for page in pages):
                raise LayoutChanged("layout_changed", f"another board answered: {pages[0].board}")
        except CrawlError as e:
            self._lost[board] = e
        else:
            yield from pages
            self.done(board, covered_since=covered_since(self))
        if error := self._over(board):
            raise error

    def board_lost(self, failure: Failure) -> None:
        """No answer, or a refusal: over for this board."""
        board = failure.request.cb_kwargs["board"]  # type: ignore[attr-defined]  # Scrapy puts it there
        self._lost[board] = translate(failure.value)
        if error := self._over(board):
            self.stop(error)

    def _over(self, board: str) -> CrawlError | None:
        """What the run ends with, once every board was asked; a refusal names it before anything else does."""
        self._left.pop(board, None)
        if self._left or not self._lost:
            return None
        first = next((e for e in self._lost.values() if isinstance(e, Refused)), next(iter(self._lost.values())))
        told = "; ".join(f"{name}: {e.reason} {e.detail}".rstrip() for name, e in self._lost.items())
        return type(first)(first.reason, told)
