from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sentiment.scorers import load_scorer
from sentiment.scorers.snownlp import LONGEST, SnowNlpScorer
from tests.sentiment.conftest import sample
from tingfeng.errors import ScoringError
from tingfeng.model import Label


def test_says_what_snownlp_says(snownlp: SnowNlpScorer, shared: Path) -> None:
    from snownlp import SnowNLP

    texts = ["不是很满意", "这款手机真不错", "一般吧", *sample(shared, "waimai", every=400)]
    for text, verdict in zip(texts, snownlp.score(texts), strict=True):
        stock = SnowNLP(text).sentiments
        if verdict.label:  # else it had no evidence
            assert verdict.positive == stock
        else:
            assert 0.4 < stock < 0.6


def test_reads_the_beginning_of_very_long_texts(snownlp: SnowNlpScorer) -> None:
    text = "物流很快。" * 400
    first, longer = snownlp.score([text, text + "失望。" * 400])
    assert (len(text), longer.polarity) == (LONGEST, first.polarity)


def test_its_prior_is_no_opinion(snownlp: SnowNlpScorer) -> None:
    """SnowNLP alone says 0.526 of a full stop, as it does of nothing at all: that is its share of positive words."""
    assert [v.label for v in snownlp.score(["。", "asdf qwer", "\U0001f9ff"])] == [Label.NEUTRAL] * 3


def test_names_the_extra_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snownlp", None)
    with pytest.raises(ScoringError, match=r"tingfeng\[train\]"):
        load_scorer("snownlp")
