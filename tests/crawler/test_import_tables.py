"""Tables of posts as people really send them."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from crawler.imports.gather import gather
from crawler.imports.gathered import Rejected, Row
from crawler.imports.mapping import FIELDS, HEADS
from crawler.imports.tables import gathered
from crawler.post import Kind
from tests.support.factories import NOW
from tests.support.imports import NOON, items_of, posts_of, wish
from tingfeng.errors import ImportFileError, UnknownName
from tingfeng.tablefiles import Line, plain_head

HEAD = "内容,发布时间,链接\n"
ROW = "云雀真好,2026/11/20 8:05,https://www.example.com/a\n"


def written(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("why", "raw"),
    [
        ("UTF-8", (HEAD + ROW).encode()),
        ("with a mark", b"\xef\xbb\xbf" + (HEAD + ROW).encode()),
        ("GBK", (HEAD + ROW).encode("gbk")),
        ("UTF-16 with tabs", (HEAD + ROW).replace(",", "\t").encode("utf-16")),
        ("semicolons", (HEAD + ROW).replace(",", ";").encode()),
        ("Excel's hint", b"sep=;\r\n" + (HEAD + ROW).replace(",", ";").encode()),
        ("a title and blank lines above the head", ("监测报告,,\n\n导出时间：2026-11-20,,\n" + HEAD + ROW).encode()),
        ("cells too few", (HEAD.replace("\n", ",点赞\n") + ROW).encode()),
        ("a blank row at the end", (HEAD + ROW + ",,\n\n").encode()),
    ],
)
def test_one_post_however_it_is_written(tmp_path, why, raw):
    (post,) = posts_of(written(tmp_path, raw))
    assert (post.text, post.published_at, post.url) == ("云雀真好", NOON, "https://www.example.com/a"), why
    assert (post.platform, post.native_id, post.kind) == ("web", "https://www.example.com/a", Kind.ARTICLE), why


@pytest.mark.parametrize(
    ("why", "head", "row", "want"),
    [
        (
            "小红书",
            "笔记标题,笔记描述,达人昵称,小红书号,笔记链接,发布时间,点赞量,评论量,分享量,粉丝数,IP属地",
            "打卡,云雀新店,小王,xhs123,https://www.xiaohongshu.com/explore/64f0c0ffee64f0c0ffee64f0?xsec_token=A,"
            "2026-11-20 08:05:00,1.2万,3,4,1.5w,IP属地：广东",
            {
                "platform": "xiaohongshu",
                "native_id": "64f0c0ffee64f0c0ffee64f0",
                "title": "打卡",
                "text": "云雀新店",
                "author": "xhs123",
                "likes": 12_000,
                "comments": 3,
                "reposts": 4,
                "followers": 15_000,
                "region": "广东",
            },
        ),
        (
            "抖音",
            "作品描述,作品链接,作品ID,发布时间,点赞数,评论数,分享数",
            '云雀试驾,https://www.douyin.com/video/7301234567890123456,="7301234567890123456",2026-11-20 08:05,5,,-',
            {
                "platform": "douyin",
                "native_id": "7301234567890123456",
                "kind": Kind.VIDEO,
                "likes": 5,
                "comments": None,
            },
        ),
        (
            "黑猫投诉",
            "投诉编号,投诉标题,投诉对象,投诉内容,投诉时间",
            "17370001234,不退款,云雀旗舰店,客服不理人,2026年11月20日 8时05分",
            {"native_id": "17370001234", "title": "不退款", "text": "客服不理人", "context": "云雀旗舰店"},
        ),
        (
            "微信公众号",
            "公众号名称,文章标题,文章摘要,文章链接,推送时间,阅读数",
            "汽车之友,云雀上市,谈谈云雀,https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv,2026-11-20 08:05:00,999",
            {
                "platform": "weixin",
                "native_id": "AbCdEfGhIjKlMnOpQrStUv",
                "kind": Kind.ARTICLE,
                "author": "name:汽车之友",
                "title": "云雀上市",
            },
        ),
        (
            "weibo by its short form, author by the address",
            "微博正文,发布时间,微博链接,作者",
            "云雀,2026-11-20 08:05:00,https://weibo.com/1234567890/z0JH2lOMb,小李",
            {"platform": "weibo", "native_id": "3501756485200075", "author": "1234567890", "author_name": "小李"},
        ),
        (
            "weibo by mid in the id column",
            "平台,正文,发布时间,mid",
            "新浪微博,云雀,2026-11-20 08:05:00,3501756485200075",
            {"platform": "weibo", "native_id": "3501756485200075"},
        ),
        (
            "zhihu",
            "内容,发布时间,链接,类型",
            "云雀,2026-11-20 08:05:00,https://www.zhihu.com/question/1/answer/22?utm_id=0,回答",
            {"platform": "zhihu", "native_id": "answer:22", "kind": Kind.ANSWER},
        ),
        (
            "bilibili and v2ex are told by their hosts",
            "内容,发布时间,网址,平台",
            "云雀,2026-11-20 08:05:00,https://www.bilibili.com/video/BV1xx411c7mD/?p=1,视频",
            {"platform": "bilibili", "native_id": "BV1xx411c7mD"},
        ),
        (
            "a row number is no id",
            "id,内容,发布时间",
            "17,云雀,2026-11-20 08:05:00",
            {"platform": "import:import", "kind": Kind.POST},
        ),
        (
            "markup, repost, longer heads",
            "微博内容（原文）,信息发布时间,是否原创,总点赞数",
            "<em>云雀</em>&amp;我<br>好,2026-11-20 08:05:00,否,7",
            {"text": "云雀&我\n好", "is_repost": True},
        ),
    ],
)
def test_exports(tmp_path, why, head, row, want):
    (post,) = posts_of(written(tmp_path, f"{head}\n{row}\n"))
    assert {name: getattr(post, name) for name in want} == want, why
    assert post.published_at == NOON, why


def test_comments_are_told_apart_though_they_bear_the_address_of_one_post(tmp_path):
    link = "https://www.xiaohongshu.com/explore/64f0c0ffee64f0c0ffee64f0"
    head = "评论内容,评论时间,笔记链接,评论ID\n"
    rows = f"云雀好,2026-11-20 08:05:00,{link},\n云雀差,2026-11-20 08:05:00,{link},\n云雀,2026-11-20,{link},abc12345\n"
    one, two, three = posts_of(written(tmp_path, head + rows))
    assert {post.parent for post in (one, two, three)} == {"64f0c0ffee64f0c0ffee64f0"}
    assert {post.kind for post in (one, two, three)} == {Kind.COMMENT}
    assert one.native_id != two.native_id
    assert three.native_id == "abc12345"


@pytest.mark.parametrize(
    ("url", "is_identity"),
    [
        ("https://a.example", False),
        ("http://a.example", False),
        ("https://a.example/", False),
        ("https://a.example/news", True),
        ("https://a.example/news/", True),
        ("https://a.example/?id=5", True),
    ],
)
def test_the_address_of_a_site_is_nobodys_identity(tmp_path, url, is_identity):
    (post,) = posts_of(written(tmp_path, f"{HEAD}云雀,2026-11-20,{url}\n"))
    assert (post.native_id == post.url) is is_identity


def test_one_address_with_two_texts_is_said(tmp_path):
    found = gather(written(tmp_path, HEAD + ROW + ROW.replace("真好", "很差")), wish())
    list(found.items)
    assert found.notes["same_id_other_words"] == 1


@pytest.mark.parametrize(
    ("spelling", "want"),
    [
        ("2026-11-20 08:05:00", NOON),
        ("2026/11/20 8:05", NOON),
        ("2026年11月20日 上午8:05", NOON),
        ("2026-11-20T00:05:00Z", NOON),
        ("46346.3368055556", NOON),
        ("1795133100", NOON),
        ("1795133100000", NOON),
        ("Fri Nov 20 08:05:00 +0800 2026", NOON),
        ("5分钟前", NOW - timedelta(minutes=5)),
        ("昨天 08:05", NOON - timedelta(days=1)),
        ("2026-11-20", NOON.replace(hour=16, minute=0) - timedelta(days=1)),
    ],
)
def test_times(tmp_path, spelling, want):
    (post,) = posts_of(written(tmp_path, f"内容,发布时间\n云雀,{spelling}\n"))
    assert post.published_at == want


def test_a_day_alone_is_counted_at_midnight_and_said_so(tmp_path):
    found = gather(written(tmp_path, "内容,发布时间,链接\n云雀,2026-11-20,\n"), wish())
    list(found.items)
    assert found.notes["day_only"] == 1


def test_of_a_weibo_post_the_id_tells_the_time_of_day(tmp_path):
    mid = (int(NOON.timestamp()) - 515_483_463) << 22
    (post,) = posts_of(written(tmp_path, f"内容,发布时间,链接\n云雀,2026-11-20,https://m.weibo.cn/detail/{mid}\n"))
    assert post.published_at == NOON


@pytest.mark.parametrize(
    ("why", "row", "says"),
    [
        ("no time", "云雀,,x", "没有时间"),
        ("no such time", "云雀,下周,x", "看不懂的日期"),
        ("the future", "云雀,2026-12-20,x", "在将来"),
        ("before the web", "云雀,1991-01-01,x", "太早"),
        ("day or month first", "云雀,02/11/2026,x", "--date-format"),
        ("nothing said", ",2026-11-20,x", "没有标题也没有内容"),
        ("a comma without quotes", "云,2026-11-20,x,y", "格数比表头多"),
    ],
)
def test_rejected_rows_say_why_and_where(tmp_path, why, row, says):
    items = items_of(written(tmp_path, HEAD + '"好\n的",2026-11-20,\n' + row + "\n"))
    (rejected,) = [item for item in items if isinstance(item, Rejected)]
    assert rejected.number == 4, why  # the line of the file, the quoted line end counted
    assert says in "；".join(rejected.reasons), why


def test_a_pattern_for_dates(tmp_path):
    (post,) = posts_of(written(tmp_path, "内容,发布时间\n云雀,20/11/2026 08:05\n"), date_format="%d/%m/%Y %H:%M")
    assert post.published_at == NOON


# --- heads


def test_the_operator_may_name_columns(tmp_path):
    path = written(tmp_path, "甲,乙,丙,丙\n云雀,2026-11-20,1,2\n")
    (post,) = posts_of(path, mapping={"text": "甲", "time": "乙", "likes": "丙", "comments": "丙#2"})
    assert (post.text, post.likes, post.comments) == ("云雀", 1, 2)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"text": "内溶"}, "no such column; did you mean '内容'"),
        ({"txt": "内容"}, "unknown field; did you mean 'text'"),
        ({"text": "内容#2"}, "no such column"),
    ],
)
def test_a_column_that_is_not_there_names_the_nearest(tmp_path, mapping, says):
    with pytest.raises(ImportFileError, match=says):
        gather(written(tmp_path, HEAD + ROW), wish(mapping=mapping))


@pytest.mark.parametrize(
    ("head", "says"), [("内容,更新于\n", "no column for the time"), ("发布时间,阅读\n", "no column for the text")]
)
def test_columns_that_have_to_be_there(tmp_path, head, says):
    with pytest.raises(ImportFileError, match=says):
        gather(written(tmp_path, head + "a,b\n"), wish())


def test_a_head_that_stands_twice_is_read_once_and_said_so(tmp_path):
    found = gather(written(tmp_path, "内容,发布时间,点赞,点赞\n云雀,2026-11-20,3,4\n"), wish())
    (row,) = found.items
    assert isinstance(row, Row)
    assert row.post.likes == 3
    assert [what for what in found.notes if "点赞" in what]


def test_every_head_that_the_guide_names_is_known():
    guide = Path(__file__).resolve().parents[2] / "docs" / "importing.md"
    named = 0
    for line in guide.read_text("utf-8").splitlines():
        if not line.startswith("| `") or line.startswith("| `."):
            continue
        _, fields, heads, *_ = line.split("|")
        told = {field.strip(" `") for part in fields.split(",") for field in part.split("` `")}
        for head in re.split(r"[,;]", heads):
            if head.strip():
                named += 1
                assert any(plain_head(head) in HEADS[field] for field in told), head
        assert told <= set(FIELDS)
    assert named > 30


# --- workbooks


def workbook(path: Path, rows, *, epoch=None) -> Path:
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbook(tmp_path):
    at = datetime(2026, 11, 20, 8, 5)  # noqa: DTZ001 -- a cell is naive
    rows = [
        ["监测月报"],
        ["标题", "内容", "发布时间", "互动", None, "作品ID"],
        [None, None, None, "点赞", "评论", None],
        ["一", "云雀", at, 12.0, "1,024", 7301234567890123456],
        ["二", "云雀", 46346.3368055556, "1.2万", None, "=1+1"],
        ["三", "云雀", date(2026, 11, 20), None, None, None],
    ]
    found = gather(workbook(tmp_path / "a.xlsx", rows), wish())
    posts = [item.post for item in found.items if isinstance(item, Row)]
    assert [post.title for post in posts] == ["一", "二", "三"]
    assert [post.published_at for post in posts] == [NOON, NOON, datetime(2026, 11, 19, 16, tzinfo=UTC)]
    assert [(post.likes, post.comments) for post in posts] == [(12, 1024), (12_000, None), (None, None)]
    assert found.notes["rounded_id"] == 1  # a spreadsheet keeps 15 digits
    assert all(post.native_id.startswith("digest:") for post in posts)


@pytest.mark.parametrize("value", [datetime(2026, 11, 20, 8, 5), 44884.3368055556])  # noqa: DTZ001 -- a cell is naive
def test_a_workbook_that_counts_from_1904(tmp_path, value):
    rows = [["内容", "发布时间"], ["云雀", value]]
    (post,) = posts_of(workbook(tmp_path / "a.xlsx", rows, epoch=CALENDAR_MAC_1904))
    assert post.published_at is not None
    assert abs(post.published_at - NOON) < timedelta(seconds=1)


def test_a_bomb_is_refused_by_its_size(tmp_path, monkeypatch):
    path = workbook(tmp_path / "a.xlsx", [["内容", "发布时间"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * 2_000_000)
    monkeypatch.setattr("tingfeng.tablefiles.MAX_UNPACKED", 1_000_000)
    with pytest.raises(ImportFileError, match="unpacks to more than"):
        gather(path, wish())


# --- JSON


def test_lines_of_json_with_everything_that_goes_wrong(tmp_path):
    lines = [
        json.dumps(
            {"content": "云雀", "create_time": "2026-11-20 08:05:00", "user": {"nickname": "王"}, "tags": ["a", "b"]}
        ),
        "{broken",
        "[1]",
        '{"content": "\\ud800云雀", "create_time": 1795133100}',
        json.dumps({"content": "x" * 2_000_000, "create_time": "2026-11-20"}),
        "",
        json.dumps({"content": None, "create_time": "2026-11-20"}),
    ]
    items = items_of(written(tmp_path, "\n".join(lines), "a.jsonl"))
    posts = [item.post for item in items if isinstance(item, Row)]
    assert [(post.text, post.author_name, post.context) for post in posts] == [
        ("云雀", "王", "a b"),
        ("\ufffd云雀", "", ""),
    ]
    assert [(item.number, item.reasons) for item in items if isinstance(item, Rejected)] == [
        (2, ("不是完整的 JSON",)),
        (3, ("不是 JSON 对象",)),
        (5, ("一行超过 1,000,000 个字符",)),
        (7, ("没有标题也没有内容",)),
    ]


def test_an_array_of_json(tmp_path):
    data = [{"text": "云雀", "date": "2026-11-20 08:05:00", "likes": 3, "flag": True}, 5]
    items = items_of(written(tmp_path, json.dumps(data), "a.json"))
    assert [type(item) for item in items] == [Row, Rejected]


def test_what_parse_prints_comes_in_as_it_is(tmp_path):
    (one,) = posts_of(written(tmp_path, HEAD.replace("\n", ",作者,粉丝\n") + ROW.replace("\n", ",王,7\n")))
    (again,) = posts_of(written(tmp_path, json.dumps(one.as_json(), ensure_ascii=False), "a.jsonl"))
    assert again == one


# --- files that cannot be read


@pytest.mark.parametrize(
    ("why", "name", "raw", "says"),
    [
        ("no such suffix", "a.cvs", b"x", "no reader for '.cvs'; did you mean '.csv'"),
        ("old workbook", "a.xls", b"x", "save it as XLSX or CSV"),
        ("nothing in it", "a.csv", b"\n\n", "nothing in it"),
        ("not JSON", "a.json", b"{", "not JSON, or cut short"),
        ("not HAR", "a.har", b"{}", "not a HAR recording"),
        (
            "a field of 200,000 characters",
            "a.csv",
            f"{HEAD}{'x' * 200_000},1,2\n".encode(),
            "line 2: cannot be read as CSV",
        ),
        ("no lines", "a.jsonl", b"\n", "no JSON object in it"),
        ("a page nobody knows", "a.html", b"<html>", "no reader knows this page"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, why, name, raw, says):
    with pytest.raises(ImportFileError, match=says):
        gather(written(tmp_path, raw, name), wish())


def test_too_large_a_file_is_not_even_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("crawler.imports.tables.MAX_BYTES", 10)
    monkeypatch.setattr("crawler.imports.files.MAX_BYTES", 10)
    for name in ("a.csv", "a.xlsx", "a.jsonl"):
        with pytest.raises(ImportFileError, match="split it"):
            gather(written(tmp_path, "x" * 20, name), wish())


def test_a_line_of_100_mb_ends_in_words_not_in_memory(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD.encode() + b"x" * 100_000_000)
    with pytest.raises(ImportFileError, match="field larger than field limit"):
        gather(path, wish())


def test_an_unknown_form_names_the_nearest():
    from crawler.imports.gather import check_form

    with pytest.raises(UnknownName, match="did you mean 'csv'"):
        check_form("cvs")


# --- anything at all

CELLS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789-/: 年月日万.+eE", max_size=20),
    st.sampled_from(["https://weibo.com/1/Abc", "//weibo.com", "http://[", "='", "2026-11-20", "\ud800", "<", "&#0;"]),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
)


@given(rows=st.lists(st.lists(CELLS, max_size=20).map(tuple), max_size=5))
def test_any_row_is_a_post_or_is_rejected_with_a_reason(rows):
    head = tuple(
        [
            "内容",
            "发布时间",
            "链接",
            "ID",
            "平台",
            "作者",
            "作者ID",
            "标题",
            "点赞",
            "粉丝",
            "IP属地",
            "类型",
            "是否原创",
            "品牌",
        ]
    )
    lines = [Line(i, row) for i, row in enumerate(rows, 1)]
    found = list(gathered(Path("x"), head, lines, len(lines), "test", wish()).items)
    assert [item.number for item in found] == [line.number for line in lines]
    for item in found:
        if isinstance(item, Rejected):
            assert item.reasons
        else:
            assert item.post.native_id
            assert item.post.published_at
            assert item.post.text
