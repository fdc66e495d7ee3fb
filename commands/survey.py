"""`tingfeng import-survey FILE` and `tingfeng survey report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    brand_named,
    load,
    opened,
    parse_moment,
    progress,
    say,
    say_json,
    say_table,
)
from tingfeng.clock import local_day, utc_now

if TYPE_CHECKING:
    from feedback.jobs import Figure, ImportReport, SurveyFigures
    from tingfeng.config import Config

app = typer.Typer(
    no_args_is_help=True, help="NPS and CSAT with 95 % intervals. 问卷指标", pretty_exceptions_enable=False
)
REASONS_SHOWN = 5


def import_survey(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV or XLSX. 问卷文件")],
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="date, nps, csat, comment, brand, segment or id. 列映射"),
    ] = None,
    brand: Annotated[str | None, typer.Option(help="Brand of rows that name none. 未注明品牌时的品牌")] = None,
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="As strptime, such as %d/%m/%Y. 日期格式")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV, if not UTF-8 or GBK. 文件编码")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and judge, store nothing. 只检查不入库")] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Bring in survey answers; importing a file twice adds nothing. Rejected rows go to FILE.rejected.csv.

    导入问卷（CSV/XLSX），列名自动识别；重复导入不会重复计数，被拒的行写入 FILE.rejected.csv。
    """
    from feedback.jobs import import_survey as bring_in

    config = load(path)
    chosen = _mapping(mapping or [])
    with opened(config, create=True, unused=dry_run) as db, progress("importing 导入") as tell:
        report = bring_in(
            db,
            file,
            chosen,
            brand=brand_named(config, brand).name if brand else _only_brand(config),
            brands=config.brands,
            zone=config.report_zone,
            now=utc_now(),
            date_format=date_format,
            encoding=encoding,
            dry_run=dry_run,
            progress=None if as_json else tell,
        )
    if as_json:
        say_json(report)
    else:
        _tell(report)


def _mapping(pairs: list[str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or not field.strip() or not column.strip():
            raise typer.BadParameter(f"expected field=column, such as nps=推荐意愿; got '{pair}'", param_hint="--map")
        if field.strip() in chosen:
            raise typer.BadParameter(f"'{field.strip()}' is given twice", param_hint="--map")
        chosen[field.strip()] = column.strip()
    return chosen


def _only_brand(config: Config) -> str | None:
    """Our own brand, when there is only one: then no row needs to name it."""
    own = [brand.name for brand in config.brands if not brand.competitor_of]
    return own[0] if len(own) == 1 else None


def _tell(report: ImportReport) -> None:
    say(f"read as 读取方式: {report.how}")
    say("columns 列: " + ", ".join(f"{field} ← {column}" for field, column in report.columns.items()))
    if report.dry_run:
        good = report.rows - report.rejected
        say(f"dry run 试运行: rows 行 {report.rows}, good 有效 {good}, rejected 拒收 {report.rejected}")
    else:
        told = f"added 新增 {report.added}, known 已有 {report.known}, rejected 拒收 {report.rejected}"
        say(f"rows 行 {report.rows}: {told}")
    for reason, count in list(report.reasons.items())[:REASONS_SHOWN]:
        say(f"  {count} × {reason}")
    if len(report.reasons) > REASONS_SHOWN:
        say(f"  … {len(report.reasons) - REASONS_SHOWN} more kinds 其他原因")
    if report.rejected_file:
        say(f"rejected rows 拒收行: {report.rejected_file}")


@app.callback()
def survey() -> None:
    """NPS and CSAT with 95 % intervals. 问卷指标"""


@app.command()
def report(
    brand: Annotated[str | None, typer.Option(help="One brand; default all own ones. 品牌")] = None,
    since: Annotated[str, typer.Option(help="A day, a time, or an age such as 90d. 起始时间")] = "90d",
    until: Annotated[str | None, typer.Option(help="End, exclusive; default now. 结束时间（不含）")] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """NPS (−100…100) and CSAT (top-2 box, %) with counts and 95 % intervals.

    各品牌的 NPS 与 CSAT（4–5 分占比），含样本数与 95% 置信区间。
    """
    from feedback.jobs import survey_figures

    config, now = load(path), utc_now()
    begin = parse_moment(since, "--since", zone=config.report_zone, now=now)
    end = parse_moment(until, "--until", zone=config.report_zone, now=now) if until else now
    if end <= begin:
        raise typer.BadParameter("must be after --since", param_hint="--until")
    names = [brand_named(config, brand).name] if brand else [b.name for b in config.brands if not b.competitor_of]
    with opened(config) as db:
        figures = [survey_figures(db, name, begin, end) for name in names]
    if as_json:
        say_json(figures)
        return
    say(f"{local_day(begin, config.report_zone)} … {end.astimezone(config.report_zone):%Y-%m-%d %H:%M}")
    head = ("BRAND 品牌", "ANSWERS 答卷", "NPS", "95 %", "N", "9–10/7–8/0–6", "CSAT TOP-2 %", "95 %", "N")
    say_table(head, [_row(f) for f in figures])


def _row(f: SurveyFigures) -> tuple[object, ...]:
    parts = f"{f.promoters}/{f.passives}/{f.detractors}"
    return (f.brand, f.answers, *_shown(f.nps, "+.0f"), parts, *_shown(f.csat_top2, ".0f"))


def _shown(figure: Figure, form: str) -> tuple[str, str, int]:
    """Value, interval and count; a dash where nobody answered."""
    if figure.value is None or figure.interval is None:
        return "-", "-", figure.n
    return f"{figure.value:{form}}", f"{figure.interval.low:{form}} … {figure.interval.high:{form}}", figure.n
