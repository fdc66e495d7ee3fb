"""Names count where they stand as words, and must, any and none likewise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.naming import MOST, Naming
from sentiment.tokenizer import default_tokenizer, tokenizer_for
from tingfeng.model import Brand

WORDS = ("苹果", "小米", "大众", "理想", "Mac", "iPhone", "SU7", "奥迪A6", "小鹏")
# As in a real configuration: names are whole words of the tokenizer, which must not make them words everywhere.
BOUND = Naming([Brand(name=word) for word in WORDS], tokenizer_for(WORDS))
PLAIN = Naming([Brand(name=word) for word in WORDS], default_tokenizer())


@pytest.mark.parametrize("naming", [BOUND, PLAIN], ids=["names kept whole", "plain dictionary"])
@pytest.mark.parametrize(
    ("brand", "text", "stands"),
    [
        ("小米", "刚买了小米手机", True),
        ("小米", "早上熬了小米粥", False),
        ("小米", "小米粥配小米手机", True),
        ("苹果", "一杯苹果汁", False),
        ("苹果", "苹果醋能减肥吗", False),
        ("苹果", "苹果公司发布新品", True),
        ("苹果", "苹果", True),
        ("大众", "大众化的口味", False),
        ("大众", "广大众多网友", False),
        ("大众", "大众汽车降价", True),
        ("理想", "合理想象一下", False),
        ("理想", "他是个理想主义者", False),
        ("理想", "提了理想L9", True),
        ("小鹏", "小鹏P7续航缩水", True),
        ("Mac", "machine learning", False),
        ("Mac", "iMac和Mac", True),
        ("Mac", "买MAC了", True),
        ("Mac", "macOS更新", True),  # a capital begins a word
        ("Mac", "新MacBook和iMac", True),
        ("Mac", "macos更新", False),
        ("Mac", "MACHINE", False),
        ("Mac", "big_mac", True),
        ("Mac", "émac", False),
        ("iPhone", "ｉＰｈｏｎｅ１５真贵", True),
        ("iPhone", "iphone15pro", True),
        ("iPhone", "iphones", False),
        ("SU7", "小米su7提车", True),
        ("SU7", "su75", False),
        ("奥迪A6", "新奥迪A6降价", True),
        ("奥迪A6", "奥迪A65", False),
    ],
)
def test_a_name_as_a_word(naming: Naming, brand: str, text: str, stands: bool) -> None:
    ruling = naming.rule(naming.look(text), brand)
    assert ruling.names
    assert (ruling.relevant, ruling.why) == ((True, "") if stands else (False, "inside"))


def test_a_text_without_the_name_passes() -> None:
    """A search found it: the name stood in what was reposted, or the platform knows better."""
    assert BOUND.rule(BOUND.look("今天提车了"), "小米").relevant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("苹果手机和电脑都降价", ""),
        ("苹果手机降价", "any"),
        ("苹果电脑降价", "must"),
        ("苹果手机、电脑和水果都降价", "none"),
        ("苹果手机、电脑和水果刀都降价", ""),  # 水果刀 is another word than 水果
    ],
)
def test_must_any_and_none_have_the_same_bounds(text: str, why: str) -> None:
    naming = Naming([Brand(name="苹果", must=("手机",), any=("电脑", "平板"), none=("水果",))], default_tokenizer())
    assert naming.rule(naming.look(text), "苹果").why == why


def test_an_alias_makes_a_longer_word_ours() -> None:
    text = "一汽大众降价"
    for aliases, relevant in (((), False), (("一汽大众",), True)):
        naming = Naming([Brand(name="大众", aliases=aliases)], default_tokenizer())
        assert naming.rule(naming.look(text), "大众").relevant is relevant


def test_the_version_says_which_words_judged() -> None:
    versions = {
        Naming([brand], default_tokenizer()).version("苹果")
        for brand in (Brand(name="苹果"), Brand(name="苹果", none=("水果",)), Brand(name="苹果", must=("水果",)))
    }
    assert len(versions) == 3 and all(v.startswith("words/") and len(v) < 60 for v in versions)


def test_a_flood_of_names_is_looked_at_in_part() -> None:
    look = BOUND.look("小米粥" * 20_000)
    assert len(BOUND.rule(look, "小米").names) == MOST


@settings(deadline=None)
@given(st.text("苹果汁小米粥mac iPhone15大众化广\ud800\x00İ😀", max_size=40))
def test_every_text_is_ruled(text: str) -> None:
    look = BOUND.look(text)
    for brand in WORDS:
        for found in BOUND.rule(look, brand).names:
            assert look.folded[found.start : found.end] == found.word
            assert not found.inside or found.inside in look.folded
