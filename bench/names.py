"""What it costs to find brands in texts, and to judge whether they are meant; CPU time, one core.

    python bench/names.py [--corpus FILE] [--words N …] [--passes N]

First the crawler's pass over 10, 1,000 and 10,000 words (common words of the texts: there are many hits), beside
a search for each word by itself; then the scoring job's judgement with six configured brands of which every third text
names one, by the rules alone and with a filter, beside the verdict, the terms and the aspects of the same texts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.relevance import FOLDER, halves, read
from bench.words import CORPUS, rate, texts_of
from crawler.ears import Ears
from sentiment.aspects import Taxonomy
from sentiment.naming import Naming
from sentiment.relevance import Judge
from sentiment.relevance_filter import install
from sentiment.relevance_learn import learn
from sentiment.scorers import load_scorer
from sentiment.terms import terms_of
from sentiment.tokenizer import default_tokenizer, tokenizer_for
from store.scores import Pending
from tingfeng.model import Brand, text_key
from tingfeng.words import fold

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = ("苹果", "小米", "理想", "荣耀", "大众", "锤子")


def common_words(texts: Sequence[str], most: int) -> list[str]:
    cut = default_tokenizer().cut
    seen = Counter(word for text in texts for word in cut(fold(text)) if len(word) > 1 and word.isalnum())
    return [word for word, _ in seen.most_common(most)]


def naive(words: Sequence[str]) -> Callable[[Sequence[str]], object]:
    return lambda batch: [[w for w in words if w in folded] for folded in map(fold, batch)]


def pending(texts: Sequence[str]) -> list[Pending]:
    return [
        Pending(
            mention_id=i,
            brand=NAMES[i % len(NAMES)],
            text_key=text_key(text),
            text=text,
            source="weibo",
            published_at=NOW,
        )
        for i, text in enumerate(texts)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--words", type=int, nargs="*", default=[10, 1_000, 10_000])
    parser.add_argument("--passes", type=int, default=2)
    options = parser.parse_args()
    texts = texts_of(options.corpus, 43)[:20_000]
    print(f"{len(texts)} texts of {sum(map(len, texts)) / len(texts):.1f} characters")

    def show(what: str, work: Callable[[Sequence[str]], object], some: Sequence[str] = texts) -> None:
        print(f"{what:44} {rate(work, some, options.passes):11,.0f} texts/s")

    words = common_words(texts, max(options.words))
    for n in options.words:
        ears = Ears([Brand(name=word) for word in words[:n]])
        show(f"one pass, {min(n, len(words)):,} words", lambda b, e=ears: [e.brands_of(t, asked=None) for t in b])  # type: ignore[misc]
        if n <= 1_000:
            show(f"each word by itself, {n:,} words", naive(words[:n]), texts[:2_000])
    said = [f"{text}，{NAMES[i % len(NAMES)]}{text[:3]}" if i % 3 == 0 else text for i, text in enumerate(texts)]
    brands, tokenizer = [Brand(name=name) for name in NAMES], tokenizer_for(NAMES)
    with tempfile.TemporaryDirectory() as folder:
        rules, learnt = Judge(brands, tokenizer), Judge(brands, tokenizer, Path(folder))
        for name in NAMES:
            training, _ = halves(read(FOLDER / f"{name}.txt"))
            _, made = learn(Naming(brands, tokenizer), tokenizer, name, training[:50], now=NOW)
            if made:
                install(Path(folder), made)
        scorer, taxonomy = load_scorer("tingfeng", names=NAMES), Taxonomy.load()

        def score(batch: Sequence[str]) -> object:
            return scorer.score(batch), terms_of(batch, tokenizer), taxonomy.tag(batch, scorer.score)

        show("verdict + terms + aspects", score, said)
        show("whose, by the rules", lambda b: rules.judge(pending(b)), said)
        show("whose, by rules and filters", lambda b: learnt.judge(pending(b)), said)
        show("verdict + terms + aspects + whose (rules)", lambda b: (score(b), rules.judge(pending(b))), said)
        show("verdict + terms + aspects + whose (filters)", lambda b: (score(b), learnt.judge(pending(b))), said)


if __name__ == "__main__":
    main()
