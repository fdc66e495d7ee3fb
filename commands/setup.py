"""`tingfeng init` and `tingfeng check-config`."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, known_names, load, say, say_json
from tingfeng.errors import ConfigError, UnknownName

if TYPE_CHECKING:
    from tingfeng.config import Config


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to set up. 目标目录")] = Path(),
) -> None:
    """Write a commented tingfeng.toml, the data folder, and the secret of author pseudonyms; overwrites nothing.

    生成带注释的配置文件、数据目录和作者匿名化密钥，绝不覆盖已有文件。
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "tingfeng.toml"
        template = (files("commands") / "templates" / "tingfeng.toml").read_bytes()
        say(f"{'wrote 已写入' if _write_new(config, template, 0o644) else 'kept 保留原有'}: {config}")
        data = folder / _data_dir(config)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = data / "author_secret"
        text = secrets.token_hex(32).encode() + b"\n"
        say(f"{'wrote 已写入' if _write_new(secret, text, 0o600) else 'kept 保留原有'}: {secret}")
    except OSError as e:
        raise ConfigError(f"{e.filename or folder}: cannot be written: {e.strerror}") from e
    say("Back the secret up: without it, known authors become strangers. 请备份密钥，丢失后无法再识别同一作者。")
    say(f"Next 下一步: edit {config}, then: tingfeng check-config --config {config}")


def _write_new(path: Path, content: bytes, mode: int) -> bool:
    """Whether it was written; False when it is there already."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    with os.fdopen(number, "wb") as file:
        file.write(content)
    return True


def _data_dir(config: Path) -> Path:
    """The data folder an existing configuration names; check-config tells what else may be wrong with it."""
    from tingfeng.config import home_of

    try:
        named = tomllib.loads(config.read_text("utf-8-sig")).get("data_dir")
    except ValueError:
        named = None
    return home_of(named if isinstance(named, str) else "data")


def check_config(path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Name file, line, key and the nearest valid choice for every mistake at once. Exit code 2 if there is one.

    一次列出配置中的所有错误：文件、行号、键名和最接近的正确写法。
    """
    try:
        config = load_checked(path)
    except ConfigError as e:
        if as_json:
            say_json({"ok": False, "problems": e.problems, "notes": []})
            raise typer.Exit(2) from None
        raise
    notes = list(remarks(config))
    if as_json:
        say_json({"ok": True, "problems": [], "notes": notes})
        return
    own = sum(not b.competitor_of for b in config.brands)
    rivals, sources = len(config.brands) - own, len(config.sources)
    say(f"ok 配置正确: brands 品牌 {own}, competitors 竞品 {rivals}, sources 数据源 {sources}")
    for remark in notes:
        say(f"note 提示: {remark}")


def load_checked(path: Path) -> Config:
    """The configuration, checked as far as it can be without asking anybody: spiders and detector see their own."""
    from alerts.detectors import load_detector
    from crawler.jobs import problems_of
    from tingfeng.config_problems import Problem

    config = load(path, known=replace(known_names(), check_source=check_source))
    problems = []
    for i, source in enumerate(config.sources):
        if not source.enabled:  # its secret was not read
            continue
        for line in problems_of(source, config.brands, secret=config.secret(source.credential)):
            key, _, text = line.removeprefix(f"sources.{source.name}").partition(": ")
            problems.append(Problem(("sources", i, *filter(None, key.split("."))), text))
    try:
        load_detector(config.alerts)
    except ConfigError as e:
        for line in e.problems:
            key, _, text = line.partition(": ")
            problems.append(Problem(tuple(key.split(".")), text))
    if problems:
        raise ConfigError(config.origin.tell_all(problems))
    return config


def check_source(source: Mapping[str, Any], is_local: bool) -> Iterator[tuple[str, str]]:
    """(key, problem) for what a source's spider would refuse."""
    from crawler.options import read_options
    from crawler.spiders import SPIDERS
    from tingfeng.registry import resolve

    try:
        spider: Any = resolve("kind of source", str(source.get("kind")), SPIDERS)
    except UnknownName as e:
        yield "kind", str(e)
        return
    needed = spider.needs_credential
    try:
        options = read_options(spider.options_class, source.get("options", {}), at="", local=is_local)
        needed = spider.wants_credential(options)
    except ConfigError as e:
        for line in e.problems:
            key, _, text = line.removeprefix(".").partition(": ")
            yield f"options.{key}", text
    if needed and not source.get("credential"):
        yield "kind", f'{source["kind"]} needs a credential; add credential = "name"'


def remarks(config: Config) -> Iterator[str]:
    """What is no mistake but may not be meant."""
    if not any(source.enabled for source in config.sources):
        yield "no source is enabled, nothing will be collected. 没有启用的数据源"
    kinds = {kind for route in config.routes for kind in route.kinds}
    if "alert" not in kinds:
        yield "no route for alerts, nobody will be warned. 没有预警收件路由"
    if "operator" not in kinds:
        yield "no route for the operator, nobody will hear that a source is blind. 没有运维收件路由"
