"""How fast `bayes` scores, against SnowNLP as shipped, on the same texts in one run.

    python bench/scoring.py [--corpus FILE] [--sample N] [--passes N] [--floor RATIO]

Prints texts per second of both and their ratio; medians of several passes. Exits 1 when the ratio is below the floor.
`bayes` includes cutting. CPU time, so that other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.corpora import read_corpus
from sentiment.scorers.bayes import BayesScorer

FLOOR = 30.0  # times stock SnowNLP
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "weibo2018.jsonl.gz"


def rate(score: Callable[[Sequence[str]], object], texts: Sequence[str], passes: int) -> float:
    """Median texts per CPU second."""
    rates = []
    for _ in range(passes):
        started = time.process_time()
        score(texts)
        rates.append(len(texts) / (time.process_time() - started))
    return median(rates)


def stock(texts: Sequence[str]) -> list[float]:
    from snownlp import SnowNLP

    return [SnowNLP(text).sentiments for text in texts if text]


def memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--sample", type=int, default=150, help="texts for SnowNLP, spread evenly (default 150)")
    parser.add_argument("--passes", type=int, default=5, help="passes of bayes; SnowNLP makes 3 (default 5)")
    parser.add_argument("--floor", type=float, default=FLOOR, help=f"least ratio (default {FLOOR:g})")
    options = parser.parse_args()

    texts = [row.text for row in read_corpus(options.corpus)]
    sample = [texts[i * len(texts) // options.sample] for i in range(min(options.sample, len(texts)))]
    short = [text[:40] for text in texts]

    before = memory_mb()
    started = time.process_time()
    bayes = BayesScorer()
    bayes.score(sample[:1])
    loaded = time.process_time() - started
    mean = sum(map(len, texts)) / len(texts)
    print(f"bayes    loaded and first score in {loaded:.2f} CPU s")
    ours_all = rate(bayes.score, texts, options.passes)
    print(f"bayes    {ours_all:9,.0f} texts/s on all {len(texts)} texts of {mean:.0f} characters")
    print(f"bayes    {rate(bayes.score, short, options.passes):9,.0f} texts/s on their first 40 characters")
    print(f"bayes    {memory_mb():9,.0f} MB in use, {memory_mb() - before:.0f} MB of it for scoring")

    stock(sample[:1])  # its import takes 3 s
    theirs = rate(stock, sample, 3)
    ours = rate(bayes.score, sample * 20, options.passes)
    ratio = ours / theirs
    print(f"snownlp  {theirs:9,.0f} texts/s on {len(sample)} of these texts")
    print(f"bayes    {ours:9,.0f} texts/s on the same")
    print(f"ratio    {ratio:9,.0f} times (floor {options.floor:g})")
    return 0 if ratio >= options.floor else 1


if __name__ == "__main__":
    sys.exit(main())
