"""How well ambiguous names are told apart: by plain keywords, by words with bounds, by these and a learnt filter.

    python bench/relevance.py [--marks N] [--training-only] [--names NAME …]
    python bench/relevance.py --cross-validated --folder bench/relevance_fresh
    python bench/relevance.py --nested [--folder …]
    python bench/relevance.py --write-prior

Invented posts in bench/relevance/<name>.txt, one a line: "+" means the brand, "-" something else. A hash of the text
puts half of them aside; the filter learns from at most N marks of the other half and is measured on what was put aside.
--training-only looks at cross-validated figures of the training half only: use it while changing the filter. Exit code
1 when the pooled precision or recall of rules + filter on the half put aside is below the target.

The posts were written before the filter, but by the hand that wrote sentiment/data/topics.txt, and after reading them:
the list was purged of their rare words, yet figures may flatter. bench/relevance_fresh holds posts of three more names,
written when the list was finished; --cross-validated learns from all of a name's posts and tells out-of-fold figures.
--nested chooses the threshold within the marks as well, in five parts twice: the figures to change the filter by.

What is known of brands at all (sentiment/data/relevance_prior.json) is learnt anew for each name, from the training
halves of the *other* names: the figures are those of a brand that nobody has marked before. --write-prior learns it
from the training halves of all names and writes what is shipped.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.naming import Naming
from sentiment.relevance import Judge
from sentiment.relevance_features import FEATURES
from sentiment.relevance_filter import Filter, Rows, install
from sentiment.relevance_learn import FilterReport, Kept, kept, learn, rows_of
from sentiment.relevance_prior import FILE, shared
from sentiment.tokenizer import Tokenizer, tokenizer_for
from store.scores import Pending
from tingfeng.model import Brand, text_key

FOLDER = Path(__file__).with_suffix("")
DATA = Path(__file__).resolve().parent.parent / "sentiment" / "data"
PRECISION, RECALL = 0.95, 0.90
PARTS, TIMES = 5, 2  # of --nested
NOW = datetime(2026, 11, 20, tzinfo=UTC)  # only written into the filter

Posts = list[tuple[str, bool]]


def read(path: Path) -> Posts:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert all(line[:2] in ("+ ", "- ") for line in lines), path
    return list({line[2:]: line[0] == "+" for line in lines}.items())


def halves(posts: Posts) -> tuple[Posts, Posts]:
    """For learning, and put aside; by the text alone, so that it never changes. Each in an order of chance."""
    keyed = sorted((blake2b(text.encode(), digest_size=8).digest(), text, ours) for text, ours in posts)
    ours_first = [(text, ours) for key, text, ours in sorted(keyed, key=lambda k: k[0][1:]) if key[0] % 2 == 0]
    return ours_first, [(text, ours) for key, text, ours in keyed if key[0] % 2]


def training_rows() -> dict[str, Rows]:
    """By name: what a filter would see of the training half, without what the rules leave out."""
    found: dict[str, Rows] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        brand = Brand(name=path.stem)
        tokenizer = tokenizer_for(brand.words)
        naming = Naming([brand], tokenizer)
        marks = [(t, ours) for t, ours in halves(read(path))[0] if naming.rule(naming.look(t), brand.name).relevant]
        found[brand.name] = rows_of(naming, tokenizer, brand.name, marks)
    return found


def nested(brand: Brand, posts: Posts, prior: Mapping[str, float]) -> tuple[list[bool], list[bool]]:
    """What filters learnt from four parts say of the fifth, and what is true; the rules are in it."""
    tokenizer = tokenizer_for(brand.words)
    naming = Naming([brand], tokenizer)
    said: list[bool] = []
    truth: list[bool] = []
    for time in range(TIMES):
        order = sorted(posts, key=lambda post: blake2b(f"{time}|{post[0]}".encode()).digest())
        for part in range(PARTS):
            marks = [post for i, post in enumerate(order) if i % PARTS != part]
            _, learnt = learn(naming, tokenizer, brand.name, marks, now=NOW, prior=prior)
            said += judged_by(learnt, brand, tokenizer, order[part::PARTS])
            truth += [ours for _, ours in order[part::PARTS]]
    return said, truth


def judged(judge: Judge, brand: str, posts: Posts) -> list[bool]:
    batch = [
        Pending(mention_id=i, brand=brand, text_key=text_key(text), text=text, source="weibo", published_at=NOW)
        for i, (text, _) in enumerate(posts)
    ]
    found = judge.judge(batch)
    return [found[i, brand].relevant for i in range(len(posts))]


def pooled(parts: Sequence[tuple[list[bool], list[bool]]]) -> Kept:
    return kept([said for part, _ in parts for said in part], [ours for _, part in parts for ours in part])


def row(name: str, figures: Sequence[Kept], note: str = "") -> str:
    cells = [f"{f.precision or 0:6.3f} {f.recall or 0:6.3f}" for f in figures]
    return f"{name:10} {figures[0].ours:4d}/{figures[0].marks:<4d} " + "   ".join(cells) + f"   {note}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--marks", type=int, default=50, help="per brand, at most (default 50)")
    parser.add_argument("--training-only", action="store_true")
    parser.add_argument("--cross-validated", action="store_true")
    parser.add_argument("--nested", action="store_true")
    parser.add_argument("--write-prior", action="store_true")
    parser.add_argument("--names", nargs="*", default=[])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    known = training_rows()
    if options.write_prior:
        told = {"features": FEATURES, "weights": shared(known)}
        (DATA / FILE).write_text(json.dumps(told, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")
        return
    paths = [p for p in sorted(options.folder.glob("*.txt")) if not options.names or p.stem in options.names]
    print(f"{'name':10} us/posts  plain P      R   rules P      R  filter P      R")
    parts: list[list[tuple[list[bool], list[bool]]]] = [[], [], []]
    for path in paths:
        brand, posts = Brand(name=path.stem), read(path)
        tokenizer = tokenizer_for(brand.words)
        training, aside = halves(posts)
        naming = Naming([brand], tokenizer)
        prior = shared({name: rows for name, rows in known.items() if name != brand.name})
        if options.nested:
            parts[2].append(nested(brand, training if options.folder == FOLDER else posts, prior))
            print(row(brand.name, [kept(*parts[2][-1])]))
            continue
        marks = posts if options.cross_validated else training[: options.marks]
        report, learnt = learn(naming, tokenizer, brand.name, marks, now=NOW, prior=prior)
        if options.training_only or options.cross_validated:
            show_training(report)
            continue
        truth = [ours for _, ours in aside]
        said = [
            [True] * len(aside),
            judged_by(None, brand, tokenizer, aside),
            judged_by(learnt, brand, tokenizer, aside),
        ]
        for part, one in zip(parts, said, strict=True):
            part.append((one, truth))
        print(row(brand.name, [kept(one, truth) for one in said], note_of(report)))
    if options.training_only or options.cross_validated:
        return
    if options.nested:
        print(row("all", [pooled(parts[2])]))
        return
    figures = [pooled(part) for part in parts]
    print(row("all", figures))
    last = figures[2]
    print(
        f"all, rules + filter: precision {last.precision or 0:.3f} ({last.precision_from or 0:.3f}–"
        f"{last.precision_to or 0:.3f}), recall {last.recall or 0:.3f} ({last.recall_from or 0:.3f}–"
        f"{last.recall_to or 0:.3f}); target {PRECISION} and {RECALL}"
    )
    sys.exit(0 if (last.precision or 0) >= PRECISION and (last.recall or 0) >= RECALL else 1)


def judged_by(learnt: Filter | None, brand: Brand, tokenizer: Tokenizer, posts: Posts) -> list[bool]:
    with TemporaryDirectory() as folder:
        if learnt is not None:
            install(Path(folder), learnt)
        return judged(Judge([brand], tokenizer, Path(folder)), brand.name, posts)


def note_of(report: FilterReport) -> str:
    return report.refused or f"{report.marks} marks, threshold {report.threshold:.2f}"


def show_training(report: FilterReport) -> None:
    figures = [f for f in (report.plain, report.rules, report.learnt) if f]
    print(row(report.brand, figures, note_of(report)) if figures else f"{report.brand}: {report.refused}")


if __name__ == "__main__":
    main()
