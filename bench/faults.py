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
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.fault_kinds import BUDGET, FROZEN, KINDS, ROBOTS_DENY, ROBOTS_DOWN, expected
from bench.fault_place import BRAND, EVERY, MOST_CYCLES, PAST, START, Place, Together, prepare, topics
from crawler import jobs
from crawler.jobs_windows import OVERLAP
from demo.replica.faults import Fault
from store import hot, mentions, runs
from store.database import Database
from tingfeng.model import RunStatus


@dataclass(frozen=True)
class Told:
    """What came of one case; `wrong` says what must not be."""

    source: str
    fault: str
    named: str
    minutes: int | None  # until the operator's mail was in the outbox
    rests: int  # minutes the source would be left alone then
    missing: int  # posts of the outage that the source lists and the store lacks after recovery
    rows_lost: int  # that were in the store before
    wrong: tuple[str, ...]


def cases(only: str) -> Iterator[tuple[str, str]]:
    for name, kind in KINDS.items():
        for fault in kind.injected():
            if only in f"{name} {fault}":
                yield name, fault


def play(folder: Path, prepared: Path, name: str, fault: str) -> Told:
    place = Place(folder, name)
    shutil.copy(prepared / "t.db", folder / "t.db")
    db = Database(place.url)
    wrong: list[str] = []
    before = _rows(db)
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
    rows_lost = max(0, before - _rows(db))
    if rows_lost:
        wrong.append(f"{rows_lost} stored rows lost")
    db.close()
    minutes = None if cycles is None else cycles * EVERY // timedelta(minutes=1)
    rests = (resting.until - told_at) // timedelta(minutes=1) if resting else 0
    return Told(name, fault, named, minutes, rests, missing, rows_lost, tuple(wrong))


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


def _rows(db: Database) -> int:
    """Mentions and visits of hot lists."""
    with db.read() as s:
        always = (START - PAST, START + PAST)
        return mentions.count(s) + len(hot.visits(s, *always, brands=(BRAND.name,)))


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
        "rows_lost": sum(one.rows_lost for one in told),
        "wrong": sum(bool(one.wrong) for one in told),
    }


def _line(one: Told) -> str:
    minutes = "never" if one.minutes is None else f"{one.minutes} min"
    rests = f"{one.rests} min" if one.rests else "-"
    wrong = "  WRONG: " + "; ".join(one.wrong) if one.wrong else ""
    return f"{one.fault:20} {one.source:15} {one.named:20} {minutes:>10} {rests:>10} {one.missing:5}{wrong}"


if __name__ == "__main__":
    sys.exit(main())
