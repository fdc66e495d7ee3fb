"""How well aspects are tagged, on invented posts: precision and recall of the tags, and how many labels are right.

    python bench/aspects.py [--scorer NAME] [--show]

Two halves: the word lists were tuned on one, the other was held out. `--show` lists what goes wrong in the tuned half
only; showing the other would spend it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.aspects import Score, Taxonomy
from sentiment.scorers import SCORERS, load_scorer

TABLE = Path(__file__).resolve().parent.parent / "tests" / "sentiment" / "aspects.tsv"

Row = tuple[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Shares 0…1. `labels`: of the aspects found and right, those with the right label."""

    rows: int
    precision: float
    recall: float
    labels: float


def read(path: Path = TABLE) -> tuple[list[Row], list[Row]]:
    """The tuned and the held-out half."""
    rows = [row(line) for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return rows[::2], rows[1::2]


def row(line: str) -> Row:
    text, _, labels = line.partition("\t")
    return text, {name: int(label) for name, _, label in (one.partition(":") for one in labels.split())}


def measure(rows: Sequence[Row], score: Score, *, show: bool = False) -> Quality:
    found = wanted = right = labelled = 0
    tagged = Taxonomy.load().tag([text for text, _ in rows], score)
    for (text, want), verdicts in zip(rows, tagged, strict=True):
        got = {one.aspect: int(one.label) for one in verdicts}
        found, wanted = found + len(got), wanted + len(want)
        right += len(got.keys() & want.keys())
        labelled += sum(got[name] == want[name] for name in got.keys() & want.keys())
        if show and got != want:
            print(
                f"{text}\n    want {want}\n    got  {[(v.aspect, int(v.label), v.trigger, v.clause) for v in verdicts]}"
            )
    return Quality(rows=len(rows), precision=right / found, recall=right / wanted, labels=labelled / right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scorer", default=sorted(SCORERS)[0])
    parser.add_argument("--show", action="store_true", help="what goes wrong in the tuned half")
    options = parser.parse_args()
    score = load_scorer(options.scorer).score
    tuned, held_out = read()
    for name, rows in (("tuned", tuned), ("held out", held_out)):
        q = measure(rows, score, show=options.show and rows is tuned)
        print(f"{name:9} {q.rows} posts  precision {q.precision:.3f}  recall {q.recall:.3f}  labels {q.labels:.3f}")


if __name__ == "__main__":
    main()
