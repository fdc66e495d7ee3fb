"""The invented domain of bench/learn.py is fair, and two hundred corrections of it are worth what we promise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sentiment.corpora import fold_of, read_corpus
from sentiment.learn import Rows, figures, learn, public_rows
from sentiment.scorers import load_scorer
from sentiment.scorers.layered import LayeredScorer
from tingfeng.model import Label

DOMAINS = Path(__file__).resolve().parents[2] / "bench" / "domains"


def rows(name: str) -> Rows:
    return [(row.text, row.label) for row in read_corpus(DOMAINS / f"kayak_{name}.jsonl")]


def longest_shared(one: str, other: str) -> int:
    best = 0
    for i in range(len(one)):
        while i + best < len(one) and one[i : i + best + 1] in other:
            best += 1
    return best


def test_unseen_texts_share_slang_with_the_corrections_not_sentences() -> None:
    corrections, unseen = rows("corrections"), rows("unseen")
    assert len(corrections) >= 200
    assert len(unseen) >= 300
    for part in (corrections, unseen):
        assert len(dict(part)) == len(part)
        assert min(sum(label is kind for _, label in part) for kind in Label) > len(part) / 4
    starts = [{fold_of(text, 1 << 62) for text, _ in part} for part in (corrections, unseen)]
    assert not starts[0] & starts[1]
    assert max(longest_shared(a, b) for a, _ in unseen for b, _ in corrections) <= 6


def test_two_hundred_corrections_lift_unseen_texts_by_five_points_and_leave_the_public_slice() -> None:
    base, unseen = load_scorer("bayes"), rows("unseen")
    report, layer = learn(base, rows("corrections"), public_rows(), now=datetime(2026, 11, 20, tzinfo=UTC))
    assert layer is not None
    assert report.public is not None
    assert report.public.gain >= -0.005
    texts, truth = [text for text, _ in unseen], [label for _, label in unseen]
    before, after = ([v.label for v in s.score(texts)] for s in (base, LayeredScorer(base, layer)))
    assert figures(truth, after).macro_f1 >= figures(truth, before).macro_f1 + 0.05
