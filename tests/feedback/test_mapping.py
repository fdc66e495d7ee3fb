"""Heads of columns, as survey tools write them."""

from __future__ import annotations

import pytest

from feedback.mapping import map_columns
from tingfeng.errors import ImportFileError


@pytest.mark.parametrize(
    ("why", "columns", "want"),
    [
        (
            "the demo's file",
            ("提交时间", "品牌", "推荐意愿（0-10）", "满意度（1-5）", "意见", "渠道"),
            {"date": 0, "brand": 1, "nps": 2, "csat": 3, "comment": 4, "segment": 5},
        ),
        (
            "问卷星: numbered questions",
            (
                *("序号", "提交答卷时间", "所用时间", "来源"),
                *("1、您有多大可能将我们推荐给朋友或同事？", "2、*您对本次服务的总体满意度（1-5）", "3、您的建议是？"),
            ),
            {"date": 1, "nps": 4, "csat": 5, "comment": 6},
        ),
        (
            "English export",
            ("ResponseId", "StartDate", "EndDate", "NPS Score", "Q2. How satisfied are you?", "Why did you choose it?"),
            {"id": 0, "date": 2, "nps": 3, "csat": 4, "comment": 5},
        ),
        ("case, width and spaces", (" ＮＰＳ ", "DATE"), {"nps": 0, "date": 1}),
        ("the better head wins", ("开始时间", "提交时间", "nps"), {"date": 1, "nps": 2}),
        ("a reason is a comment, not a rating", ("日期", "不满意的原因"), {"date": 0, "comment": 1}),
        ("underscores", ("submitted_at", "csat_score"), {"date": 0, "csat": 1}),
        ("our own columns of rejected rows", ("日期", "nps", "拒收行号", "拒收说明"), {"date": 0, "nps": 1}),
        ("who recommended us is no rating", ("日期", "推荐人", "评论"), {"date": 0, "comment": 2}),
    ],
)
def test_heads_speak_for_themselves(why, columns, want):
    assert map_columns(columns, {}) == want, why


def test_the_operator_s_word_beats_the_head():
    columns = ("日期", "满意度", "门店满意度", "评分A")
    assert map_columns(columns, {"csat": "门店满意度", "nps": "评分a"}) == {"date": 0, "csat": 2, "nps": 3}


@pytest.mark.parametrize(
    ("why", "columns", "chosen", "says"),
    [
        (
            "no such column",
            ("日期", "推荐意愿"),
            {"nps": "推荐意向"},
            "did you mean '推荐意愿'.*columns: '日期', '推荐意愿'",
        ),
        ("no such field", ("日期", "nps"), {"npss": "nps"}, "unknown field; did you mean 'nps'"),
        ("a head that stands twice", ("日期", "a", "a"), {"nps": "a"}, "2 columns have this head"),
        (
            "two that could be meant",
            ("日期", "您的建议", "改进意见是"),
            {},
            "several columns could be comment: '您的建议', '改进意见是'",
        ),
        ("two of the same word", ("日期", "nps", "NPS"), {}, "several columns could be nps"),
        ("no date", ("nps", "x"), {}, "no column for the date.*'nps', 'x'"),
        ("nothing to import", ("日期", "x"), {}, "no column for nps, csat or comment"),
    ],
)
def test_what_cannot_be_mapped(why, columns, chosen, says):
    with pytest.raises(ImportFileError, match=says):
        map_columns(columns, chosen)
