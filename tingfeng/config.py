"""The configuration: one TOML file for values, the environment for secrets, checked whole before anything runs.

This is the only file that reads the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tingfeng.config_model import (
    EVERY_KIND,
    AlertRule,
    BrandConfig,
    Config,
    DigestRule,
    MailConfig,
    MessageKind,
    QueryConfig,
    RecipientConfig,
    RetentionRule,
    RouteConfig,
    SourceConfig,
)
from tingfeng.errors import ConfigError

__all__ = [
    "EVERY_KIND",
    "AlertRule",
    "BrandConfig",
    "Config",
    "DigestRule",
    "MailConfig",
    "MessageKind",
    "QueryConfig",
    "RecipientConfig",
    "RetentionRule",
    "RouteConfig",
    "SourceConfig",
    "load_config",
]


def load_config(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in `path`, with the secrets of `environ` (default: the process's).

    ConfigError carries every problem at once, each as "file:line: key: what is wrong; did you mean 'x'?".
    """
    environ = os.environ if environ is None else environ
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as e:
        raise ConfigError(f"{path}: {e}") from e
    _finish(table, path.parent, environ)
    try:
        return Config.model_validate(table)
    except ValidationError as e:
        raise ConfigError([f"{path}: {'.'.join(map(str, p['loc']))}: {p['msg']}" for p in e.errors()]) from None


def _finish(table: dict[str, Any], folder: Path, environ: Mapping[str, str]) -> None:
    table["data_dir"] = folder / str(table.get("data_dir", "data"))
    if url := _secret("DATABASE_URL", environ):
        table["database_url"] = url
    table["author_secret"] = _secret("AUTHOR_SECRET", environ)
    secret_file = table["data_dir"] / "author_secret"
    if not table["author_secret"] and secret_file.is_file():
        table["author_secret"] = secret_file.read_text().strip()
    if isinstance(table.get("mail"), dict):
        table["mail"]["password"] = _secret("MAIL_PASSWORD", environ)
    names = [s["credential"] for s in table.get("sources", ()) if s.get("credential")]
    table["credentials"] = {n: v for n in names if (v := _secret(f"CREDENTIAL_{n.upper()}", environ))}
    everyone = [{"brand": b["name"], "text": b["name"]} for b in table.get("brands", ())]
    for source in table.get("sources", ()):
        source.setdefault("queries", everyone)


def _secret(name: str, environ: Mapping[str, str]) -> str | None:
    if file := environ.get(f"TINGFENG_{name}_FILE"):
        return Path(file).read_text("utf-8").strip()
    return environ.get(f"TINGFENG_{name}")
