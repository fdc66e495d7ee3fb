"""The command starts fast, imports nothing it does not need, and every sub-command says what it is for."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

import commands

HEAVY = (
    "sqlalchemy",
    "alembic",
    "scrapy",
    "twisted",
    "snownlp",
    "jieba",
    "rjieba",
    "pydantic",
    "apscheduler",
    "rich",
    "numpy",
)


def test_help_is_fast_and_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['tingfeng', '--help']; import commands, atexit; "
        f"atexit.register(lambda: print([m for m in {HEAVY} if m in sys.modules])); commands.main()"
    )
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert done.stdout.endswith("[]\n"), done.stdout
    assert min(seconds) < 0.35, seconds  # processor time: the wall clock belongs to whoever else is busy


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_can_be_loaded_and_explains_itself_in_both_languages(call, name):
    text = call(name, "--help").stdout
    assert "Usage: " in text
    assert any("\u4e00" <= sign <= "\u9fff" for sign in text), "no Chinese"


@pytest.mark.parametrize(
    "path",
    [
        *[("db", "upgrade"), ("db", "current"), ("incidents", "list"), ("incidents", "show"), ("silence", "add")],
        *[("silence", "list"), ("silence", "end"), ("outbox", "list"), ("outbox", "retry"), ("digest", "preview")],
        *[("survey", "report"), ("sentiment", "aspects"), ("sentiment", "terms")],
        *[("sentiment", name) for name in ("correct", "uncorrect", "corrections", "review", "learn")],
    ],
    ids=" ".join,
)
def test_every_command_of_a_group_explains_itself(call, path):
    assert "--config" in call(*path, "--help").stdout


def test_the_top_lists_every_command_in_both_languages(call):
    text = call("--help").stdout
    for name, entry in commands.COMMANDS.items():
        assert f"{name} " in text
        assert entry.help in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("rum", "no command 'rum'; did you mean 'run'?"),
        ("import_survey", "did you mean 'import-survey'?"),
        ("xyz", "'xyz'"),
    ],
)
def test_a_mistyped_command_names_the_nearest(call, typed, says):
    result = call(typed)
    assert result.exit_code == 2
    assert says in result.stderr


def test_version(call):
    assert call("--version").stdout.startswith("tingfeng 0.")
