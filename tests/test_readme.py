"""What the README tells people to do must work: its configuration, its commands, its links, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import scheduler
from commands import COMMANDS
from tingfeng.config import load_config

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh.md")
SECRETS = {
    "TINGFENG_AUTHOR_SECRET": "0123456789abcdef",
    "TINGFENG_MAIL_PASSWORD": "x",
    "TINGFENG_CREDENTIAL_ZHIHU": "x",
}

pytestmark = pytest.mark.parametrize("name", READMES)


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_small_configuration_is_valid(name: str, tmp_path: Path) -> None:
    (sample,) = blocks(name, "toml")
    path = tmp_path / "tingfeng.toml"
    path.write_text(sample, encoding="utf-8")
    config = load_config(path, SECRETS)
    assert {s.kind for s in config.sources} == {"zhihu_open", "feed"}
    assert config.routes


def test_every_command_it_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\$ |\| )tingfeng ([a-z][a-z-]*)", text))
    assert len(named) > 10
    assert named <= set(COMMANDS), named - set(COMMANDS)
    jobs = re.search(r"tingfeng once (\w+)`((?:[,，、或 ]|or|`\w+`)+)", text)
    assert jobs is not None
    assert {jobs[1], *re.findall(r"`(\w+)`", jobs[2])} == set(scheduler.JOBS)


def test_every_make_target_it_names_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", "\n".join(blocks(name, "console"))))
    assert {"demo", "test"} <= named <= targets


def test_every_link_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    missing = [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]
    assert not missing


def test_no_placeholder_is_left(name: str) -> None:
    assert "@" not in re.sub(r"\w@\w", "", (ROOT / name).read_text(encoding="utf-8"))


def test_scoring_works_as_it_says(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    line = re.search(r"echo '(\{.*?\})'", text)
    assert line is not None
    command = [sys.executable, "-m", "commands", "sentiment", "score"]
    out = subprocess.run(command, input=line[1], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert '"label": 1' in out
