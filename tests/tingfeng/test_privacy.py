"""What of a person is masked, and what must not be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tingfeng.privacy import MASKED_ID, MASKED_MAIL, MASKED_PHONE, followers_bucket, mask

ID = "11010519491231002X"  # the example of GB 11643-1999 itself


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打我电话13800138000谢谢", f"打我电话{MASKED_PHONE}谢谢"),
        ("138-0013-8000", MASKED_PHONE),
        ("138 0013 8000。", f"{MASKED_PHONE}。"),
        ("+86 13800138000,", f"{MASKED_PHONE},"),
        ("１３８００１３８０００", MASKED_PHONE),
        (f"身份证{ID}已上传", f"身份证{MASKED_ID}已上传"),
        (f"{ID.lower()}", MASKED_ID),
        ("写信到 zhang.san+tea@mail.example.com.cn 吧", f"写信到 {MASKED_MAIL} 吧"),
        ("a@b.co和13912345678", f"{MASKED_MAIL}和{MASKED_PHONE}"),
    ],
)
def test_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "订单号202611201234567890还没发货",
        "客服热线400-800-8000，银行95588",
        "微博5176388278550965",
        "11010519491331002X",  # no thirteenth month
        "110105194912310021",  # wrong check character
        "@某人 说得对",
        "3.1415926535897932",
        "花了138001380元",
        "手机号138001380001多了一位",
        "a@b 不是邮箱",
    ],
)
def test_left_alone(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_hostile_texts_take_no_time() -> None:
    began = time.process_time()
    for text in ("1" * 100_000, "a" * 100_000 + "@", "a@" * 50_000, "a." * 50_000 + "@b", "138-" * 30_000):
        mask(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("n", "bucket"),
    [(None, None), (0, 0), (1, 1), (2, 1), (3, 3), (9, 3), (10, 10), (29, 10), (432_000, 300_000), (10**9, 10**9)],
)
def test_followers_are_known_roughly(n: int | None, bucket: int | None) -> None:
    assert followers_bucket(n) == bucket


@given(st.integers(0, 10**12))
def test_a_bucket_is_its_own_bucket(n: int) -> None:
    found = followers_bucket(n)
    assert found is not None and found <= n <= 10 * max(found, 1) and followers_bucket(found) == found
