"""How often a healthy source is taken for a silent one, and how long a source that falls silent goes unnoticed.

    PYTHONPATH=. python bench/silence.py [--months 3] [--silences 20] [--seed 1] [--counts FOLDER] [--p 0.0001]

Sources are asked every five minutes and list a post up to ten minutes after it was published. Each has 28 days of past;
every crawl of the following months is judged as in the product (rates are learnt anew every six hours; crawls that are
doubted are not remembered). A stretch of doubted crawls counts as one false flag. Then the source falls silent at any
time of day or night; "expected" is how many mentions are missing by the time it is noticed.

--counts: a folder with counts of real brands per five minutes (`<brand>.csv.gz`: timestamp,value); each is judged as it
is, and thinned to about 5 and 0.2 mentions an hour.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.brands import CALM, PER_DAY, RESTLESS, START, WILD, brand, seen
from crawler.doubt import REMEMBERED
from tingfeng.clock import BUCKET
from tingfeng.yields import Rates, Seen, judge_gap

RATES = {"quiet 0.2/h": 0.2, "middling 5/h": 5.0, "busy 100/h": 100.0}
KINDS = {"Poisson": CALM, "restless": RESTLESS, "wild": WILD}
PAST = 28  # days
RELEARN = PER_DAY // 4  # buckets
LAG = 2  # buckets until a post is listed, at most
FLOOR_FALSE = 1.0  # flags per source-month, over any row
MONTH = 30 * PER_DAY


@dataclass
class Judge:
    """One source's crawls, bucket by bucket."""

    counts: Sequence[int]
    rng: random.Random
    p: float
    newest: int = -1
    rates: Rates | None = None
    learnt: int = -RELEARN

    def __post_init__(self) -> None:
        self.past: deque[Seen] = deque(maxlen=REMEMBERED)

    def crawl(self, end: int) -> bool:
        """The crawl at the end of bucket `end`; whether it is doubted."""
        listed = end - self.rng.randint(0, LAG)
        while listed > self.newest and not self.counts[listed - 1]:
            listed -= 1
        self.newest = max(self.newest, listed)
        at, newest = START + end * BUCKET, START + self.newest * BUCKET
        now = Seen(at=at, found=10, newest=newest)
        if end < PAST * PER_DAY - REMEMBERED:
            return False
        if end - self.learnt >= RELEARN and end >= PAST * PER_DAY:
            self.rates, self.learnt = Rates.learn(seen(list(self.counts[: self.newest]), self.newest)), end
        doubted = judge_gap("", now, list(self.past), self.rates, p=self.p) is not None
        if not doubted:
            self.past.appendleft(now)
        return doubted


def false_flags(counts: Sequence[int], rng: random.Random, p: float) -> tuple[int, float]:
    """(flags, source-months) of a healthy source."""
    judge, flags, before = Judge(counts, rng, p), 0, False
    for end in range(1, len(counts) + 1):
        doubted = judge.crawl(end)
        flags += doubted and not before
        before = doubted
    return flags, (len(counts) - PAST * PER_DAY) / MONTH


def delay(counts: list[int], at: int, rng: random.Random, p: float) -> tuple[int, float] | None:
    """(minutes, mentions missed) until a silence that begins in bucket `at` is noticed; None when it is not."""
    missed, quiet = counts[at:], counts[:at] + [0] * (len(counts) - at)
    judge = Judge(quiet, rng, p)
    judge.newest = at - 2 * REMEMBERED
    for end in range(at - REMEMBERED - 1, len(counts) + 1):
        if judge.crawl(end) and end > at:
            return (end - at) * 5, sum(missed[: end - at])
    return None


def real(folder: Path, rng: random.Random) -> Iterator[tuple[str, list[int]]]:
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt") as file:
            counts = [int(float(row["value"])) for row in csv.DictReader(file)]
        rate = 12 * sum(counts) / len(counts)
        name = path.name.removesuffix(".csv.gz")
        yield f"{name} {rate:.3g}/h", counts
        for wanted in (5.0, 0.2):
            share = wanted / rate
            if share < 1:
                yield f"{name} to {wanted:g}/h", [sum(rng.random() < share for _ in range(n)) for n in counts]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name, value in (("months", 3), ("silences", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--counts", type=Path)
    parser.add_argument("--p", type=float, default=1e-4)
    args = parser.parse_args()
    rng, started, worst = random.Random(args.seed), time.monotonic(), 0.0
    print(f"{'source':28} {'false/month':>12} {'noticed after: median':>22} {'slowest':>9} {'missed: median':>15}")
    for kind, habits in KINDS.items():
        for name, rate in RATES.items():
            flags, months = false_flags(brand(rng, 24 * rate, PAST + 30 * args.months, habits), rng, args.p)
            worst = max(worst, flags / months)
            silent = []
            for _ in range(args.silences):
                counts = brand(rng, 24 * rate, PAST + 10, habits)
                silent.append(delay(counts, PAST * PER_DAY + rng.randrange(PER_DAY), rng, args.p))
            print(_row(f"{name} {kind}", flags / months, silent))
    for name, counts in real(args.counts, rng) if args.counts else ():
        flags, months = false_flags(counts, rng, args.p)
        worst = max(worst, flags / months)
        print(_row(name, flags / months, []))
    print(f"worst: {worst:.2f} false flags per source-month (floor {FLOOR_FALSE}); {time.monotonic() - started:.0f} s")
    return int(worst > FLOOR_FALSE)


def _row(name: str, false: float, silent: list[tuple[int, float] | None]) -> str:
    noticed = sorted(one for one in silent if one is not None)
    if not silent:
        return f"{name:28} {false:12.2f}"
    if len(noticed) < len(silent):
        return f"{name:28} {false:12.2f} {'unnoticed: ' + str(len(silent) - len(noticed)):>22}"
    minutes, slowest = median(m for m, _ in noticed), noticed[-1][0]
    return f"{name:28} {false:12.2f} {_hours(minutes):>22} {_hours(slowest):>9} {median(n for _, n in noticed):15.0f}"


def _hours(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


if __name__ == "__main__":
    sys.exit(main())
