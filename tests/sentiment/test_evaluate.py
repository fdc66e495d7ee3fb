"""The figures against values worked by hand, and the command that shows them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from commands import app
from sentiment import figures
from sentiment.corpora import read_corpus
from sentiment.evaluate import Judged, mean, mistakes, quality
from sentiment.scorers import load_scorer
from tingfeng.model import Label, Verdict

NEG, NEU, POS = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


def said(negative: float, neutral: float, positive: float) -> Verdict:
    """A verdict of these probabilities, its label the likeliest."""
    chances = {NEG: negative, NEU: neutral, POS: positive}
    label = max(chances, key=lambda kind: chances[kind])
    return Verdict(polarity=positive - negative, label=label, negative=negative, neutral=neutral, positive=positive)


def chances(*rows: tuple[float, float, float]) -> figures.Floats:
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


@pytest.mark.parametrize(
    ("why", "truth", "verdicts", "want"),
    [
        ("sign of P(+) − P(−), whatever the label", [POS], [said(0.2, 0.5, 0.3)], 1.0),
        ("neutral texts are left out", [NEG, NEU, POS], [said(0.6, 0.3, 0.1)] * 3, 0.5),
        ("no leaning is no answer", [NEG, POS], [said(0.0, 1.0, 0.0)] * 2, 0.0),
        ("nothing to answer", [NEU], [said(0.1, 0.8, 0.1)], None),
        ("no texts", [], [], None),
    ],
)
def test_two_class(why: str, truth: list[Label], verdicts: list[Verdict], want: float | None) -> None:
    assert figures.two_class(truth, verdicts) == want, why


def test_classes_by_hand() -> None:
    """Truth − − − 0 0 +, said − − 0 0 + +: worked on paper."""
    table = figures.confusion([NEG, NEG, NEG, NEU, NEU, POS], [NEG, NEG, NEU, NEU, POS, POS])
    assert table.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    negative, neutral, positive = figures.class_figures(table)
    assert (negative.texts, negative.precision, negative.recall) == (3, 1.0, pytest.approx(2 / 3))
    assert negative.f1 == pytest.approx(0.8)  # 2·1·⅔ / (1 + ⅔)
    assert (neutral.precision, neutral.recall, neutral.f1) == (0.5, 0.5, 0.5)
    assert (positive.precision, positive.recall, positive.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert negative.said == (2, 1, 0)
    macro = figures.macro_f1([NEG, NEG, NEG, NEU, NEU, POS], [NEG, NEG, NEU, NEU, POS, POS])
    assert macro == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)


def test_a_class_that_was_never_said_has_no_precision() -> None:
    [only] = figures.class_figures(figures.confusion([NEG, NEG], [POS, NEU]))
    assert (only.precision, only.recall, only.f1, only.said) == (0.0, 0.0, 0.0, (0, 1, 1))


def test_a_corpus_without_neutral_asks_for_the_side_leant_to() -> None:
    verdicts = [said(0.1, 0.6, 0.3), said(0.3, 0.4, 0.3)]
    assert figures.answers([POS, NEG], verdicts) == [POS, NEU]
    assert figures.answers([POS, NEU], verdicts) == [NEU, NEU]


@pytest.mark.parametrize(
    ("why", "truth", "rows", "want"),
    [
        ("sure and right", [NEG, POS], [(1, 0, 0), (0, 0, 1)], 0.0),
        ("sure and wrong", [NEG, POS], [(0, 0, 1), (1, 0, 0)], 1.0),
        ("0.8 said, 1 of 2 right: one bin", [NEG, NEG], [(0.8, 0, 0.2), (0.2, 0, 0.8)], 0.3),
        # 0.9 is right (bin 14), 0.6 is wrong (bin 9): ½·|1 − 0.9| + ½·|0 − 0.6|
        ("two bins", [NEG, NEG], [(0.9, 0, 0.1), (0.4, 0, 0.6)], 0.35),
        # Over − and + alone: 0.4/0.5 = 0.8, right: |1 − 0.8|
        ("without neutral texts: relative", [NEG], [(0.4, 0.5, 0.1)], 0.2),
        ("with them: as it is, wrong at 0.5", [NEG, NEU], [(0.4, 0.5, 0.1), (0.4, 0.5, 0.1)], 0.0),
        ("knows nothing: a half, the first counts", [NEG, POS], [(0, 1, 0), (0, 1, 0)], 0.0),
        ("no texts", [], [], None),
    ],
)
def test_calibration_error(
    why: str, truth: list[Label], rows: list[tuple[float, float, float]], want: float | None
) -> None:
    found = figures.calibration_error(truth, chances(*rows))
    assert found == (None if want is None else pytest.approx(want)), why


@pytest.mark.parametrize("k", range(8, 16))  # of two classes the likelier has at least a half
def test_a_bin_holds_its_upper_bound(k: int) -> None:
    """k/15 and a little less share a bin, where a hit and a miss are weighed against each other."""
    top, below = k / 15, k / 15 - 0.001
    found = figures.calibration_error([NEG, POS], chances((top, 0, 1 - top), (below, 0, 1 - below)))
    assert found == pytest.approx(abs(1 - (top + below)) / 2)


@pytest.mark.parametrize(
    ("why", "truth", "rows", "want"),
    [
        ("best", [NEG, POS], [(1, 0, 0), (0, 0, 1)], 0.0),
        ("worst", [NEG], [(0, 0, 1)], 2.0),
        ("three classes: 0.25 + 0.09 + 0.04", [NEG, NEU], [(0.5, 0.3, 0.2), (0, 1, 0)], 0.19),
        ("two classes: 0.4/0.5 = 0.8, twice 0.2²", [NEG], [(0.4, 0.5, 0.1)], 0.08),
        ("knows nothing: twice a quarter", [POS], [(0, 1, 0)], 0.5),
        ("no texts", [], [], None),
    ],
)
def test_brier(why: str, truth: list[Label], rows: list[tuple[float, float, float]], want: float | None) -> None:
    found = figures.brier(truth, chances(*rows))
    assert found == (None if want is None else pytest.approx(want)), why


VERDICTS = st.tuples(*[st.floats(0.001, 1)] * 3).map(lambda raw: said(*(x / sum(raw) for x in raw)))


@given(pairs=st.lists(st.tuples(st.sampled_from(list(Label)), VERDICTS), min_size=1, max_size=40))
def test_figures_stay_in_their_range(pairs: list[tuple[Label, Verdict]]) -> None:
    truth, verdicts = [label for label, _ in pairs], [verdict for _, verdict in pairs]
    found = quality("x", truth, verdicts)
    assert found.calibration_error is not None and 0 <= found.calibration_error <= 1
    assert found.brier is not None and 0 <= found.brier <= 2
    assert found.two_class is None or 0 <= found.two_class <= 1
    assert sum(c.texts for c in found.classes) == len(truth) == sum(sum(c.said) for c in found.classes)
    assert quality("x", truth[::-1], verdicts[::-1]).brier == pytest.approx(found.brier)


def test_figures_of_one_class_by_another_way() -> None:
    """ECE once more as its definition reads, without NumPy."""
    truth = [NEG, NEG, POS, POS, NEG, POS]
    verdicts = [said(p, 0, 1 - p) for p in (0.95, 0.7, 0.45, 0.2, 0.68, 0.55)]
    bins: dict[int, list[tuple[float, bool]]] = {}
    for label, v in zip(truth, verdicts, strict=True):
        sure = max(v.negative, v.positive)
        right = (NEG if v.negative >= v.positive else POS) is label
        bins.setdefault(math.ceil(sure * 15), []).append((sure, right))
    want = sum(abs(sum(r for _, r in b) - sum(s for s, _ in b)) for b in bins.values()) / len(truth)
    assert quality("x", truth, verdicts).calibration_error == pytest.approx(want)


def test_the_mean_counts_corpora_alike() -> None:
    big = quality("big", [NEG] * 9, [said(1, 0, 0)] * 9)
    small = quality("small", [NEG, NEU], [said(0, 0, 1), said(0, 1, 0)])
    both = mean([big, small])
    assert (both.texts, both.two_class) == (11, 0.5)
    assert both.macro_f1 == small.macro_f1, "only one of them has it"
    assert mean([]).two_class is None


def test_the_surest_mistakes_come_first(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n甲,1\n乙,-1\n丙,-1\n丁,1\n", encoding="utf-8")
    verdicts = [said(0.6, 0, 0.4), said(0.1, 0, 0.9), said(1, 0, 0), said(0.4, 0.6, 0)]
    judged = Judged("mine", read_corpus(path), verdicts, None)
    found = mistakes(judged, 10)
    assert [(m.text, m.said, m.confidence) for m in found] == [("丁", NEG, 1.0), ("乙", POS, 0.9), ("甲", NEG, 0.6)]
    assert found[0].at == "mine.csv:5"
    assert [m.text for m in mistakes(judged, 1)] == ["丁"]
    assert mistakes(judged, 0) == []


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    rows = ["客服太差，非常失望，再也不买,负面", "公司今天发布公告,中性", "很满意，做工精致，非常喜欢,正面"] * 4
    path.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in (r.rsplit(",", 1) for r in rows)))
    return path


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["sentiment", "evaluate", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_prints_figures_mean_and_classes(table: Path) -> None:
    figures_, classes = run(table, table).split("\n\n")
    head, *rows = figures_.splitlines()
    assert [name.split()[-1] for name in head.split("  ") if name] == [
        "corpus", "texts", "two-class", "macro-F1", "ECE", "Brier", "texts/s",
    ]  # fmt: skip
    assert [row.split()[0] for row in rows] == ["mine", "mine", "平均"]
    assert rows[0].split()[1:3] == ["12", "1.0000"]
    assert len(classes.splitlines()) == 7  # a head, three classes of each file


def test_the_command_speaks_json(table: Path) -> None:
    found = json.loads(run(table, "--json", "--limit", 6, "--errors", 2))
    [corpus] = found["corpora"]
    assert (corpus["corpus"], corpus["texts"], found["mean"]["texts"]) == ("mine", 6, 6)
    assert {c["label"] for c in corpus["classes"]} == {-1, 0, 1}
    assert 0 <= corpus["calibration_error"] <= 1
    assert len(found["mistakes"]) <= 2


def test_mistakes_cannot_act_in_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text('text,label\n"很满意\x1b[31m，非常\n喜欢\u202e",-1\n', encoding="utf-8")
    shown = run(path, "--errors", 3)
    assert "wrong.csv:2" in shown and "很满意" in shown
    assert not set(shown) & {"\x1b", "\u202e"}


@pytest.mark.parametrize(
    ("why", "arguments", "says"),
    [
        ("a bad label", ["bad.csv"], "bad.csv:2"),
        ("a mistyped scorer", ["good.csv", "--scorer", "bayse"], "did you mean 'bayes'"),
        ("no such file", ["none.csv"], "none.csv"),
    ],
)
def test_the_command_names_what_is_wrong(tmp_path: Path, why: str, arguments: list[str], says: str) -> None:
    (tmp_path / "bad.csv").write_text("text,label\n好,好\n", encoding="utf-8")
    (tmp_path / "good.csv").write_text("text,label\n好,1\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["sentiment", "evaluate", str(tmp_path / arguments[0]), *arguments[1:]])
    assert (done.exit_code, says in done.output) == (2, True), (why, done.output)


def test_the_default_scorer_is_measured_unless_another_is_named(table: Path) -> None:
    assert json.loads(run(table, "--json"))["scorer"]["name"] == load_scorer().name
