"""Every fault a platform is known for, injected while real crawls run: is it named, is somebody told, is nothing lost?

    PYTHONPATH=. python bench/faults.py [--only KIND] [--fault NAME] [--children]

Each case has a database with a good past, a replica and real crawling children, and a clock that moves on by one
interval per cycle: crawl, then watch. From the fault on, cycles are counted until the operator's mail is in the outbox;
then the fault ends and one more crawl has to bring what was hidden. It fails when a fault bears the wrong name, when a
run under it counts as seen (an OK run, or coverage of that stretch), when rows are lost, or when posts of the outage
that the source still lists do not arrive.

Crawls that are due together share a child; with --children each has its own, as in the product (slower by far).

A new kind of source is one line in KINDS; where its faults are named differently than usual, one in NAMED.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.jobs import watch
from alerts.routing import Routing
from crawler import jobs
from crawler.jobs import crawl
from crawler.jobs_windows import OVERLAP
from crawler.outcome import Result
from crawler.spec import CrawlSpec
from demo.replica.app import SECRET, Replica
from demo.replica.faults import Fault
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from store import mentions, outbox, runs, scores
from store.database import Database, upgrade
from tests.support.crawls import crawl_all
from tingfeng.config import AlertRule, RecipientConfig, RouteConfig, SourceConfig
from tingfeng.model import Brand, Label, Mention, RunStatus, Score, Verdict

START = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)  # when the fault begins
EVERY = timedelta(minutes=30)  # interval of the crawls
APART = timedelta(minutes=2)  # between two posts
PAST = timedelta(days=4)
RUNS = 40  # good ones before the fault
MOST_CYCLES = 6
MIGRATING = threading.Lock()  # alembic keeps its state in the module
BRAND = Brand(name="云雀")
ROUTING = Routing(
    recipients=(RecipientConfig(name="运维", email="ops@example.com"),),
    routes=(RouteConfig(to=("运维",), kinds=("operator",)),),
)

ROBOTS_DENY, ROBOTS_DOWN, FROZEN = "robots deny", "robots unreachable", "frozen list"
FOR_ALL = (
    *(Fault.UNAUTHORIZED, Fault.PAYMENT, Fault.FORBIDDEN, Fault.RISK_CONTROL, Fault.TEAPOT, Fault.TOO_MANY),
    *(Fault.ANTI_CRAWL, Fault.LEGAL, Fault.CAPTCHA_STATUS, Fault.SERVER_ERROR),
    *(Fault.LOGIN_REDIRECT, Fault.CAPTCHA_REDIRECT, Fault.CAPTCHA_PAGE, ROBOTS_DENY, ROBOTS_DOWN),
    *(Fault.TRUNCATED, Fault.BLANK, Fault.HANG_UP, Fault.SLOW, Fault.HTML, Fault.RENAMED, Fault.EMPTY),
    *(Fault.LAST_PAGE, Fault.SKEW, FROZEN, Fault.HUGE, Fault.LOOP, Fault.PRIVATE, Fault.BOMB),
)


@dataclass(frozen=True)
class Kind:
    """How a kind of source is pointed at the replica. `lists`: posts it lists at most; `only`: faults of its own."""

    kind: str
    platform: str  # of the replica's posts
    faults: str  # the replica's name for what misbehaves
    lists: int
    options: Mapping[str, Any] = field(default_factory=dict)
    credential: str | None = None
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()  # faults that cannot happen to it


KINDS = {
    "weibo_mobile": Kind("weibo_mobile", "weibo", "weibo", 1_000, {"max_pages": 30}, only=(Fault.NOT_LOGGED_IN,)),
    "weibo + cookie": Kind(
        "weibo_mobile",
        *("weibo", "weibo", 1_000, {"max_pages": 30}, "SUB=demo"),
        only=(Fault.NOT_LOGGED_IN,),
        never=tuple(fault for fault in FOR_ALL if fault not in (Fault.LOGIN_REDIRECT, Fault.UNAUTHORIZED)),
    ),
    "zhihu_open": Kind(
        *("zhihu_open", "zhihu", "zhihu", 8, {}, SECRET),
        only=(Fault.RATE, Fault.QUOTA, Fault.RISK),
        never=(ROBOTS_DENY, ROBOTS_DOWN),
    ),
    "feed": Kind("feed", "news", "feed", 100, {"url": "/feed/news.rss?q={q}"}),
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
    Fault.LOGIN_REDIRECT: ("login_required",),
    Fault.CAPTCHA_REDIRECT: ("captcha",),
    Fault.CAPTCHA_PAGE: ("captcha",),
    Fault.RATE: ("rate_limited",),
    Fault.QUOTA: ("quota_exhausted",),
    Fault.RISK: ("risk_control",),
    ROBOTS_DENY: ("robots_denied",),
    ROBOTS_DOWN: ("robots_unreachable",),
    Fault.TRUNCATED: ("layout_changed",),
    Fault.BLANK: ("layout_changed",),
    Fault.HANG_UP: ("layout_changed", "unreachable"),
    Fault.SLOW: ("unreachable",),
    Fault.HTML: ("layout_changed",),
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
    ("weibo + cookie", Fault.NOT_LOGGED_IN): ("cookie_expired",),
    ("weibo + cookie", Fault.LOGIN_REDIRECT): ("cookie_expired",),
    ("zhihu_open", Fault.LOGIN_REDIRECT): ("cookie_expired",),
    ("feed", Fault.RENAMED): ("suspicious_silence", "layout_changed"),  # XML has no keys that must be there
}


@dataclass(frozen=True)
class Told:
    """What came of one case; `wrong` says what must not be."""

    source: str
    fault: str
    named: str
    cycles: int | None  # until the operator's mail was in the outbox
    missing: int  # posts of the outage that the source lists and the store lacks after recovery
    wrong: tuple[str, ...]


def cases(only: str | None, fault: str | None) -> Iterator[tuple[str, str]]:
    for name, kind in KINDS.items():
        for one in (*FOR_ALL, *kind.only):
            if one not in kind.never and only in (None, name) and fault in (None, str(one)):
                yield name, one


def posts(platform: str) -> list[Post]:
    """One every APART, before and after START, each with its own words."""
    author = Author(uid=9_000_000_001, name="演示用户", followers=120)
    found = []
    count = (PAST + EVERY * (MOST_CYCLES + 3)) // APART
    for i in range(count):
        at = (START - PAST + i * APART).replace(microsecond=0)
        number = mid_at(at, i) if platform == "weibo" else 7_000_000 + i
        text = f"云雀第{i}次路过，今天的心情是{i % 97}号"
        found.append(Post(platform=platform, id=number, at=at, text=text, author=author, title=f"云雀见闻{i}"))
    return found


class Together:
    """In place of crawler.jobs.run_child: crawls that are asked for within a moment run side by side in one child."""

    WAIT = 0.5  # seconds

    def __init__(self) -> None:
        self._lock, self._waiting = threading.Lock(), list[tuple[CrawlSpec, Future[Result]]]()

    def __call__(self, spec: CrawlSpec, **_: Any) -> Result:
        answer: Future[Result] = Future()
        with self._lock:
            self._waiting.append((spec, answer))
            first = len(self._waiting) == 1
        if first:
            time.sleep(self.WAIT)
            with self._lock:
                batch, self._waiting = self._waiting, []
            for (_, waiting), result in zip(batch, crawl_all([spec for spec, _ in batch]), strict=True):
                waiting.set_result(result)
        return answer.result(timeout=300)


class Place:
    """A case's folder, database, replica and clock."""

    def __init__(self, folder: Path, name: str) -> None:
        self.kind, self.folder, self.now = KINDS[name], folder, START - EVERY
        self.replica = Replica(World(posts(self.kind.platform), StoryClock(self.now)))
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"sqlite:///{folder}/t.db"

    def source(self) -> SourceConfig:
        options = {"delay": 0, "throttle": False, "timeout": 3, "first_window": "2h"} | dict(self.kind.options)
        table = {"name": "s", "kind": self.kind.kind, "base_url": self.replica.url, "interval": "30m"}
        return SourceConfig.model_validate(table | {"options": options, "time_limit": 60})

    def crawl(self, db: Database) -> Any:
        given = {"secret": self.kind.credential, "author_secret": "s", "now": self.now, "state_dir": self.folder}
        return crawl(db, self.source(), (BRAND,), **given).run

    def watch(self, db: Database) -> int:
        zone = ZoneInfo("Asia/Shanghai")
        watch(db, (BRAND,), (self.source(),), AlertRule(), ROUTING, now=self.now, zone=zone)
        with db.read() as s:
            return len(outbox.waiting(s))


def prepare(folder: Path, name: str) -> None:
    """A database in which the source did well: days of counts, one real crawl, and as many runs like it."""
    place = Place(folder, name)
    with MIGRATING:
        upgrade(place.url)
    db = Database(place.url)
    with place.replica:
        first = place.crawl(db)
    assert first.status is RunStatus.OK, first
    with db.write() as s:
        old = [_old(post) for post in posts(place.kind.platform) if post.at < START - timedelta(hours=6)]
        mentions.add(s, old)
        waiting = scores.pending(s, limit=100_000)
        verdict = Verdict(label=Label.NEUTRAL, polarity=0.0, negative=0.1, neutral=0.8, positive=0.1)
        keys = {one.text_key for one in waiting}
        made = [Score(text_key=key, scorer="t", version="1", verdict=verdict, terms=()) for key in keys]
        scores.record(s, made, waiting, scorer="t", version="1")
        for i in range(RUNS):
            at = place.now - (RUNS - i) * EVERY
            run = runs.begin(s, "s", window_since=at - EVERY, window_until=at, now=at)
            newest = {key: (at - APART).isoformat() for key in first.stats["newest"]}
            stats = dict(first.stats) | {"newest": newest}
            runs.finish(s, run.id, status=RunStatus.OK, found=first.found, stats=stats, now=at)
        runs.cover(s, "s", since=START - PAST, until=place.now)
    db.close()


def _old(post: Post) -> Mention:
    return Mention(
        platform="old",
        native_id=str(post.id),
        source="s",
        url="",
        text=post.text,
        published_at=post.at,
        seen_at=post.at,
        brands=("云雀",),
    )


def play(folder: Path, prepared: Path, name: str, fault: str) -> Told:
    place = Place(folder, name)
    shutil.copy(prepared / "t.db", folder / "t.db")
    db = Database(place.url)
    wrong: list[str] = []
    with db.read() as s:
        before = mentions.count(s)
    with place.replica:
        _inject(place, fault)
        named, cycles = "", None
        for cycle in range(1, MOST_CYCLES + 1):
            place.now += EVERY
            if fault != FROZEN:
                place.replica.clock.move_to(place.now)
            run = place.crawl(db)
            told = place.watch(db)
            if told:
                named, cycles = run.reason or "no mentions", cycle
                break
        wrong += _blindness(db, place, name, fault, named)
        place.replica.faults.clear()
        place.now += EVERY
        place.replica.clock.move_to(place.now)
        after = place.crawl(db)
    if after.status is not RunStatus.OK:
        wrong.append(f"no recovery: {after.reason}")
    missing = len(_listed(place) - _stored(db, place))
    if missing:
        wrong.append(f"{missing} posts lost")
    with db.read() as s:
        if mentions.count(s) < before:
            wrong.append("stored rows lost")
    db.close()
    return Told(name, fault, named, cycles, missing, tuple(wrong))


def _inject(place: Place, fault: str) -> None:
    faults = place.replica.faults
    faults.slow = 4.0  # longer than a source's timeout here
    if fault == ROBOTS_DENY:
        faults.robots_deny = True
    elif fault == ROBOTS_DOWN:
        faults.robots_down = True
    elif isinstance(fault, Fault):
        faults.order(place.kind.faults, fault)


def _blindness(db: Database, place: Place, name: str, fault: str, named: str) -> list[str]:
    """What is wrong with how the outage is told: its name, the operator's mail, the coverage."""
    wrong = []
    expected = NAMED.get((name, fault)) or NAMED[fault]
    if not named:
        wrong.append("nobody was told")
    elif named not in expected:
        wrong.append(f"expected {' or '.join(expected)}")
    with db.read() as s:
        seen = runs.coverage(s, "s", since=START, until=place.now)
    if seen:
        wrong.append("blind time counts as seen")
    return wrong


def _listed(place: Place) -> set[str]:
    """What the source lists after recovery of what was published in the outage; at most as much as it lists at all."""
    since = START - EVERY - OVERLAP
    shown, _ = place.replica.world.search(place.kind.platform, BRAND.name, count=place.kind.lists)
    return {post.text for post in shown if post.at >= since}


def _stored(db: Database, place: Place) -> set[str]:
    with db.read() as s:
        found = mentions.by_ids(s, range(1, mentions.count(s) + 1))
    return {one.mention.text for one in found if one.mention.platform != "old"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", choices=list(KINDS))
    parser.add_argument("--fault")
    parser.add_argument("--children", action="store_true", help="a child of its own for every crawl")
    args = parser.parse_args()
    logging.disable()
    if not args.children:
        jobs.run_child = Together()  # type: ignore[assignment]
    workers = 2 if args.children else 40
    started = time.monotonic()
    wanted = list(cases(args.only, args.fault))
    print(f"{'fault':20} {'source':16} {'named as':20} {'mail after':>14} {'lost':>5}", flush=True)
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(workers) as pool:
        root = Path(temporary)
        list(pool.map(lambda name: prepare(root / f"good-{name}", name), dict.fromkeys(name for name, _ in wanted)))
        played = pool.map(
            lambda case: play(root / f"{case[0]}-{case[1]}".replace(" ", "_"), root / f"good-{case[0]}", *case), wanted
        )
        wrong = [_tell(one) for one in played]
    print(f"{len(wanted)} cases, {sum(wrong)} wrong; {time.monotonic() - started:.0f} s")
    return int(any(wrong))


def _tell(one: Told) -> bool:
    minutes = "never" if one.cycles is None else f"{one.cycles} × {EVERY // timedelta(minutes=1)} min"
    wrong = "  WRONG: " + "; ".join(one.wrong) if one.wrong else ""
    print(f"{one.fault:20} {one.source:16} {one.named:20} {minutes:>14} {one.missing:5}{wrong}", flush=True)
    return bool(one.wrong)


if __name__ == "__main__":
    sys.exit(main())
