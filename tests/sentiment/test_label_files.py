"""Files of labels: forgiving in form, strict in meaning, every mistake with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.label_files import Wanted, read_texts, read_wanted
from tingfeng.errors import ScoringError
from tingfeng.model import Label

NEG, NEU, POS = Label


def file(folder: Path, content: str | bytes, name: str = "x.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", '{"id": 3, "label": "negative", "brand": "云雀"}\n\n{"id": "4", "label": 1, "note": "反话"}\r\n'),
        ("x.csv", "id,label,brand,note\n3,负面,云雀,\n4,positive,,反话\n"),
        ("x.CSV", b"\xef\xbb\xbf" + "label,id,note,brand\r\nnegative,3,,云雀\r\n1,4,反话,\r\n".encode()),
    ],
)
def test_both_kinds_of_files(tmp_path: Path, name: str, content: str | bytes) -> None:
    first, second = read_wanted(file(tmp_path, content, name))
    assert (first.mention_id, first.label, first.brand, first.note) == (3, NEG, "云雀", "")
    assert (second.mention_id, second.label, second.brand, second.note) == (4, POS, None, "反话")
    assert [first.at, second.at] == ([f"{name}:1", f"{name}:3"] if name == "x.jsonl" else [f"{name}:2", f"{name}:3"])


@pytest.mark.parametrize(
    ("why", "content", "says"),
    [
        ("not JSON", "{", "x.jsonl:1: not JSON"),
        ("not an object", '["id"]', "x.jsonl:1: expected an object"),
        ("a text", '"id"', "x.jsonl:1"),
        ("no id", '{"label": 1}', 'x.jsonl:1: expected "id"'),
        ("an id that is none", '{"id": "7x", "label": 1}', "got '7x'"),
        ("an id no database takes", f'{{"id": {1 << 64}, "label": 1}}', "x.jsonl:1"),
        ("other digits", '{"id": "７", "label": 1}', "x.jsonl:1"),
        ("a label that is none", '{"id": 7, "label": "bad"}', "x.jsonl:1: label 'bad' is none"),
        ("nothing in it", "\n", "no rows"),
        ("deep", "[" * 99_999, "not JSON"),
        ("not UTF-8", b"\xff", "not UTF-8"),
    ],
)
def test_mistakes_have_a_line(tmp_path: Path, why: str, content: str | bytes, says: str) -> None:
    with pytest.raises(ScoringError, match=says):
        read_wanted(file(tmp_path, content))


def test_all_mistakes_are_told_at_once_up_to_a_point(tmp_path: Path) -> None:
    with pytest.raises(ScoringError) as caught:
        read_wanted(file(tmp_path, '{"id": 1, "label": 1}\n' + "?\n" * 25))
    lines = str(caught.value).splitlines()
    assert lines[0] == "x.jsonl:2: not JSON"
    assert len(lines) == 21
    assert "5 more" in lines[-1]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match="No such file"):
        read_wanted(tmp_path / "none.jsonl")


def test_texts_come_once_and_agree_with_themselves(tmp_path: Path) -> None:
    rows = '{"text": "稳", "label": "positive"}\n{"text": "飘", "polarity": -1}\n{"text": "稳", "polarity": 1}\n'
    assert read_texts(file(tmp_path, rows)) == [("稳", POS), ("飘", NEG)]
    with pytest.raises(ScoringError, match=r"x\.jsonl:4: the same text is positive at x\.jsonl:1"):
        read_texts(file(tmp_path, rows + '{"text": "稳", "polarity": -1}\n'))
    with pytest.raises(ScoringError, match=r'x\.jsonl:1: expected "text"'):
        read_texts(file(tmp_path, '{"text": " ", "label": 1}'))


@given(data=st.binary(max_size=80), csv=st.booleans())
def test_no_file_raises_anything_but_ours(tmp_path_factory: pytest.TempPathFactory, data: bytes, csv: bool) -> None:
    path = file(tmp_path_factory.mktemp("wild"), data, "x.csv" if csv else "x.jsonl")
    for read in (read_wanted, read_texts):
        try:
            assert read(path)
        except ScoringError as e:
            assert "x." in str(e)


@given(
    rows=st.lists(st.builds(Wanted, mention_id=st.integers(0, 1 << 62), label=st.sampled_from(list(Label))), min_size=1)
)
def test_whatever_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[Wanted]) -> None:
    lines = "\n".join(json.dumps({"id": w.mention_id, "label": w.label.name}) for w in rows)
    found = read_wanted(file(tmp_path_factory.mktemp("round"), lines))
    assert [(w.mention_id, w.label) for w in found] == [(w.mention_id, w.label) for w in rows]
