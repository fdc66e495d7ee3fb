"""Nothing from the web acts in a terminal; tables stay aligned with Chinese in them."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from commands import shared
from tingfeng.model import Label

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("colours", "a\x1b[31mb", "a[31mb"),
        ("title of the window", "\x1b]0;x\x07", "]0;x"),
        ("C1 control sequence", "a\x9b31mb", "a31mb"),
        ("direction override", "exe.\u202egpj", "exe.gpj"),
        ("isolates", "\u2066a\u2069", "a"),
        ("line breaks", "a\r\nb\u2028c\td", "a b c d"),
        ("backspace and delete", "a\x08\x7fb", "ab"),
        ("what cannot be encoded", "a\ud800b", "ab"),
        ("Chinese and emoji stay", "听风👍🏽", "听风👍🏽"),
        ("not a text", 3, "3"),
    ],
)
def test_safe(why, text, want):
    assert shared.safe(text) == want, why


@given(st.text())
def test_safe_text_is_one_printable_line(text):
    made = shared.safe(text)
    made.encode()
    assert len(made.splitlines()) <= 1
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) <= 0x9F for sign in made)


@dataclass(frozen=True)
class Record:
    name: str
    at: datetime
    took: timedelta
    label: Label
    path: Path
    parts: tuple[int, ...]
    nothing: None = None


RECORD = Record("a\x1b\u202eb", NOW, timedelta(minutes=1.5), Label.NEGATIVE, Path("/x"), (1, 2))


def test_json_is_plain_and_harmless(capsys):
    shared.say_json([RECORD])
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert json.loads(text) == [
        {
            "name": "a\x1b\u202eb",
            "at": "2026-11-20T04:00:00+00:00",
            "took": 90.0,
            "label": -1,
            "path": "/x",
            "parts": [1, 2],
            "nothing": None,
        }
    ]


def test_a_record_is_one_line(capsys):
    shared.say_record(RECORD)
    assert capsys.readouterr().out == (
        "name=ab  at=2026-11-20T04:00:00+00:00  took=90.0  label=-1  path=/x  parts=[1, 2]\n"
    )


def test_tables_are_aligned_by_columns_of_the_terminal(capsys):
    shared.say_table(("名称", "N"), [("云雀咖啡", 1), ("a", 22)])
    assert capsys.readouterr().out == "名称      N\n云雀咖啡  1\na         22\n"


@pytest.mark.parametrize(
    ("text", "want"), [("云雀咖啡", "云雀…"), ("云雀", "云雀"), ("abcdef", "abcd…"), ("abc", "abc")]
)
def test_cut(text, want):
    assert shared.cut(text, 5) == want


@pytest.mark.parametrize(
    ("span", "want"),
    [
        (None, "-"),
        (timedelta(seconds=45), "45s"),
        (timedelta(minutes=12), "12m"),
        (timedelta(minutes=100), "100m"),
        (timedelta(hours=5), "5h"),
        (timedelta(days=3), "3d"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_age(span, want):
    assert shared.age(span) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2026-11-02", datetime(2026, 11, 1, 16, 0, tzinfo=UTC)),
        ("2026-11-02 18:00", datetime(2026, 11, 2, 10, 0, tzinfo=UTC)),
        ("2026-11-02T18:00+00:00", datetime(2026, 11, 2, 18, 0, tzinfo=UTC)),
        ("2h", NOW - timedelta(hours=2)),
    ],
)
def test_moments(text, want):
    assert shared.parse_moment(text, "--since", zone=ZONE, now=NOW) == want


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0d", ""])
def test_moments_that_are_none(text):
    with pytest.raises(typer.BadParameter):
        shared.parse_moment(text, "--since", zone=ZONE, now=NOW)


def test_progress_without_a_terminal_is_a_line_every_tenth(capsys):
    with shared.progress("x") as tell:
        for done in range(1, 101):
            tell(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "x: 100/100"


def test_log_lines_are_harmless(capsys, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])
    shared.log_to_stderr()
    try:
        logging.getLogger("x").warning("said %s", "a\x1b[2Jb")
    finally:
        logging.root.handlers.clear()
        logging.root.setLevel(logging.WARNING)
    assert "said a[2Jb" in capsys.readouterr().err
