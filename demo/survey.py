"""The survey answers of the story, as the file an operator would export: a good month, then the days after."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from random import Random

from demo.rhythm import everyday
from demo.story import BRANDS, CRISIS, ENDS, OWN, SEED, STARTS
from demo.wording import words

HEADER = ("提交时间", "品牌", "推荐意愿（0-10）", "满意度（1-5）", "意见", "渠道")
_PER_DAY = 26.0
# Promoters, passives, detractors: before, and from the evening of the crisis on.
_USUAL, _AFTER = (0.52, 0.30, 0.18), (0.22, 0.26, 0.52)


def survey_csv(seed: int = SEED) -> str:
    """The file's text (to be written as UTF-8 with a mark, the way spreadsheets export it)."""
    rng = Random(seed + 9)
    made = io.StringIO()
    rows = csv.writer(made, lineterminator="\r\n")
    rows.writerow(HEADER)
    for at in everyday(rng, STARTS, ENDS.replace(hour=0, minute=0), per_day=_PER_DAY):
        rows.writerow(_answer(rng, at))
    return made.getvalue()


def _answer(rng: Random, at: datetime) -> tuple[str | int, ...]:
    moved = at > CRISIS + timedelta(hours=1)
    kind = rng.choices(("promoter", "passive", "detractor"), _AFTER if moved else _USUAL)[0]
    low, high = {"promoter": (9, 10), "passive": (7, 8), "detractor": (0, 6)}[kind]
    csat = {"promoter": (4, 5, 5), "passive": (3, 4, 4), "detractor": (1, 2, 3)}[kind]
    table = words("survey")
    said = table["crisis"] if moved and kind == "detractor" else table[kind]
    brand = BRANDS[0].name
    assert brand == OWN
    return (
        f"{at:%Y-%m-%d %H:%M:%S}",
        brand,
        rng.randint(low, high),
        rng.choice(csat),
        rng.choice(said),
        rng.choice(table["segments"]),
    )
