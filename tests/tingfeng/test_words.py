"""One pass finds what a naive search finds, in every spelling of a letter."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tingfeng.words import WordFinder, fold

LETTERS = st.text("aAbBＡ小米粥苹果ßİΣς", max_size=12)


@given(st.text())
@example("İstanbul ΟΔΟΣ ẞ ｉＰｈｏｎｅ\ud800\x00")
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(st.lists(st.text("ab小米粥", min_size=1, max_size=4), max_size=12), LETTERS)
def test_the_pass_finds_what_a_naive_search_finds(words: list[str], text: str) -> None:
    folded = fold(text)
    want = {
        (word, at, at + len(word))
        for word in map(fold, words)
        for at in range(len(folded))
        if folded.startswith(word, at)
    }
    found = [tuple(hit) for hit in WordFinder(words).hits(folded)]
    assert set(found) == want and len(found) == len(want)


def test_spellings_of_one_word() -> None:
    found = WordFinder(["iPhone", "MAC"]).hits(fold("ｉＰＨＯＮＥ与mac，ＭＡＣ"))
    assert [(h.word, h.start, h.end) for h in found] == [("iphone", 0, 6), ("mac", 7, 10), ("mac", 11, 14)]


def test_no_words_find_nothing() -> None:
    assert WordFinder(["", ""]).hits("小米") == []
