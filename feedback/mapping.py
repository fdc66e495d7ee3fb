"""Which column of a survey file is what: by its head, in Chinese or English, or as the operator says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tingfeng.errors import ImportFileError
from tingfeng.registry import nearest
from tingfeng.tablefiles import plain_head

FIELDS = ("date", "nps", "csat", "comment", "brand", "segment", "id")
MEASURES = ("nps", "csat", "comment")

# Heads as survey tools write them, best first: the moment an answer was handed in beats the moment it was begun.
_WHOLE: Mapping[str, tuple[str, ...]] = {
    "date": (
        *(
            "提交时间",
            "提交答卷时间",
            "答题时间",
            "填写时间",
            "完成时间",
            "结束时间",
            "回答时间",
            "评价时间",
            "反馈时间",
        ),
        *("日期", "时间", "提交日期", "答题日期", "submitted at", "submit date", "submission date", "recorded date"),
        *("recordeddate", "end date", "enddate", "date submitted", "response date", "completed at", "date", "datetime"),
        *("timestamp", "time", "created at", "创建时间", "开始时间", "开始答题时间", "start date", "startdate"),
    ),
    "nps": (
        "nps",
        "nps评分",
        "nps得分",
        "nps分数",
        "nps score",
        "推荐意愿",
        "推荐度",
        "推荐指数",
        "净推荐值",
        "推荐分",
    ),
    "csat": ("csat", "csat评分", "csat score", "满意度", "满意度评分", "总体满意度", "整体满意度", "satisfaction"),
    "comment": (
        *("评论", "意见", "意见建议", "意见与建议", "意见和建议", "建议", "反馈", "反馈内容", "留言", "文字反馈"),
        *("comment", "comments", "feedback", "verbatim", "free text", "text", "评价", "评价内容", "评论内容", "原因"),
    ),
    "brand": ("品牌", "品牌名", "品牌名称", "brand", "brand name"),
    "segment": ("分组", "渠道", "客群", "用户分组", "客户类型", "来源渠道", "segment", "channel", "group"),
    "id": ("答卷编号", "答卷id", "问卷编号", "回复编号", "response id", "responseid", "respondent id", "submission id"),
}
# Questions written out; a column goes to the first field that claims it ("不满意的原因" is a comment, not a CSAT).
_PART: tuple[tuple[str, str], ...] = (
    ("date", r"(提交|答题|填写|完成|回答).*(时间|日期)|submi\w* (date|time)|(date|time) submi"),
    ("comment", r"原因|理由|为什么|意见|建议|说明|留言|评论|改进|comment|feedback|verbatim|reason|why|improve"),
    ("nps", r"推荐(意愿|程度|度|指数|可能|值|分)|(愿意|可能|意愿|会).*推荐|\bnps\b|recommend"),
    ("csat", r"满意|\bcsat\b|satisf"),
    ("brand", r"品牌|\bbrand\b"),
    ("segment", r"渠道|分组|客群|\bsegment\b|\bchannel\b"),
)
# What we write ourselves beside rejected rows is no answer of anybody.
REJECTED_COLUMNS = ("拒收行号", "拒收说明")


def map_columns(columns: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Field → index of its column. `chosen` (field → head) beats what the heads say.

    ImportFileError, with the nearest name, for a field or column that does not exist, for a head that stands twice,
    for two columns that could both be meant, and when no date or nothing to import is found.
    """
    found = {field: _chosen(columns, field, head) for field, head in chosen.items()}
    taken = set(found.values())
    for field in FIELDS:
        if field not in found:
            candidates = _candidates(columns, field, taken)
            if len(candidates) > 1:
                heads = ", ".join(f"'{columns[i]}'" for i in candidates)
                raise ImportFileError(f"several columns could be {field}: {heads}; choose with --map {field}=…")
            found.update((field, i) for i in candidates)
            taken.update(candidates)
    listed = ", ".join(f"'{c}'" for c in columns if c) or "none"
    if "date" not in found:
        raise ImportFileError(f"no column for the date; choose with --map date=…  (columns: {listed})")
    if not any(field in found for field in MEASURES):
        raise ImportFileError(f"no column for nps, csat or comment; choose with --map nps=…  (columns: {listed})")
    return found


def _chosen(columns: Sequence[str], field: str, head: str) -> int:
    if field not in FIELDS:
        near = nearest(field, FIELDS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ImportFileError(f"--map {field}={head}: unknown field{hint} (known: {', '.join(FIELDS)})")
    same = [i for i, column in enumerate(columns) if column == head.strip()]
    same = same or [i for i, column in enumerate(columns) if column and plain_head(column) == plain_head(head)]
    if len(same) == 1:
        return same[0]
    if same:
        raise ImportFileError(f"--map {field}={head}: {len(same)} columns have this head; rename all but one")
    near = nearest(head, columns)
    hint = f"; did you mean '{near}'?" if near else ""
    listed = ", ".join(f"'{c}'" for c in columns if c)
    raise ImportFileError(f"--map {field}={head}: the file has no such column{hint} (columns: {listed})")


def _candidates(columns: Sequence[str], field: str, taken: set[int]) -> list[int]:
    """The columns that fit `field` best; more than one if equally well."""
    heads = {i: plain_head(c) for i, c in enumerate(columns) if i not in taken and c and c not in REJECTED_COLUMNS}
    for word in _WHOLE[field]:
        if same := [i for i, head in heads.items() if head == word]:
            return same
    whole = {word for words in _WHOLE.values() for word in words}
    return [i for i, head in heads.items() if head not in whole and _claimed_by(head) == field]


def _claimed_by(head: str) -> str | None:
    return next((field for field, pattern in _PART if re.search(pattern, head)), None)
