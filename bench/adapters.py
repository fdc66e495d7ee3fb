"""Real posts through every adapter that reads lists of posts: served in its wire format, crawled, stored, counted.

    python bench/adapters.py [--only NAME …] [--limit N]

Prints mentions per second and CPU seconds of the crawling process per 1,000 mentions beside issue 2's floors, and bare
Scrapy (nothing stored) in the same run. Fails when a post is lost or doubled, or a floor is missed by an adapter that
pages (HTML or JSON); on a machine slower than the floors were set on, the same share of bare Scrapy's pace counts.
Not timed: the replica, a process of its own. Hot lists hold no mentions and are left out; weibo_mobile has a bench of
its own, bench/replay.py, and is here for comparison.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.corpus_site import BRAND, CORPUS, NOW, Real, read, replica_of, site
from bench.replay import FLOOR_CPU, FLOOR_RATE, QUIET_CPU, QUIET_RATE, Stage, asker, run_bare
from crawler.jobs import crawl
from demo.replica.app import SECRET
from demo.replica.posts import Author, Post
from demo.replica.weibo_cli import TOKEN
from store.database import Database, upgrade
from tingfeng.config import SourceConfig
from tingfeng.model import Brand

FAST: dict[str, Any] = {"delay": 0, "throttle": False, "concurrency": 8, "first_window": "30d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """How a kind of source is fed: `platform` of the replica's posts, how many of them one search can show."""

    kind: str
    platform: str
    per_query: int
    pages: bool  # it reads page after page, so the floors are its own
    options: dict[str, Any] = field(default_factory=dict)
    credential: str | None = None
    path: str = ""


ADAPTERS = (
    Adapter(
        kind="weibo_mobile",
        platform="weibo",
        per_query=1_000,
        pages=True,
        options={"max_pages": 10_000, "long_texts": 0, "prefetch": 8},
    ),
    Adapter(kind="weibo_html", platform="weibo", per_query=500, pages=True, options={"max_pages": 50}),
    Adapter(
        kind="weibo_cli",
        platform="weibo",
        per_query=1_000,
        pages=True,
        options={"max_pages": 100, "count": 20, "daily_records": 1_000_000},
        credential=TOKEN,
        path="/cli/api",
    ),
    Adapter(
        kind="zhihu_open",
        platform="zhihu",
        per_query=10,
        pages=False,
        options={"check_quota": False, "max_age": "3650d"},
        credential=SECRET,
    ),
    Adapter(kind="feed", platform="news", per_query=100, pages=False, options={"url": "/feed/news.rss?q={q}"}),
    Adapter(kind="v2ex", platform="v2ex", per_query=20, pages=False, options={"replies": 0}),
)


def search_words(number: int) -> str:
    return f"{BRAND}{number:04d}"


def _posts(adapter: Adapter, real: Sequence[Real]) -> list[Post]:
    """The same texts as posts of the adapter's platform, each found by exactly one search."""
    author = Author(uid=9_000_000_000, name="示例用户", followers=100)
    return [
        Post(
            platform=adapter.platform,
            id=one.mid if adapter.platform == "weibo" else number + 1,
            at=one.at,
            text=f"{BRAND} {one.text}",
            title=f"{BRAND} 第{number}条" if adapter.platform != "weibo" else "",
            author=author,
            found_by=None if adapter.kind == "v2ex" else search_words(number // adapter.per_query),
            likes=number % 97,
        )
        for number, one in enumerate(real)
    ]


def measure(adapter: Adapter, real: Sequence[Real]) -> tuple[Stage, list[str]]:
    """One crawl of everything into an empty SQLite file; what went wrong, if anything."""
    some = real[: adapter.per_query] if adapter.kind == "v2ex" else real
    made = _posts(adapter, some)
    searches = -(-len(made) // adapter.per_query)
    with tempfile.TemporaryDirectory() as folder, replica_of(made) as url:
        upgrade(f"sqlite:///{folder}/bench.db")
        db = Database(f"sqlite:///{folder}/bench.db")
        source = SourceConfig.model_validate(
            {
                "name": "bench",
                "kind": adapter.kind,
                "base_url": url + adapter.path,
                "time_limit": "10m",
                "queries": [{"brand": BRAND, "text": search_words(n)} for n in range(searches)],
                "options": FAST | adapter.options,
            }
        )
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        told = crawl(
            db,
            source,
            (Brand(name=BRAND),),
            secret=adapter.credential,
            author_secret="bench-secret-of-no-value",
            now=NOW,
            state_dir=Path(folder),
        )
        seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        stored = asker(db)("SELECT count(*), count(DISTINCT native_id) FROM mention")[0]
        db.close()
    problems = [] if told.run.status == "ok" else [f"{adapter.kind}: {told.run.reason} {told.run.detail}"]
    if stored != (len(made), len(made)):
        problems.append(f"{adapter.kind}: {len(made)} posts served, {stored[0]} stored, {stored[1]} different")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Stage(name=adapter.kind, mentions=stored[0], seconds=seconds, cpu=cpu, peak=after.ru_maxrss / 1024), problems


def missed(stage: Stage, bare: Stage) -> list[str]:
    slower = max(1.0, QUIET_RATE / bare.rate), max(1.0, bare.cpu_per_thousand / QUIET_CPU)
    rate, cpu = FLOOR_RATE / slower[0], FLOOR_CPU * slower[1]
    found = [f"{stage.name}: {stage.rate:,.0f} mentions/s < {rate:,.0f}"] if stage.rate < rate else []
    if stage.cpu_per_thousand > cpu:
        found.append(f"{stage.name}: {stage.cpu_per_thousand:.3f} CPU s per 1,000 > {cpu:.3f}")
    return found


def main() -> int:
    args = arguments()
    real = read(args.corpus, limit=args.limit)
    with site(real) as url:
        bare = run_bare(url, 8)
    stages, problems = [], []
    for adapter in ADAPTERS:
        if args.only and adapter.kind not in args.only:
            continue
        stage, wrong = measure(adapter, real)
        stages.append(stage)
        problems += wrong + (missed(stage, bare) if adapter.pages else [])
    if args.json:
        told = [{"kind": s.name, "rate": s.rate, "cpu_per_thousand": s.cpu_per_thousand} for s in (*stages, bare)]
        print(json.dumps({"stages": told, "problems": problems}, ensure_ascii=False))
        return 1 if problems else 0
    print(f"{'':24}{'mentions':>10}{'mentions/s':>12}{'CPU s/1,000':>13}{'÷ bare':>8}")
    for stage in (*stages, bare):
        share = stage.rate / bare.rate
        print(f"{stage.name:24}{stage.mentions:10,}{stage.rate:12,.0f}{stage.cpu_per_thousand:13.3f}{share:8.2f}")
    print(f"{'floor, a quiet machine':24}{'':10}{FLOOR_RATE:12,.0f}{FLOOR_CPU:13.3f}")
    print("\n".join(problems) if problems else "none lost or doubled; no floor missed")
    return 1 if problems else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="JSON lines, gzip: text, polarity")
    parser.add_argument("--limit", type=int, default=6_000, help="posts for each adapter")
    parser.add_argument("--only", nargs="+", choices=[a.kind for a in ADAPTERS])
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
