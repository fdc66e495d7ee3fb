"""`tingfeng sentiment score` as a real process: how long it takes, and how much memory it ever held."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
POLL = 0.005  # seconds


def command(scorer: str) -> list[str]:
    return [sys.executable, "-m", "commands", "sentiment", "score", "--scorer", scorer]


def write_lines(path: Path, texts: Sequence[str]) -> Path:
    path.write_text("".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts), encoding="utf-8")
    return path


def run_seconds(scorer: str, source: Path, *, runs: int = 3) -> float:
    """Median wall time from the start of the process to its end, file to file. RuntimeError if an answer is missing."""
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        process, answers = _start(scorer, source)
        process.wait()
        took.append(time.perf_counter() - started)
        _check(process, source, answers)
    return median(took)


def peak_mb(scorer: str, source: Path) -> float:
    """The most memory (resident set) the process held while it answered the file.

    Read from the process itself while it lives: what wait() reports also counts the memory of whoever started it.
    """
    process, answers = _start(scorer, source)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _high_water_mb(process.pid))
        time.sleep(POLL)
    _check(process, source, answers)
    return peak


def first_answer_seconds(scorer: str, text: str, *, runs: int = 5) -> float:
    """Median wall time from the start of a new process to its answer to one line, its input still open.

    The files of the program are in the system's cache by then, as on any machine that has run it before.
    """
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        with subprocess.Popen(command(scorer), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            if not process.stdout.readline():
                raise RuntimeError("the command gave no answer")
            took.append(time.perf_counter() - started)
            process.stdin.close()
    return median(took)


def _start(scorer: str, source: Path) -> tuple[subprocess.Popen[bytes], Path]:
    answers = source.with_suffix(".out")
    with source.open("rb") as lines, answers.open("wb") as out:
        return subprocess.Popen(command(scorer), cwd=ROOT, stdin=lines, stdout=out), answers


def _check(process: subprocess.Popen[bytes], source: Path, answers: Path) -> None:
    asked, given = (path.read_bytes().count(b"\n") for path in (source, answers))
    if process.returncode or asked != given:
        raise RuntimeError(f"exit code {process.returncode}, {given} answers to {asked} lines")


def _high_water_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else 0.0
