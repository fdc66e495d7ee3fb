"""Cross-validated figures, and the lexicon that a head is made of."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from sentiment import cross, lexicon
from sentiment.cross import Judged
from sentiment.scorer import verdict_of
from tingfeng.model import Label

NEG, POS = verdict_of(0.8, 0.1, 0.1), verdict_of(0.1, 0.1, 0.8)
ROWS = [
    *[Judged("a", 0, Label.POSITIVE, POS)] * 3,
    Judged("a", 0, Label.POSITIVE, NEG),
    *[Judged("a", 1, Label.NEGATIVE, NEG)] * 4,
    *[Judged("b", fold, Label.NEGATIVE, NEG) for fold in (0, 1)],
]


def test_figures_by_family_and_how_far_folds_differ() -> None:
    found = cross.figures(ROWS)
    assert [(q.corpus, q.texts, q.two_class) for q in found.families] == [("a", 8, 0.875), ("b", 2, 1.0)]
    assert found.mean.two_class == pytest.approx(0.9375)
    assert found.spread == (pytest.approx(0.25 / np.sqrt(2)), 0.0)
    assert found.mean_spread == pytest.approx(0.125 / np.sqrt(2))


def test_one_fold_has_no_spread() -> None:
    assert cross.figures(ROWS[:4]).spread == (None,)


def test_predictions_carry_no_text(tmp_path: Path) -> None:
    cross.write(tmp_path / "p.jsonl", ROWS[:1])
    [line] = (tmp_path / "p.jsonl").read_text("utf-8").splitlines()
    want = {"family": "a", "fold": 0, "label": 1, "negative": 0.1, "neutral": 0.1, "positive": 0.8}
    assert json.loads(line) == want


def test_the_lexicon_is_as_it_should_be() -> None:
    text = resources.files("sentiment").joinpath("data/lexicon.txt").read_text("utf-8")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    words = [word for line in lines for word in line[1:]]
    assert {line[0] for line in lines} == {"-3", "-2", "-1", "0", "1", "2", "3"}
    assert len(words) == len(set(words)) > 4_000
    assert max(map(len, words)) <= 4


def test_a_lexicon_becomes_weights_of_n_grams() -> None:
    found = lexicon.parse("# praise\n3 好吃 真香\n-3 难吃\n0 据悉\n2 超过了四个字\n")
    assert len(found.hashes) == 4 and (np.diff(found.hashes) > 0).all()
    assert sorted(found.column("lexicon:lean", found.hashes).tolist()) == [-1, 0, 1, 1]
    assert sorted(found.column("lexicon:neutral", found.hashes).tolist()) == [0, 0, 0, 1]
    assert found.column("lexicon:lean", found.hashes + 1).tolist() == [0] * 4
