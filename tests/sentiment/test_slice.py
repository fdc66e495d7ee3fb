"""The frozen public slice, sentiment/data/slice.jsonl: invented, labelled texts anybody may measure a scorer on.

It ships, the corpora do not. Frozen: a figure quoted from it must mean the same next year, so its bytes are pinned.
"""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from importlib import resources
from itertools import groupby
from pathlib import Path

import pytest

from sentiment.corpora import read_corpora, same_start
from tingfeng.model import Label

SLICE = resources.files("sentiment").joinpath("data/slice.jsonl")
ROWS = [json.loads(line) for line in SLICE.read_text(encoding="utf-8").splitlines()]
FROZEN = "adf8905c99acbbea1773204a3cc18e857ab239a5d7a83db3eec0f9f3a9623d11"
FAMILIES = {"waimai", "htl", "shop", "weibo", "virus", "usual", "clue"}


def family(row: dict[str, object]) -> str:
    return str(row["category"]).partition("/")[0]


def test_it_is_frozen() -> None:
    """A change makes another slice: give it another name, and leave this one to those who quoted it."""
    assert sha256(SLICE.read_bytes()).hexdigest() == FROZEN


def test_every_row_has_its_shape() -> None:
    assert len(ROWS) >= 420
    for row in ROWS:
        assert set(row) == {"text", "polarity", "category"}
        assert Label(row["polarity"]) in Label
        assert row["text"] == row["text"].strip(" \n\t")
        assert 8 <= len(row["text"]) <= 170, row["text"]


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_each_style_has_a_third_of_each_label(name: str) -> None:
    counts = Counter(row["polarity"] for row in ROWS if family(row) == name)
    assert sum(counts.values()) >= 60
    assert max(counts.values()) - min(counts.values()) <= 3


def test_shopping_has_its_ten_kinds() -> None:
    assert {family(row) for row in ROWS} == FAMILIES
    assert len({row["category"] for row in ROWS if family(row) == "shop"}) == 10


def test_lengths_vary() -> None:
    lengths = [len(row["text"]) for row in ROWS]
    assert sum(length > 60 for length in lengths) >= 50
    assert sum(length < 20 for length in lengths) >= 150


def test_no_two_begin_alike() -> None:
    """Nor does a third one come from a mould: no five texts share their first four letters."""
    starts = Counter(same_start(row["text"]) for row in ROWS)
    assert [start for start, n in starts.items() if n > 1] == []
    moulds = groupby(sorted(start[:4] for start in starts))
    assert [mould for mould, same in moulds if len(list(same)) > 4] == []


def test_none_is_a_text_of_the_corpora(shared: Path) -> None:
    theirs = {same_start(row.text) for row in read_corpora(shared / "corpora")}
    assert [row["text"] for row in ROWS if same_start(row["text"]) in theirs] == []
