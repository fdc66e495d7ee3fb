"""How right and how fast a scorer is on labelled texts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.corpora import read_corpus
from sentiment.scorer import Scorer
from tingfeng.model import Label, Verdict

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Figures of one corpus.

    `two_class` is the share of texts labelled ±1 whose polarity has that sign, 0–1; `macro_f1` is over three classes,
    None where the corpus has no neutral.
    """

    corpus: str
    texts: int
    two_class: float | None
    macro_f1: float | None
    texts_per_second: float | None = None


def evaluate(scorer: Scorer, path: Path, *, limit: int | None = None) -> Quality:
    """Measure on one file; of more than `limit` texts, that many spread evenly over it. ScoringError if unreadable."""
    rows = read_corpus(path)
    if limit and limit < len(rows):
        rows = [rows[i * len(rows) // limit] for i in range(limit)]
    texts = [row.text for row in rows]
    scorer.score(texts[:1])  # loading is not scoring
    started = time.perf_counter()
    verdicts = [v for i in range(0, len(texts), BATCH) for v in scorer.score(texts[i : i + BATCH])]
    took = time.perf_counter() - started
    rate = len(texts) / took if took else None
    return quality(path.name.partition(".")[0], [row.label for row in rows], verdicts, texts_per_second=rate)


def quality(
    corpus: str, truth: Sequence[Label], verdicts: Sequence[Verdict], *, texts_per_second: float | None = None
) -> Quality:
    """The figures of verdicts already given."""
    return Quality(
        corpus=corpus,
        texts=len(truth),
        two_class=_two_class(truth, verdicts),
        macro_f1=macro_f1(truth, [v.label for v in verdicts]) if Label.NEUTRAL in truth else None,
        texts_per_second=texts_per_second,
    )


def _two_class(truth: Sequence[Label], verdicts: Sequence[Verdict]) -> float | None:
    signs = [v.polarity * label > 0 for label, v in zip(truth, verdicts, strict=True) if label]
    return sum(signs) / len(signs) if signs else None


def macro_f1(truth: Sequence[Label], said: Sequence[Label]) -> float:
    """Plain mean over the three labels of the harmonic mean of precision and recall; 0 for one never met nor said."""
    scores = []
    for label in Label:
        hits = sum(t == s == label for t, s in zip(truth, said, strict=True))
        scores.append(2 * hits / ((truth.count(label) + said.count(label)) or 1))
    return sum(scores) / len(scores)
