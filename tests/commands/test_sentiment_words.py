"""`tingfeng sentiment aspects` and `terms`. Every text is invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commands import app

CONFIG = """
words = ["小麂茶"]
[[brands]]
name = "云雀客服"
aliases = ["云雀"]
aspects = { "联名" = ["杯套"], "口味" = ["芝士层"] }
"""


def call(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["sentiment", *words], input=stdin)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINGFENG_AUTHOR_SECRET", "0123456789abcdef")
    path = tmp_path / "tingfeng.toml"
    path.write_text(CONFIG, "utf-8")
    return path


def lines(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8")
    return path


def test_aspects_of_texts() -> None:
    done = call("aspects", "面包好吃，漏发了两件", "快递还没收到")
    head, *rows = [line.split() for line in done.output.splitlines()]
    assert done.exit_code == 0 and head == ["text", "aspect", "label", "polarity", "clause"]
    assert [(row[0], row[1], row[2], row[4]) for row in rows] == [
        ("1", "口味", "+", "面包好吃"),
        ("1", "物流", "−", "漏发了两件"),
        ("2", "物流", "−", "快递还没收到"),
    ]


def test_aspects_of_json_lines() -> None:
    done = call("aspects", "--json", stdin='\ufeff{"text": "漏发了两件"}\r\n\n{"text": "早上好"}\n')
    first, second = json.loads(done.output)
    assert (first["aspects"][0]["aspect"], first["aspects"][0]["label"]) == ("物流", -1)
    assert second == {"text": "早上好", "aspects": []}


def test_aspects_of_a_brand(config: Path) -> None:
    done = call("aspects", "-c", str(config), "--brand", "云雀", "云雀客服的杯套很漂亮，芝士层太咸")
    assert [line.split()[1] for line in done.output.splitlines()[1:]] == ["联名", "口味"], "a name is no 服务"


def test_the_aspects_there_are() -> None:
    assert "物流" in call("aspects", "--list").output
    assert {one["aspect"] for one in json.loads(call("aspects", "--list", "--json").output)} > {"质量", "价格", "服务"}


def test_hostile_text_is_harmless() -> None:
    done = call("aspects", "漏发\x1b[31m了\u202e两件\x07")
    assert not set("\x1b\x07\u202e") & set(done.output)
    done = call("aspects", "--json", "漏发\x1b[31m了\u202e两件")
    assert not set("\x1b\u202e") & set(done.output)


def test_terms_that_grew(tmp_path: Path, config: Path) -> None:
    before = lines(tmp_path / "before.jsonl", ["奶茶好喝", "排队很久", "店员热情", "小麂茶好喝"] * 40)
    now = lines(tmp_path / "now.jsonl", ["云雀喝出异物", "小麂茶喝出塑料", "奶茶好喝", "拒绝退款", "不给退款"] * 6)
    options = ("--window", str(now), "--baseline", str(before), "-c", str(config), "--brand", "云雀")
    done = call("terms", *options)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.output.splitlines()[1:3]] == ["吃出异物", "不退款"]
    assert json.loads(call("terms", *options, "--json", "--limit", "1").output)[0]["now"] == 12
    same = call("terms", "--window", str(before), "--baseline", str(before))
    assert "没有突增词" in same.output


@pytest.mark.parametrize(
    ("why", "line", "want"),
    [
        ("not JSON", "x", "bad.jsonl:2: not JSON"),
        ("not UTF-8", "\udcff", "bad.jsonl:2: not JSON"),
        ("no text", "{}", 'bad.jsonl:2: expected {"text": "…"}'),
        ("a number", '{"text": 1}', 'bad.jsonl:2: expected {"text": "…"}'),
        ("a list", "[]", 'bad.jsonl:2: expected {"text": "…"}'),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, why: str, line: str, want: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"text": "a"}\n' + line.encode("utf-8", "surrogateescape") + b"\n")
    done = call("terms", "--window", str(path), "--baseline", str(path))
    assert done.exit_code == 2 and want in done.output, why


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = call("terms", "--window", str(tmp_path / "none"), "--baseline", "-")
    assert done.exit_code == 2 and "cannot read" in done.output


def test_an_aspect_by_another_name_is_found_by_check_config(config: Path) -> None:
    config.write_text(CONFIG.replace('"联名"', '"快递"'), "utf-8")
    done = CliRunner().invoke(app, ["check-config", "-c", str(config)])
    assert done.exit_code == 2
    assert (
        "tingfeng.toml:6: brands[云雀客服].aspects.快递: is known by another name; did you mean '物流'?" in done.output
    )
