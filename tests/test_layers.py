"""The rules of the house are only rules if a breach is caught: plant one of each and look."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("tingfeng", "crawler", "sentiment", "store", "alerts", "feedback", "demo", "commands")

# (what is broken, file that breaks it, the line, how import-linter words it)
BREACHES = [
    ("the ground imports a room", "tingfeng/breach.py", "import store", "tingfeng is not allowed to import store"),
    ("the store looks up", "store/breach.py", "import alerts", "store is not allowed to import alerts"),
    (
        "a room imports its neighbour",
        "alerts/breach.py",
        "import sentiment",
        "alerts is not allowed to import sentiment",
    ),
    ("a room imports the roof", "feedback/breach.py", "import commands", "feedback is not allowed to import commands"),
    ("the demo imports the roof", "demo/breach.py", "import commands", "demo is not allowed to import commands"),
    (
        "SQL outside the store",
        "alerts/breach_sql.py",
        "import sqlalchemy",
        "alerts is not allowed to import sqlalchemy",
    ),
    ("Scrapy outside the crawler", "demo/breach_scrapy.py", "import scrapy", "demo is not allowed to import scrapy"),
    ("words cut elsewhere", "crawler/breach_words.py", "import jieba", "crawler is not allowed to import jieba"),
    ("SnowNLP elsewhere", "store/breach_snow.py", "import snownlp", "store is not allowed to import snownlp"),
    ("a room asks when", "crawler/breach_when.py", "import scheduler", "crawler is not allowed to import scheduler"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the house with every breach planted."""
    house = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(
            ROOT / room,
            house / room,
            ignore=lambda _, names: [n for n in names if "." in n[1:] and not n.endswith(".py")],
        )
    for name in ("scheduler.py", "pyproject.toml"):
        shutil.copy(ROOT / name, house / name)
    for _, file, line, _ in BREACHES:
        (house / file).write_text(line + "\n")
    lint = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run(
        [lint, "--no-cache"], cwd=house, env={"PYTHONPATH": str(house)}, capture_output=True, text=True
    )
    assert found.returncode != 0
    return " ".join(found.stdout.split())


@pytest.mark.parametrize(("why", "file", "line", "says"), BREACHES, ids=[b[0] for b in BREACHES])
def test_import_breach_is_caught(report: str, why: str, file: str, line: str, says: str) -> None:
    assert says in report, why


@pytest.mark.parametrize(
    ("why", "file", "code", "rule"),
    [
        ("print outside commands", "alerts/x.py", "print(1)\n", "T201"),
        ("environment outside config", "store/x.py", "import os\n\nhome = os.environ['HOME']\n", "TID251"),
        ("naive clock", "store/x.py", "import datetime\n\nnow = datetime.datetime.now()\n", "DTZ005"),
        ("catch-all", "crawler/x.py", "try:\n    x = 1\nexcept Exception:\n    x = 2\n", "BLE001"),
    ],
)
def test_ruff_breach_is_caught(why: str, file: str, code: str, rule: str) -> None:
    ruff = Path(sys.executable).parent / "ruff"
    found = subprocess.run(
        [ruff, "check", "--stdin-filename", file, "-"], cwd=ROOT, input=code, capture_output=True, text=True
    )
    assert rule in found.stdout, why


def test_the_house_itself_is_clean() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_the_scheduler_speaks_to_rooms_only() -> None:
    tree = ast.parse((ROOT / "scheduler.py").read_text(encoding="utf-8"))
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    roots = {module.split(".")[0] for module in froms | plain}
    assert not roots & {"commands", "demo", "sqlalchemy", "alembic", "scrapy", "twisted", "jieba", "rjieba", "snownlp"}
