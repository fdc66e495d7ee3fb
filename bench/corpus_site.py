"""Real posts behind the replica's mobile search, in a process of their own so that only the crawler is timed."""

from __future__ import annotations

import gzip
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from demo.replica.app import Replica
from demo.replica.http import Request
from demo.replica.posts import Author, Post, StoryClock, World, mid_at

# Beside the checkout, where the shared corpora lie.
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "weibo2018.jsonl.gz"
NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
BRAND = "回放"  # the query that finds every post; none of them needs to name it
SPAN = timedelta(days=9)  # the posts are spread over
CROWD = timedelta(hours=1)  # the last hour, into which `angry` posts are crowded
PAGE = 10
START_LIMIT = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Real:
    """One post of the corpus and the identity the bench gave it."""

    mid: int
    at: datetime
    text: str
    polarity: int


def read(corpus: Path, *, limit: int | None = None, angry: int = 0, seed: int = 7) -> list[Real]:
    """The corpus' posts with ids and times: spread evenly, but for `angry` negative ones crowded into the last hour."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][:limit]
    rng = Random(seed)
    crowd = [i for i, row in enumerate(rows) if row["polarity"] < 0][:angry]
    crowded = set(crowd)
    found = []
    for number, row in enumerate(rows):
        span, end = (CROWD, NOW) if number in crowded else (SPAN, NOW - CROWD)
        at = end - timedelta(seconds=rng.randrange(60, int(span.total_seconds())))
        found.append(Real(mid_at(at, number), at, row["text"], row["polarity"]))
    return found


def posts(real: list[Real]) -> list[Post]:
    """The same as the replica shows them."""
    author = Author(uid=9_000_000_000, name="示例用户", followers=100)
    return [
        Post(platform="weibo", id=r.mid, at=r.at, text=r.text, author=author, found_by=BRAND, likes=r.mid % 97)
        for r in real
    ]


def page(number: int) -> str:
    """Address of a page of the search for BRAND, as the spider writes it."""
    asked = {"containerid": f"100103type=61&q={BRAND}&t=0", "page_type": "searchall", "page": number}
    return f"/api/container/getIndex?{urlencode(asked)}"


def _serve(pipe: Connection, made: list[Post], pages: int) -> None:
    with Replica(World(made, StoryClock(NOW)), most=None) as replica:
        # Made once before anybody asks: what is measured is the crawler.
        for number in range(1, pages + 1):
            replica.answer(Request("GET", page(number), {}))
        pipe.send(replica.url)
        pipe.recv()


@contextmanager
def replica_of(made: list[Post], *, pages: int = 0) -> Iterator[str]:
    """Serves the posts from another process; its base address. `pages` of the mobile search are made beforehand."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, made, pages), daemon=True)
    process.start()
    try:
        if not ours.poll(START_LIMIT):
            raise TimeoutError("the replica did not start")
        yield ours.recv()
        ours.send("stop")
    finally:
        process.join(5)
        process.kill()


@contextmanager
def site(real: list[Real]) -> Iterator[str]:
    """The corpus as Weibo's mobile search."""
    with replica_of(posts(real), pages=-(-len(real) // PAGE)) as url:
        yield url
