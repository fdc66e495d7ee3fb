"""The demo's folder: ours to empty only when we made it."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from tingfeng.errors import ConfigError

MARK = ".tingfeng-demo"
_MARK_TEXT = (
    "Made by `tingfeng demo`, which empties this folder each time it runs. 此文件夹由演示生成，每次运行都会清空。\n"
)


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where everything the demo makes lies."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "tingfeng.toml"

    @property
    def mails(self) -> Path:
        return self.path / "mails"

    @property
    def state(self) -> Path:
        return self.path / "data"

    @property
    def survey(self) -> Path:
        return self.path / "survey.csv"


def prepare(path: Path) -> DemoFolder:
    """An empty folder with our mark in it. ConfigError when something lies there that is not ours."""
    path = path.absolute()
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise ConfigError(f"{path} is not a folder; choose another with --folder")
    if path.is_dir() and any(path.iterdir()):
        if not (path / MARK).is_file():
            raise ConfigError(f"{path} is not empty and not the demo's; choose another folder with --folder")
        for entry in path.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    folder = DemoFolder(path)
    for each in (path, folder.mails, folder.state):
        each.mkdir(parents=True, exist_ok=True)
    (path / MARK).write_text(_MARK_TEXT, "utf-8")
    return folder


def write_config(folder: DemoFolder, *, url: str, port: int) -> None:
    """The configuration for sources at `url` and a mail server on `port`, and the key of the author pseudonyms."""
    template = (resources.files("demo") / "templates" / "tingfeng.toml").read_text("utf-8")
    folder.config.write_text(Template(template).substitute(url=url, port=port), "utf-8")
    key = folder.state / "author_secret"
    key.touch(0o600)
    key.write_text(secrets.token_hex(32), "utf-8")


def retire_config(folder: DemoFolder) -> None:
    """Switch the sources off: what they asked is gone, but the rest of the configuration stays usable."""
    playing, over = "enabled = true                      # while the demo plays", "enabled = false"
    told = folder.config.read_text("utf-8").replace(
        playing, f"{over}                     # the replica is gone 仿真服务器已停止"
    )
    folder.config.write_text(told, "utf-8")
