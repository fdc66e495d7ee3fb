"""Cross-validated verdicts and their figures: each text judged by a fit that saw neither it nor its near-copies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import stdev

from sentiment.evaluate import Quality, mean, quality
from tingfeng.model import Label, Verdict

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """One text's verdict by a fit without its fold."""

    family: str
    fold: int
    label: Label
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidated:
    """Figures by family, their plain mean, and how far two-class accuracy differs from fold to fold."""

    families: tuple[Quality, ...]
    mean: Quality
    spread: tuple[float | None, ...]  # standard deviation over the folds, per family
    mean_spread: float | None  # the same of the mean


def figures(judged: Sequence[Judged]) -> CrossValidated:
    """What the verdicts of all folds add up to. Families in alphabetical order."""
    families = sorted({one.family for one in judged})
    found = tuple(_quality(name, [j for j in judged if j.family == name]) for name in families)
    by_fold = [
        [_quality(name, [j for j in judged if j.family == name and j.fold == fold]) for name in families]
        for fold in sorted({one.fold for one in judged})
    ]
    return CrossValidated(
        families=found,
        mean=mean(found),
        spread=tuple(_spread([fold[i].two_class for fold in by_fold]) for i in range(len(families))),
        mean_spread=_spread([mean(fold).two_class for fold in by_fold]),
    )


def _quality(name: str, judged: Sequence[Judged]) -> Quality:
    return quality(name, [j.label for j in judged], [j.verdict for j in judged])


def _spread(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return stdev(known) if len(known) > 1 else None


def write(path: Path, judged: Sequence[Judged]) -> None:
    """JSON lines {"family", "fold", "label", "negative", "neutral", "positive"}: no text."""
    with path.open("w", encoding="utf-8") as out:
        for one in judged:
            v = one.verdict
            row = {"family": one.family, "fold": one.fold, "label": int(one.label)}
            out.write(json.dumps(row | {"negative": v.negative, "neutral": v.neutral, "positive": v.positive}) + "\n")
