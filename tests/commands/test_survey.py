"""Survey files and their figures, from the command line."""

from __future__ import annotations

import json

import pytest

HEAD = "日期,推荐意愿,满意度,意见\n"
ROWS = "2026-01-02,10,5,好\n2026-01-02,9,4,\n2026-01-03,3,1,慢\n2026-01-04,12,3,\n"


@pytest.fixture
def file(desk):
    path = desk / "a.csv"
    path.write_text(HEAD + ROWS, "utf-8")
    return path


def test_import_tells_what_it_did(call, file):
    text = call("import-survey", "a.csv").stdout
    assert "rows 行 4: added 新增 3, known 已有 0, rejected 拒收 1" in text
    assert "date ← 日期, nps ← 推荐意愿" in text
    assert "1 × NPS 应为 0–10 的整数，却是“12”" in text
    assert "a.csv.rejected.csv" in text
    again = json.loads(call("import-survey", "a.csv", "--json").stdout)
    assert (again["added"], again["known"], again["rejected"]) == (0, 3, 1)


def test_a_dry_run_needs_no_database(call, file, desk):
    (desk / "data" / "tingfeng.db").unlink()
    assert call("import-survey", "a.csv", "--dry-run").exit_code == 0
    assert not (desk / "data" / "tingfeng.db").exists()


def test_a_dry_run(call, file):
    text = call("import-survey", "a.csv", "--dry-run").stdout
    assert "dry run 试运行: rows 行 4, good 有效 3, rejected 拒收 1" in text
    assert not file.with_name("a.csv.rejected.csv").exists()
    assert json.loads(call("survey", "report", "--since", "2026-01-01", "--json").stdout)[0]["answers"] == 0


def test_columns_may_be_named(call, desk):
    (desk / "b.csv").write_text("何时,打分,门店\n02/01/2026,9,东\n", "utf-8")
    args = ["--map", "date=何时", "--map", "nps=打分", "--map", "segment=门店", "--date-format", "%d/%m/%Y"]
    report = json.loads(call("import-survey", "b.csv", *args, "--json").stdout)
    assert report["added"] == 1
    assert report["columns"] == {"date": "何时", "nps": "打分", "segment": "门店"}


@pytest.mark.parametrize(
    ("why", "args", "says"),
    [
        ("no such file", ["none.csv"], "none.csv: cannot be read"),
        ("no such column", ["a.csv", "--map", "nps=推荐意向"], "did you mean '推荐意愿'"),
        ("no such field", ["a.csv", "--map", "npss=推荐意愿"], "did you mean 'nps'"),
        ("not a pair", ["a.csv", "--map", "nps"], "expected field=column"),
        ("a pair twice", ["a.csv", "--map", "nps=a", "--map", "nps=b"], "given twice"),
        ("no such brand", ["a.csv", "--brand", "云却"], "did you mean '云雀'"),
        ("wrong encoding", ["a.csv", "--encoding", "utf-9"], "unknown encoding 'utf-9'"),
    ],
)
def test_imports_that_cannot_be(call, file, why, args, says):
    result = call("import-survey", *args)
    assert result.exit_code == 2, why
    assert says in " ".join(result.stderr.replace("│", " ").split()), why


def test_figures_with_counts_and_intervals(call, file):
    call("import-survey", "a.csv")
    figures = json.loads(call("survey", "report", "--since", "2026-01-01", "--json").stdout)
    assert [f["brand"] for f in figures] == ["云雀"]
    one = figures[0]
    assert (one["answers"], one["comments"], one["promoters"], one["detractors"]) == (3, 2, 2, 1)
    assert one["nps"]["n"] == 3
    assert one["nps"]["value"] == pytest.approx(100 / 3)
    assert one["nps"]["interval"]["low"] < 100 / 3 < one["nps"]["interval"]["high"]
    assert one["csat_top2"]["value"] == pytest.approx(200 / 3)
    text = call("survey", "report", "--since", "2026-01-01").stdout
    assert "+33" in text
    assert "2/0/1" in text


def test_figures_of_nothing_are_no_zeros(call, desk):
    one = json.loads(call("survey", "report", "--brand", "山雀", "--json").stdout)[0]
    assert one["nps"] == {"n": 0, "value": None, "interval": None}
    assert "-" in call("survey", "report").stdout


def test_a_period_that_ends_before_it_begins(call, desk):
    assert call("survey", "report", "--since", "2026-01-02", "--until", "2026-01-01").exit_code == 2
