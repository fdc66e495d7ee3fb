"""`tingfeng sources import`: what it tells, what it writes beside the file, what it says of mistakes."""

from __future__ import annotations

import csv
import json

import pytest

from store import mentions

HEAD = "标题,内容,发布时间,链接,点赞量,采集时间\n"
ROWS = (
    "一,云雀真好,2026-11-20 08:05,https://www.xiaohongshu.com/explore/64f0c0ffee64f0c0ffee64f0,1.2万,x\n"
    "二,与谁都无关,2026-11-20 08:05,,3,x\n"
    "三,云雀,=1+1,,3,x\n"
)


@pytest.fixture
def file(desk):
    path = desk / "a.csv"
    path.write_text(HEAD + ROWS, "utf-8")
    return path


def test_import_tells_what_it_did(call, file, desk_db):
    result = call("sources", "import", "agency", "a.csv")
    assert result.exit_code == 0
    text = result.stdout
    assert "a.csv: CSV, UTF-8, comma" in text
    assert "text ← 内容" in text
    assert "likes ← 点赞量" in text
    assert "not read 未读取: 采集时间" in text
    assert "rows 行 3: added 新增 1, known 已有 0, rejected 拒收 2" in text
    assert "a.csv:3: 没有提到任何已配置的品牌" in text
    assert "--rejects" in result.stderr
    with desk_db.read() as s:
        assert mentions.count(s) == 1
    again = json.loads(call("sources", "import", "agency", "a.csv", "--json").stdout)
    assert (again["added"], again["known"], again["rejected"]) == (0, 1, 2)
    assert again["left"][0] == {
        "file": "a.csv",
        "row": 3,
        "reasons": ["没有提到任何已配置的品牌；若整个文件都属于某品牌，请用 --brand 指定"],
    }
    assert again["files"][0]["columns"]["time"] == "发布时间"


def test_doubts_are_told_in_words(call, desk):
    rows = "".join(f"云雀{i},2026-11-{i + 10},很多,1\n云雀,{i}?,1,1\n" for i in range(8))
    (desk / "c.csv").write_text("内容,发布时间,点赞,点赞\n" + rows, "utf-8")
    text = call("sources", "import", "agency", "c.csv", "--dry-run").stdout
    assert "8 × not a number in 无法识别的数字 likes" in text
    assert "8 × times without a clock" in text
    assert "列名重复，取第一列: 点赞" in text
    assert "… 3 more kinds 其他原因" in text


def test_rejected_rows_are_written_and_harmless(call, file, desk):
    call("sources", "import", "agency", "a.csv", "--rejects", "bad.csv")
    with (desk / "bad.csv").open(encoding="utf-8-sig", newline="") as out:
        head, *rows = csv.reader(out)
    assert head == ["文件 file", "行 row", "原因 reason", *HEAD.strip().split(",")]
    assert [row[:2] for row in rows] == [["a.csv", "3"], ["a.csv", "4"]]
    assert rows[1][5] == "'=1+1"


def test_a_dry_run_needs_no_database(call, file, desk):
    (desk / "data" / "tingfeng.db").unlink()
    text = call("sources", "import", "agency", "a.csv", "--dry-run").stdout
    assert "dry run 试运行: rows 行 3, good 有效 1, rejected 拒收 2" in text
    assert not (desk / "data" / "tingfeng.db").exists()


def test_brand_platform_and_columns_may_be_told(call, desk, desk_db):
    (desk / "b.txt").write_text("何时\t说了什么\n20/11/2026\t都好\n", "utf-8")
    args = ["--map", "time=何时", "--map", "text=说了什么", "--date-format", "%d/%m/%Y", "--brand", "Skylark"]
    report = json.loads(call("sources", "import", "agency", "b.txt", *args, "--platform", "小红书", "--json").stdout)
    assert report["added"] == 1
    with desk_db.read() as s:
        (shown,) = mentions.by_ids(s, [1])
    assert (shown.mention.platform, shown.mention.brands) == ("xiaohongshu", ("云雀",))


@pytest.mark.parametrize(
    ("why", "args", "says"),
    [
        ("no such file", ["agency", "none.csv"], "none.csv: cannot be read"),
        ("no such column", ["agency", "a.csv", "--map", "text=内溶"], "did you mean '内容'"),
        ("no such field", ["agency", "a.csv", "--map", "txt=内容"], "did you mean 'text'"),
        ("not a pair", ["agency", "a.csv", "--map", "text"], "expected field=column"),
        ("a pair twice", ["agency", "a.csv", "--map", "text=a", "--map", "text=b"], "given twice"),
        ("no such brand", ["agency", "a.csv", "--brand", "云却"], "did you mean '云雀'"),
        ("no such form", ["agency", "a.csv", "--as", "cvs"], "did you mean 'csv'"),
        ("a label that is none", ["../x", "a.csv"], "letters, digits"),
        ("a folder that is not there", ["agency", "a.csv", "--rejects", "no/bad.csv"], "cannot be written"),
    ],
)
def test_imports_that_cannot_be(call, file, why, args, says):
    result = call("sources", "import", *args)
    assert result.exit_code == 2, why
    assert says in " ".join(result.stderr.replace("│", " ").split()), why


def test_the_table_of_sources_is_still_there(call, desk):
    assert "HEALTH" in call("sources").stdout
    assert [line["name"] for line in json.loads(call("sources", "--json").stdout)] == ["weibo", "news"]
