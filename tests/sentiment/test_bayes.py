"""Our Bayes against SnowNLP's own, and what was put on top of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import weights
from sentiment.scorers.bayes import BayesScorer
from sentiment.tokenizer import JiebaTokenizer, default_tokenizer, words_of
from tests.sentiment.conftest import need_snownlp, sample
from tingfeng.errors import ScoringError
from tingfeng.model import Label

INVENTED = [
    "云雀的新车开了三天就漏油，客服还推来推去",
    "服务很好，下次还来",
    "今天公司发布了年度报告",
    "zxqv qqqq",
    "好好好好好",
    "",
]


@pytest.fixture(scope="module")
def theirs() -> Any:
    """SnowNLP's own classifier, holding the counts we ship."""
    need_snownlp()
    from snownlp.classification.bayes import Bayes
    from snownlp.utils.frequency import AddOneProb

    ours, bayes = weights.load(), Bayes()
    for kind, counts in (("neg", ours.negative), ("pos", ours.positive)):
        table = bayes.d[kind] = AddOneProb()
        for word, seen in counts.items():
            table.add(word, seen)
    bayes.total = sum(table.getsum() for table in bayes.d.values())
    return bayes


def their_chance(theirs: Any, words: list[str]) -> float:
    """As snownlp.sentiment.Sentiment.classify reads the answer."""
    kind, chance = theirs.classify(words)
    return float(chance) if kind == "pos" else 1 - float(chance)


@pytest.mark.parametrize("text", INVENTED)
def test_equals_snownlps_classifier(bayes: BayesScorer, theirs: Any, text: str) -> None:
    for words in (default_tokenizer().cut(text), list(words_of(text, default_tokenizer()))):
        assert bayes.chance(words) == pytest.approx(their_chance(theirs, words), abs=1e-9)


@given(picks=st.lists(st.integers(0, 10_000), max_size=80), strange=st.lists(st.text(max_size=3), max_size=10))
def test_equals_snownlps_classifier_on_any_words(
    bayes: BayesScorer, theirs: Any, picks: list[int], strange: list[str]
) -> None:
    vocabulary = list(theirs.d["neg"].d)
    words = [vocabulary[i % len(vocabulary)] for i in picks] + strange
    assert bayes.chance(words) == pytest.approx(their_chance(theirs, words), abs=1e-9)


@pytest.mark.parametrize("family", ["waimai", "htl", "shop", "weibo2018", "smp_usual", "smp_virus", "clue"])
def test_equals_snownlps_classifier_on_real_texts(bayes: BayesScorer, theirs: Any, shared: Path, family: str) -> None:
    for text in sample(shared, family, every=97):
        words = default_tokenizer().cut(text)
        assert bayes.chance(words) == pytest.approx(their_chance(theirs, words), abs=1e-9)


def test_ten_thousand_words_do_not_overflow(bayes: BayesScorer, theirs: Any) -> None:
    for word in ("差评", "好吃"):
        words = [word] * 10_000
        assert bayes.chance(words) == pytest.approx(their_chance(theirs, words), abs=1e-9)


def test_news_is_neutral(bayes: BayesScorer) -> None:
    [verdict] = bayes.score(["公司今日发布新款手机，售价3999元，将于下月15日上市"])
    assert verdict.label is Label.NEUTRAL


def test_repeating_oneself_proves_nothing(bayes: BayesScorer) -> None:
    once, often = bayes.score(["失望。", "失望。失望。失望。失望。"])
    assert once.polarity == often.polarity


def test_the_version_tells_weights_and_tokenizer_apart(bayes: BayesScorer, jieba: JiebaTokenizer) -> None:
    other = BayesScorer(tokenizer=jieba)
    assert other.version != bayes.version
    assert other.version.split(".")[:2] == bayes.version.split(".")[:2]


def test_cost_grows_linearly(bayes: BayesScorer) -> None:
    """Eight times the text may cost eight times the work and some noise, not sixty-four times."""
    text = "屏幕清晰，电池耐用，就是客服态度差，退货等了三天。"

    def seconds(times: int) -> float:
        runs = []
        for _ in range(5):
            started = time.process_time()
            bayes.score([text * times])
            runs.append(time.process_time() - started)
        return min(runs)

    assert seconds(4000) < 30 * seconds(500)


@pytest.mark.parametrize(
    ("why", "damage"),
    [
        ("not compressed", lambda data: b"{}"),
        ("cut off", lambda data: data[: len(data) // 2]),
        ("empty", lambda data: b""),
    ],
)
def test_damaged_weights_are_refused(tmp_path: Path, why: str, damage: Any) -> None:
    path = tmp_path / "weights.json.gz"
    path.write_bytes(damage(weights.shipped_path().read_bytes()))
    with pytest.raises(ScoringError, match="damaged"):
        weights.load(path)


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match="tingfeng sentiment train"):
        weights.load(tmp_path / "none.json.gz")


def test_weights_survive_a_round_trip(tmp_path: Path) -> None:
    ours = weights.load()
    ours.save(tmp_path / "again.json.gz")
    assert weights.load(tmp_path / "again.json.gz").digest == ours.digest


def test_shipped_weights_are_small() -> None:
    assert weights.shipped_path().stat().st_size <= 3_000_000
