"""Normalisation, words and terms."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import tokenizer
from sentiment.text import clean
from sentiment.tokenizer import JiebaTokenizer, RjiebaTokenizer, default_tokenizer, tokenizer_for, words_of
from tests.sentiment.conftest import sample

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("plain text stays", "屏幕不错，电池差！", "屏幕不错，电池差！"),
        ("full-width letters and digits", "ｉＰｈｏｎｅ１５", "iPhone15"),
        ("full-width space", "好\u3000的", "好 的"),
        ("full-width punctuation stays", "好！？，。：；（）", "好！？，。：；（）"),
        ("zero-width signs", "差\u200b评\ufeff很\u200d多\u2060", "差评很多"),
        ("soft hyphen and direction marks", "\u202e差\u00ad评\u202c", "差评"),
        ("address", "看这里http://t.cn/A6abc?x=1#top好", "看这里 好"),
        ("address in capitals", "HTTPS://EXAMPLE.COM 好", " 好"),
        ("address without a scheme", "见www.example.com。", "见 。"),
        ("an address hidden by a zero-width sign", "ht\u200btp://t.cn/x好", " 好"),
        ("name", "@云雀客服 你们管不管", "@ 你们管不管"),
        ("names in a repost chain", "笑死//@小明:差评//@小红_2:同意", "笑死\ue001差评\ue001同意"),
        ("full-width at", "＠小明 好", "@ 好"),
        ("emoticons, topics and emoji stay", "#云雀召回# [怒] 😡", "#云雀召回# [怒] 😡"),
        ("nothing", "", ""),
    ],
)
def test_clean(why: str, text: str, want: str) -> None:
    assert clean(text) == want, why


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


EDGES = [
    "",
    " ",
    "\r\n\r\n",
    "T_T 20-8 2018.4.21 3.5% C++ T恤 U盘 4S店",
    "iPhone15 Pro-Max #1 a&b x+y",
    "-abc- _a_ ...a",
    "差评！！！差评……",
    "[怒][允悲]//@小明:转发",
    "１２３ＡＢＣ",
    "不好吃不新鲜不推荐",
    "云雀云雀云雀云雀",
    "〇一二三四五六七八九十",
    "😀👨\u200d👩\u200d👧é한あア々〆",
    "\x00\x01\x7f\ud800",
    "\n 制表\t符 \u3000 空格",
]


@pytest.mark.parametrize("text", EDGES)
def test_both_tokenizers_cut_the_edges_alike(jieba: JiebaTokenizer, text: str) -> None:
    assert RjiebaTokenizer().cut(text) == jieba.cut(text)


@given(st.text("aB9.5-_%+#&@!！。，好不吃的Ｔ恤 \n\r\t😀々〇ー·１é한あ", max_size=12))
def test_both_tokenizers_cut_any_mixture_alike(jieba: JiebaTokenizer, text: str) -> None:
    assert RjiebaTokenizer().cut(text) == jieba.cut(text)


@pytest.mark.parametrize("family", ["waimai", "htl", "shop", "weibo2018", "smp_usual", "smp_virus", "clue"])
def test_both_tokenizers_cut_real_texts_alike(jieba: JiebaTokenizer, shared: Path, family: str) -> None:
    texts = sample(shared, family, every={"shop": 151, "smp_usual": 5}.get(family, 23))
    fast = RjiebaTokenizer()
    same = sum(fast.cut(text) == jieba.cut(text) for text in texts)
    assert same >= 0.998 * len(texts)


@given(ANY_TEXT)
def test_words_are_the_text_again(text: str) -> None:
    cut = default_tokenizer().cut(text)
    assert "".join(cut) == "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def test_jieba_steps_in_where_rjieba_is_missing(monkeypatch: pytest.MonkeyPatch, jieba: JiebaTokenizer) -> None:
    monkeypatch.setattr(tokenizer, "JiebaTokenizer", lambda *_: jieba)
    found = tokenizer.importlib.util.find_spec
    monkeypatch.setattr(tokenizer.importlib.util, "find_spec", lambda name: None if name == "rjieba" else found(name))
    default_tokenizer.cache_clear()
    try:
        assert default_tokenizer().name == "jieba"
    finally:
        default_tokenizer.cache_clear()


OWN = ("云杉奶茶", "小麂茶", "Pro-Max", "iPhone15", "刹车失灵", "T恤控", "云雀X9", "不发货", "酒店服", "的手机")


@pytest.fixture(scope="module")
def both() -> tuple[RjiebaTokenizer, JiebaTokenizer]:
    return RjiebaTokenizer(OWN), JiebaTokenizer(OWN)


@pytest.mark.parametrize(
    ("why", "text", "whole"),
    [
        ("names the dictionary cuts", "云杉奶茶的小麂茶真好喝", ["云杉奶茶", "小麂茶"]),
        ("letters, digits and signs", "云雀X9和iPhone15，Pro-Max不好", ["云雀X9", "iPhone15", "Pro-Max"]),
        ("twice in a row", "刹车失灵刹车失灵", ["刹车失灵", "刹车失灵"]),
        ("a negated verb", "付了钱一直不发货", ["不发货"]),
    ],
)
def test_words_of_the_user_stay_whole(
    why: str, text: str, whole: list[str], both: tuple[RjiebaTokenizer, JiebaTokenizer]
) -> None:
    for one in both:
        assert [word for word in one.cut(text) if word in OWN] == whole, why


@given(st.text("云杉奶茶小麂的手机刹车失灵不发货X9ProMax-i15 ，酒店服T恤控", max_size=16))
def test_both_tokenizers_cut_alike_with_words_of_the_user(
    both: tuple[RjiebaTokenizer, JiebaTokenizer], text: str
) -> None:
    assert both[0].cut(text) == both[1].cut(text)


@pytest.mark.parametrize("family", ["waimai", "htl", "shop", "weibo2018"])
def test_both_cut_real_texts_alike_with_words_of_the_user(
    both: tuple[RjiebaTokenizer, JiebaTokenizer], shared: Path, family: str
) -> None:
    texts = sample(shared, family, every=151 if family == "shop" else 23)
    same = sum(both[0].cut(text) == both[1].cut(text) for text in texts)
    assert same >= 0.99 * len(
        texts
    )  # 哈哈哈哈哈 is 哈哈 哈哈哈 or the reverse: equally likely, and the total has grown


@pytest.mark.parametrize(
    ("why", "words", "same_as"),
    [
        ("nothing to keep", (), None),
        ("nothing that could be kept", ("a", "x y", "茶", ""), None),
        ("any order, once", ("云杉奶茶", "小麂茶", "小麂茶"), ("小麂茶", "云杉奶茶")),
    ],
)
def test_tokenizers_are_shared(why: str, words: tuple[str, ...], same_as: tuple[str, ...] | None) -> None:
    assert tokenizer_for(words) is (default_tokenizer() if same_as is None else tokenizer_for(same_as)), why


def test_the_name_of_a_tokenizer_changes_with_its_words() -> None:
    names = {tokenizer_for(words).name for words in ((), ("小麂茶",), ("小麂",), ("小麂", "麂茶"))}
    assert len(names) == 4
    assert default_tokenizer().cut("小麂茶") != ["小麂茶"], "the shared dictionary is left alone"


def test_jieba_leaves_nothing_in_the_shared_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert JiebaTokenizer().cut("质量很差") == ["质量", "很差"]
    assert list(tmp_path.iterdir()) == []


def test_words_come_once_and_without_white_space() -> None:
    assert list(words_of("差评 差评\n客服\u3000差评", default_tokenizer())) == ["差评", "客服"]
