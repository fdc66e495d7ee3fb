"""`tingfeng run`, `tingfeng once JOB` and `tingfeng crawl [SOURCE]`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    load,
    log_to_stderr,
    note,
    progress,
    say,
    say_json,
    say_record,
)
from tingfeng.clock import utc_now
from tingfeng.errors import UnknownName
from tingfeng.registry import nearest

if TYPE_CHECKING:
    from tingfeng.config import Config, SourceConfig
    from tingfeng.model import Run


def run(path: ConfigPath = DEFAULT_CONFIG) -> None:
    """Run every job at its time until SIGTERM or Ctrl-C; the current job is finished first.

    启动守护进程：按计划抓取、评分、监测、发送；收到 SIGTERM 后完成当前任务再退出。
    """
    config = load(path)
    log_to_stderr()
    import scheduler

    raise typer.Exit(scheduler.run(config))


def once(
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="crawl, score, stories, watch, deliver, digest or retention. 任务名")
    ],
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Run one job now and print its report.

    立即执行一项任务并输出结果。
    """
    config = load(path)
    log_to_stderr(logging.WARNING)
    import scheduler

    report = scheduler.once(config, job, now=utc_now())
    (say_json if as_json else say_record)(report)


def crawl(
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="One source by name. 指定数据源")] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Crawl every enabled source, or one, now. Exit code 1 if a run did not go well.

    立即抓取全部或指定数据源；有数据源失败则退出码为 1。
    """
    config = load(path)
    log_to_stderr(logging.WARNING)
    runs = _crawl(config, chosen(config, source), quiet=as_json)
    if as_json:
        say_json(runs)
    raise typer.Exit(0 if all(r.status == "ok" for r in runs) else 1)


def chosen(config: Config, name: str | None) -> list[SourceConfig]:
    """One source by name, even if not enabled, or all that are."""
    if name is None:
        return [s for s in config.sources if s.enabled]
    names = [s.name for s in config.sources]
    if name not in names:
        raise UnknownName("source", name, names, nearest(name, names))
    return [s for s in config.sources if s.name == name]


def _crawl(config: Config, sources: list[SourceConfig], *, quiet: bool) -> list[Run]:
    from crawler.jobs import crawl as crawl_once
    from store.database import Database, upgrade

    if not sources:
        note("no source is enabled 没有启用的数据源")
    upgrade(config.database_url)
    db = Database(config.database_url)
    runs: list[Run] = []
    try:
        with progress("crawling 抓取") as tell:
            for source in sources:
                report = crawl_once(
                    db,
                    source,
                    config.brands,
                    secret=config.secret(source.credential),
                    author_secret=config.author_secret.get_secret_value(),
                    now=utc_now(),
                    state_dir=config.data_dir,
                    author_names=config.privacy.author_names,
                    silence_p=config.alerts.silence_p,
                )
                runs.append(report.run)
                if not quiet:
                    say(f"{source.name}: {_outcome(report.run)}")
                tell(len(runs), len(sources))
    finally:
        db.close()
    return runs


def _outcome(run: Run) -> str:
    if run.status == "ok":
        return f"ok  found 发现 {run.found}, new 新增 {run.stored}, skipped 跳过 {run.skipped}"
    return f"{run.status}  {run.reason}" + (f": {run.detail}" if run.detail else "")
