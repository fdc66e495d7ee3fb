"""`tingfeng sources`: whether every source is alive, and if not, since when and why; by hand: `parse` and `import`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, age, load, local, opened, say_json, say_table
from commands.sources_import import import_
from commands.sources_parse import parse
from tingfeng.clock import utc_now

if TYPE_CHECKING:
    from store.runs import Health
    from tingfeng.config import SourceConfig

app = typer.Typer(pretty_exceptions_enable=False)
app.command("parse")(parse)
app.command("import")(import_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is said of one source. `age` in seconds: how long ago it was last seen up to the minute."""

    name: str
    kind: str
    health: str  # ok, stale, refused, failed, never, off
    last_ok: datetime | None
    age: float | None
    last_run: datetime | None
    status: str
    reason: str
    failures: int


@app.callback(invoke_without_command=True)
def sources(ctx: typer.Context, path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Whether every source is alive: health, last good crawl, last run and its reason.

    各数据源是否正常：状态、最近成功、最近一次抓取及原因。
    """
    if ctx.invoked_subcommand:
        return
    from alerts.jobs_desk import source_health

    config, now = load(path), utc_now()
    with opened(config) as db:
        found = source_health(db, [s.name for s in config.sources], now=now)
    lines = [line_of(source, h, now=now) for source, h in zip(config.sources, found, strict=True)]
    if as_json:
        say_json([asdict(line) for line in lines])
        return
    say_table(
        ("NAME 名称", "KIND 类型", "HEALTH 状态", "LAST OK 最近成功", "AGE", "LAST RUN 最近抓取", "REASON 原因"),
        [
            (
                *(one.name, one.kind, one.health, local(one.last_ok, config.report_zone)),
                age(None if one.last_ok is None else now - one.last_ok),
                local(one.last_run, config.report_zone),
                " ".join(filter(None, (one.status, one.reason, f"×{one.failures}" if one.failures > 1 else ""))) or "-",
            )
            for one in lines
        ],
    )


def line_of(source: SourceConfig, health: Health, *, now: datetime) -> Line:
    latest, seen = health.latest, health.last_ok_at
    if not source.enabled:
        word = "off"
    elif latest is None:
        word = "never"
    elif health.failures and latest.status not in ("ok", "running"):
        word = latest.status.value
    elif seen is None or now - seen > source.stale_after:
        word = "stale"
    else:
        word = "ok"
    return Line(
        name=source.name,
        kind=source.kind,
        health=word,
        last_ok=seen,
        age=None if seen is None else (now - seen).total_seconds(),
        last_run=latest.started_at if latest else None,
        status=latest.status.value if latest else "",
        reason=latest.reason if latest else "",
        failures=health.failures,
    )
