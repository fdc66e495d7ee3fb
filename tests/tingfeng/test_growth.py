"""Phrases rather than fragments: what a mail says grew."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tingfeng.growth import GrownTerm, grown

USUAL = {"咖啡": 400, "好喝": 300, "排队": 120, "客服": 60, "刹车": 2, "质量": 50, "态度": 30}


def names(now: Mapping[str, int], before: Mapping[str, int] = USUAL, limit: int = 8, ignore: tuple[str, ...] = ()):
    found = grown(now, before, posts_now=100, posts_before=1000, least=2, least_z=1.96, limit=limit, ignore=ignore)
    return {one.term for one in found}


CALM = {"咖啡": 40, "好喝": 30, "排队": 12}


@pytest.mark.parametrize(
    ("why", "now", "want"),
    [
        ("the phrase, not its fragments", {"刹车": 30, "失灵": 28, "刹车失灵": 27}, {"刹车失灵"}),
        (
            "a fragment people say otherwise too stays beside it",
            {"刹车": 60, "失灵": 22, "刹车失灵": 20},
            {"刹车失灵", "刹车"},
        ),
        ("a phrase by accident of wording", {"召回": 40, "车主": 30, "车主召回": 6}, {"召回", "车主"}),
        ("a phrase whose words did not grow", {"客服": 6, "不回复": 9, "客服不回复": 3}, {"不回复"}),
        ("the longest of nested phrases", {"态度差": 20, "客服态度差": 18, "客服": 20}, {"客服态度差"}),
        (
            "two cuts of one sentence: the stronger, and what is left of the other",
            {"刹车": 30, "失灵": 30, "召回": 28, "刹车失灵": 30, "失灵召回": 28},
            {"刹车失灵", "召回"},
        ),
        (
            "phrases that share a word but no posts",
            {"退款": 40, "不退款": 22, "退款难": 18},
            {"不退款", "退款难"},
        ),
        ("too few posts", {"刹车": 1, "失灵": 1, "刹车失灵": 1}, set()),
        ("nothing new", {}, set()),
    ],
)
def test_grown(why: str, now: dict[str, int], want: set[str]) -> None:
    assert names({**CALM, **now}) == want, why


@pytest.mark.parametrize(
    ("why", "ignore", "want"),
    [
        ("a name, and phrases that hold it", ("云雀",), {"起火", "lark"}),
        ("upper and lower case alike", ("LARK", "云雀"), {"起火"}),
        ("one character is a name, but no reason to drop what holds it", ("火",), {"云雀起火", "云雀", "lark"}),
        ("nothing to ignore: the phrase speaks for 起火", (), {"云雀起火", "云雀", "lark"}),
    ],
)
def test_names_are_left_out(why: str, ignore: tuple[str, ...], want: set[str]) -> None:
    assert names({**CALM, "云雀": 90, "起火": 40, "云雀起火": 30, "lark": 30}, ignore=ignore) == want, why


def test_shares_and_order() -> None:
    found = grown({**CALM, "起火": 40, "召回": 20}, USUAL, posts_now=50, posts_before=0, least=2, least_z=1.96, limit=2)
    assert [one.term for one in found] == ["起火", "召回"]
    assert (found[0].now, found[0].share_now, found[0].share_before) == (40, 0.8, 0.0)
    assert found[0].z > found[1].z > 1.96


def test_a_share_never_exceeds_all() -> None:
    """Posts of a window are counted by its buckets, terms by its scores: the two may differ by a moment."""
    assert [
        one.share_now
        for one in grown({**CALM, "起火": 40}, USUAL, posts_now=7, posts_before=1, least=2, least_z=1.96, limit=1)
    ] == [1.0]


counts = st.dictionaries(st.text("刹车失灵召回", min_size=1, max_size=5), st.integers(0, 50), max_size=30)


@given(counts, counts)
def test_any_counts(now: dict[str, int], before: dict[str, int]) -> None:
    found = grown(now, before, posts_now=9, posts_before=9, least=2, least_z=0.5, limit=5)
    assert len(found) <= 5 and all(isinstance(one, GrownTerm) and one.now >= 2 for one in found)
    assert [one.z for one in found] == sorted((one.z for one in found), reverse=True)


def test_thousands_of_terms_take_no_time() -> None:
    many = {f"词{chr(0x4E00 + i // 100)}{chr(0x5E00 + i % 100)}": 5 for i in range(20_000)}
    assert len(grown(many, {"咖啡": 9000}, posts_now=9, posts_before=9, least=2, least_z=0.0, limit=8)) <= 8
