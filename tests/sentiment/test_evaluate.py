"""The figures against values worked by hand, labelled files as people write them, and the command that shows both."""

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
from sentiment.corpora import label_of, read_corpus, spread
from sentiment.evaluate import Judged, mean, mistakes, quality
from sentiment.scorers import load_scorer
from tingfeng.errors import ScoringError
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


def test_a_sample_is_spread_evenly() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread(range(2), 3) == [0, 1]


@pytest.mark.parametrize(
    ("why", "value", "want"),
    [
        *[("numbers", n, Label(n)) for n in (-1, 0, 1)],
        ("numbers as text", " -1 ", NEG),
        ("a typographic minus", "−1", NEG),
        ("full width", "＋１", POS),
        ("a spreadsheet's whole number", "1.0", POS),
        ("English, any case", "Negative", NEG),
        ("short", "pos", POS),
        ("Chinese", "负面", NEG),
        ("Chinese", "中性", NEU),
        ("Chinese", "正面", POS),
    ],
)
def test_labels_people_write(why: str, value: object, want: Label) -> None:
    assert label_of(value) is want, why


@pytest.mark.parametrize(
    ("why", "data", "want"),
    [
        ("plain", "text,label\n好,1\n".encode(), [("好", POS, "f.csv:2")]),
        ("with a mark, as spreadsheets save", "\ufefftext,label\n好,1\n".encode(), [("好", POS, "f.csv:2")]),
        ("GB18030, as older ones do", "文本,标签\n好,正面\n".encode("gb18030"), [("好", POS, "f.csv:2")]),
        ("other columns, other order", "id,label,text\n7,负面,差\n".encode(), [("差", NEG, "f.csv:2")]),
        ("quotes, commas, breaks", 'text,label\n"差,\n""真""差",-1\n好,1\n'.encode(),
         [('差,\n"真"差', NEG, "f.csv:2"), ("好", POS, "f.csv:4")]),
        ("empty lines", "\ntext,label\r\n\r\n好,1\r\n".encode(), [("好", POS, "f.csv:4")]),
        ("semicolons, as in some countries", "text;label\n好,很好;1\n".encode(), [("好,很好", POS, "f.csv:2")]),
        ("an empty text is a text", b'text,label\n"",0\n', [("", NEU, "f.csv:2")]),
    ],
)  # fmt: skip
def test_tables_people_have(tmp_path: Path, why: str, data: bytes, want: list[tuple[str, Label, str]]) -> None:
    (tmp_path / "f.csv").write_bytes(data)
    assert [(row.text, row.label, row.at) for row in read_corpus(tmp_path / "f.csv")] == want, why


def test_json_lines_may_say_label(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"text": "好", "label": "正面"}\n', encoding="utf-8")
    assert [row.label for row in read_corpus(tmp_path / "f.jsonl")] == [POS]


def test_tabs_separate_a_tsv(tmp_path: Path) -> None:
    (tmp_path / "f.tsv").write_text("text\tlabel\n好，真好\t1\n", encoding="utf-8")
    assert [row.text for row in read_corpus(tmp_path / "f.tsv")] == ["好，真好"]


@pytest.mark.parametrize(
    ("why", "name", "data", "says"),
    [
        ("a mistyped label", "f.csv", "text,label\n好,postive\n", r"f\.csv:2: label 'postive'.* mean 'positive'"),
        ("a wrong number", "f.csv", "text,label\n好,1\n差,2\n", r"f\.csv:3: label '2'.*known: -1, negative"),
        ("no label", "f.csv", "text,label\n好,\n", r"f\.csv:2: label ''"),
        ("a short row", "f.csv", "text,label\n好\n", r"f\.csv:2: has 1 of the 2"),
        ("a column is missing", "f.csv", "text,lable\n好,1\n", r"f\.csv:1: no column 'label' .*is it 'lable'"),
        ("no head line", "f.csv", "好,1\n差,-1\n", r"f\.csv:1: no column 'text'"),
        ("nothing at all", "f.csv", "", r"f\.csv:1: expected a head line"),
        ("an open quotation mark", "f.csv", 'text,label\n"好,1\n', r"f\.csv:2: cannot be read as CSV"),
        ("JSON lines, mistyped", "f.jsonl", '{"text": "好", "polarity": "postive"}\n', r"f\.jsonl:1: .*'positive'"),
        ("a workbook", "f.xlsx", "PK", r"f\.xlsx is a workbook: save the sheet as CSV"),
        ("JSON lines, true is no number", "f.jsonl", '{"text": "好", "polarity": true}\n', r"f\.jsonl:1: label"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, why: str, name: str, data: str, says: str) -> None:
    (tmp_path / name).write_text(data, encoding="utf-8")
    with pytest.raises(ScoringError, match=says):
        read_corpus(tmp_path / name)


@pytest.mark.parametrize(("why", "data"), [("binary", b"\xff\xff\xff"), ("not there", None)])
def test_an_unreadable_table_is_named(tmp_path: Path, why: str, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "f.csv").write_bytes(data)
    with pytest.raises(ScoringError, match=r"cannot read .*f\.csv"):
        read_corpus(tmp_path / "f.csv")


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
