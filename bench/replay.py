"""Real posts through the real chain: served as m.weibo.cn search pages, crawled, stored, scored; measured and checked.

    python bench/replay.py --corpus ../shared/corpora/weibo2018.jsonl.gz

Fails unless every post arrived exactly once and unaltered (but for invisible characters at its ends and what privacy
masks), or when a floor is missed. Not timed: the replica (a process of its own, pages made beforehand).
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.corpus_site import BRAND, CORPUS, NOW, Real, read, site
from crawler.jobs import crawl
from store.database import Database, upgrade
from tingfeng.config import SourceConfig
from tingfeng.model import Brand
from tingfeng.privacy import mask

INVISIBLE = " \t\r\n\u200b\u200c\u200d\ufeff\u2060\u3000\xa0"  # stripped from both ends by the crawler, nothing else
FLOOR_RATE = 1_500.0  # mentions per second, crawl to store
FLOOR_CPU = 0.52  # CPU seconds of the crawling process per 1,000 mentions
QUIET_RATE, QUIET_CPU = 2_160.0, 0.44  # bare Scrapy with lxml where the floors were set
YARDSTICKS = (("bare Scrapy", QUIET_RATE, QUIET_CPU), ("weibo-search to CSV", 755, 0.87))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage's measure. `cpu`: seconds of the process that did the work; `peak`: its largest size in MB."""

    name: str
    mentions: int
    seconds: float
    cpu: float
    peak: float

    @property
    def rate(self) -> float:
        return self.mentions / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        return 1000 * self.cpu / max(1, self.mentions)


def source(url: str, *, prefetch: int = 8, pages: int = 10_000) -> SourceConfig:
    """The weibo source of the replay: no pauses, since the other side is this machine."""
    options: dict[str, Any] = {"delay": 0, "throttle": False, "concurrency": prefetch, "prefetch": prefetch}
    options |= {"max_pages": pages, "long_texts": 0, "first_window": "30d"}
    queries = ({"brand": BRAND, "text": BRAND},)
    return SourceConfig.model_validate(
        {"name": "weibo", "kind": "weibo_mobile", "base_url": url, "queries": queries, "options": options}
    )


def run_crawl(db: Database, url: str, prefetch: int, state: Path) -> Stage:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    secret = "bench-secret-of-no-value"
    report = crawl(
        db,
        source(url, prefetch=prefetch),
        (Brand(name=BRAND),),
        secret=None,
        author_secret=secret,
        now=NOW,
        state_dir=state,
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if report.run.status != "ok":
        raise SystemExit(f"the crawl ended as {report.run.status}: {report.run.reason} {report.run.detail}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Stage(name="crawl", mentions=report.run.stored, seconds=seconds, cpu=cpu, peak=after.ru_maxrss / 1024)


def run_bare(url: str, concurrency: int) -> Stage:
    """The yardstick of this very minute: Scrapy alone over the same pages, keeping nothing."""
    script = Path(__file__).with_name("bare_scrapy.py")
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, str(script), url, BRAND, str(concurrency)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Stage(name="bare Scrapy, no store", mentions=int(told), seconds=seconds, cpu=cpu, peak=math.nan)


def _score(pipe: Connection, url: str) -> None:
    """In a process of its own, as the daemon's size is measured: mentions, seconds, CPU seconds, MB."""
    from sentiment.jobs import score_pending
    from sentiment.scorers import load_scorer

    db, scorer = Database(url), load_scorer("bayes")
    started, cpu = time.perf_counter(), time.process_time()
    report = score_pending(db, scorer)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    pipe.send((report.mentions, seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def run_score(url: str) -> Stage:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_score, args=(theirs, url))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit("scoring failed")
    mentions, seconds, cpu, peak = ours.recv()
    return Stage(name="score", mentions=mentions, seconds=seconds, cpu=cpu, peak=peak)


def check(db: Database, real: Sequence[Real]) -> list[str]:
    """What is lost, doubled or altered, and whether the buckets add up; nothing when all is well."""
    ask = asker(db)
    rows = ask("SELECT native_id, text, published_at FROM mention WHERE platform = 'weibo'")
    times = Counter(str(row[0]) for row in rows)
    wanted = {str(r.mid): r for r in real}
    problems = [f"lost: {mid}" for mid in wanted.keys() - times.keys()]
    problems += [f"never served: {mid}" for mid in times.keys() - wanted.keys()]
    problems += [f"stored {n} times: {mid}" for mid, n in times.items() if n > 1]
    for mid, text, at in rows:
        if (told := wanted.get(str(mid))) is None:
            continue
        if text != mask(told.text.strip(INVISIBLE)):
            problems.append(f"altered: {mid}: {told.text!r} became {text!r}")
        if _aware(at) != told.at:
            problems.append(f"moved in time: {mid}: {told.at} became {at}")
    links = ask("SELECT count(*), count(DISTINCT mention_id) FROM mention_brand WHERE counted_by IS NOT NULL")[0]
    sums = ask("SELECT sum(total), sum(negative) + sum(neutral) + sum(positive) FROM bucket")[0]
    if {*links, *sums} != {len(real)}:
        problems.append(f"{len(real)} posts, but counted {links[0]}/{links[1]} and in buckets {sums[0]}/{sums[1]}")
    return problems


def asker(db: Database) -> Callable[[str], list[Any]]:
    from sqlalchemy import text

    def ask(sql: str) -> list[Any]:
        with db.read() as s:
            return [tuple(row) for row in s.execute(text(sql))]

    return ask


def _aware(at: datetime | str) -> datetime:
    """SQLite hands raw SQL its text."""
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def tell(stages: Sequence[Stage], bare: Stage, problems: Sequence[str], args: argparse.Namespace) -> None:
    if args.json:
        figures = [asdict(s) | {"rate": s.rate, "cpu_per_thousand": s.cpu_per_thousand} for s in (*stages, bare)]
        told = [{name: None if value != value else value for name, value in one.items()} for one in figures]  # no NaN
        print(json.dumps({"stages": told, "problems": list(problems)}, ensure_ascii=False))
        return
    print(f"{'':32}{'mentions/s':>12}{'CPU s/1,000':>13}{'peak MB':>9}")
    for stage in stages:
        print(f"{stage.name:32}{stage.rate:12,.0f}{stage.cpu_per_thousand:13.3f}{stage.peak:9.0f}")
    crawled, scored = stages
    both = (crawled.mentions / (crawled.seconds + scored.seconds), crawled.cpu_per_thousand + scored.cpu_per_thousand)
    print(f"{'crawl to bucket':32}{both[0]:12,.0f}{both[1]:13.3f}")
    print(f"{'floor (crawl)':32}{args.floor_rate:12,.0f}{args.floor_cpu:13.3f}")
    print(f"{bare.name + ', this run':32}{bare.rate:12,.0f}{bare.cpu_per_thousand:13.3f}")
    rate, cpu = crawled.rate / bare.rate, crawled.cpu_per_thousand / bare.cpu_per_thousand
    print(f"{'crawl ÷ bare Scrapy':32}{rate:12.2f}{cpu:13.2f}")
    for name, rate, cpu in YARDSTICKS:
        print(f"{name + ', a quiet machine':32}{rate:12,.0f}{cpu:13.2f}")
    print("\n".join(problems[:20]) if problems else f"{crawled.mentions} posts: none lost, doubled or altered")


def missed(crawled: Stage, bare: Stage, args: argparse.Namespace) -> list[str]:
    """Floors missed. On a machine slower than the floors were set on, the same share of bare Scrapy's pace counts."""
    slower = max(1.0, QUIET_RATE / bare.rate), max(1.0, bare.cpu_per_thousand / QUIET_CPU)
    rate, cpu = args.floor_rate / slower[0], args.floor_cpu * slower[1]
    found = []
    if crawled.rate < rate:
        found.append(f"below the floor: {crawled.rate:,.0f} mentions/s < {rate:,.0f}")
    if crawled.cpu_per_thousand > cpu:
        found.append(f"above the floor: {crawled.cpu_per_thousand:.3f} CPU s per 1,000 > {cpu:.3f}")
    return found


def main() -> int:
    args = arguments()
    real = read(args.corpus, limit=args.limit)
    with tempfile.TemporaryDirectory() as folder, site(real) as url:
        db_url = args.database_url or f"sqlite:///{folder}/replay.db"
        upgrade(db_url)
        db = Database(db_url)
        stages = [run_crawl(db, url, args.prefetch, Path(folder)), run_score(db_url)]
        bare = run_bare(url, args.prefetch)
        problems = check(db, real)
        db.close()
    problems += missed(stages[0], bare, args)
    tell(stages, bare, problems, args)
    return 1 if problems else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="JSON lines, gzip: text, polarity")
    parser.add_argument("--limit", type=int, help="only the first N posts")
    parser.add_argument("--database-url", help="an empty database; default: a fresh SQLite file")
    parser.add_argument("--prefetch", type=int, default=8, help="pages under way at once, 1–64")
    parser.add_argument("--floor-rate", type=float, default=FLOOR_RATE, help="mentions per second, crawl to store")
    parser.add_argument("--floor-cpu", type=float, default=FLOOR_CPU, help="CPU seconds of the crawler per 1,000")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
