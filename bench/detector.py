"""How often a detector cries wolf on quiet brands, and how long it takes to notice a storm.

    python bench/detector.py [--weeks 4] [--brands 6] [--storms 20] [--detector seasonal] [--seed 1]

Every brand has 28 days of past; then each five minutes (large brands: each fifteen) of the following weeks is judged
online. Findings become incidents as in the product (two calm hours end one), every incident of a quiet brand counts as
false, the copied bursts of the wild ones too. Storms last six hours, start at any time of day and bring that multiple
of the brand's *average* rate; minutes are counted from the first minute of the storm to the first bucket after which
the detector speaks, crawling and scoring not included.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from datetime import timedelta

from alerts.detector import Detector
from alerts.detectors import load_detector
from bench.brands import CALM, PER_DAY, RESTLESS, START, WILD, Habits, brand, seen, storm
from tingfeng.clock import BUCKET
from tingfeng.config import AlertRule

SIZES = {"small": 5, "medium": 100, "large": 1000}  # negative posts a day
KINDS = {"Poisson": CALM, "restless": RESTLESS, "wild": WILD}
PAST = 28  # days
FLOOR_FALSE = 0.5  # per brand-week, over any one row
FLOOR_MINUTES = 30  # median of tenfold storms on a restless medium brand


def false_incidents(detector: Detector, counts: list[int], *, step: int, calm: timedelta) -> tuple[int, int]:
    """(incidents, judgements) over everything after the past."""
    incidents, ticks, last = 0, 0, None
    for end in range(PAST * PER_DAY, len(counts) + 1, step):
        now = START + end * BUCKET
        ticks += 1
        if detector.judge([seen(counts, end)], now=now):
            incidents += last is None or now - last >= calm
            last = now
    return incidents, ticks


def minutes_to_notice(detector: Detector, rng: random.Random, per_day: int, habits: Habits, times: float) -> int | None:
    """Minutes from the start of one storm to its finding; None when its six hours pass unnoticed."""
    counts = brand(rng, per_day, PAST + 2, habits)
    at = PAST * PER_DAY + rng.randrange(PER_DAY)
    storm(rng, counts, at, times=times, per_day=per_day)
    for end in range(at + 1, at + 73):
        if detector.judge([seen(counts, end)], now=START + end * BUCKET):
            return (end - at) * 5
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name, value in (("weeks", 4), ("brands", 6), ("storms", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--detector", default="seasonal")
    args = parser.parse_args()
    rule = AlertRule(detector=args.detector)
    detector, worst = load_detector(rule), 0.0
    print(f"false incidents per brand-week, {args.brands} brands × {args.weeks} weeks a row, max_p {rule.max_p:g}")
    for size, per_day in SIZES.items():
        for kind, habits in KINDS.items():
            began, found, ticks = time.process_time(), 0, 0
            for n in range(args.brands):
                rng = random.Random(f"{args.seed} {size} {kind} {n}")
                counts = brand(rng, per_day, PAST + 7 * args.weeks, habits)
                more, judged = false_incidents(detector, counts, step=3 if per_day >= 500 else 1, calm=rule.calm)
                found, ticks = found + more, ticks + judged
            rate = found / (args.brands * args.weeks)
            cost = (time.process_time() - began) / ticks * 1e3
            worst = max(worst, rate)
            print(f"  {size:7} {per_day:5}/day {kind:9} {rate:6.3f}   {cost:5.2f} ms a tick", flush=True)
    print(f"minutes to notice a storm, restless brands, {args.storms} storms a row")
    median = None
    for size, per_day in SIZES.items():
        for times in (5, 10, 20):
            rng = random.Random(f"{args.seed} storms {size} {times}")
            delays = [minutes_to_notice(detector, rng, per_day, RESTLESS, times) for _ in range(args.storms)]
            noticed = sorted(d for d in delays if d is not None)
            middle = noticed[len(noticed) // 2] if noticed else None
            median = middle if (size, times) == ("medium", 10) else median
            last = noticed[-1] if noticed else None
            print(
                f"  {size:7} {times:3}×  {len(noticed):3} of {args.storms}  median {middle}  longest {last}", flush=True
            )
    good = worst <= FLOOR_FALSE and median is not None and median <= FLOOR_MINUTES
    print("ok" if good else f"NOT OK: aims are ≤ {FLOOR_FALSE} in every row, tenfold at medium ≤ {FLOOR_MINUTES} min")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
