"""Every fault a platform is known for, injected while real crawls run: is it named, is somebody told, is nothing lost?

    PYTHONPATH=. python bench/faults.py [--only SUBSTRING] [--json] [--children]

Each case has a database with a good past, a replica and real crawling children, and a clock that moves on by one
interval per cycle: crawl, then watch. From the fault on, cycles are counted until the operator's mail is in the outbox;
then the fault ends and one more crawl has to bring what was hidden. It fails when a fault bears the wrong name, when a
run under it counts as seen (an OK run, or coverage of that stretch), when rows are lost, or when posts of the outage
that the source still lists do not arrive.

Crawls that are due together share a child; with --children each has its own, as in the product (slower by far).

Kinds of sources, their faults and the names of these are in bench/fault_kinds.py: a new kind is one entry there.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.jobs import watch
from alerts.routing import Routing
from bench.fault_kinds import BUDGET, FROZEN, KINDS, ROBOTS_DENY, ROBOTS_DOWN, Kind, expected
from crawler import jobs
from crawler.jobs import crawl
from crawler.jobs_windows import OVERLAP
from crawler.outcome import Result
from crawler.spec import CrawlSpec
from demo.replica.app import Replica
from demo.replica.faults import Fault
from demo.replica.hot import HotSpell
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from store import hot, mentions, outbox, runs, scores
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


@dataclass(frozen=True)
class Told:
    """What came of one case; `wrong` says what must not be."""

    source: str
    fault: str
    named: str
    minutes: int | None  # until the operator's mail was in the outbox
    rests: int  # minutes the source would be left alone then
    missing: int  # posts of the outage that the source lists and the store lacks after recovery
    wrong: tuple[str, ...]


def cases(only: str) -> Iterator[tuple[str, str]]:
    for name, kind in KINDS.items():
        for fault in kind.injected():
            if only in f"{name} {fault}":
                yield name, fault


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
        told_at, resting = place.now, jobs.rests(db, "s", place.now)
        place.replica.faults.clear()
        place.options.clear()
        place.now += EVERY
        place.replica.clock.move_to(place.now)
        after = place.crawl(db)
        missing = len(_listed(place) - _stored(db, place))
    if after.status is not RunStatus.OK:
        wrong.append(f"no recovery: {after.reason}")
    if missing:
        wrong.append(f"{missing} posts lost")
    with db.read() as s:
        if mentions.count(s) < before:
            wrong.append("stored rows lost")
    db.close()
    minutes = None if cycles is None else cycles * EVERY // timedelta(minutes=1)
    rests = (resting.until - told_at) // timedelta(minutes=1) if resting else 0
    return Told(name, fault, named, minutes, rests, missing, tuple(wrong))


def _inject(place: Place, fault: str) -> None:
    faults = place.replica.faults
    faults.slow = 4.0  # longer than a source's timeout here
    if fault == ROBOTS_DENY:
        faults.robots_deny = True
    elif fault == ROBOTS_DOWN:
        faults.robots_down = True
    elif fault == BUDGET:
        place.options["daily_records"] = 20  # a page: more than that is spent already
    elif isinstance(fault, Fault):
        faults.order(place.kind.faults, fault)


def _blindness(db: Database, place: Place, name: str, fault: str, named: str) -> list[str]:
    """What is wrong with how the outage is told: its name, the operator's mail, the coverage."""
    wrong = []
    names = expected(name, fault)
    if not named:
        wrong.append("nobody was told")
    elif named not in names:
        wrong.append(f"expected {' or '.join(names)}")
    with db.read() as s:
        seen = runs.coverage(s, "s", since=START, until=place.now)
    if seen:
        wrong.append("blind time counts as seen")
    return wrong


def _listed(place: Place) -> set[str]:
    """What the source lists after recovery of what was published in the outage; at most as much as it lists at all."""
    world, now = place.replica.world, place.now
    if place.kind.platform == "hot":
        return {topic.word for topic in topics() if topic.rank(now) is not None}
    shown, _ = world.search(place.kind.platform, BRAND.name, count=place.kind.lists)
    return {post.text for post in shown if post.at >= START - EVERY - OVERLAP}


def _stored(db: Database, place: Place) -> set[str]:
    with db.read() as s:
        if place.kind.platform == "hot":
            later = place.now + timedelta(days=1)
            return {visit.title for visit in hot.visits(s, START - PAST, later, brands=(BRAND.name,))}
        found = mentions.by_ids(s, range(1, mentions.count(s) + 1))
    return {one.mention.text for one in found if one.mention.platform != "old"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--only", default="", metavar="SUBSTRING", help='of "source fault", such as "v2ex" or "captcha"'
    )
    parser.add_argument("--json", action="store_true", help="one object instead of the table")
    parser.add_argument("--children", action="store_true", help="a child of its own for every crawl")
    args = parser.parse_args()
    logging.disable()
    if not args.children:
        jobs.run_child = Together()  # type: ignore[assignment]
    started = time.monotonic()
    wanted = list(cases(args.only))
    told = []
    if not args.json:
        print(f"{'fault':20} {'source':15} {'named as':20} {'mail after':>10} {'rests':>10} {'lost':>5}", flush=True)
    for one in _played(wanted, workers=2 if args.children else 40):
        told.append(one)
        if not args.json:
            print(_line(one), flush=True)
    summary = _summary(told) | {"seconds": round(time.monotonic() - started)}
    if args.json:
        print(json.dumps({"summary": summary, "cases": [asdict(one) for one in told]}, ensure_ascii=False, indent=1))
    else:
        print("; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in summary.items()))
    return int(not told or any(one.wrong for one in told))


def _played(wanted: list[tuple[str, str]], *, workers: int) -> Iterator[Told]:
    """All cases side by side, told in their order."""
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(workers) as pool:
        good = {name: Path(temporary) / f"good {name}" for name, _ in wanted}
        list(pool.map(prepare, good.values(), good))
        yield from pool.map(lambda case: play(Path(temporary) / " ".join(case), good[case[0]], *case), wanted)


def _summary(told: list[Told]) -> dict[str, Any]:
    return {
        "faults_injected": len(told),
        "named_right": sum(one.named in expected(one.source, one.fault) for one in told),
        "longest_minutes": max((one.minutes for one in told if one.minutes is not None), default=None),
        "nobody_told": sum(one.minutes is None for one in told),
        "mentions_lost": sum(one.missing for one in told),
        "wrong": sum(bool(one.wrong) for one in told),
    }


def _line(one: Told) -> str:
    minutes = "never" if one.minutes is None else f"{one.minutes} min"
    rests = f"{one.rests} min" if one.rests else "-"
    wrong = "  WRONG: " + "; ".join(one.wrong) if one.wrong else ""
    return f"{one.fault:20} {one.source:15} {one.named:20} {minutes:>10} {rests:>10} {one.missing:5}{wrong}"


if __name__ == "__main__":
    sys.exit(main())
