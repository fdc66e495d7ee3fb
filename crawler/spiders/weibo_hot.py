"""Weibo's hot list: by the official open-im API (sources.md 1.2), or from the site's own side bar (1.4).

`route = "official"` needs the credential "app_id:app_secret" that @微博龙虾助手 sends to whoever writes to it; a token
is fetched with it at the start of each run, and again when it is refused. `route = "ajax"` needs no account, but the
site's robots.txt forbids it: only with the operator's written reason, and no more than once in five minutes.

Entries that name a brand go to the hot-list tables, never to the mentions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.bodies.weibo_hot import CATEGORIES, CODES, MAIN, TOKEN_INVALID, board_of, read, token_of
from crawler.hot import covered_since, pages_of
from crawler.options import Options
from crawler.refusals import translate
from crawler.spec import CrawlSpec
from crawler.spiders.base import CONTACT, Output, TingfengSpider
from tingfeng.errors import CrawlError
from tingfeng.registry import nearest

ROUTES = ("official", "ajax")
SITE = "https://weibo.com"
LEAST_INTERVAL = timedelta(minutes=5)  # between two looks at the site itself
MOST = 50  # entries; the API gives no more
AS_XHR = {"Accept": "application/json, text/plain, */*", "X-Requested-With": "XMLHttpRequest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboHotOptions(Options):
    route: str = "official"  # "official" (open-im.api.weibo.com) or "ajax" (weibo.com/ajax/side/hotSearch)
    categories: tuple[str, ...] = (MAIN,)  # of the official route: 主榜 文娱榜 社会榜 生活榜 acg榜 科技榜 体育榜
    count: int = MOST  # entries of each, 1–50

    def problems(self, *, local: bool) -> list[str]:
        found = super(WeiboHotOptions, self).problems(local=local)
        if self.route not in ROUTES:
            found.append(f'route: expected "official" or "ajax", got \'{self.route}\'')
        if not self.categories:
            found.append(f"categories: at least one of {' '.join(CATEGORIES)}")
        for name in self.categories:
            if name not in CATEGORIES:
                hint = nearest(name, CATEGORIES)
                found.append(f"categories: no '{name}'" + (f"; did you mean '{hint}'?" if hint else ""))
        if not 1 <= self.count <= MOST:
            found.append(f"count: expected 1–{MOST}")
        return found


class WeiboHotSpider(TingfengSpider):
    name = "weibo_hot"  # to Scrapy; a crawl bears the name of its source
    platform = "hot:weibo"
    home = "https://open-im.api.weibo.com"
    options_class = WeiboHotOptions
    options: WeiboHotOptions
    needs_credential = True  # but on the ajax route

    @classmethod
    def wants_credential(cls, options: Any) -> bool:
        return bool(options.route == "official")

    @classmethod
    def problems(cls, spec: CrawlSpec, options: Any) -> list[str]:
        found = super().problems(spec, options)
        if options.route == "ajax":
            if not spec.robots_override_reason:
                found.append('route "ajax": robots.txt of weibo.com forbids it; robots_override_reason is needed')
            if spec.interval < LEAST_INTERVAL:
                found.append('interval: at least 5 m on the route "ajax"')
        elif spec.credential and not all(spec.credential.partition(":")):
            found.append('the credential is to be "app_id:app_secret"')
        return found

    def searches(self) -> Iterable[Request]:
        if self.options.route == "ajax":
            self.begin(self.platform)
            url = f"{self.spec.base_url or SITE}".rstrip("/") + "/ajax/side/hotSearch"
            yield self.request(url, self.parse_side, headers=AS_XHR | {"Referer": f"{SITE}/"})
            return
        wanted = tuple(dict.fromkeys(self.options.categories))
        for category in wanted:
            self.begin(board_of(category))
        yield self._for_token(wanted, renewed=False)

    def parse_side(self, response: Response) -> Output:
        seen_at = self.now()
        yield from pages_of(self, read(response.body, url=response.url, seen_at=seen_at), seen_at=seen_at)
        self.done(self.platform, covered_since=covered_since(self))

    # --- official: a token, then one list after the other

    def judge(self, response: Response) -> CrawlError | None:
        """Errors other than HTTP 200 may carry a code too, which says more."""
        try:
            data = json.loads(response.body)
        except ValueError:
            return None
        code = data.get("code") if isinstance(data, dict) else None
        return CODES.get(code) if isinstance(code, int) else None

    def _for_token(self, left: tuple[str, ...], *, renewed: bool) -> Request:
        app_id, _, secret = (self.spec.credential or "").partition(":")
        request = self._ask("/open/auth/ws_token", self.parse_token, left=left, renewed=renewed)
        request.headers["Content-Type"] = "application/json"
        return request.replace(method="POST", body=json.dumps({"app_id": app_id, "app_secret": secret}))

    def _for_list(self, token: str, left: tuple[str, ...], *, renewed: bool) -> Request:
        asked = urlencode({"token": token, "category": left[0], "count": self.options.count})
        path = f"/open/weibo/hot_search?{asked}"
        return self._ask(path, self.parse_list, errback=self.list_refused, token=token, left=left, renewed=renewed)

    def _ask(self, path: str, callback: Any, **more: Any) -> Request:
        request = self.request(self.base_url + path, callback, **more)
        request.meta[CONTACT] = True  # the token shows nothing; of the lists a probe is content with the first
        request.meta["robots_exempt"] = "an official API: its contract says what may be asked, not robots.txt"
        return request

    def parse_token(self, response: Response, left: tuple[str, ...], renewed: bool) -> Output:
        yield self._for_list(token_of(response.body), left, renewed=renewed)

    def parse_list(self, response: Response, token: str, left: tuple[str, ...], renewed: bool) -> Output:
        seen_at = self.now()
        try:
            reading = read(response.body, url=response.url, seen_at=seen_at)
        except CrawlError as e:
            yield self._renewed(e, left, renewed)
            return
        yield from pages_of(self, reading, seen_at=seen_at)
        self.done(board_of(left[0]), covered_since=covered_since(self))
        if left[1:] and not self.spec.probe:
            yield self._for_list(token, left[1:], renewed=False)

    def list_refused(self, failure: Failure) -> Iterator[Request]:
        """The same for a refusal that came with a status of its own."""
        asked = failure.request.cb_kwargs  # type: ignore[attr-defined]  # Scrapy puts it there
        try:
            yield self._renewed(translate(failure.value), asked["left"], asked["renewed"])
        except CrawlError as e:
            self.stop(e)

    def _renewed(self, error: CrawlError, left: tuple[str, ...], renewed: bool) -> Request:
        """A token is fetched once more when it was refused; whatever else it is, the error stands."""
        if error is not TOKEN_INVALID or renewed:
            raise error
        self.count("token/renewed")
        return self._for_token(left, renewed=True)
