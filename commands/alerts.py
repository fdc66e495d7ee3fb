"""`tingfeng alerts replay`: what the detectors make of a series on file."""

from __future__ import annotations

import csv
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Try the detectors on a past. 预警回放", pretty_exceptions_enable=False)


@app.callback()
def alerts() -> None:
    """Try the detectors on a past: what would have been alerted, and when. 预警回放与评估"""


@app.command()
def replay(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="CSV timestamp,value; standard input without. 时间序列文件")
    ] = None,
) -> None:
    """Score a series of counts as it would have been judged live: CSV `timestamp,value` in, `timestamp,anomaly_score`
    out, one row per row. A score of 0.5 or more would have alerted. An empty value or a missing row is blindness.

    按实时判定方式回放一条计数序列；得分不低于 0.5 即会触发预警，空值或缺行视为未观测。
    """
    from alerts.replay import Replay, rows_of
    from tingfeng.errors import ImportFileError

    name = str(file) if file else "standard input"
    out = csv.writer(sys.stdout, lineterminator="\n")
    try:
        with file.open(encoding="utf-8-sig", newline="") if file else nullcontext(sys.stdin) as lines:
            out.writerow(("timestamp", "anomaly_score"))
            for row, score in Replay().scores(rows_of(lines, name=name)):
                out.writerow((row.stamp, f"{score:.4f}"))
    except OSError as e:
        raise ImportFileError(f"cannot read {name}: {e.strerror}") from e
