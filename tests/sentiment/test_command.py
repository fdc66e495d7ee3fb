"""`tingfeng sentiment train`, and what loading costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands import app
from sentiment import heads, weights
from tests.sentiment.test_train import need_training, write


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    write(path, [("客服太差，失望", -1), ("公司发布公告", 0), ("很满意，喜欢", 1)] * 10)
    return path


def test_train_writes_weights_and_reports(corpus: Path, tmp_path: Path) -> None:
    need_training()
    out = tmp_path / "weights"
    done = CliRunner().invoke(app, ["sentiment", "train", "--corpora", str(tmp_path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "fold 5 of 5" in done.output
    assert "± mine 0.0000" in done.output
    assert weights.load(out / "bayes.json.gz").trained_on == {"mine": 30}
    assert heads.load(out / "tingfeng.npz").meta["trained_on"]["mine"] == 30


def test_scoring_imports_neither_snownlp_nor_jieba_and_stays_small() -> None:
    """SnowNLP costs 420 MB and 3 s, jieba 40 MB more than rjieba."""
    code = """
import psutil, sys
import commands.sentiment, sentiment.jobs, sentiment.scorers, sentiment.evaluate
assert not {"snownlp", "jieba", "rjieba"} & set(sys.modules), "imported before it is needed"
from sentiment.scorers import load_scorer
load_scorer().score(["刹车失灵，要求召回"])
assert not {"snownlp", "jieba"} & set(sys.modules)
print(psutil.Process().memory_info().rss // 1_000_000)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 200  # MB
