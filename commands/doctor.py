"""`tingfeng doctor`: whether this installation can do its work, check by check."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.setup import load_checked, remarks
from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, say, say_json, say_table
from tingfeng.clock import utc_now
from tingfeng.errors import ConfigError, TingfengError

if TYPE_CHECKING:
    from tingfeng.config import Config, MailConfig

OUR_NAMES = ("tingfeng", "crawler", "sentiment", "store", "alerts", "feedback", "demo", "commands", "scheduler")
LEAST_FREE = 1_000_000_000  # bytes in the data folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. A warning lets Tingfeng run; a failure does not, or not all of it."""

    check: str
    state: Literal["ok", "warn", "fail"]
    detail: str


def doctor(
    path: ConfigPath = DEFAULT_CONFIG,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the mail server and each source, too. 连接邮件服务器与各数据源")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check Python, names, configuration, database, scorer, fonts and, --live, mail server and sources; 1 if one fails.

    检查运行环境：Python、包名冲突、配置、数据库、模型、字体，以及邮件服务器与各数据源（--live）。
    """
    findings = [*installation(), *configured(path, live=live)]
    if as_json:
        say_json(findings)
    else:
        say_table(("CHECK 检查", "STATE 结果", "DETAIL 说明"), [(f.check, f.state, f.detail) for f in findings])
    failed = sum(f.state == "fail" for f in findings)
    if failed and not as_json:
        say(f"{failed} failed 项未通过")
    raise typer.Exit(1 if failed else 0)


def installation() -> Iterator[Finding]:
    """What can be checked without a configuration."""
    version = ".".join(map(str, sys.version_info[:3]))
    state: Literal["ok", "fail"] = "ok" if sys.version_info >= (3, 11) else "fail"
    yield Finding(check="python", state=state, detail=f"{version}, SQLite {sqlite3.sqlite_version}")
    yield from names()
    yield _tried("fonts", _fonts)


def names() -> Iterator[Finding]:
    """Whether each of our top-level names is ours: they are generic, and another distribution may own one."""
    owners = importlib.metadata.packages_distributions()
    home = Path(__file__).resolve().parent.parent
    trouble = []
    for name in OUR_NAMES:
        others = sorted({owner for owner in owners.get(name, ()) if owner.lower() != "tingfeng"})
        if others:
            trouble.append(f"'{name}' is also owned by {', '.join(others)}")
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent not in (home, home / name):
            trouble.append(f"'{name}' is imported from {origin}")
    if trouble:
        text = "; ".join(trouble) + ": give Tingfeng a virtual environment of its own"
        yield Finding(check="names", state="fail", detail=text)
    else:
        yield Finding(check="names", state="ok", detail=f"all {len(OUR_NAMES)} packages are ours")


def configured(path: Path, *, live: bool) -> Iterator[Finding]:
    """What the configuration says, and what it needs."""
    try:
        config = load_checked(path)
    except ConfigError as e:
        yield from (Finding(check="config", state="fail", detail=problem) for problem in e.problems)
        return
    yield Finding(check="config", state="ok", detail=str(path))
    yield from (Finding(check="config", state="warn", detail=remark) for remark in remarks(config))
    yield from _data_dir(config)
    yield _tried("database", lambda: _database(config))
    yield _tried("scorer", lambda: _scorer(config))
    yield from _mail_server(config, live=live)
    yield from _sources(config, live=live)


def _mail_server(config: Config, *, live: bool) -> Iterator[Finding]:
    if config.mail is None:
        yield Finding(check="mail", state="warn", detail="no [mail] section, nothing can be sent")
    elif live:
        mail = config.mail
        yield _tried("mail", lambda: _mail(mail))
    else:
        yield Finding(check="mail", state="ok", detail=f"{config.mail.host}:{config.mail.port}, not asked (use --live)")


def _sources(config: Config, *, live: bool) -> Iterator[Finding]:
    """Each enabled source by its own spider, asked once; nothing is stored."""
    enabled = [source for source in config.sources if source.enabled]
    if not live:
        if enabled:
            names = ", ".join(source.name for source in enabled)
            yield Finding(check="sources", state="ok", detail=f"{names}: not asked (use --live) 未访问")
        return
    from commands.doctor_live import contacted

    for source in enabled:
        try:
            state, detail = contacted(config, source, now=utc_now())
        except TingfengError as e:
            state, detail = "fail", str(e)
        yield Finding(check=f"source {source.name}", state=state, detail=detail)


def _tried(check: str, work: Callable[[], str]) -> Finding:
    try:
        return Finding(check=check, state="ok", detail=work())
    except TingfengError as e:
        return Finding(check=check, state="fail", detail=str(e))


def _fonts() -> str:
    from tingfeng.drawing import render_png

    mark: dict[str, Any] = {"type": "text", "text": "听风", "font": "Noto Sans SC"}
    drawn = render_png({"data": {"values": [{}]}, "mark": mark, "width": 40, "height": 20})
    return f"charts with Chinese glyphs can be drawn ({len(drawn)} bytes)"


def _data_dir(config: Config) -> Iterator[Finding]:
    folder = config.data_dir
    if not folder.is_dir():
        yield Finding(check="data", state="fail", detail=f"{folder} is not there; run: tingfeng init")
        return
    free = shutil.disk_usage(folder).free
    text = f"{folder}, {free / 1e9:.1f} GB free"
    yield Finding(check="data", state="ok" if free >= LEAST_FREE else "warn", detail=text)
    secret = folder / "author_secret"
    if secret.exists() and stat.S_IMODE(secret.stat().st_mode) & 0o077:
        yield Finding(check="data", state="warn", detail=f"others may read {secret}; run: chmod 600 {secret}")


def _database(config: Config) -> str:
    from store.database import check
    from store.schema import revisions

    check(config.database_url)
    return f"{config.database_url.partition(':')[0]}, schema {revisions()[-1]}"


def _scorer(config: Config) -> str:
    from sentiment.brands import BrandWords
    from sentiment.layers import folder_of

    words = BrandWords(config.brands, config.whole_words)
    scorer = words.scorer(config.scorer, layers=folder_of(config.data_dir))
    verdict = scorer.score(["味道不错"])[0]
    return f"{scorer.name} {scorer.version} (味道不错: {verdict.polarity:+.2f})"


def _mail(mail: MailConfig) -> str:
    from alerts.channels.smtp import SmtpNotifier

    SmtpNotifier.from_config(mail).check()
    return f"{mail.host}:{mail.port} answers ({mail.security}{', logged in' if mail.user else ''})"
