"""What words are like: learnt from the company they keep, known of words in parts, and used by filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment.corpora import Labelled
from sentiment.relevance_features import FEATURES, SENSES, expanded
from sentiment.relevance_filter import Filter
from sentiment.relevance_fit import fit
from sentiment.relevance_prior import shared, shipped
from sentiment.senses import REMEMBERED, Senses, read, senses
from tingfeng.model import Label

FRUIT, PHONE = ("香蕉", "葡萄", "樱桃", "柠檬"), ("屏幕", "电池", "信号", "耳机")


def like(found: Senses, a: str, b: str) -> float:
    x, y = found.of(a), found.of(b)
    assert x is not None and y is not None
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-12))


def test_words_of_one_field_lie_near_one_another() -> None:
    found = senses()
    within = [like(found, a, b) for field in (FRUIT, PHONE) for a in field for b in field if a < b]
    across = [like(found, a, b) for a in FRUIT for b in PHONE]
    assert np.mean(within) > np.mean(across) + 0.2


def test_an_unknown_word_is_known_by_its_parts() -> None:
    found = senses()
    assert found.of("屏幕店里的樱桃味屏幕") is not None
    assert found.of("") is None and found.of("🍎") is None
    assert all(np.linalg.norm(v) <= 1.01 for w in (*FRUIT, *PHONE) if (v := found.of(w)) is not None)


def test_the_same_texts_give_the_same_vectors(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    from sentiment import train_senses

    def rows(field: tuple[str, ...]) -> list[Labelled]:
        texts = [f"{i}{a}和{b}还有{c}" for i, a in enumerate(field) for b in field for c in field]
        return [Labelled(text, Label.NEUTRAL, "own") for text in texts]

    for name in "ab":
        assert train_senses.train([*rows(FRUIT), *rows(PHONE)], tmp_path / f"{name}.npz") > 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read(tmp_path / "a.npz")
    assert all(found.of(word) is not None for word in (*FRUIT, *PHONE))
    train_senses.train(rows(FRUIT)[:2], tmp_path / "few.npz")
    assert read(tmp_path / "few.npz").of("香蕉") is None


def test_a_sense_weighs_what_its_dimensions_weigh() -> None:
    seen = {"sense:屏幕": 0.7, "sense:樱桃味屏幕": 0.5, "close:樱桃": 0.4, "close:🍎": 1.0, "topic:phone": 1.0}
    wide = expanded(seen)
    assert wide["topic:phone"] == 1.0 and len(wide) == 1 + len(SENSES) * senses().size
    made = Filter(brand="小米", weights={name: 0.1 * (i % 7) for i, name in enumerate(wide)}, bias=0.2, threshold=0.5)
    z = 0.2 + sum(made.weights[name] * value for name, value in wide.items())
    assert made.p(seen) == pytest.approx(1 / (1 + np.exp(-z)))
    assert sum(part for _, part in made.parts(seen)) == pytest.approx(z - 0.2)


def test_a_filter_remembers_only_so_many_words() -> None:
    made = Filter(brand="小米", weights={"sense#0": 1.0}, bias=0.0, threshold=0.5)
    for i in range(REMEMBERED + 10):
        made._known[f"word:{i}"]
    assert len(made._known) < REMEMBERED and made._known["sense#0"] == 1.0


def test_what_is_shipped_of_all_brands_fits_the_features() -> None:
    found = shipped()
    assert found and FEATURES == 2
    assert found["about:goods"] > 0 > found["topic:food"]


def test_what_brands_share_is_where_a_fit_starts() -> None:
    rows = [({"topic:goods": 1.0, "word:x": 1.0}, True), ({"topic:food": 1.0}, False)] * 5
    prior = shared({"甲": rows, "乙": rows, "丙": [({"topic:own": 1.0}, True)]})
    assert set(prior) == {"topic:goods", "topic:food"} and prior["topic:goods"] > 0 > prior["topic:food"]
    weights, _ = fit([({"word:y": 1.0}, True), ({}, False)], 1.0, prior)
    assert weights["topic:goods"] == pytest.approx(prior["topic:goods"], abs=1e-3) and weights["word:y"] > 0
