"""Normalisation of whole batches; the rules one by one are in test_words.py."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.text import BRAND, CHAIN, Normaliser, clean, shown

WILD = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("Traditional, and words of Taiwan", "這個軟體很爛", "这个软件很烂"),
        ("signs that are both stay", "著名的乾隆", "著名的乾隆"),
        ("runs are bounded", "好好好好好！！！！", "好好好！！！"),
        ("two different runs", "哈哈哈哈嘿嘿嘿嘿", "哈哈哈嘿嘿嘿"),
        ("blanks become one", "好 \t\n 的", "好 的"),
        ("skin tones and variation selectors", "👍🏻❤\ufe0f", "👍❤"),
        ("a repost chain is marked", "笑死//@小明：差评// @小红:同意", f"笑死{CHAIN}差评{CHAIN}同意"),
        ("a topic's shell", "{%#春天#%}来了", "#春天#来了"),
        ("an address behind another scheme stays", "a://b", "a://b"),
        ("two addresses in a row", "http://a.cn/x https://b.cn/y好", " 好"),
        ("NUL and surrogates", "差\x00\ud800评", "差\ufffd\ufffd评"),
        ("control characters", "差\x07评", "差 评"),
    ],
)
def test_rules(why: str, text: str, want: str) -> None:
    assert clean(text) == want, why


@given(st.lists(WILD, max_size=6))
def test_a_batch_is_its_texts_one_by_one(texts: list[str]) -> None:
    batch = Normaliser().batch(texts)
    assert len(batch) == len(texts)
    assert batch.texts() == [clean(text) for text in texts]


@given(WILD)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("a name is one neutral sign", "好丽友真难吃", f"{BRAND}真难吃"),
        ("the longest name wins", "好丽友派真好吃", f"{BRAND}真好吃"),
        ("whatever its case", "MAC很好", f"{BRAND}很好"),
        ("Latin names are whole words", "machine", "machine"),
        ("a Traditional text names it too", "好麗友真難吃", f"{BRAND}真难吃"),
        ("signs in a name are no pattern", "a+b好", f"{BRAND}好"),
    ],
)
def test_names_are_neutral(why: str, text: str, want: str) -> None:
    assert Normaliser(["好丽友", "好丽友派", "mac", "a+b", ""]).texts([text]) == [want], why


def test_for_human_eyes() -> None:
    assert shown(f"{BRAND}好{CHAIN}是的") == "〔品牌〕好//是的"


def test_the_cost_grows_with_the_length() -> None:
    def seconds(times: int) -> float:
        text = "客服//@小明:太差http://t.cn/a了" * times
        started = time.process_time()
        clean(text)
        return time.process_time() - started

    seconds(10)
    assert min(seconds(40_000) for _ in range(3)) < 40 * max(min(seconds(4_000) for _ in range(3)), 1e-3)
