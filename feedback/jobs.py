"""The survey import: a file in, answers in the store, what cannot be read beside the file with its reasons."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from feedback.mapping import REJECTED_COLUMNS, map_columns
from feedback.reader import Sheet, read_sheet
from feedback.rows import Rejected, RowJudge
from store import feedback
from store.database import Database
from tingfeng import measures
from tingfeng.errors import ImportFileError
from tingfeng.measures import Interval
from tingfeng.model import Brand, SurveyResponse
from tingfeng.tablefiles import Cell, harmless

BATCH = 5_000  # answers a transaction; each batch may be repeated, so a killed import is simply run again


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of a file. `added + known + rejected` = `rows`, but for a dry run, which adds nothing."""

    rows: int
    added: int
    known: int  # were in the store already
    rejected: int
    rejected_file: Path | None  # None when nothing was rejected
    how: str  # as what the file was read
    columns: Mapping[str, str]  # field → head of its column
    reasons: Mapping[str, int] = field(default_factory=dict)  # why rows were rejected, most frequent first
    dry_run: bool = False


def import_survey(
    db: Database,
    path: Path,
    mapping: Mapping[str, str],
    *,
    brand: str | None = None,
    brands: Sequence[Brand] = (),
    zone: ZoneInfo,
    now: datetime,
    date_format: str | None = None,
    encoding: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import a file of survey answers; importing it again adds nothing.

    `mapping` (field → column head) beats what the heads say. `brand` is the brand of rows that name none; with
    `brands`, rows may name only those (or their aliases). Naive times are in `zone`; what lies after `now` is rejected.
    Rejected rows are written to `<file>.rejected.csv`. `progress` hears (rows done, rows in all).
    ImportFileError when the file cannot be read at all.
    """
    sheet = read_sheet(path, encoding=encoding)
    columns = _columns(path, sheet, mapping, brand)
    judge = RowJudge(
        columns=columns,
        width=len(sheet.columns),
        source=path.name,
        zone=zone,
        now=now,
        brand=brand,
        brands=brands,
        date_format=date_format,
    )
    judged = [judge.judge(line) for line in sheet.lines]
    answers = [j for j in judged if isinstance(j, SurveyResponse)]
    rejected = [j for j in judged if isinstance(j, Rejected)]
    added = 0 if dry_run else _store(db, answers, now=now, progress=progress)
    rejected_file = _write_rejected(path, sheet, rejected) if rejected and not dry_run else None
    return ImportReport(
        rows=len(judged),
        added=added,
        known=0 if dry_run else len(answers) - added,
        rejected=len(rejected),
        rejected_file=rejected_file,
        how=sheet.how,
        columns={key: sheet.columns[i] for key, i in columns.items()},
        reasons=dict(Counter(reason for r in rejected for reason in r.reasons).most_common()),
        dry_run=dry_run,
    )


def _columns(path: Path, sheet: Sheet, mapping: Mapping[str, str], brand: str | None) -> dict[str, int]:
    try:
        columns = map_columns(sheet.columns, mapping)
    except ImportFileError as e:
        raise ImportFileError(f"{path} ({sheet.how}): {e}") from e
    if brand is None and "brand" not in columns:
        raise ImportFileError(f"{path}: no column for the brand; choose with --map brand=… or give --brand")
    return columns


def _store(
    db: Database,
    answers: Sequence[SurveyResponse],
    *,
    now: datetime,
    progress: Callable[[int, int], None] | None,
) -> int:
    added, rest = 0, iter(answers)
    done = 0
    while batch := list(islice(rest, BATCH)):
        with db.write() as s:
            added += feedback.add(s, batch, now=now)
        done += len(batch)
        if progress:
            progress(done, len(answers))
    return added


def _write_rejected(path: Path, sheet: Sheet, rejected: Sequence[Rejected]) -> Path:
    """The rejected rows as CSV a spreadsheet opens: as they were, with their line and the reasons. Written whole."""
    target = path.with_name(f"{path.name}.rejected.csv")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    width = max([len(sheet.columns), *(len(r.line.cells) for r in rejected)])
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
            rows = csv.writer(file)
            rows.writerow([*map(harmless, _filled(sheet.columns, width)), *REJECTED_COLUMNS])
            for r in rejected:
                rows.writerow([*map(harmless, _filled(r.line.cells, width)), r.line.number, "；".join(r.reasons)])
        unfinished.replace(target)
    except OSError as e:
        unfinished.unlink(missing_ok=True)
        raise ImportFileError(
            f"{target}: rejected rows cannot be written: {e.strerror} (the good rows are stored)"
        ) from e
    return target


def _filled(cells: Sequence[Cell], width: int) -> list[Cell]:
    return [*cells, *[""] * (width - len(cells))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measure of a group of answers with its 95 % interval; `n` answers stand behind it, no value without any."""

    n: int
    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFigures:
    """What the answers about a brand in [since, until) say. NPS is −100…100, CSAT (top-2 box) 0…100."""

    brand: str
    since: datetime
    until: datetime
    answers: int
    comments: int
    nps: Figure
    promoters: int  # 9–10
    passives: int  # 7–8
    detractors: int  # 0–6
    csat_top2: Figure


def survey_figures(db: Database, brand: str, since: datetime, until: datetime) -> SurveyFigures:
    """NPS and CSAT of a brand, with counts and 95 % intervals."""
    with db.read() as s:
        answers = feedback.ratings(s, brand, since, until)
    nps = [a.nps for a in answers if a.nps is not None]
    csat = [a.csat for a in answers if a.csat is not None]
    promoters, detractors = sum(r >= 9 for r in nps), sum(r <= 6 for r in nps)
    return SurveyFigures(
        brand=brand,
        since=since,
        until=until,
        answers=len(answers),
        comments=sum(bool(a.comment) for a in answers),
        nps=Figure(n=len(nps), value=measures.nps(nps), interval=measures.nps_interval(nps)),
        promoters=promoters,
        passives=len(nps) - promoters - detractors,
        detractors=detractors,
        csat_top2=Figure(n=len(csat), value=measures.csat_top2(csat), interval=measures.csat_top2_interval(csat)),
    )
