"""`tingfeng backfill --since TIME`: read what the searches have missed, where the platform still lists it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.run import chosen
from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    age,
    load,
    local,
    log_to_stderr,
    note,
    opened,
    parse_moment,
    progress,
    say,
    say_json,
    say_table,
)
from tingfeng.clock import utc_now
from tingfeng.errors import UnknownName
from tingfeng.registry import nearest

if TYPE_CHECKING:
    from crawler.jobs import CrawlReport
    from crawler.jobs_backfill import BackfillReport
    from crawler.jobs_windows import Past
    from store.database import Database
    from tingfeng.config import Config, SourceConfig

REACH = {
    "pages": "page by page 逐页回溯",
    "listed": "only what is listed now 仅当前列表",
    "none": "cannot go back 无法回溯",
}
ENDS = {
    "filled": "all of it is read 已补全",
    "dry_run": "nothing was asked 未访问",
    "cannot": "left as it is: this source cannot be read backwards 该来源无法补采，遗漏保留",
    "stopped": "stopped; run it again to go on 已停止，可再次运行继续",
    "stuck": "the platform lists no more of it 平台已不再列出更早内容",
    "resting": "the source rests after a refusal; see: tingfeng sources 来源被拒后暂停中",
}


def backfill(
    since: Annotated[str, typer.Option(metavar="TIME", help="From: 2026-11-02, '2026-11-02 18:00' or 30d. 起始时间")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="To; default now. 结束时间，默认现在")] = None,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only this source. 仅此数据源")] = None,
    brand: Annotated[str | None, typer.Option(metavar="BRAND", help="Only this brand. 仅此品牌")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is missing, ask nobody. 只列出，不访问")] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Read again what was missed since TIME, as slowly as ever. Stopped and repeated, it goes on. 1 if some is missing.

    补采指定时段内遗漏的内容，遵守抓取频率；中断后再次运行会继续。仍有遗漏则退出码为 1。
    """
    config, now = load(path), utc_now()
    begin = parse_moment(since, "--since", zone=config.report_zone, now=now)
    end = min(parse_moment(until, "--until", zone=config.report_zone, now=now) if until else now, now)
    if begin >= end:
        raise typer.BadParameter("expected a time before --until and before now", param_hint="--since")
    _check_brand(config, brand)
    log_to_stderr()
    with opened(config, create=not dry_run) as db:
        reports = [_one(config, db, s, (begin, end), brand, dry_run=dry_run) for s in chosen(config, source)]
    if as_json:
        say_json(reports)
    else:
        say(f"{local(begin, config.report_zone)} – {local(end, config.report_zone)}")
        head = ("SOURCE 数据源", "REACH 回溯", "MISSED 遗漏", "LEFT 剩余", "ROUNDS", "NEW 新增", "RESULT 结果")
        say_table(head, [_row(report) for report in reports])
    raise typer.Exit(0 if dry_run or not any(r.missing for r in reports) else 1)


def _row(r: BackfillReport) -> tuple[object, ...]:
    missed, left = (age(span) if span else "-" for span in (r.missing_before, r.missing))
    return r.source, REACH[r.reaches_back], missed, left, r.rounds, r.stored, ENDS.get(r.ended, r.ended)


def _check_brand(config: Config, brand: str | None) -> None:
    names = [b.name for b in config.brands]
    if brand is not None and brand not in names:
        raise UnknownName("brand", brand, names, nearest(brand, names))


def _one(
    config: Config,
    db: Database,
    source: SourceConfig,
    span: tuple[datetime, datetime],
    brand: str | None,
    *,
    dry_run: bool,
) -> BackfillReport:
    from crawler.jobs import crawl, queries_of, reaches_back, rests
    from crawler.jobs_backfill import backfill as fill

    def one_round(past: Past) -> CrawlReport:
        return crawl(
            db,
            source,
            config.brands,
            secret=config.secret(source.credential),
            author_secret=config.author_secret.get_secret_value(),
            now=utc_now(),
            state_dir=config.data_dir,
            author_names=config.privacy.author_names,
            silence_p=config.alerts.silence_p,
            past=past,
        )

    rest = None if dry_run else rests(db, source.name, utc_now())
    if rest:
        note(f"{source.name}: rests until 暂停至 {local(rest.until, config.report_zone)} ({rest.reason})")
    with progress(f"{source.name}: back-filling, minutes 补采（分钟）") as bar:
        report = fill(
            db,
            source.name,
            queries_of(source, config.brands),
            one_round,
            reaches_back=reaches_back(source),
            since=span[0],
            until=span[1],
            brand=brand,
            resting=rest is not None,
            dry_run=dry_run,
            tell=_in_minutes(bar),
        )
    return report


def _in_minutes(bar: Callable[[int, int], None]) -> Callable[[timedelta, timedelta], None]:
    minute = timedelta(minutes=1)
    return lambda missing, before: bar(max(0, (before - missing) // minute), max(1, before // minute))
