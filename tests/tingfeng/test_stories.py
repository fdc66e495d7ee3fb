"""Near-copies meet and others do not, whatever the order; on texts as the crawlers bring them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.text import Normaliser
from tests.support.stories import DictIndex
from tingfeng.stories import KEYS, NO_HASH, WIDTH, Prints, group, prints, similar

COMPLAINT = "今天新买的云雀电动车在高速上突然断电，客服推脱责任，要求退车！大家买之前一定要想清楚。"
ARTICLE = "".join(f"第{chr(0x4E00 + 37 * i)}章说的是{chr(0x5000 + 91 * i)}{chr(0x6000 + 53 * i)}；" for i in range(60))


def printed(texts: Sequence[str]) -> Prints:
    batch = Normaliser().batch(texts)
    return prints(batch.codes, batch.bounds)


def stories(texts: Sequence[str], *, size: int = 1000) -> list[int]:
    """The story of each text, met in batches of `size`."""
    index, found = DictIndex(), []
    for start in range(0, len(texts), size):
        found += group(printed(texts[start : start + size]), index).tolist()
    return found


COPIES = [
    ("equal", COMPLAINT),
    ("a prefix", f"转发：{COMPLAINT}"),
    ("a headline's bracket", f"【快讯】{COMPLAINT}"),
    ("emoji around it", f"😡😡{COMPLAINT}🔥"),
    ("emoticons of Weibo", f"[怒][怒]{COMPLAINT}[doge]"),
    ("somebody called", f"@老王 @小李 {COMPLAINT}"),
    ("an address", f"{COMPLAINT} https://t.example/a8Fq2x"),
    ("other punctuation", COMPLAINT.replace("，", " ").replace("！", "!!!")),
    ("Traditional", "今天新買的雲雀電動車在高速上突然斷電，客服推脫責任，要求退車！大家買之前一定要想清楚。"),
    ("a word for another", COMPLAINT.replace("突然", "忽然")),
    ("a remark put in", COMPLAINT.replace("断电，", "断电，真的吓人，")),
    ("cut", f"{COMPLAINT[:30]}…全文"),
    ("a repost with the original behind it", f"太可怕了//@老王:{COMPLAINT}"),
    ("one character repeated", COMPLAINT.replace("！", "！！！！！！！！")),
]


@pytest.mark.parametrize(("why", "text"), COPIES)
@pytest.mark.parametrize("size", [1, 1000])
def test_copies_meet(why: str, text: str, size: int) -> None:
    for pair in ([COMPLAINT, text], [text, COMPLAINT]):
        assert len(set(stories(pair, size=size))) == 1, why


@pytest.mark.parametrize(
    ("why", "one", "other"),
    [
        ("two words", "好喝", "难喝"),
        ("a short text inside a longer one", "好喝", "真的好喝，下次还来"),
        ("a repost without words and laughter", "转发微博", "哈哈哈哈"),
        ("emoji only", "😀😀", "😡😡"),
        ("signs only", "？？？", "……"),
        (
            "one promotion for two products",
            "关注并转发本条微博，抽一位粉丝送出云雀Pro电动车一台，下周一开奖，快来参加吧",
            "关注并转发本条微博，抽一位粉丝送出夜莺降噪耳机一台，下周一开奖，快来参加吧",
        ),
        ("one number for another", "云雀的新车开了1698天", "云雀的新车开了1699天"),
        ("a template of prices", "云雀股份今日收盘上涨2.3%，成交额12亿元", "云雀股份今日收盘上涨1.8%，成交额15亿元"),
        ("one brand, two matters", "云雀电动车充电太慢了，等了三个小时", "云雀电动车座椅很舒服，开了三百公里"),
        ("one beginning", f"记者今天从监管局了解到，{ARTICLE[:200]}", f"记者今天从监管局了解到，{ARTICLE[300:]}"),
    ],
)  # fmt: skip
def test_others_do_not(why: str, one: str, other: str) -> None:
    assert len(set(stories([one, other]))) == 2, why


def test_short_texts_meet_only_their_equals() -> None:
    assert stories(["好喝", "好喝！", "好喝😀", "好喝吗", "好 喝"]) == [1, 1, 1, 2, 1]


def test_a_long_article_and_its_first_140_characters() -> None:
    assert stories([ARTICLE, ARTICLE[:140] + "…全文"]) == [1, 1]


def test_a_story_does_not_drift_away_from_its_founder() -> None:
    text, found = COMPLAINT, [COMPLAINT]
    for i in range(0, len(COMPLAINT) - 4, 4):
        text = text[:i] + "".join(chr(0x7000 + i + j) for j in range(4)) + text[i + 4 :]
        found.append(text)
    together = stories(found, size=1)
    assert together[1] == 1
    assert together[-1] != 1


def test_a_wave_in_one_batch_is_one_story() -> None:
    wave = [f"{COMPLAINT} https://t.example/{i}" for i in range(300)]
    assert set(stories(wave)) == {1}


def test_nothing_and_oddities() -> None:
    assert stories([]) == []
    assert len(stories(["", "\x00", "\ud800", "[", "]][[", "a" * 100_000, "𠀀" * 50])) == 7


LETTERS = st.text(st.sampled_from("听风车断电客服退款高速雨天电池好坏abc12，。！ @[]"), max_size=80)


@given(st.lists(LETTERS, max_size=12), st.integers(1, 5))
def test_equal_texts_always_meet_wherever_batches_are_cut(texts: list[str], size: int) -> None:
    found = stories([*texts, *texts], size=size)
    assert found[: len(texts)] == found[len(texts) :]
    assert min(found, default=1) >= 1


@given(
    st.lists(st.sampled_from([t for _, t in COPIES] + [ARTICLE, "好喝", "难喝", "转发微博"]), min_size=1),
    st.integers(1, 9),
)
def test_clear_cases_are_grouped_alike_in_any_order(texts: list[str], size: int) -> None:
    copies, texts = {text for _, text in COPIES}, [COMPLAINT, *texts]  # each differs from the first by one edit
    found = stories(texts, size=size)
    whose = [0 if text in copies else text for text in texts]
    assert len(set(found)) == len(set(whose)) == len(set(zip(found, whose, strict=True)))


@given(st.lists(LETTERS, min_size=1, max_size=8))
def test_likeness_is_symmetric_and_a_text_is_like_itself(texts: list[str]) -> None:
    made = printed(texts)
    assert made.keys.shape == (len(texts), KEYS)
    assert made.sketches.shape == (len(texts), WIDTH)
    long = made.sketches[:, 4] != NO_HASH
    assert (similar(made.sketches, made.sketches)[long] == 1).all()
    back = made.sketches[::-1]
    assert np.array_equal(similar(made.sketches, back), similar(back, made.sketches))
    assert (made.keys[:, 0] > 0).all()


def test_prints_are_the_same_in_every_process_and_version() -> None:
    """They are stored: another hash would let running stories lose their copies."""
    made = printed([COMPLAINT])
    assert made.keys[0, 0] == 7710249492257266110
    assert int(made.sketches[0, 0]) == 183519654


def test_fast_enough() -> None:
    draw = np.random.default_rng(1)
    texts = ["".join(map(chr, row)) for row in draw.integers(0x4E00, 0x5E00, (2000, 60))]
    batch, index = Normaliser().batch(texts), DictIndex()
    group(printed(texts[:10]), DictIndex())  # tables are made at the first call
    start = time.process_time()
    made = prints(batch.codes, batch.bounds)
    took = time.process_time() - start
    group(made, index)
    assert len(texts) / took > 5_000  # measured: some 40,000
