"""Which column of a table of posts is what: by its head, in Chinese or English, or as the operator says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tingfeng.errors import ImportFileError
from tingfeng.registry import nearest
from tingfeng.tablefiles import Cell, Line, plain_head

# Heads as platforms, vendors and agencies write them (after plain_head), best first. 小红书: 笔记…; 抖音: 作品…, 视频…;
# 黑猫投诉: 投诉…; 微信公众号: 公众号, 推送时间.
HEADS: Mapping[str, tuple[str, ...]] = {
    "text": (
        *("内容", "正文", "全文", "微博内容", "微博正文", "笔记内容", "笔记正文", "笔记描述", "作品描述", "作品文案"),
        *("视频描述", "视频文案", "文案", "帖子内容", "帖子正文", "文章内容", "文章正文", "投诉内容", "投诉详情"),
        *("投诉描述", "问题描述", "回答内容", "评论内容", "回复内容", "评价内容", "发布内容", "信息内容", "原文"),
        *("原文内容", "文本", "内容摘要", "文章摘要", "摘要", "text", "content", "full text", "body", "post content"),
        *("caption", "desc", "description", "message", "text raw"),
    ),
    "title": (
        *(
            "标题",
            "文章标题",
            "笔记标题",
            "作品标题",
            "视频标题",
            "帖子标题",
            "新闻标题",
            "投诉标题",
            "问题标题",
            "题目",
        ),
        *("主题", "作品名称", "内容标题", "title", "headline", "subject"),
    ),
    "time": (
        *("发布时间", "发布日期", "发表时间", "发表日期", "发帖时间", "发文时间", "推送时间", "群发时间", "投诉时间"),
        *("投诉日期", "评论时间", "回复时间", "回答时间", "作品发布时间", "笔记发布时间", "视频发布时间", "创建时间"),
        *("published at", "publish time", "published", "publish date", "pubdate", "pub date", "pub time", "created at"),
        *("create time", "created time", "时间", "日期", "datetime", "date", "time", "timestamp"),
    ),
    "url": (
        *("链接", "原文链接", "网址", "笔记链接", "作品链接", "视频链接", "文章链接", "帖子链接", "微博链接"),
        *("投诉链接", "内容链接", "链接地址", "原文地址", "发布链接", "地址", "url", "link", "href", "permalink"),
    ),
    "id": (
        *(
            "内容id",
            "微博id",
            "笔记id",
            "作品id",
            "视频id",
            "帖子id",
            "文章id",
            "评论id",
            "回复id",
            "投诉编号",
            "投诉单号",
        ),
        *("mid", "bid", "bvid", "note id", "aweme id", "native id", "post id", "item id", "id", "编号"),
    ),
    "platform": (
        *("平台", "来源平台", "发布平台", "媒体平台", "平台名称", "媒体类型", "数据源", "渠道", "来源渠道"),
        *("platform", "channel"),
    ),
    "author": (
        *("作者", "作者昵称", "作者名称", "博主", "博主昵称", "达人", "达人昵称", "达人名称", "用户昵称", "昵称"),
        *("用户名", "用户名称", "用户", "发布者", "发布人", "发布账号", "账号名称", "账号昵称", "账号", "公众号名称"),
        *("公众号", "媒体名称", "媒体", "up主", "投诉人", "author name", "author", "screen name", "nickname"),
        *("user name", "username", "user"),
    ),
    "author_id": (
        *("作者id", "博主id", "达人id", "用户id", "账号id", "小红书号", "抖音号", "uid", "author id", "user id"),
        *("sec uid",),
    ),
    "reposts": (
        *("转发数", "转发量", "转发", "转发次数", "分享数", "分享量", "分享", "分享次数", "reposts", "repost count"),
        *("reposts count", "shares", "share count", "forwards", "retweets"),
    ),
    "comments": (
        *("评论数", "评论量", "评论", "评论次数", "回复数", "回复量", "回帖数", "comments", "comment count"),
        *("comments count", "replies", "reply count"),
    ),
    "likes": (
        *("点赞数", "点赞量", "点赞", "点赞次数", "赞数", "赞", "获赞数", "喜欢数", "赞同数", "likes", "like count"),
        *("liked count", "digg count", "attitudes count", "voteup count"),
    ),
    "followers": (
        *("粉丝数", "粉丝量", "粉丝", "作者粉丝数", "博主粉丝数", "达人粉丝数", "账号粉丝数", "followers"),
        *("follower count", "followers count", "fans", "fans count"),
    ),
    "region": (
        *("ip属地", "ip归属地", "属地", "地区", "地域", "省份", "所在地", "发布地", "region", "province", "location"),
        *("ip location",),
    ),
    "kind": ("内容类型", "信息类型", "帖子类型", "作品类型", "笔记类型", "类型", "kind", "post type", "note type"),
    "repost": ("是否转发", "是否原创", "转发类型", "is repost"),
    "brand": ("品牌", "品牌名称", "品牌名", "监测品牌", "brand", "brand name"),
    "context": (
        *("投诉对象", "投诉商家", "被投诉商家", "商家名称", "商家", "话题", "话题标签", "标签", "tags", "topics"),
        *("context",),
    ),
}
FIELDS = tuple(HEADS)
# Heads that are longer than usual; a column goes to the first field that claims it.
_PART: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (field, re.compile(pattern))
    for field, pattern in (
        ("time", r"(发布|发表|发帖|发文|推送|投诉|评论|回复).{0,6}(时间|日期)$"),
        ("followers", r"粉丝(总)?(数|量|数量)$"),
        ("likes", r"(点赞|获赞)(总)?(数|量|数量)$"),
        ("comments", r"(评论|回复)(总)?(数|量|数量)$"),
        ("reposts", r"(转发|分享)(总)?(数|量|数量)$"),
        ("url", r"(链接|网址|url)$"),
        ("title", r"标题$"),
        ("text", r"(内容|正文|文案|全文)$"),
    )
)
_WORDS = {word: field for field, words in HEADS.items() for word in words}
# What `tingfeng sources parse` prints is no guess.
_OWN = {
    **{"text": "text", "title": "title", "time": "published_at", "url": "url", "id": "native_id"},
    **{"platform": "platform", "author": "author_name", "author_id": "author", "kind": "kind", "repost": "is_repost"},
    **{name: name for name in ("reposts", "comments", "likes", "followers", "region", "context")},
}
_LOOKED_THROUGH = 10  # rows above the head: titles, dates of export, hints


class Columns(NamedTuple):
    at: dict[str, int]  # field → index
    heads: tuple[str, ...]
    repeated: tuple[str, ...]  # heads that stand more than once; the first is read


def find_head(lines: Sequence[Line]) -> tuple[tuple[str, ...], int]:
    """The head row, and the index of the first row below it.

    Exports put titles above it and merge cells: of the first rows, or of two that are merged into one head, the one
    in which most columns are known. The first row that is not blank, when none is.
    """
    filled = [i for i, line in enumerate(lines[: 5 * _LOOKED_THROUGH]) if _texts(line.cells)][:_LOOKED_THROUGH]
    best, head, below = 1, _heads(lines[filled[0]].cells) if filled else (), (filled[0] + 1 if filled else 0)
    for i in filled:
        one = _heads(lines[i].cells)
        if (known := _known(one)) > best:
            best, head, below = known, one, i + 1
        if i + 1 < len(lines) and (both := _merged(one, lines[i + 1].cells)) and (known := _known(both)) > best:
            best, head, below = known, both, i + 2
    return head, below


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [cell for cell in cells if isinstance(cell, str) and cell.strip()]


def _heads(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple(str(cell).strip() for cell in cells)


def _known(heads: Sequence[str]) -> int:
    return len({field for head in heads if (field := _WORDS.get(plain_head(head)))})


def _merged(upper: Sequence[str], cells: Sequence[Cell]) -> tuple[str, ...] | None:
    """A head of two rows: what stands in the lower one, else in the upper. None when the lower is no part of a head."""
    lower = _heads(cells)
    if not all(plain_head(head) in _WORDS for head in lower if head):
        return None
    width = max(len(upper), len(lower))
    pairs = zip(_padded(upper, width), _padded(lower, width), strict=True)
    return tuple(below or above for above, below in pairs)


def _padded(heads: Sequence[str], width: int) -> list[str]:
    return [*heads, *[""] * (width - len(heads))]


def map_columns(heads: Sequence[str], chosen: Mapping[str, str]) -> Columns:
    """Field → index of its column. `chosen` (field → head, or head#2 for the second of that name) beats the heads.

    ImportFileError, with the nearest name, for a field or column that does not exist, and when no time or no words
    are found.
    """
    at = {field: _chosen(heads, field, head) for field, head in chosen.items()}
    own = {"native_id", "published_at"} <= set(heads)
    names = {i: plain_head(head) for i, head in enumerate(heads) if head and i not in at.values()}
    for field in FIELDS:
        if field not in at:
            found = _own(heads, field) if own else _best(names, field)
            if found is not None:
                at[field] = found
                names.pop(found, None)
    listed = ", ".join(f"'{head}'" for head in heads if head) or "none"
    if "time" not in at:
        raise ImportFileError(f"no column for the time; choose with --map time=…  (columns: {listed})")
    if "text" not in at and "title" not in at:
        raise ImportFileError(f"no column for the text; choose with --map text=…  (columns: {listed})")
    read = {heads[i] for i in at.values()}
    return Columns(at, tuple(heads), tuple(sorted(head for head in read if list(heads).count(head) > 1)))


def _own(heads: Sequence[str], field: str) -> int | None:
    name = _OWN.get(field, "")
    return list(heads).index(name) if name in heads else None


def _best(names: Mapping[int, str], field: str) -> int | None:
    """The column that fits `field` best, if any does: by its whole head, by the end of a dotted one, by a part."""
    for shaped in (names, {i: name.rpartition(".")[2] for i, name in names.items()}):
        for word in HEADS[field]:
            if (found := next((i for i, name in shaped.items() if name == word), None)) is not None:
                return found
    return next((i for i, name in names.items() if name not in _WORDS and _claimed_by(name) == field), None)


def _claimed_by(name: str) -> str | None:
    return next((field for field, pattern in _PART if pattern.search(name)), None)


def _chosen(heads: Sequence[str], field: str, head: str) -> int:
    if field not in HEADS:
        near = nearest(field, HEADS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ImportFileError(f"--map {field}={head}: unknown field{hint} (known: {', '.join(FIELDS)})")
    name, sign, which = head.rpartition("#")
    for wanted, nth in ((head, 1), (name, int(which))) if sign and which.isdecimal() else ((head, 1),):
        same = [
            i for i, one in enumerate(heads) if one and (one == wanted.strip() or plain_head(one) == plain_head(wanted))
        ]
        if len(same) >= nth > 0:
            return same[nth - 1]
    near = nearest(head, heads)
    hint = f"; did you mean '{near}'?" if near else ""
    listed = ", ".join(f"'{one}'" for one in heads if one)
    raise ImportFileError(f"--map {field}={head}: the file has no such column{hint} (columns: {listed})")
