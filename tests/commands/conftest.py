"""A folder as `tingfeng init` leaves it, with a database, and the command called inside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import commands
from store.database import Database

CONFIG = """\
[[brands]]
name = "云雀"
aliases = ["Skylark"]

[[brands]]
name = "山雀"
competitor_of = ["云雀"]

[[sources]]
name = "weibo"
kind = "weibo_mobile"
interval = "10m"
base_url = "http://127.0.0.1:9"

[[sources]]
name = "news"
kind = "feed"
enabled = false

[[recipients]]
name = "pr"
email = "pr@example.com"

[[routes]]
to = ["pr"]

[mail]
host = "127.0.0.1"
port = 9
security = "none"
sender = "听风 <tingfeng@example.com>"
"""

Call = Callable[..., Result]


@pytest.fixture
def desk(tmp_path: Path, sqlite_migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, which is also the working directory."""
    folder = tmp_path / "desk"
    (folder / "data").mkdir(parents=True)
    (folder / "tingfeng.toml").write_text(CONFIG, "utf-8")
    (folder / "data" / "author_secret").write_text("0123456789abcdef" * 4)
    (folder / "data" / "author_secret").chmod(0o600)
    shutil.copy(sqlite_migrated, folder / "data" / "tingfeng.db")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TINGFENG_CONFIG", raising=False)
    return folder


@pytest.fixture
def desk_db(desk: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{desk}/data/tingfeng.db")
    yield database
    database.close()


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """`call("sources", "--json")` → result with stdout, stderr and exit_code; exceptions of ours are never hidden."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*args: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(commands.app, list(args), input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
