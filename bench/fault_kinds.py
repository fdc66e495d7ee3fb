"""What bench/faults.py injects: kinds of sources, the faults of each, and the names they may bear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from demo.replica.app import SECRET
from demo.replica.faults import Fault
from demo.replica.hot import APP_ID, APP_SECRET
from demo.replica.weibo_cli import TOKEN

ROBOTS_DENY, ROBOTS_DOWN, FROZEN = "robots deny", "robots unreachable", "frozen list"
BUDGET = "budget used up"  # the operator's own, of records
FOR_ALL: tuple[str, ...] = (
    *(Fault.UNAUTHORIZED, Fault.PAYMENT, Fault.FORBIDDEN, Fault.RISK_CONTROL, Fault.TEAPOT, Fault.TOO_MANY),
    *(Fault.ANTI_CRAWL, Fault.LEGAL, Fault.CAPTCHA_STATUS, Fault.SERVER_ERROR),
    *(Fault.LOGIN_REDIRECT, Fault.CAPTCHA_REDIRECT, Fault.CAPTCHA_PAGE, ROBOTS_DENY, ROBOTS_DOWN),
    *(Fault.TRUNCATED, Fault.BLANK, Fault.HANG_UP, Fault.SLOW, Fault.HTML, Fault.LAYOUT_CHANGED, Fault.RENAMED),
    *(Fault.EMPTY, Fault.LAST_PAGE, Fault.SKEW, FROZEN, Fault.HUGE, Fault.LOOP, Fault.PRIVATE, Fault.BOMB),
)
ROBOTS = (ROBOTS_DENY, ROBOTS_DOWN)  # official APIs are not governed by robots.txt


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a kind of source is pointed at the replica."""

    kind: str
    platform: str  # of the replica's posts; "hot": topics of hot lists
    faults: str  # the replica's name for what misbehaves
    lists: int = 1_000  # posts it lists at most
    below: str = ""  # its base address on the replica
    apart: timedelta = timedelta(minutes=2)  # between two posts
    meanwhile: timedelta | None = None  # the same during the outage, if it differs
    options: Mapping[str, Any] = field(default_factory=dict)
    credential: str | None = None
    override: str | None = None  # the operator's reason to leave robots.txt aside
    just: tuple[str, ...] | None = None  # instead of all
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()  # faults that cannot happen to it

    def injected(self) -> Iterator[str]:
        for one in (*(FOR_ALL if self.just is None else self.just), *self.also):
            if one not in self.never:
                yield one


LOGINS = (Fault.LOGIN_REDIRECT, Fault.UNAUTHORIZED)
GATEWAY = (Fault.COUNT_EXCEEDS_MAX, Fault.SERVICE_REQUIRED, Fault.GATEWAY_TOO_MANY)
WEIBO: dict[str, Any] = {"kind": "weibo_mobile", "platform": "weibo", "faults": "weibo", "options": {"max_pages": 30}}
HTML: dict[str, Any] = {
    **{"kind": "weibo_html", "platform": "weibo", "faults": "weibo_html", "lists": 500},
    "options": {"max_pages": 50},
}
SELDOM: dict[str, Any] = {"apart": timedelta(minutes=10), "meanwhile": timedelta(minutes=2), "just": (FROZEN,)}
HOT: dict[str, Any] = {"kind": "weibo_hot", "platform": "hot", "faults": "hot"}

KINDS = {
    "weibo_mobile": Kind(**WEIBO, also=(Fault.NOT_LOGGED_IN, Fault.NOTHING_HERE)),
    "weibo + cookie": Kind(**WEIBO, credential="SUB=demo", just=(*LOGINS, Fault.NOT_LOGGED_IN)),
    # So seldom named that a silence is believed at first: what was believed has to be read again, and it is much.
    "weibo, seldom": Kind(**WEIBO, **SELDOM),
    "weibo_html": Kind(**HTML),
    "html + cookie": Kind(**HTML, credential="SUB=demo", just=LOGINS),
    "weibo_cli": Kind(
        **{"kind": "weibo_cli", "platform": "weibo", "faults": "weibo_cli", "below": "/cli/api", "credential": TOKEN},
        options={"max_pages": 30, "daily_records": 20_000},
        also=(*GATEWAY, BUDGET),
        never=ROBOTS,
    ),
    "cli, seldom": Kind(
        **{"kind": "weibo_cli", "platform": "weibo", "faults": "weibo_cli", "below": "/cli/api", "credential": TOKEN},
        options={"count": 10, "max_pages": 30},
        **SELDOM,
    ),
    "weibo_hot": Kind(
        **HOT,
        credential=f"{APP_ID}:{APP_SECRET}",
        also=(Fault.TOKEN_INVALID,),
        never=(*ROBOTS, FROZEN),  # nothing in a list says how old it is
    ),
    "weibo_hot ajax": Kind(
        **HOT,
        options={"route": "ajax"},
        override="a replica of our own",
        also=(Fault.NOT_LOGGED_IN, Fault.NOTHING_HERE),
        never=(*ROBOTS, FROZEN),
    ),
    "hot_boards": Kind(
        **{"kind": "hot_boards", "platform": "hot", "faults": "hot"},
        options={"boards": ["baidu", "tencent"]},
        never=(FROZEN,),
    ),
    "zhihu_open": Kind(
        **{"kind": "zhihu_open", "platform": "zhihu", "faults": "zhihu", "lists": 8, "credential": SECRET},
        also=(Fault.RATE, Fault.QUOTA, Fault.RISK, Fault.NEARLY_USED_UP),
        never=ROBOTS,
    ),
    "v2ex": Kind(kind="v2ex", platform="v2ex", faults="v2ex", lists=20, also=(Fault.NEARLY_USED_UP,)),
    "feed": Kind(kind="feed", platform="news", faults="feed", lists=100, options={"url": "/feed/news.rss?q={q}"}),
    "feed, whole": Kind(
        **{"kind": "feed", "platform": "news", "faults": "feed", "lists": 100},
        options={"url": "/feed/news.rss?q=云雀"},
        just=(Fault.EMPTY, Fault.LAST_PAGE, FROZEN),
    ),
}

# Fault → names it may bear, wherever it happens …
NAMED: dict[str | tuple[str, str], tuple[str, ...]] = {
    Fault.UNAUTHORIZED: ("unauthorized",),
    Fault.PAYMENT: ("payment_required",),
    Fault.FORBIDDEN: ("forbidden",),
    Fault.RISK_CONTROL: ("risk_control",),
    Fault.TEAPOT: ("teapot",),
    Fault.TOO_MANY: ("too_many_requests",),
    Fault.ANTI_CRAWL: ("anticrawl",),
    Fault.LEGAL: ("legal_reasons",),
    Fault.CAPTCHA_STATUS: ("captcha",),
    Fault.SERVER_ERROR: ("unreachable",),
    Fault.NOT_LOGGED_IN: ("login_required",),
    Fault.NOTHING_HERE: ("suspicious_silence",),
    Fault.LOGIN_REDIRECT: ("login_required",),
    Fault.CAPTCHA_REDIRECT: ("captcha",),
    Fault.CAPTCHA_PAGE: ("captcha",),
    Fault.RATE: ("rate_limited",),
    Fault.QUOTA: ("quota_exhausted",),
    Fault.RISK: ("risk_control",),
    Fault.TOKEN_INVALID: ("unauthorized",),
    Fault.COUNT_EXCEEDS_MAX: ("count_exceeds_max",),
    Fault.SERVICE_REQUIRED: ("plan_required",),
    Fault.GATEWAY_TOO_MANY: ("too_many_requests",),
    BUDGET: ("budget_used_up",),
    ROBOTS_DENY: ("robots_denied",),
    ROBOTS_DOWN: ("robots_unreachable",),
    Fault.TRUNCATED: ("layout_changed",),
    Fault.BLANK: ("layout_changed",),
    Fault.HANG_UP: ("layout_changed", "unreachable"),
    Fault.SLOW: ("unreachable",),
    Fault.HTML: ("layout_changed",),
    Fault.LAYOUT_CHANGED: ("layout_changed",),
    Fault.RENAMED: ("layout_changed",),
    Fault.EMPTY: ("suspicious_silence",),
    Fault.LAST_PAGE: ("last_page_only",),
    Fault.SKEW: ("clock_skew",),
    FROZEN: ("suspicious_silence", "stale_feed"),
    Fault.HUGE: ("too_large",),
    Fault.LOOP: ("redirected",),
    Fault.PRIVATE: ("private_address",),
    Fault.BOMB: ("layout_changed",),
    # … and where it bears another one.
    ("feed", Fault.RENAMED): ("suspicious_silence", "layout_changed"),  # XML has no keys that must be there
    **{(name, Fault.EMPTY): ("empty",) for name in ("v2ex", "feed, whole")},  # what is read as a whole is never so
    ("v2ex", Fault.NEARLY_USED_UP): ("rate_limited",),
    ("zhihu_open", Fault.NEARLY_USED_UP): ("quota_exhausted",),
    # Hot lists are never empty.
    **{(name, Fault.EMPTY): ("layout_changed",) for name in ("weibo_hot", "weibo_hot ajax", "hot_boards")},
    ("weibo_hot ajax", Fault.NOTHING_HERE): ("layout_changed",),
}


def expected(name: str, fault: str) -> tuple[str, ...]:
    """The names a fault may bear at a kind of source. A login wall in spite of a credential means that it is dead."""
    names = NAMED.get((name, fault)) or NAMED[fault]
    if KINDS[name].credential is None:
        return names
    return tuple("cookie_expired" if one == "login_required" else one for one in names)
