"""Where a fault is played: a database with a good past, its replica, its clock, and crawls that share a child."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.jobs import watch
from alerts.routing import Routing
from bench.fault_kinds import KINDS, Kind
from crawler.jobs import crawl
from crawler.outcome import Result
from crawler.spec import CrawlSpec
from demo.replica.app import Replica
from demo.replica.hot import HotSpell
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from store import mentions, outbox, runs, scores
from store.database import Database, upgrade
from tests.support.crawls import crawl_all
from tingfeng.config import AlertRule, RecipientConfig, RouteConfig, SourceConfig
from tingfeng.model import Brand, Label, Mention, RunStatus, Score, Verdict

START = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)  # when the fault begins
EVERY = timedelta(minutes=30)  # interval of the crawls
PAST = timedelta(days=4)
RUNS = 40  # good ones before the fault
MOST_CYCLES = 8
MIGRATING = threading.Lock()  # alembic keeps its state in the module
BRAND = Brand(name="云雀")
ROUTING = Routing(
    recipients=(RecipientConfig(name="运维", email="ops@example.com"),),
    routes=(RouteConfig(to=("运维",), kinds=("operator",)),),
)


def posts(kind: Kind) -> list[Post]:
    """One every `apart`, before and after START, each with its own words."""
    author = Author(uid=9_000_000_001, name="演示用户", followers=120)
    found = []
    before = [START - PAST + n * kind.apart for n in range(PAST // kind.apart)]
    apart = kind.meanwhile or kind.apart
    times = [*before, *(START + n * apart for n in range(EVERY * (MOST_CYCLES + 3) // apart))]
    for i, at in enumerate(times if kind.platform != "hot" else ()):
        number = mid_at(at, i) if kind.platform == "weibo" else 7_000_000 + i
        text = f"云雀第{i}次路过，今天的心情是{i % 97}号"
        found.append(Post(platform=kind.platform, id=number, at=at, text=text, author=author, title=f"云雀见闻{i}"))
    return found


def topics() -> list[HotSpell]:
    """Topics of the brand on the hot lists, a new one every interval."""
    begin = [START + n * EVERY - timedelta(minutes=70) for n in range(MOST_CYCLES + 5)]
    return [HotSpell(word=f"云雀话题{n}", since=at, until=at + 4 * EVERY) for n, at in enumerate(begin)]


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
        self.replica = Replica(World(posts(self.kind), StoryClock(self.now)), hot=topics())
        self.options: dict[str, Any] = {}  # as the operator has changed them
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"sqlite:///{folder}/t.db"

    def source(self) -> SourceConfig:
        options = {"delay": 0, "throttle": False, "timeout": 3, "first_window": "2h"}
        table = {
            **{"name": "s", "kind": self.kind.kind, "base_url": self.replica.url + self.kind.below, "interval": "30m"},
            **{"options": options | dict(self.kind.options) | self.options, "time_limit": 60},
        }
        if self.kind.override:
            table["robots_override_reason"] = self.kind.override
        return SourceConfig.model_validate(table)

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
        old = [_old(post) for post in posts(place.kind) if post.at < START - timedelta(hours=6)]
        mentions.add(s, old)
        waiting = scores.pending(s, limit=100_000)
        verdict = Verdict(label=Label.NEUTRAL, polarity=0.0, negative=0.1, neutral=0.8, positive=0.1)
        keys = {one.text_key for one in waiting}
        made = [Score(text_key=key, scorer="t", version="1", verdict=verdict, terms=()) for key in keys]
        scores.record(s, made, waiting, scorer="t", version="1")
        for i in range(RUNS):
            at = place.now - (RUNS - i) * EVERY
            run = runs.begin(s, "s", window_since=at - EVERY, window_until=at, now=at)
            newest = {key: (at - place.kind.apart).isoformat() for key in first.stats["newest"]}
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
