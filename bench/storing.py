"""How fast the store takes in mentions, counts scores and reads series: `python bench/storing.py [--url URL] [--n N]`.

Prints one JSON line per measurement: rows a second of wall time, and CPU milliseconds of this process per row. Exits 1
when a floor is missed (floors hold for SQLite on the two-core machine of CI).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from store import mentions, runs, scores, series
from store.database import Database, upgrade
from store.sql import chunks
from tingfeng.model import Label, Mention, RunStatus, Score, Verdict

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAYS = 28
SOURCES = ("weibo", "zhihu", "feed")
FLOORS = {"add": 25_000, "record": 15_000, "series": 20}  # rows/s, rows/s, calls/s
T = TypeVar("T")


def posts(n: int) -> list[Mention]:
    """`n` posts of about 60 characters spread over four weeks, two brands in every tenth."""
    draw = random.Random(7)
    words = [chr(draw.randrange(0x4E00, 0x9000)) + chr(draw.randrange(0x4E00, 0x9000)) for _ in range(3000)]
    return [
        Mention(
            platform="weibo",
            native_id=str(5_000_000_000_000_000 + i * 7919),
            source=draw.choice(SOURCES),
            url=f"https://m.weibo.cn/detail/{5_000_000_000_000_000 + i * 7919}",
            text="".join(draw.choices(words, k=30)),
            published_at=NOW - timedelta(seconds=draw.randrange(DAYS * 86_400)),
            seen_at=NOW,
            brands=("云雀", "夜莺") if i % 10 == 0 else ("云雀",),
            author_key=f"{i:032x}",
            followers=draw.randrange(10_000),
            reposts=draw.randrange(50),
            comments=draw.randrange(50),
            likes=draw.randrange(500),
        )
        for i in range(n)
    ]


@contextmanager
def measured(name: str, rows: int, missed: list[str]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rate = rows / wall
    print(json.dumps({"what": name, "per_second": round(rate), "cpu_ms_each": round(1000 * cpu / rows, 4)}), flush=True)
    if rate < FLOORS.get(name, 0):
        missed.append(name)


TERMS = ("电池", "续航", "起火", "客服", "退款", "新车", "高速", "雨天")


def add_all(db: Database, batch: Sequence[Mention], size: int) -> None:
    for part in chunks(batch, size):
        with db.write() as s:
            mentions.add(s, part)


def count_all(db: Database, verdicts: Sequence[Verdict], size: int) -> int:
    """Score whatever waits, with ready-made verdicts, as sentiment.jobs does."""
    done = 0
    while True:
        with db.read() as s:
            waiting = scores.pending(s, limit=size)
            keys = {p.text_key for p in waiting}
            have = scores.known(s, keys, "bench", "1")
        if not waiting:
            return done
        new = [
            Score(text_key=key, scorer="bench", version="1", verdict=verdicts[i % len(verdicts)], terms=TERMS)
            for i, key in enumerate(keys - have.keys())
        ]
        with db.write() as s:
            done += scores.record(s, new, waiting, scorer="bench", version="1")


def cover(db: Database) -> None:
    """Good runs of four weeks, hourly, for each source."""
    with db.write() as s:
        for source in SOURCES:
            for hour in range(DAYS * 24):
                since = NOW - timedelta(days=DAYS) + timedelta(hours=hour)
                until = since + timedelta(hours=1)
                run = runs.begin(s, source, window_since=since, window_until=until, now=until)
                runs.finish(s, run.id, status=RunStatus.OK, now=until)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url")
    parser.add_argument("--n", type=int, default=50_000)
    options = parser.parse_args()
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{folder}/bench.db"
        upgrade(url)
        db = Database(url)
        batch = posts(options.n)
        draw = random.Random(3)
        verdicts = [
            Verdict(polarity=draw.uniform(-1, 1), label=label, negative=0.3, neutral=0.3, positive=0.4)
            for label in Label
        ]
        with measured("add", options.n, missed):
            add_all(db, batch, 500)
        with measured("add known", options.n, missed):
            add_all(db, batch, 500)
        with measured("record", options.n * 11 // 10, missed):
            count_all(db, verdicts, 2000)
        with measured("runs", DAYS * 24 * len(SOURCES), missed):
            cover(db)
        with measured("series", 10, missed), db.read() as s:
            for _ in range(10):
                series.series(s, "云雀", since=NOW - timedelta(days=DAYS), until=NOW)
        db.close()
    if missed:
        print(f"below the floor: {', '.join(missed)}", file=sys.stderr)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
