"""Sudden waves in real, labelled mention counts: what the replay reaches, file by file and in every mode, side by side.

    python bench/brandvolume.py [--data ../shared/brandvolume]

The folder holds the counts, the labels and `score.py`, whose functions judge (the Numenta benchmark's rules). In the
line "each left out" every brand is judged at the level that was best on the others. Storms take a minute more:
`score.py --storms --thin 0.2`.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from alerts.cores.fast import LEVEL, FastCore
from alerts.replay import Replay, Row

LEVELS = (1.4, 1.6, 1.8, 2.0, 2.2)  # what leaving a file out chooses from
MODES = {"standard": (1.0, 5), "thinned to 20 %": (0.2, 5), "15-minute bins": (1.0, 15)}
FLOORS = {"standard": (80.0, 73.0), "thinned to 20 %": (73.0, 0.0), "15-minute bins": (78.0, 0.0)}


class Part(NamedTuple):
    """One brand's part of the scores: points of both profiles, windows found, all windows, false rows, weeks."""

    standard: float
    low_fp: float
    hits: int
    windows: int
    false: int
    weeks: float


def judged(scorer: ModuleType, file: Any, *, level: float, minutes: int) -> Part:
    _, times, values, spans = file
    rows = (Row(str(t), t.replace(tzinfo=UTC), v) for t, v in zip(times, values, strict=True))
    alerts = [score >= 0.5 for _, score in Replay(fast=FastCore(level=level)).scores(rows)]
    standard, hits, false, scored = scorer.judge(times, alerts, spans, *scorer.PROFILES["standard"])
    low_fp = scorer.judge(times, alerts, spans, *scorer.PROFILES["low-FP"])[0]
    return Part(standard + len(spans), low_fp + len(spans), hits, len(spans), false, scored * minutes / 60 / 24 / 7)


def total(parts: Sequence[Part]) -> Part:
    """Scores 0-100 over several brands."""
    windows = sum(p.windows for p in parts)
    points = (50 * sum(p[i] for p in parts) / windows for i in (0, 1))
    return Part(*points, sum(p.hits for p in parts), windows, sum(p.false for p in parts), sum(p.weeks for p in parts))


def told(name: str, part: Part) -> str:
    rate = part.false / part.weeks
    found = f"{part.hits:2}/{part.windows:<2}"
    return f"  {name:22} {part.standard:6.2f}  {part.low_fp:6.2f}   {found}  {part.false:3} = {rate:.2f}"


def files_of(scorer: ModuleType, folder: Path, share: float, minutes: int) -> list[Any]:
    rng, files = random.Random(1), []
    for brand, times, values, spans in scorer.read(folder):
        seen = values if share == 1 else [sum(rng.random() < share for _ in range(v)) for v in values]
        files.append((brand, *scorer.binned(times, seen, spans, minutes)))
    return files


def scorer_in(folder: Path) -> ModuleType | None:
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    if spec is None or spec.loader is None or not (folder / "score.py").exists():
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/brandvolume"))
    folder = parser.parse_args().data
    scorer = scorer_in(folder)
    if scorer is None:
        print(f"{folder} has no score.py: name the folder of labelled counts with --data")
        return 2
    good = True
    for mode, (share, minutes) in MODES.items():
        files, began = files_of(scorer, folder, share, minutes), time.process_time()
        by_level = {lev: [judged(scorer, f, level=lev, minutes=minutes) for f in files] for lev in LEVELS}
        took = (time.process_time() - began) / len(LEVELS) / sum(len(f[1]) for f in files) * 1e6
        print(f"{mode}: standard, low-FP, windows, false rows (a brand-week); {took:.0f} us a row")
        left = []
        for i, (file, part) in enumerate(zip(files, by_level[LEVEL], strict=True)):
            print(told(file[0], total([part])))
            others = {lev: total([*parts[:i], *parts[i + 1 :]]).standard for lev, parts in by_level.items()}
            left.append(by_level[max(others, key=others.__getitem__)][i])
        for lev in LEVELS:
            print(told(f"all, level {lev:g}" + (" *" if lev == LEVEL else ""), total(by_level[lev])))
        print(told("all, each left out", total(left)))
        floors, reached = FLOORS[mode], total(by_level[LEVEL])
        good &= reached.standard >= floors[0] and reached.low_fp >= floors[1]
    print("ok" if good else f"NOT OK: floors are {FLOORS}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
