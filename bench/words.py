"""How many texts a second get their words and terms, their aspects, and an explanation, on one core.

    python bench/words.py [--corpus FILE] [--length N] [--passes N] [--scorer NAME …]

Texts are cut to a mean of about 43 characters, the length of a Weibo post. Without the corpus invented texts are taken:
then only compare runs with each other. CPU time, the best of several passes, so that other work disturbs less.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.aspects import read
from sentiment.aspects import Taxonomy
from sentiment.corpora import read_corpus
from sentiment.explain import explain
from sentiment.scorers import load_scorer
from sentiment.terms import terms_of
from sentiment.tokenizer import default_tokenizer

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "weibo2018.jsonl.gz"
BATCH = 2000  # as the scoring job's


def texts_of(corpus: Path, length: int) -> list[str]:
    if corpus.exists():
        texts = [row.text for row in read_corpus(corpus)]
    else:
        print(f"{corpus} is not here: invented texts")
        rng, rows = random.Random(1), [text for half in read() for text, _ in half]
        texts = ["，".join(rng.sample(rows, 4)) for _ in range(10_000)]
    most = length
    while sum(len(text[:most]) for text in texts) < length * len(texts) and most < 10 * length:
        most += 1
    return [text[:most] for text in texts]


def rate(work: Callable[[Sequence[str]], object], texts: Sequence[str], passes: int) -> float:
    """Texts per CPU second, in batches."""
    best = float("inf")
    for _ in range(passes):
        started = time.process_time()
        for at in range(0, len(texts), BATCH):
            work(texts[at : at + BATCH])
        best = min(best, time.process_time() - started)
    return len(texts) / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--length", type=int, default=43, help="mean characters of a text (default 43)")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--scorer", nargs="*", default=["tingfeng"])
    options = parser.parse_args()
    texts = texts_of(options.corpus, options.length)
    print(f"{len(texts)} texts of {sum(map(len, texts)) / len(texts):.1f} characters")

    def show(what: str, work: Callable[[Sequence[str]], object]) -> None:
        print(f"{what:36} {rate(work, texts, options.passes):9,.0f} texts/s")

    cut, taxonomy = default_tokenizer().cut, Taxonomy.load()
    show("cutting", lambda batch: [cut(text) for text in batch])
    show("cutting + terms", terms_of)
    for name in options.scorer:
        scorer = load_scorer(name)
        score = scorer.score
        show(f"verdict ({name})", score)
        show(f"aspects ({name})", lambda batch, score=score: taxonomy.tag(batch, score))  # type: ignore[misc]
        show(
            f"verdict + terms + aspects ({name})",
            lambda batch, score=score: (score(batch), terms_of(batch), taxonomy.tag(batch, score)),  # type: ignore[misc]
        )
        if hasattr(scorer, "explain"):
            show(f"verdict + explanation ({name})", lambda batch, scorer=scorer: explain(scorer, batch))  # type: ignore[misc]
    tagged = sum(map(bool, taxonomy.tag(texts, load_scorer(options.scorer[0]).score)))
    print(f"{tagged / len(texts):.0%} of the texts name an aspect")


if __name__ == "__main__":
    main()
