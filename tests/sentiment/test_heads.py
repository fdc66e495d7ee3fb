"""n-grams, the table they are summed by, and its file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment import heads
from sentiment.heads import Heads
from sentiment.ngrams import NONE, hashes
from sentiment.text import CHAIN, Normaliser
from tingfeng.errors import ScoringError

SIGNS = st.text("好差不很[怒]aB1 /@:。\n", max_size=12)
TEXTS = ["好吃不贵", "不好吃", "差评[怒]", "好好好吃", "", "太差//@小明:好吃，差评"]
META = {"digest": "0", "kinds": [], "constants": []}


def batch_of(texts: list[str]):
    return Normaliser().batch(texts)


def keys_of(texts: list[str]) -> np.ndarray:
    found = hashes(batch_of(texts))
    keys = np.unique(found[found != NONE])
    _, first = np.unique(keys >> 8, return_index=True)
    return keys[first]


def table(texts: list[str], columns: int = 4, seed: int = 1) -> Heads:
    keys = keys_of(texts)
    weights = np.random.default_rng(seed).integers(-127, 128, (len(keys), columns)).astype(np.int8)
    return Heads(keys, weights, np.linspace(0.01, 0.02, columns), META)


def slowly(table: Heads, text: str) -> list[float] | None:
    """The definition: distinct known n-grams, half weight where they only stand in what was passed on."""
    [read] = Normaliser().texts([text])
    row = {int(key): i for i, key in enumerate(table.keys)}
    own_until = read.index(CHAIN) + 1 if CHAIN in read else len(read) + 1
    weight: dict[int, float] = {}
    found = hashes(batch_of([text]))
    for position, n in zip(*np.nonzero(found != NONE), strict=True):
        i = row.get(int(found[position, n]))
        if i is not None:
            weight[i] = max(weight.get(i, 0), 1.0 if position < own_until else 0.5)
    if not weight:
        return None
    length = np.sqrt(sum(w * w for w in weight.values()))
    weights = table.weights(np.array(list(weight)))
    sums = sum(w * row for w, row in zip(weight.values(), weights.astype(float), strict=True))
    return (sums * table.scales / length).tolist()


@given(st.lists(SIGNS, max_size=5))
def test_n_grams_of_a_batch_are_those_of_its_texts(texts: list[str]) -> None:
    batch = batch_of(texts)
    together = hashes(batch)
    for i, text in enumerate(texts):
        alone = hashes(batch_of([text]))
        mine = together[batch.bounds[i] : batch.bounds[i + 1]]
        assert mine.tolist() == alone[:-1].tolist()


def test_where_a_text_begins_and_ends_is_part_of_its_n_grams() -> None:
    def grams(text: str) -> set[int]:
        found = hashes(batch_of([text]))
        return set(found[found != NONE].tolist())

    assert grams("好") & grams("好吃") and grams("好") != grams("好吃")
    assert len(grams("好")) == 3  # 好, ^好, 好$
    assert grams("OK啦") == grams("ok啦")
    assert grams("") == grams(" ") == grams("a") == set()


@settings(deadline=None)
@given(st.lists(SIGNS | st.sampled_from(TEXTS), min_size=1, max_size=6))
def test_sums_are_what_they_are_defined_to_be(texts: list[str]) -> None:
    made = table(TEXTS)
    known = made.known(batch_of(texts))
    want = [slowly(made, text) for text in texts]
    assert known.present.tolist() == [i for i, row in enumerate(want) if row is not None]
    np.testing.assert_allclose(made.sums(known), [row for row in want if row] or np.zeros((0, 4)), atol=1e-12)


def test_no_field_overflows() -> None:
    """Eleven thousand different n-grams that all say 127, in a text beside short ones."""
    long = "".join(map(chr, range(0x4E00, 0x4E00 + 3_000)))
    keys = keys_of([long])
    made = Heads(keys, np.full((len(keys), 5), 127, np.int8), np.ones(5), META)
    known = made.known(batch_of(["一丁", long, "一丁"]))
    assert len(known.id) > 11_000
    sums = made.sums(known)
    np.testing.assert_allclose(sums[1], 127 * np.sqrt(known.length[1] ** 2), rtol=1e-12)
    assert sums[0].tolist() == sums[2].tolist() == made.sums(made.known(batch_of(["一丁"])))[0].tolist()


def test_a_table_comes_back_as_it_was_and_twice_the_same(tmp_path: Path) -> None:
    made = table(TEXTS)
    every = np.arange(len(made.keys))
    weights = made.weights(every).astype(np.int8)
    for name in "ab":
        heads.save(tmp_path / f"{name}.npz", made.keys, weights, made.scales, {"kinds": ["x"]})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    back = heads.load(tmp_path / "a.npz")
    assert (back.keys == made.keys).all()
    assert (back.weights(every) == weights).all()
    assert back.meta["kinds"] == ["x"] and back.digest == heads.load(tmp_path / "b.npz").digest
    heads.save(tmp_path / "c.npz", made.keys, weights, made.scales * 2, {"kinds": ["y"]})
    assert heads.load(tmp_path / "c.npz").digest != back.digest


@pytest.mark.parametrize(
    ("why", "data", "says"),
    [
        ("missing", None, "run tingfeng sentiment train"),
        ("empty", b"", "damaged"),
        ("not a table", gzip.compress(b"x", mtime=0), "damaged"),
        ("cut off", "cut", "damaged"),
        ("another format", "format", "train it anew"),
    ],
)
def test_what_cannot_be_read_says_so(why: str, data: object, says: str, tmp_path: Path, monkeypatch) -> None:
    path, made = tmp_path / "t.npz", table(TEXTS)
    rows = (made.keys, made.weights(np.arange(len(made.keys))).astype(np.int8), made.scales, {})
    if isinstance(data, bytes):
        path.write_bytes(data)
    elif data == "cut":
        heads.save(path, *rows)
        path.write_bytes(path.read_bytes()[:300])
    elif data == "format":
        monkeypatch.setattr(heads, "FORMAT", 99)
        heads.save(path, *rows)
        monkeypatch.undo()
    with pytest.raises(ScoringError, match=says):
        heads.load(path)


def test_what_is_shipped_is_small_and_quickly_there() -> None:
    assert heads.shipped_path().stat().st_size <= 12_000_000
