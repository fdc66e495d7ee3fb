"""The crawling subprocess as its parent sees it: told by one line, answering by one, and gone in the end."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from crawler.outcome import Result
from crawler.spec import CrawlSpec
from tingfeng.model import RunStatus

GRACE = timedelta(seconds=10)  # between asking a child to end and ending it
ASK_STOP = 0.5  # seconds between two questions whether to stop
MAX_RESULT = 16_777_216  # bytes read of a child's answer


def run_child(
    spec: CrawlSpec, *, time_limit: timedelta, log_path: Path, stop: Callable[[], bool] = lambda: False
) -> Result:
    """Crawl in a subprocess; it is gone when this returns. A child without an answer has failed as 'crash'."""
    command = [sys.executable, "-m", "crawler.child"]
    with (
        log_path.open("wb") as errors,
        tempfile.TemporaryFile() as out,  # a pipe holds 64 KB, and a child that waits for a reader never ends
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=errors, start_new_session=True) as child,
    ):
        try:
            _send(child, spec)
            ended_by = _wait(child, time_limit, stop)
        finally:
            _end(child)
        out.seek(0)
        answer = out.read(MAX_RESULT)
    result = _understand(answer) or _crashed(child.returncode, log_path)
    if ended_by == "timeout":
        detail = f"not done after {time_limit.total_seconds():g} s"
        return replace(result, status=RunStatus.FAILED, reason=ended_by, detail=detail)
    if ended_by == "stopped":
        return replace(result, status=RunStatus.FAILED, reason=ended_by, detail="Tingfeng was stopped")
    return result


def _wait(child: subprocess.Popen[bytes], time_limit: timedelta, stop: Callable[[], bool]) -> str:
    """Until the child ends (""), its time is over ("timeout") or we are to stop ("stopped")."""
    deadline = time.monotonic() + time_limit.total_seconds()
    while (left := deadline - time.monotonic()) > 0:
        if stop():
            return "stopped"
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=min(left, ASK_STOP))
            return ""
    return "timeout"


def _send(child: subprocess.Popen[bytes], spec: CrawlSpec) -> None:
    """The spec as one line. Standard input stays open: its end tells the child that we are gone."""
    if child.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError):  # died at once; its exit code tells
        child.stdin.write(spec.to_json().encode() + b"\n")
        child.stdin.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end if it still runs (what it has read is stored then), and end it if it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=GRACE.total_seconds())
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _understand(answer: bytes) -> Result | None:
    line = answer.strip().rpartition(b"\n")[2]
    try:
        return Result.from_json(line)
    except (ValueError, TypeError, KeyError):
        return None


def _crashed(code: int, log_path: Path) -> Result:
    with log_path.open("rb") as errors:
        errors.seek(max(0, log_path.stat().st_size - 2_000))
        last = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    return Result(status=RunStatus.FAILED, reason="crash", detail=f"exit code {code}: {last[:300]}")
