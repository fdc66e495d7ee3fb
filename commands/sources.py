"""`tingfeng sources`: whether every source is alive, and if not, since when, why, and what to do; `parse`, `import`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    age,
    cut,
    load,
    opened,
    say,
    say_json,
    say_table,
)
from commands.sources_import import import_
from commands.sources_parse import parse
from tingfeng.clock import utc_now

if TYPE_CHECKING:
    from alerts.source_state import SourceState

app = typer.Typer(pretty_exceptions_enable=False)
app.command("parse")(parse)
app.command("import")(import_)

WIDTH = 100  # columns
HEAD = (
    *("NAME 名称", "KIND 类型", "HEALTH", "BLIND 看不到自", "OK 成功", "POST 新帖", "DAY 每日", "LEFT 余"),
    "LAST RUN 最近",
)


@app.callback(invoke_without_command=True)
def sources(ctx: typer.Context, path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Whether every source is alive: health, freshness, yield, what is left, and what to do.

    各数据源是否正常：状态、从何时起看不到、新鲜度、每日条数（实际/平时）、余额、原因与下一步。
    """
    if ctx.invoked_subcommand:
        return
    from alerts.jobs_desk import source_states

    config, now = load(path), utc_now()
    with opened(config) as db:
        states = source_states(db, config.sources, config.brands, now=now)
    if as_json:
        say_json(states)
        return
    say_table(HEAD, [_row(one, config.report_zone, now=now) for one in states])
    for one in states:
        _say_next(one, config.report_zone)


def _row(one: SourceState, zone: ZoneInfo, *, now: datetime) -> tuple[str, ...]:
    return (
        cut(one.name, 14),
        cut(one.kind, 13),
        one.health,
        f"{one.blind_since.astimezone(zone):%m-%d %H:%M}" if one.blind_since else "-",
        age(now - one.last_ok if one.last_ok else None),
        age(now - one.newest if one.newest else None),
        f"{one.found_today}/{'?' if one.expected_today is None else round(one.expected_today)}",
        _left(one),
        " ".join(filter(None, (age(now - one.last_run) if one.last_run else "-", one.reason_words, _times(one)))),
    )


def _left(one: SourceState) -> str:
    """What is left of quotas by the platform's own words; what was paid for today."""
    told = [f"{n:,}" if isinstance(n, int) else str(n) for n in one.left.values()]
    if one.spent.records:
        cost = "" if one.spent.cost is None else f" {one.spent.cost.normalize():f} {one.spent.currency}".rstrip()
        told.append(f"已用{one.spent.records:,}{cost}")
    return ",".join(told) or "-"


def _times(one: SourceState) -> str:
    return f"×{one.failures}" if one.failures > 1 else ""


def _say_next(one: SourceState, zone: ZoneInfo) -> None:
    """What to do about a source that cannot be seen; what else is worth knowing."""
    if one.to_do:
        say()
        say(cut(" ".join(filter(None, (f"{one.name}: {one.reason_words}（{one.cause}）", one.detail))), WIDTH))
        for number, step in enumerate(one.to_do, start=1):
            say(f"  {number}. {step}")
    if one.clock_skew is not None:
        off = age(timedelta(seconds=abs(one.clock_skew)))
        say()
        say(f"{one.name}: 本机时钟与平台相差 {off}，请检查时间同步（timedatectl）")
    if one.rests_until is not None:
        until = f"{one.rests_until.astimezone(zone):%m-%d %H:%M}"
        say()
        say(f"{one.name}: 被拒后暂停至 {until}；已处理好可立即运行 tingfeng crawl {one.name}")
    if one.gaps:
        say()
        say(f"{one.name}: 有 {one.gaps} 段时间未读到，可补采：tingfeng backfill --since 7d --source {one.name}")
