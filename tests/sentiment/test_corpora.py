"""Labelled files as people write them, and what is said of those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.corpora import label_of, read_corpus, spread
from tingfeng.errors import ScoringError
from tingfeng.model import Label

NEG, NEU, POS = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


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
