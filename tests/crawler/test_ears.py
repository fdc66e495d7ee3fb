"""Whose a text may be: every brand it names, in one pass, and the one that was asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.ears import Ears
from tingfeng.model import Brand
from tingfeng.words import fold

BRANDS = (
    Brand(name="苹果", aliases=("Apple", "iPhone"), none=("水果",)),
    Brand(name="小米", must=("手机",)),
    Brand(name="小米粥铺", aliases=("小米",)),
)


def test_every_named_brand_in_the_order_of_the_configuration() -> None:
    ears = Ears(BRANDS)
    assert ears.brands_of("小米比ＡＰＰＬＥ便宜", asked=None) == ("苹果", "小米", "小米粥铺")
    assert ears.brands_of("今天天气好", asked=None) == ()
    assert ears.brands_of("今天天气好", asked="小米") == ("小米",)
    assert ears.brands_of("今天天气好", asked="不认识") == ()


def test_must_any_and_none_are_left_to_the_scoring_job() -> None:
    """What is thrown away here could never be looked at again."""
    assert Ears(BRANDS).brands_of("苹果是水果", asked=None) == ("苹果",)


@given(st.lists(st.text("ab苹果", min_size=1, max_size=3), min_size=1, max_size=6), st.text("abAB苹果 ", max_size=10))
def test_as_a_naive_search_would(words: list[str], text: str) -> None:
    brands = [Brand(name=f"品牌{i}", aliases=(word,)) for i, word in enumerate(words)]
    want = tuple(b.name for b in brands if any(fold(w) in fold(text) for w in b.words))
    assert Ears(brands).brands_of(text, asked=None) == want
