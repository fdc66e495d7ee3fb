"""Words and phrases of a text, and what a crisis is called. Every text is invented."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.synonyms import lines_of, synonyms
from sentiment.terms import MOST, name_growth, stop_words, terms, terms_of
from sentiment.text import clean
from sentiment.tokenizer import default_tokenizer, tokenizer_for

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("things and acts, each once, and their phrases", "刹车异响，刹车异响，召回", "刹车 异响 刹车异响 召回"),
        ("no stop words", "但是我觉得这个就是一个问题", ""),
        ("no numbers, with or without a measure word", "第一次用了三天，2026年11月20日，3999元，一根，十块钱", ""),
        ("no single characters", "车 漏 油", ""),
        ("no addresses and names", "http://t.cn/A6abc @云雀客服 召回", "召回"),
        ("no laughter", "哈哈哈哈 啊啊啊啊 嘿嘿嘿嘿", ""),
        ("Latin names stay", "iPhone的电池", "iPhone 电池 iPhone电池"),
        ("signs and spaces end a phrase", "屏幕，电池 手机", "屏幕 电池 手机"),
        ("a stop word ends a phrase", "屏幕以及电池", "屏幕 电池"),
        ("degree and 的 may stand inside", "屏幕的边缘非常锋利", "屏幕 边缘 屏幕边缘 锋利 边缘锋利"),
        ("a negated verb is one word", "付款之后商家一直不发货", "不发货 付款 商家 商家不发货"),
        ("a negation that follows nothing", "钱也没了，不", ""),
        (
            "how bad it is ends a phrase, and never stands alone",
            "客服的态度很差",
            "客服 态度 客服态度 客服态度差 态度差",
        ),
        ("every degree of bad is one", "态度恶劣，态度太差，态度极差", "态度差 态度"),
        ("how bad, without what", "很差，恶劣", "恶劣"),
        ("synonyms are one", "起火了！又着火了，失火", "起火"),
        ("what segmentation tears apart", "钱退不回来，电话没人接", "退款难 电话打不通 电话 没人接"),
        ("traditional signs", "剎車失靈，態度很差", "刹车失灵 刹车 失灵 态度差 态度"),
        ("a word does not repeat inside its phrase", "电池鼓包", "电池鼓包 电池"),
        ("nothing", "", ""),
    ],
)
def test_terms(why: str, text: str, want: str) -> None:
    [found] = terms_of([text])
    assert sorted(found) == sorted(want.split()), why


def test_words_already_cut_give_the_same() -> None:
    text = "客服的态度很差，钱退不回来，付款之后一直不发货"
    assert terms(default_tokenizer().cut(text)) == terms_of([text])[0]


def test_terms_are_bounded() -> None:
    words = [f"词{chr(0x4E00 + i)}" for i in range(100)]
    assert terms("，".join(words).split("，")) and len(terms(words)) == MOST
    assert all(len(term) <= 20 for term in terms(words))


def test_words_of_the_user_reach_the_terms() -> None:
    assert "小麂茶" in terms_of(["小麂茶喝出异物"], tokenizer_for(["小麂茶"]))[0]
    assert "小麂茶" not in terms_of(["小麂茶喝出异物"])[0]


def test_texts_of_a_batch_do_not_mix() -> None:
    texts = ["退不了", "款，刹车失", "灵，退不了款", "", "\n退不了款\n"]
    assert terms_of(texts) == [terms_of([text])[0] for text in texts]
    assert "退款难" not in terms_of(texts)[0] and "退款难" in terms_of(texts)[2]


@given(st.lists(ANY_TEXT, max_size=4))
def test_any_text(texts: list[str]) -> None:
    found = terms_of(texts)
    assert len(found) == len(texts)
    for said in found:
        assert len(said) <= MOST and len(set(said)) == len(said)
        assert not any(not term or set(term) & set("\t\r\n ") for term in said), "terms are stored joined by tabs"


@pytest.mark.parametrize("piece", ["的", "不", "很差", "刹车失灵", "不的", "a", "\ud800", " ", "退不了", "。", "剎車"])
def test_long_texts_take_linear_time(piece: str) -> None:
    def seconds(text: str) -> float:
        started = time.process_time()
        terms_of([text])
        return time.process_time() - started

    terms_of([piece])
    short = min(seconds(piece * 2_000) for _ in range(3))
    long = min(seconds(piece * 20_000) for _ in range(3))
    assert long < 30 * short + 0.05


def test_the_stop_list_holds_words_that_could_be_terms() -> None:
    assert len(stop_words()) > 1000
    assert all(len(word) > 1 and not word.isspace() and word == word.lower() for word in stop_words())


def test_the_groups_of_synonyms_are_sound() -> None:
    """Each variant has one form, and no form is a variant of another: what is shown would depend on the order."""
    owner: dict[tuple[str, str], str] = {}
    groups = 0
    for line in lines_of("synonyms.txt"):
        kind = line[0] if line[0] in "~=" else ""
        shown, *variants = line.removeprefix(kind).split()
        groups += 1
        assert variants, line
        for word in variants:
            assert owner.setdefault((kind, word), shown) == shown, f"{word}: {shown}"
            assert clean(word) == word, f"{word}: write it in simplified signs"
    assert groups >= 150
    forms = synonyms().forms
    assert {word: form for word, form in forms.items() if forms.get(form, form) != form} == {}


USUAL = [
    *(
        "云杉新品好喝，奶盖很香",
        "今天云杉排队好久，店员很热情",
        "外卖送来还是热的，好喝",
        "和同事一人一杯，下午茶",
        "珍珠有嚼劲，甜度刚好",
    ),
    *(
        "云杉的杯子好看，拍照发朋友圈",
        "会员日买一送一，排队的人真多",
        "客服回复挺快的，给我补了一杯",
        "外卖配送慢了一点，味道还行",
    ),
    *(
        "店里音乐有点吵，座位少",
        "抹茶味推荐，少糖正好",
        "新店开业，打折",
        "周末带孩子去逛街，喝了云杉",
        "这个联名杯套好可爱",
    ),
    *("价格有点贵，不过分量足", "排队排了半小时才买到", "买一送一很划算", "芋泥好吃，下次还买", "店员态度不错"),
]
CRISIS = [
    *(
        "云杉奶茶喝出塑料片，孩子差点卡住，客服态度很差",
        "我在云杉奶茶里也喝到异物了，硬硬的塑料",
        "云杉喝出异物，打客服电话没人接",
    ),
    *(
        "喝出异物还不给退款，云杉客服的态度太恶劣了",
        "喝出玻璃渣！云杉食品安全谁来管",
        "孩子喝了云杉拉肚子，食品安全不是小事",
    ),
    *(
        "看到有人喝出玻璃，食品安全太吓人，以后再也不买",
        "云杉奶茶吃出塑料，客服态度恶劣，只赔一杯",
        "喝完拉肚子，食品安全必须查",
        "客服态度差，退款不给退",
    ),
    *(
        "异物事件三天了，云杉拒绝道歉",
        "食品安全出事，云杉到现在不道歉",
        "客服推来推去，电话打不通",
        "食品安全都做不好，客服态度极差",
        "朋友吃出头发，找客服不给退款",
    ),
]


def test_a_crisis_is_named_by_phrases() -> None:
    """The golden test: the five strongest terms say what happened, in phrases and not in their pieces."""
    rng = random.Random(7)
    calm = [rng.choice(USUAL) for _ in range(300)]
    window = CRISIS * 3 + [rng.choice(USUAL) for _ in range(30)]
    found = name_growth(
        window, calm, names=["云杉奶茶", "云杉"], tokenizer=tokenizer_for(["云杉奶茶", "云杉"]), limit=5
    )
    assert {one.term for one in found} == {"食品安全", "吃出异物", "客服态度差", "不退款", "电话打不通"}
