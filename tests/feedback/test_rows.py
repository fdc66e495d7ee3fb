"""A row is an answer, or says why it is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.rows import Rejected, RowJudge, rating
from tingfeng.model import Brand, SurveyResponse
from tingfeng.tablefiles import Line

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
COLUMNS = {"date": 0, "nps": 1, "csat": 2, "comment": 3, "brand": 4, "segment": 5, "id": 6}
BRANDS = (Brand(name="云雀咖啡", aliases=("Skylark",)), Brand(name="山雀茶"))


def judge_of(**overrides: Any) -> RowJudge:
    fields: dict[str, Any] = {
        "columns": COLUMNS,
        "width": 7,
        "source": "a.csv",
        "zone": ZoneInfo("Asia/Shanghai"),
        "now": NOW,
        "brands": BRANDS,
    }
    return RowJudge(**fields | overrides)


def row(*cells: Any) -> Line:
    return Line(2, cells)


def test_a_full_row():
    answer = judge_of().judge(row("2026-11-02", "9", 5.0, " 很好\r\n再来 ", "skylark", 3.0, "r1"))
    assert isinstance(answer, SurveyResponse)
    assert (answer.answered_at, answer.nps, answer.csat) == (datetime(2026, 11, 1, 16, 0, tzinfo=UTC), 9, 5)
    assert (answer.comment, answer.brand, answer.segment, answer.source) == ("很好\n再来", "云雀咖啡", "3", "a.csv")


@pytest.mark.parametrize(
    ("why", "cells", "reasons"),
    [
        ("NPS above", ("2026-11-02", "11", "", "", "山雀茶"), ["NPS 应为 0–10 的整数，却是“11”"]),
        ("NPS below", ("2026-11-02", -1, "", "", "山雀茶"), ["NPS 应为 0–10 的整数，却是“-1”"]),
        ("NPS not whole", ("2026-11-02", 9.5, "", "", "山雀茶"), ["NPS 应为 0–10 的整数，却是“9.5”"]),
        ("CSAT 0", ("2026-11-02", "", "0", "", "山雀茶"), ["CSAT 应为 1–5 的整数，却是“0”"]),
        ("a word", ("2026-11-02", "好", "", "", "山雀茶"), ["NPS 应为 0–10 的整数，却是“好”"]),
        ("a tick", ("2026-11-02", True, "", "", "山雀茶"), ["NPS 应为 0–10 的整数，却是“True”"]),
        ("no date", ("", "9", "", "", "山雀茶"), ["没有日期"]),
        ("in the future", ("2026-11-21", "9", "", "", "山雀茶"), ["日期 2026-11-21 00:00 在将来"]),
        ("long ago", ("1900-01-01", "9", "", "", "山雀茶"), ["日期 1900-01-01 太早"]),
        ("no brand", ("2026-11-02", "9", "", "", ""), ["没有品牌"]),
        ("another brand", ("2026-11-02", "9", "", "", "云雀"), ["未配置的品牌“云雀”，是不是“云雀咖啡”？"]),
        ("nothing said", ("2026-11-02", "", "(跳过)", "", "山雀茶"), ["推荐意愿、满意度和意见都是空的"]),
        (
            "a comma without quotes",
            ("2026-11-02", "9", "", "好", "山雀茶", "", "", "的"),
            ["比表头多出 1 格，可能有内容缺少引号"],
        ),
        (
            "all reasons at once",
            ("x", "11", "6", "", ""),
            ["看不懂的日期 'x'", "没有品牌", "NPS 应为 0–10 的整数，却是“11”", "CSAT 应为 1–5 的整数，却是“6”"],
        ),
    ],
)
def test_rejected(why, cells, reasons):
    found = judge_of().judge(row(*cells))
    assert isinstance(found, Rejected), why
    assert list(found.reasons) == reasons, why


@pytest.mark.parametrize(
    ("why", "cell", "want"),
    [
        ("number", 9, 9),
        ("float of a workbook", 9.0, 9),
        ("text", " 9 ", 9),
        ("full width", "９", 9),
        ("with its unit", "9分", 9),
        ("as exported by a database", "9.00", 9),
        ("zero is an answer", "0", 0),
        ("skipped", "(跳过)", None),
        ("skipped, full width", "（跳过）", None),
        ("dash", "-", None),
        ("empty", "", None),
    ],
)
def test_ratings(why, cell, want):
    assert rating(cell, 0, 10, "NPS") == want, why


@pytest.mark.parametrize(
    ("word", "want"), [("非常满意", 5), ("满意", 4), ("一般", 3), ("不满意", 2), ("Very satisfied", 5)]
)
def test_csat_in_words(word, want):
    assert rating(word, 1, 5, "CSAT") == want


def test_the_file_s_brand_fills_in():
    found = judge_of(brand="山雀茶").judge(row("2026-11-02", "9"))
    assert isinstance(found, SurveyResponse)
    assert found.brand == "山雀茶"


def test_identical_rows_keep_their_own_keys_and_get_them_again():
    lines = [
        row("2026-11-02", "9", "", "", "山雀茶"),
        row("2026/11/2", 9.0, "", " ", "山雀茶"),
        row("2026-11-03", "9", "", "", "山雀茶"),
    ]
    first, again = judge_of(), judge_of(source="b.xlsx")
    keys = [first.judge(line).row_key for line in lines]  # type: ignore[union-attr]
    assert len(set(keys)) == 3
    assert [again.judge(line).row_key for line in lines] == keys  # type: ignore[union-attr]


def test_an_answer_s_id_tells_equal_answers_apart():
    a, b = (judge_of().judge(row("2026-11-02", "9", "", "", "山雀茶", "", n)) for n in ("r1", "r2"))
    assert a.row_key != b.row_key  # type: ignore[union-attr]


CELL = st.one_of(
    st.text(max_size=12), st.integers(-20, 60_000), st.floats(), st.booleans(), st.datetimes(), st.dates(), st.times()
)


@given(st.lists(CELL, max_size=9))
def test_any_row_is_judged(cells):
    found = judge_of().judge(Line(1, tuple(cells)))
    if isinstance(found, SurveyResponse):
        assert found.nps is None or 0 <= found.nps <= 10
        assert found.csat is None or 1 <= found.csat <= 5
        assert found.answered_at <= NOW
        found.comment.encode()
    else:
        assert found.reasons
