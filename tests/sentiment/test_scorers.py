"""What every registered scorer must do: the conformance suite of the room."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.scorer import Scorer
from sentiment.scorers import SCORERS, load_scorer
from tingfeng.errors import ScoringError, UnknownName
from tingfeng.model import Label, Verdict

WILD = [
    ("empty", ""),
    ("blank", " \t\r\n\u3000"),
    ("one character", "好"),
    ("one sign", "！"),
    ("emoji only", "😡😡😡"),
    ("family emoji with joiners", "👨\u200d👩\u200d👧"),
    ("Latin only", "not a single Chinese word"),
    ("digits only", "2026 11 20"),
    ("code", "if (x > 0) { return foo['bar']; } // 退出"),
    ("Japanese", "とても美味しかったです。また来ます"),
    ("Arabic", "المنتج سيئ جدا"),
    ("broken surrogates", "差评\ud83d客服\udc00"),
    ("only a surrogate", "\ud800"),
    ("control characters", "质量\x00很\x07差\x1b[31m\x7f"),
    ("direction marks", "\u202e评差\u202c"),
    ("only an address and a name", "http://t.cn/A6abc @听风小助手"),
    ("ten thousand characters without a stop", "这个手机屏幕不错就是电池太差" * 715),
    ("ten thousand times one character", "哈" * 10_000),
    ("ten thousand signs", "！" * 10_000),
    ("ten thousand Latin letters and signs", "a-" * 5_000),
    ("beyond the basic plane", "𠮷野家的𠮷"),
]


# Pieces a scorer has an opinion of, in any order: characters drawn at random are mostly unknown to it.
_PIECES = [
    "质量",
    "很好",
    "太差",
    "不",
    "没有",
    "但是",
    "客服",
    "！",
    "，",
    "[微笑]",
    "😡",
    "#话题#",
    "//@甲:",
    " ",
    "\u200b",
]
CHINESE = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)


def assert_sound(verdict: Verdict) -> None:
    chances = (verdict.negative, verdict.neutral, verdict.positive)
    assert all(0 <= chance <= 1 for chance in chances)
    assert math.isclose(sum(chances), 1, abs_tol=1e-12)
    assert math.isclose(verdict.polarity, verdict.positive - verdict.negative, abs_tol=1e-12)
    assert isinstance(verdict.label, Label)


@pytest.mark.parametrize(("why", "text"), WILD, ids=[why for why, _ in WILD])
def test_no_text_raises(scorer: Scorer, why: str, text: str) -> None:
    [verdict] = scorer.score([text])
    assert_sound(verdict)


@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_gets_a_sound_verdict(scorer: Scorer, text: str) -> None:
    [verdict] = scorer.score([text])
    assert_sound(verdict)


def test_order_and_length_are_kept(scorer: Scorer) -> None:
    texts = [text for _, text in WILD if len(text) < 1000]
    assert scorer.score(texts) == [scorer.score([text])[0] for text in texts]


@settings(max_examples=40)
@given(texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=40) | CHINESE, max_size=8))
def test_whatever_the_batch_each_text_gets_the_verdict_it_gets_alone(scorer: Scorer, texts: list[str]) -> None:
    """No text raises, none is lost, none moves, none colours its neighbour."""
    together = scorer.score(texts)
    assert len(together) == len(texts)
    for text, verdict in zip(texts, together, strict=True):
        [alone] = scorer.score([text])
        assert_sound(verdict)
        assert verdict.polarity == pytest.approx(alone.polarity, abs=1e-9)
        assert verdict.neutral == pytest.approx(alone.neutral, abs=1e-9)


def test_nothing_in_nothing_out(scorer: Scorer) -> None:
    assert scorer.score([]) == []


def test_the_same_text_gets_the_same_verdict(scorer: Scorer) -> None:
    first, second = scorer.score(["屏幕很好，电池太差"] * 2)
    assert first == second


@pytest.mark.parametrize("text", ["", " ", "\U0001f9ff", "zxqv"])
def test_no_evidence_is_neutral(scorer: Scorer, text: str) -> None:
    [verdict] = scorer.score([text])
    assert (verdict.label, verdict.polarity, verdict.neutral) == (Label.NEUTRAL, 0, 1)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("太失望了，质量很差，客服态度恶劣，再也不买了", Label.NEGATIVE),
        ("非常满意，做工精致，物流也快，推荐大家购买", Label.POSITIVE),
    ],
)
def test_plain_cases_are_right(scorer: Scorer, text: str, want: Label) -> None:
    [verdict] = scorer.score([text])
    assert verdict.label is want
    assert verdict.polarity * want > 0.5


def test_it_can_be_a_key_of_scores(scorer: Scorer) -> None:
    assert scorer.name in SCORERS
    assert 0 < len(scorer.version) <= 60


class Shouting:
    """A third party's scorer."""

    name = "shouting"
    version = "1"

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return [Verdict(polarity=-1, label=Label.NEGATIVE, negative=1, neutral=0, positive=0) for _ in texts]


class Nameless:
    version = "1"

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return Shouting().score(texts)


class Mute:
    name, version, score = "mute", "1", 3


class Demanding(Shouting):
    def __init__(self, model: str) -> None:
        self.model = model


def test_a_dotted_path_loads_a_third_partys_scorer() -> None:
    scorer = load_scorer("tests.sentiment.test_scorers:Shouting")
    assert [v.label for v in scorer.score(["小声"])] == [Label.NEGATIVE]


@pytest.mark.parametrize(
    ("name", "says"), [("Nameless", "no usable name"), ("Mute", "no usable score"), ("Demanding", "without arguments")]
)
def test_what_is_no_scorer_is_refused(name: str, says: str) -> None:
    with pytest.raises(ScoringError, match=says):
        load_scorer(f"tests.sentiment.test_scorers:{name}")


def test_a_mistyped_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'bayes'"):
        load_scorer("bayse")
