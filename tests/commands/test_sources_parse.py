"""The contract of `tingfeng sources parse`: lines of JSON out, exit codes, and what stands on standard error."""

from __future__ import annotations

import gzip
import io
import json
import os

import pytest
from typer.testing import CliRunner

import commands
from tests.support.readers import tea_readers

AT = "2026-11-20T12:00:00+08:00"
POST = {
    "platform": "tea",
    "native_id": "1",
    "url": "https://tea.example/1",
    "text": "云雀的茶\n真好",
    "published_at": "2026-11-20T03:55:00+00:00",
    "title": "",
    "kind": "post",
    "parent": None,
    "context": "",
    "author": "7",
    "author_name": "茶客",
    "followers": None,
    "reposts": None,
    "comments": None,
    "likes": None,
    "region": None,
    "is_repost": False,
    "is_cut": False,
    "rank": None,
    "heat": None,
}


def body(kind="tea", posts=(("1", "云雀的茶\n真好", "5分钟前"),), **more):
    return json.dumps({"kind": kind, "posts": posts} | more).encode()


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    """A folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TINGFENG_CONFIG", raising=False)
    with tea_readers():
        yield tmp_path


def parse(source, raw, *args):
    with open("body", "wb") as file:
        file.write(raw)
    return CliRunner().invoke(commands.app, ["sources", "parse", source, "body", "--seen-at", AT, *args])


def test_one_line_per_post_with_every_key(somewhere):
    result = parse("tea", body())
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == POST
    assert "云雀" in result.stdout  # readable, not escaped
    assert "tea: posts 帖子 1" in result.stderr


@pytest.mark.parametrize(
    ("why", "source", "raw", "says"),
    [
        ("a family", "drinks", body(), "tea: posts"),
        ("another route of the named reader's platform", "coffee", body(), "coffee does not know this body"),
        ("gzipped", "tea", gzip.compress(body()), "tea: posts"),
        (
            "some posts without a time",
            "tea",
            body(posts=[("1", "云雀的茶\n真好", "5分钟前"), ("2", "x", "?")]),
            "skipped 跳过 time 1",
        ),
    ],
)
def test_what_is_understood(why, source, raw, says):
    result = parse(source, raw)
    assert result.exit_code == 0, why
    assert json.loads(result.stdout) == POST, why
    assert says in result.stderr, why


def test_nothing_in_it_is_no_failure():
    result = parse("tea", body(posts=[]))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "understood, and nothing in it" in result.stderr


def test_posts_that_could_not_be_read_are_no_empty_page():
    result = parse("tea", body(posts=[("1", "x", "?")]))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "none of its posts could be read" in result.stderr


@pytest.mark.parametrize(
    ("why", "source", "raw", "refusal", "kind"),
    [
        ("a refusal has its name", "tea", body(refusal="login_required"), "login_required", "refused"),
        ("also from a relative", "coffee", body(refusal="captcha"), "captcha", "refused"),
        ("and within a family", "drinks", body(refusal="captcha"), "captcha", "refused"),
        ("a relative's shrug says nothing", "coffee", body(refusal="not_ok"), "layout_changed", "layout_changed"),
        ("not JSON", "tea", b"<html>", "layout_changed", "layout_changed"),
        ("empty", "drinks", b"", "layout_changed", "layout_changed"),
        ("of nobody's kind", "tea", body("milk"), "layout_changed", "layout_changed"),
    ],
)
def test_what_is_not(why, source, raw, refusal, kind):
    result = parse(source, raw)
    assert result.exit_code == 1, why
    line = json.loads(result.stdout)
    assert (line["refusal"], line["kind"]) == (refusal, kind), why
    assert set(line) == {"refusal", "detail", "kind", "reader"}, why
    assert any("\u4e00" <= sign <= "\u9fff" for sign in result.stderr), why


@pytest.mark.parametrize("typed", ["te", "drink", "cofee"])
def test_an_unknown_name_names_the_nearest(typed):
    result = parse(typed, body())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "did you mean" in result.stderr
    assert "not_written_yet" not in result.stderr


def test_standard_input_and_times():
    result = CliRunner().invoke(commands.app, ["sources", "parse", "tea", "-"], input=body())
    assert result.exit_code == 0
    assert "seen at 抓取时间" in result.stderr
    assert "now 现在" in result.stderr


def test_the_files_own_time_counts_for_relative_times(somewhere):
    (somewhere / "a.json").write_bytes(body())
    os.utime(somewhere / "a.json", (1_700_000_000, 1_700_000_000))
    result = CliRunner().invoke(commands.app, ["sources", "parse", "tea", "a.json"])
    assert json.loads(result.stdout)["published_at"] == "2023-11-14T22:08:20+00:00"
    assert "the file's time" in result.stderr


def test_an_address_is_handed_on():
    assert json.loads(parse("tea", body(), "--url", "http://t.example").stdout)["url"] == "http://t.example/1"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["tea", "none.json"], "none.json: cannot be read"),
        (["tea", "bad.gz"], "cannot be unpacked"),
        (["tea", "good.gz", "--seen-at", "soon"], "expected a time such as"),
    ],
)
def test_what_cannot_be_asked(somewhere, args, says):
    (somewhere / "bad.gz").write_bytes(gzip.compress(body())[:-9])
    (somewhere / "good.gz").write_bytes(gzip.compress(body()))
    result = CliRunner().invoke(commands.app, ["sources", "parse", *args])
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.replace("│", " ").split())


def test_signs_that_act_in_a_terminal_are_escaped_and_still_the_same():
    wild = "a\u202eb\x1b[31m\ud800\u2028"
    result = parse("tea", body(posts=[("1", wild, "5分钟前")]))
    assert result.stdout.isprintable() or "\u202e" not in result.stdout
    assert "\x1b" not in result.stdout
    assert json.loads(result.stdout)["text"] == wild
    assert len(io.StringIO(result.stdout).readlines()) == 1


@pytest.mark.usefixtures("desk")
def test_a_configured_source_stands_for_its_kind(call):
    from pathlib import Path

    text = Path("tingfeng.toml").read_text("utf-8").replace('kind = "weibo_mobile"', 'kind = "feed"')
    Path("tingfeng.toml").write_text(text, "utf-8")
    Path("b.json").write_bytes(body("milk"))
    from unittest import mock

    from crawler.bodies import READERS

    with mock.patch.dict(READERS, {"feed": "tests.support.readers"}):
        assert json.loads(call("sources", "parse", "news", "b.json").stdout)["refusal"] == "layout_changed"
        Path("tingfeng.toml").write_text("broken [", "utf-8")
        assert call("sources", "parse", "tea", "b.json").exit_code == 1  # needs no configuration
        assert "unknown reader, platform or source 'news'" in call("sources", "parse", "news", "b.json").stderr
