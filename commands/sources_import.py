"""`tingfeng sources import`: posts out of files that an agency, a vendor or a platform's own export gave."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    brand_named,
    load,
    note,
    opened,
    plain,
    progress,
    say,
    say_json,
)
from tingfeng.clock import utc_now
from tingfeng.errors import ImportFileError

if TYPE_CHECKING:
    from crawler.imports.gathered import Wish
    from crawler.jobs_import import FileReport, ImportReport, Left
    from tingfeng.config import Config

SHOWN = 10  # rejected rows
REASONS_SHOWN = 5
NOTES = {
    "day_only": "times without a clock, counted at 00:00 只有日期，按零点计",
    "no_id": "without an address or id, told apart by their words 无链接和编号，按内容去重",
    "same_id_other_words": "same address or id, other words: the first is kept 链接或编号相同而内容不同，留第一条",
    "rounded_id": "ids rounded by a spreadsheet, not used 编号被表格软件四舍五入，未采用",
    "understood": "answers understood 可解析的响应",
    "not_understood": "answers no reader knows 无法解析的响应",
    "other_entries": "other entries 其他条目",
    "hot_entries": "entries of hot lists, no posts 热榜条目，不入库",
}


def import_(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The name its posts are kept under; need not be configured. 来源名")
    ],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="CSV, TSV, XLSX, JSON, JSONL, HAR, saved pages. 文件")
    ],
    form: Annotated[
        str, typer.Option("--as", metavar="FORM", help="csv, xlsx, jsonl, json, har, html or a reader. 文件种类")
    ] = "auto",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Such as text=笔记内容. 列映射")
    ] = None,
    brand: Annotated[str | None, typer.Option(help="Whose all rows are; else their words say. 所属品牌")] = None,
    platform: Annotated[str | None, typer.Option(help="Of rows that name none. 未注明平台时的平台")] = None,
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="As strptime, such as %d/%m/%Y. 日期格式")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a text file, if not UTF-8 or GBK. 文件编码")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and judge, store nothing. 只检查不入库")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write rejected rows as CSV. 拒收行写入文件")
    ] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Bring in posts from files; doing it twice adds nothing. Columns are known by their heads; --map overrules.

    导入他处导出的帖子（小红书、抖音、黑猫投诉、微信等），列名自动识别；重复导入不会重复计数。
    """
    from crawler.jobs_import import import_posts

    config, now = load(path), utc_now()
    _check_label(source)
    wishes = [
        (
            file,
            _wish(
                config,
                file,
                now=now,
                form=form,
                mapping=pairs(mapping or []),
                platform=platform_named(platform),
                date_format=date_format,
                encoding=encoding,
                label=source,
            ),
        )
        for file in files
    ]
    with opened(config, create=True, unused=dry_run) as db, progress("importing 导入") as tell:
        report = import_posts(
            db,
            wishes,
            source=source,
            brands=config.brands,
            brand=brand_named(config, brand).name if brand else None,
            author_secret=config.author_secret.get_secret_value(),
            author_names=config.privacy.author_names,
            now=now,
            dry_run=dry_run,
            progress=None if as_json else tell,
        )
    if rejects is not None:
        write_rejects(rejects, report)
    if as_json:
        say_json(_as_json(report, rejects))
    else:
        _tell(report, rejects)


def _check_label(source: str) -> None:
    if not re.fullmatch(r"\w[\w.-]{0,59}", source):
        hint = f"letters, digits, '_', '-' and '.', at most 60; got '{source}'"
        raise typer.BadParameter(hint, param_hint="SOURCE")


def _wish(config: Config, file: Path, *, now: datetime, **told: Any) -> Wish:
    from crawler.imports.gathered import Wish

    try:
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError as e:
        raise ImportFileError(f"{file}: cannot be read: {e.strerror}") from e
    return Wish(zone=config.report_zone, now=now, seen_at=min(made, now), **told)


def platform_named(told: str | None) -> str | None:
    """Our name for a platform as people call it; other names are taken as they are."""
    if told is None:
        return None
    from crawler.imports.identity import PLATFORMS

    word = told.strip().casefold()
    if not word or len(word) > 60:
        raise typer.BadParameter(f"1–60 characters; got '{told}'", param_hint="--platform")
    return PLATFORMS.get(word, word)


def pairs(told: Sequence[str]) -> dict[str, str]:
    """ "field=column" each. BadParameter for anything else."""
    chosen: dict[str, str] = {}
    for pair in told:
        field, sign, column = (part.strip() for part in pair.partition("="))
        if not (sign and field and column):
            raise typer.BadParameter(f"expected field=column, such as text=笔记内容; got '{pair}'", param_hint="--map")
        if field in chosen:
            raise typer.BadParameter(f"'{field}' is given twice", param_hint="--map")
        chosen[field] = column
    return chosen


def write_rejects(target: Path, report: ImportReport) -> None:
    """The rejected rows as CSV a spreadsheet opens: file, row, reasons, then the row as it was. Written whole."""
    from tingfeng.tablefiles import harmless

    heads = {one.head for one in report.files if one.head}
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
            rows = csv.writer(file)
            rows.writerow(
                ["文件 file", "行 row", "原因 reason", *map(harmless, heads.pop() if len(heads) == 1 else ())]
            )
            for left in report.left:
                row = left.row
                rows.writerow([harmless(str(left.file)), row.number, "；".join(row.reasons), *map(harmless, row.cells)])
        unfinished.replace(target)
    except OSError as e:
        unfinished.unlink(missing_ok=True)
        raise ImportFileError(f"{target}: rejected rows cannot be written: {e.strerror}") from e


def _as_json(report: ImportReport, rejects: Path | None) -> dict[str, Any]:
    made: dict[str, Any] = plain(report)
    made["left"] = [
        {"file": str(left.file), "row": left.row.number, "reasons": list(left.row.reasons)}
        for left in report.left[:SHOWN]
    ]
    return made | {"rejects": None if rejects is None else str(rejects)}


def _tell(report: ImportReport, rejects: Path | None) -> None:
    for one in report.files:
        _tell_file(one)
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
    for left in report.left[:SHOWN]:
        say(f"  {_where(left)}: {'；'.join(left.row.reasons)}")
    if len(report.left) > SHOWN:
        say(f"  … {len(report.left) - SHOWN} more 其余")
    if rejects is not None:
        say(f"rejected rows 拒收行: {rejects}")
    elif report.left:
        note("--rejects FILE writes all of them 可将全部拒收行写入文件")


def _tell_file(one: FileReport) -> None:
    say(f"{one.file}: {one.how}")
    if one.columns:
        say("  columns 列: " + ", ".join(f"{field} ← {column}" for field, column in one.columns.items()))
    if one.ignored:
        say("  not read 未读取: " + ", ".join(one.ignored))
    for what, count in sorted(one.notes.items()):
        say(f"  {count} × {_note(what)}")


def _note(what: str) -> str:
    """A count's name in words; what readers of pages count has their own."""
    if what in NOTES:
        return NOTES[what]
    kind, _, name = what.partition("_")
    words = {"unreadable": "not a number in 无法识别的数字", "skipped": "posts skipped for want of 跳过的帖子，缺少"}
    return f"{words[kind]} {name}" if kind in words else what


def _where(left: Left) -> str:
    return f"{left.file}:{left.row.number}"
