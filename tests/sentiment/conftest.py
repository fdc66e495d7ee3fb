"""The scorers, loaded once per process: SnowNLP takes three seconds and 420 MB."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

import pytest

from sentiment.scorer import Scorer
from sentiment.scorers import SCORERS, load_scorer
from sentiment.scorers.bayes import BayesScorer
from sentiment.scorers.snownlp import SnowNlpScorer
from sentiment.scorers.tingfeng import TingfengScorer
from sentiment.tokenizer import JiebaTokenizer


def need_snownlp() -> None:
    if importlib.util.find_spec("snownlp") is None:
        pytest.skip("needs SnowNLP: pip install 'tingfeng[train]'")


@pytest.fixture(scope="session")
def tingfeng() -> TingfengScorer:
    return TingfengScorer()


@pytest.fixture(scope="session")
def bayes() -> BayesScorer:
    return BayesScorer()


@pytest.fixture(scope="session")
def snownlp() -> SnowNlpScorer:
    need_snownlp()
    return SnowNlpScorer()


@pytest.fixture(scope="session", params=list(SCORERS))
def scorer(request: pytest.FixtureRequest) -> Scorer:
    """Every registered scorer in turn."""
    if request.param == "snownlp":
        need_snownlp()
    return load_scorer(request.param)


@pytest.fixture(scope="session")
def jieba() -> JiebaTokenizer:
    return JiebaTokenizer()


def sample(folder: Path, family: str, every: int) -> list[str]:
    """Every so-many-th text of a corpus."""
    with gzip.open(folder / "corpora" / f"{family}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for i, line in enumerate(lines) if i % every == 0]
