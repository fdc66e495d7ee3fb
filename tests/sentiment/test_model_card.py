"""docs/sentiment.md: what it tells people to write and to run works as it stands there."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from commands import app
from sentiment.scorer import Scorer
from sentiment.scorers import load_scorer
from tests.sentiment.test_scorers import WILD, assert_sound
from tingfeng.model import Label

CARD = Path(__file__).resolve().parents[2] / "docs" / "sentiment.md"


def blocks(language: str) -> list[str]:
    """The code blocks of one language, without the indentation a list gives them."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", CARD.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


class Pipeline:
    """Answers as transformers' text-classification pipeline with top_k=None: a list of classes for each text."""

    def __init__(self, task: str, *, model: str, tokenizer: str, top_k: int | None) -> None:
        assert (task, top_k) == ("text-classification", None), "else it gives one class a text"
        assert model == tokenizer

    def __call__(
        self, texts: list[str], *, batch_size: int, truncation: bool, max_length: int
    ) -> list[list[dict[str, Any]]]:
        assert truncation and max_length <= 512, "BERT reads 512 tokens; a longer text would raise"
        assert isinstance(texts, list) and batch_size > 0
        return [self._classes(text) for text in texts]

    def _classes(self, text: str) -> list[dict[str, Any]]:
        text.encode()  # its tokenizers are Rust: a lone surrogate is a UnicodeEncodeError
        raw = {"positive": 1 + 9 * ("满意" in text), "negative": 1 + 9 * ("失望" in text), "neutral": 1.3}
        total = sum(raw.values()) * 1.0000001  # float32: classes do not quite add up to one
        classes = [{"label": name, "score": score / total} for name, score in raw.items()]
        return sorted(classes, key=lambda row: -float(row["score"]))


@pytest.fixture
def bert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """The scorer of the card, saved where the card says, over a stand-in for the third party's module."""
    [code] = blocks("python")
    (tmp_path / "mypkg").mkdir()
    (tmp_path / "mypkg" / "bert.py").write_text(code, encoding="utf-8")
    stand_in = ModuleType("transformers")
    stand_in.pipeline = Pipeline  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", stand_in)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("mypkg", "mypkg.bert"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    return load_scorer("mypkg.bert:BertScorer")


def test_the_heavier_scorer_is_a_scorer(bert: Scorer) -> None:
    texts: Sequence[str] = [text for _, text in WILD]
    verdicts = bert.score(texts)
    assert len(verdicts) == len(texts)
    for verdict in verdicts:
        assert_sound(verdict)
    assert bert.score([]) == []
    assert 0 < len(bert.version) <= 60
    assert [v.label for v in bert.score(["很失望", "公告", "很满意"])] == list(Label)


def test_the_heavier_scorer_is_measured_as_the_card_says(bert: Scorer, tmp_path: Path) -> None:
    """Every `evaluate` line of the card, on the table of the card."""
    [table] = blocks("csv")
    for name in ("my.csv", "other.csv"):
        (tmp_path / name).write_text(table, encoding="utf-8")
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert any("mypkg.bert:BertScorer" in line for line in lines)
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "tingfeng"
        arguments = [str(tmp_path / a) if a.endswith(".csv") else a for a in arguments if a != "--json"]
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == 0 or "tingfeng[train]" in done.output, (line, done.output)


def test_the_table_of_the_card_has_every_way_of_writing_a_label(tmp_path: Path) -> None:
    [table] = blocks("csv")
    (tmp_path / "my.csv").write_text(table, encoding="utf-8")
    done = CliRunner().invoke(app, ["sentiment", "evaluate", str(tmp_path / "my.csv"), "--json"])
    [corpus] = json.loads(done.output)["corpora"]
    assert {c["label"] for c in corpus["classes"]} == {-1, 0, 1}


def test_the_card_counts_the_slice_rightly() -> None:
    slice_ = CARD.parents[1] / "sentiment" / "data" / "slice.jsonl"
    [said] = re.findall(r"slice\.jsonl`：(\d+) 条", CARD.read_text(encoding="utf-8"))
    assert int(said) == len(slice_.read_text(encoding="utf-8").splitlines())


def test_every_file_it_names_is_there() -> None:
    named = re.findall(r"`((?:sentiment|tests|bench)/[\w/.]+)`", CARD.read_text(encoding="utf-8"))
    assert len(named) >= 3
    assert [name for name in named if not (CARD.parents[1] / name).exists()] == []
