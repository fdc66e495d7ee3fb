"""The configuration: one TOML file for values, the environment for secrets, checked whole before anything runs.

This is the only file that reads the environment.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tingfeng import config_lines
from tingfeng.config_check import (
    Known,
    check_names,
    cross_checks,
    names,
    registered,
    tables,
    take_secrets,
    unknown_key,
)
from tingfeng.config_model import (
    EVERY_KIND,
    AlertRule,
    BrandConfig,
    Config,
    DigestRule,
    MailConfig,
    MessageKind,
    PrivacyRule,
    QueryConfig,
    RecipientConfig,
    RetentionRule,
    RouteConfig,
    SourceConfig,
)
from tingfeng.config_problems import Origin, Problem, problems_of
from tingfeng.config_table import read_table
from tingfeng.errors import ConfigError
from tingfeng.registry import nearest

__all__ = [
    "EVERY_KIND",
    "AlertRule",
    "BrandConfig",
    "Config",
    "DigestRule",
    "Known",
    "MailConfig",
    "MessageKind",
    "PrivacyRule",
    "QueryConfig",
    "RecipientConfig",
    "RetentionRule",
    "RouteConfig",
    "SourceConfig",
    "check_names",
    "home_of",
    "load_config",
    "read_table",
]

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def load_config(path: Path, environ: Mapping[str, str] | None = None, *, known: Known | None = None) -> Config:
    """The configuration in `path`, with the secrets of `environ` (default: the process's).

    With `known`, names and options that belong to other rooms are checked too, among the rest.

    ConfigError carries every problem at once, each as "file:line: key: what is wrong; did you mean 'x'?".
    """
    text = _text(path)
    table = _parse(text, path)
    origin = Origin(str(path), config_lines.lines_of(text), _names(table))
    secrets = _Secrets(os.environ if environ is None else environ)
    problems = [*take_secrets(table), *cross_checks(table)]
    if known is not None:
        problems += registered(table, known)
    filled = _fill(table, path.absolute().parent, secrets)
    problems += secrets.problems
    try:
        config = Config.model_validate(filled)
    except ValidationError as e:
        problems += problems_of(e, filled, unknown_key)
    if problems:
        raise ConfigError(origin.tell_all(problems))
    config.set_origin(origin)
    return config


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as e:
        hint = "; `tingfeng init` writes one" if isinstance(e, FileNotFoundError) else ""
        raise ConfigError(f"{path}: cannot be read: {e.strerror}{hint}") from e
    try:
        # tomllib reads CR LF as LF; so do the line numbers.
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as e:
        line = raw.count(b"\n", 0, e.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from e


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{path}: nested too deep") from None
    except ValueError as e:  # TOMLDecodeError, and what int() says of a number with thousands of digits
        found = _AT_LINE.search(str(e))
        last = text.rstrip("\n").count("\n") + 1
        line = f":{found[1] or last}" if found else ""
        raise ConfigError(f"{path}{line}: not TOML: {_AT_LINE.sub('', str(e))}") from e


def _names(table: Mapping[str, Any]) -> dict[config_lines.Path, str]:
    keys = ("brands", "sources", "recipients")
    return {
        at: t["name"]
        for key in keys
        for at, t in tables(table, key)
        if isinstance(t.get("name"), str) and t["name"].isprintable()
    }


@dataclass(slots=True)
class _Secrets:
    """Reads TINGFENG_<NAME> or the file TINGFENG_<NAME>_FILE names; collects what is wrong with them."""

    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def get(self, name: str, *, at: config_lines.Path = ()) -> str | None:
        variable = f"TINGFENG_{name}"
        value, file = self.environ.get(variable), self.environ.get(f"{variable}_FILE")
        if value and file:
            self.problems.append(Problem(at, f"both {variable} and {variable}_FILE are set; keep one"))
        if value or not file:
            return value or None
        return self.file(Path(file), f"{variable}_FILE", at=at)

    def file(self, path: Path, called: str, *, at: config_lines.Path = ()) -> str | None:
        try:
            value = path.read_text("utf-8").strip()
        except (OSError, ValueError) as e:
            why = e.strerror if isinstance(e, OSError) else "not UTF-8 text"
            self.problems.append(Problem(at, f"{called}: cannot read {path}: {why}"))
            return None
        if not value:
            self.problems.append(Problem(at, f"{called}: {path} is empty"))
        return value or None

    def need(self, name: str, what: str, *, at: config_lines.Path) -> str | None:
        """As `get`, but absence is a problem, told with the variable that was perhaps meant."""
        before = len(self.problems)
        value = self.get(name, at=at)
        if value is None and len(self.problems) == before:
            near = nearest(f"TINGFENG_{name}", [v for v in self.environ if v.startswith("TINGFENG_")], cutoff=0.9)
            hint = f" ({near} is set: misspelt?)" if near else ""
            text = f"{what} is missing; set TINGFENG_{name} or TINGFENG_{name}_FILE{hint}"
            self.problems.append(Problem(at, text))
        return value


def _fill(table: Mapping[str, Any], folder: Path, secrets: _Secrets) -> dict[str, Any]:
    """`table` with what the environment and the place of the file add."""
    filled = dict(table)
    if isinstance(filled.get("data_dir", "data"), str):
        filled["data_dir"] = folder / home_of(filled.get("data_dir", "data"))
    url = secrets.get("DATABASE_URL") or filled.get("database_url")
    if isinstance(url, str):
        filled["database_url"] = re.sub(r"^sqlite:///(?!/)", lambda _: f"sqlite:///{folder}/", url)
    filled["author_secret"] = _author_secret(filled.get("data_dir"), secrets)
    filled["credentials"] = _credentials(table, secrets)
    if isinstance(mail := table.get("mail"), dict):
        password = secrets.need("MAIL_PASSWORD", "the password", at=("mail", "user")) if mail.get("user") else None
        filled["mail"] = {**mail, "password": password}
    if isinstance(table.get("sources"), list):
        # A name that is itself a mistake is told where it stands, not again in every source.
        sound = [name for name in dict.fromkeys(names(table, "brands")) if 0 < len(name) <= 80 and name.isprintable()]
        everyone = [{"brand": name, "text": name} for name in sound]
        filled["sources"] = [
            {"queries": everyone, **source} if isinstance(source, dict) else source for source in table["sources"]
        ]
    return filled


def home_of(folder: str) -> Path:
    """A folder as written, its "~" replaced; as it is when there is no such user."""
    try:
        return Path(folder).expanduser()
    except RuntimeError:
        return Path(folder)


_ABSENT = "absent, and already told so"


def _author_secret(data_dir: object, secrets: _Secrets) -> str:
    before = len(secrets.problems)
    value = secrets.get("AUTHOR_SECRET")
    if value is None and isinstance(data_dir, Path) and (data_dir / "author_secret").exists():
        value = secrets.file(data_dir / "author_secret", "author_secret")
    if value is None and len(secrets.problems) == before:
        text = "author_secret: missing; `tingfeng init` writes one, or set TINGFENG_AUTHOR_SECRET or …_FILE"
        secrets.problems.append(Problem((), text))
    return value or _ABSENT


def _credentials(table: Mapping[str, Any], secrets: _Secrets) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, source in tables(table, "sources"):
        name = source.get("credential")
        if isinstance(name, str) and re.fullmatch(r"\w+", name, re.ASCII) and source.get("enabled", True):
            what = f"the secret of credential '{name}'"
            if value := secrets.need(f"CREDENTIAL_{name.upper()}", what, at=(*path, "credential")):
                found[name] = value
    return found
