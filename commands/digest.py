"""`tingfeng digest preview OUT.html`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.shared import DEFAULT_CONFIG, ConfigPath, brand_named, load, opened, say
from tingfeng.clock import utc_now

app = typer.Typer(
    no_args_is_help=True, help="Look at a digest before it is sent. 简报预览", pretty_exceptions_enable=False
)


class Period(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


@app.callback()
def digest() -> None:
    """Look at a digest before it is sent. 简报预览"""


@app.command()
def preview(
    out: Annotated[Path, typer.Argument(metavar="OUT.html", help="The page to write. 输出文件")],
    period: Annotated[Period, typer.Option(help="Yesterday, or last week. 日报或周报")] = Period.DAILY,
    brand: Annotated[str | None, typer.Option(help="One brand; default all own ones. 品牌")] = None,
    path: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write the newest digest as one page for the browser; nothing is sent.

    生成最近一期简报的网页，不发送。
    """
    from alerts.jobs_desk import preview_digest

    config = load(path)
    own = [brand_named(config, brand)] if brand else [b for b in config.brands if not b.competitor_of]
    with opened(config) as db:
        page = preview_digest(
            db,
            config.brands,
            [s for s in config.sources if s.enabled],
            own=own,
            period=period.value,
            now=utc_now(),
            zone=config.report_zone,
        )
    try:
        out.write_text(page, "utf-8")
    except OSError as e:
        raise typer.BadParameter(f"{out}: cannot be written: {e.strerror}", param_hint="OUT.html") from e
    say(f"wrote 已写入: {out}")
