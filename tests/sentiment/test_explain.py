"""An explanation adds up: words, base and what was learnt are the verdict, to the last digit."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from commands import app
from sentiment.explain import Explanation, explain
from sentiment.scorers.bayes import BayesScorer
from sentiment.scorers.layered import LayeredScorer
from sentiment.scorers.tingfeng import TingfengScorer
from sentiment.text import clean, shown
from tests.sentiment.test_scorers import WILD
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict

PLAIN = ["虽然包装简陋，但是味道真的不错", "客服一直不回复，太失望了[怒]", "笑死//@小明:差评", "公司今天发布公告"]


def assert_adds_up(one: Explanation, text: str) -> None:
    assert "".join(one.words) == shown(clean(text))
    assert len(one.words) == len(one.leans) == len(one.opinions)
    v = one.verdict
    against, pro = (math.exp(min(one.opinion + sign * one.lean / 2, 300)) for sign in (-1, 1))
    total = against + 1 + pro
    got = (v.negative, v.neutral, v.positive)
    assert got == pytest.approx((against / total, 1 / total, pro / total), abs=3e-6)


@pytest.mark.parametrize("text", PLAIN)
def test_parts_are_the_verdict(tingfeng: TingfengScorer, text: str) -> None:
    [one] = explain(tingfeng, [text])
    assert one.verdict == tingfeng.score([text])[0]
    assert_adds_up(one, text)
    assert one.lean == pytest.approx(one.base.lean + sum(p.lean for p in one.parts), abs=1e-9)
    assert one.opinion == pytest.approx(one.base.opinion + sum(p.opinion for p in one.parts), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(PLAIN), max_size=4))
def test_any_batch_adds_up_and_keeps_its_order(tingfeng: TingfengScorer, texts: list[str]) -> None:
    found = explain(tingfeng, texts)
    assert [one.verdict for one in found] == tingfeng.score(texts)
    for text, one in zip(texts, found, strict=True):
        assert_adds_up(one, text)


def test_wild_texts_are_explained(tingfeng: TingfengScorer) -> None:
    for (_, text), one in zip(WILD, explain(tingfeng, [text for _, text in WILD]), strict=True):
        assert_adds_up(one, text)


def test_words_are_the_segmenters_and_an_emoticon_is_one_sign(tingfeng: TingfengScorer) -> None:
    [one] = explain(tingfeng, ["客服太差[怒]，[ 不好"])
    assert list(one.words) == ["客服", "太", "差", "[怒]", "，", "[", " ", "不好"]
    assert one.telling(2)[0].lean < 0


def test_a_name_is_told_apart(tingfeng: TingfengScorer) -> None:
    scorer = TingfengScorer(tingfeng.judge.heads, names=["好丽友"])
    [one] = explain(scorer, ["好丽友太难吃"])
    assert one.words[0] == "〔品牌〕"
    assert scorer.score(["好丽友太难吃"]) == scorer.score(["\ue000太难吃"])
    assert scorer.version != tingfeng.version


class Doubting:
    """A layer that makes everything neutral."""

    base_name, digest = "tingfeng", "0"

    def __init__(self, version: str) -> None:
        self.base_version = version

    def judge(self, texts: list[str], verdicts: list[Verdict]) -> list[Verdict]:
        from tests.support.factories import make_verdict
        from tingfeng.model import Label

        return [make_verdict(Label.NEUTRAL) for _ in texts]


def test_what_was_learnt_is_one_sum(tingfeng: TingfengScorer) -> None:
    scorer = LayeredScorer(tingfeng, Doubting(tingfeng.version))  # type: ignore[arg-type]
    [plain], [one] = explain(tingfeng, ["太差了"]), explain(scorer, ["太差了"])
    assert (one.words, one.leans, one.base) == (plain.words, plain.leans, plain.base)
    assert one.verdict == scorer.score(["太差了"])[0]
    assert one.lean == pytest.approx(math.log(one.verdict.positive / one.verdict.negative), abs=0.1)


def test_who_cannot_explain_says_so(bayes: BayesScorer) -> None:
    with pytest.raises(ScoringError, match="cannot explain"):
        explain(bayes, ["好"])


def test_the_command() -> None:
    done = CliRunner().invoke(app, ["sentiment", "explain", "太失望了\x1b[31m", "不错"])
    assert done.exit_code == 0, done.output
    assert "负面 negative" in done.output and "正面 positive" in done.output
    assert "\x1b" not in done.output
    head = next(line for line in done.output.splitlines() if "word" in line)
    assert "lean" in head and "opinion" in head


def test_the_command_for_machines() -> None:
    done = CliRunner().invoke(app, ["sentiment", "explain", "--json", "太失望了"])
    [row] = json.loads(done.output)
    assert row["lean"] == pytest.approx(row["base"]["lean"] + sum(part["lean"] for part in row["parts"]), abs=1e-9)
    assert row["label"] == -1
