"""The layer itself: its features, its fit, what it leaves alone, and its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from sentiment import layer as layers_file
from sentiment.layer import Layer, load
from sentiment.layer_features import Runs, features
from sentiment.layer_fit import LEAST, Matrix, fit, logits, matrix, softmax
from sentiment.layer_make import make, prepare
from tests.sentiment.domain import Blind, corrections, public
from tests.sentiment.test_scorers import WILD, assert_sound
from tests.support.factories import make_verdict
from tingfeng.errors import ScoringError
from tingfeng.model import Label

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.fixture(scope="module")
def layer() -> Layer:
    return make(Blind(), prepare(Blind(), corrections()), prepare(Blind(), public()))


def runs_of(text: str) -> set[int]:
    return set(features([text]).hashes.tolist())


def test_runs_of_one_to_three_characters() -> None:
    # With where the text begins and ends: ^船 船 船$, and so on.
    assert [len(features([t]).hashes) for t in ("", "船", "船稳", "船稳船稳")] == [0, 3, 7, 13]
    assert runs_of("船稳") & runs_of("很稳") == runs_of("稳") & runs_of("很稳")
    assert runs_of("船稳船") != runs_of("稳船稳")


def test_case_and_kinds_of_white_space_do_not_count() -> None:
    assert runs_of("OK 船\n\n稳") == runs_of("ok\u3000船 稳")


@given(texts=st.lists(ANY_TEXT, max_size=6))
def test_texts_do_not_run_into_each_other(texts: list[str]) -> None:
    together = features(texts)
    assert len(together.indptr) == len(texts) + 1
    for i, text in enumerate(texts):
        mine = together.hashes[together.indptr[i] : together.indptr[i + 1]]
        assert sorted(mine.tolist()) == sorted(features([text]).hashes.tolist())


def test_a_feature_counts_once_and_long_texts_do_not_shout() -> None:
    known = np.unique(features(["稳"]).hashes)
    phi = matrix(features(["稳稳稳", "x", "", "稳"]), known)
    assert phi.shape == (4, 3)
    assert phi.rows.tolist() == [0, 0, 0, 3, 3, 3]
    # 稳稳稳 has ten runs: 3 × 稳, 2 × 稳稳, 稳稳稳, and four with where it begins or ends.
    assert phi.values.tolist() == pytest.approx([1 / np.sqrt(10)] * 3 + [1 / np.sqrt(3)] * 3)


def test_nothing_known() -> None:
    phi = matrix(features(["稳", ""]), np.zeros(0, np.uint64))
    assert phi.times(np.zeros((0, 3))).tolist() == [[0.0] * 3] * 2


def test_the_fit_is_the_optimum() -> None:
    """Against SciPy's own optimiser, on a random problem."""
    draw = np.random.default_rng(4)
    dense = (draw.random((60, 12)) < 0.3) * draw.random((60, 12))
    rows, columns = np.nonzero(dense)
    phi = Matrix(rows, columns, dense[rows, columns], dense.shape)
    offset, target = draw.normal(size=(60, 3)), draw.dirichlet((1, 1, 1), 60) * draw.uniform(0.5, 2, (60, 1))

    def loss(flat: np.ndarray) -> float:
        z = offset + dense @ flat.reshape(-1, 3)
        chances = np.log(softmax(z))
        return float(-(target * chances).sum() + 0.1 * flat @ flat)

    best = minimize(loss, np.zeros(36), method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 2000})
    found = fit(phi, offset, target, ridge=0.2)
    assert loss(found.ravel()) == pytest.approx(best.fun, rel=1e-8)
    assert found.ravel() == pytest.approx(best.x, abs=2e-3)


def test_certainty_can_be_argued_with() -> None:
    sure = make_verdict(negative=0.0, neutral=1.0, positive=0.0, polarity=0.0, label=Label.NEUTRAL)
    assert np.exp(logits([sure])).tolist() == [[LEAST, 1.0, LEAST]]


def test_slang_is_learnt(layer: Layer) -> None:
    unseen = [(text.replace("说它", "这回觉得"), label) for text, label in corrections(every=7, start=1)]
    texts = [text for text, _ in unseen]
    before = Blind().score(texts)
    after = layer.judge(texts, before)
    right = [sum(v.label is label for v, (_, label) in zip(said, unseen, strict=True)) for said in (before, after)]
    assert right[0] < 0.5 * len(unseen)
    assert right[1] > 1.5 * right[0]


def test_a_text_that_shares_nothing_keeps_its_verdict_to_the_last_digit(layer: Layer) -> None:
    texts = ["quarterly report", "", "龘靐"]
    verdicts = Blind().score(texts)
    assert layer.judge(texts, verdicts) == verdicts
    assert layer.judge([], []) == []


def test_public_texts_hardly_move(layer: Layer) -> None:
    texts = [text for text, _ in public()]
    before = Blind().score(texts)
    moved = [abs(a.polarity - b.polarity) for a, b in zip(before, layer.judge(texts, before), strict=True)]
    assert sum(moved) / len(moved) < 0.02


def test_in_parts_as_at_once(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for text, _ in corrections(every=3)]
    whole = layer.judge(texts, Blind().score(texts))
    monkeypatch.setattr(layers_file, "AT_ONCE", 25)
    assert layer.judge(texts, Blind().score(texts)) == whole


@pytest.mark.parametrize(("why", "text"), WILD, ids=[why for why, _ in WILD])
def test_no_text_raises(layer: Layer, why: str, text: str) -> None:
    [verdict] = layer.judge([text], Blind().score([text]))
    assert_sound(verdict)


@given(text=ANY_TEXT)
def test_any_text_gets_a_sound_verdict(layer: Layer, text: str) -> None:
    one, two = layer.judge([text, "又喝水了" + text], Blind().score([text, "又喝水了" + text]))
    assert_sound(one)
    assert_sound(two)


def test_the_same_corrections_give_the_same_layer_and_bytes(layer: Layer, tmp_path: Path) -> None:
    again = make(Blind(), prepare(Blind(), corrections()), prepare(Blind(), public()))
    assert again.digest == layer.digest
    layer.save(tmp_path / "a.npz")
    again.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"a.npz", "b.npz"}


@pytest.mark.parametrize("change", [{"caution": 9.0}, {"base_version": "2"}, {"base_name": "x"}, {"gate": None}])
def test_whatever_changes_a_verdict_changes_the_digest(layer: Layer, change: dict[str, object]) -> None:
    if "gate" in change:
        change = {"gate": layer.gate + 1e-9}
    assert replace(layer, **change).digest != layer.digest


def test_a_layer_survives_its_file(layer: Layer, tmp_path: Path) -> None:
    told = replace(layer, about={"corrections": 3, "note": "听风"})
    told.save(tmp_path / "deep" / "x.npz")
    found = load(tmp_path / "deep" / "x.npz")
    texts = [text for text, _ in corrections(every=9)]
    assert found.judge(texts, Blind().score(texts)) == layer.judge(texts, Blind().score(texts))
    assert (found.digest, found.about) == (layer.digest, told.about)


def _rewritten(layer: Layer, path: Path, **change: object) -> None:
    layer.save(path)
    with np.load(path) as found:
        arrays = {name: found[name] for name in found.files} | change
    np.savez_compressed(path, **arrays)


DAMAGE: list[tuple[str, Callable[[Layer, Path], object]]] = [
    ("empty", lambda _, path: path.write_bytes(b"")),
    ("not a layer", lambda _, path: path.write_bytes(b"PK\x03\x04 nonsense")),
    ("cut off", lambda layer, path: (layer.save(path), path.write_bytes(path.read_bytes()[:-300]))),
    ("a flipped bit", lambda layer, path: (layer.save(path), path.write_bytes(_flipped(path.read_bytes())))),
    ("other weights than the digest says", lambda layer, path: _rewritten(layer, path, weights=layer.weights + 1)),
    ("weights of another size", lambda layer, path: _rewritten(layer, path, weights=layer.weights[:-1])),
    ("no numbers", lambda layer, path: _rewritten(layer, path, gate=layer.gate * np.nan)),
    ("keys in disorder", lambda layer, path: _rewritten(layer, path, keys=layer.keys[::-1].copy())),
    ("a pickle", lambda layer, path: _rewritten(layer, path, weights=np.array([{}], dtype=object))),
    ("another kind of table", lambda layer, path: _rewritten(layer, path, told=np.frombuffer(b"[1]", np.uint8))),
    ("a plain array", lambda _, path: np.save(path.open("wb"), np.zeros(3))),
    ("a folder", lambda _, path: path.mkdir()),
]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(("why", "damage"), DAMAGE, ids=[why for why, _ in DAMAGE])
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_damaged_file_says_what_to_do(
    layer: Layer, tmp_path: Path, why: str, damage: Callable[[Layer, Path], object]
) -> None:
    damage(layer, tmp_path / "x.npz")
    with pytest.raises(ScoringError, match="tingfeng sentiment learn"):
        load(tmp_path / "x.npz")


def test_another_format_is_told(layer: Layer, tmp_path: Path) -> None:
    told = np.frombuffer(b'{"format": 99}', np.uint8)
    _rewritten(layer, tmp_path / "x.npz", told=told)
    with pytest.raises(ScoringError, match="format 99"):
        load(tmp_path / "x.npz")
    with pytest.raises(ScoringError, match="no layer"):
        load(tmp_path / "none.npz")


def test_a_disk_that_says_no_is_our_error(layer: Layer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ScoringError, match="cannot write"):
        layer.save(tmp_path / "file" / "x.npz")


def test_no_runs_at_all() -> None:
    assert features([]) == Runs(pytest.approx([0]), pytest.approx([]))
