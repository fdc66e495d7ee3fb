"""What 200 corrections of an invented domain (boats, in its own slang) are worth: macro-F1 before and after.

    python bench/learn.py [--scorer NAME] [--public FILE …]

On texts of the domain that were never shown (at least 5 points more), on the frozen half of the public slice (at most
half a point less), and, where ../shared/corpora or TINGFENG_SHARED is there, on a sample of each family of corpora:
those are other people's texts, so a layer should leave them alone. Exit code 1 below the targets.

The domain is written by hand for this: `bench/domains/kayak_corrections.jsonl` is what a person corrected,
`kayak_unseen.jsonl` other sentences by the same invented people. They share slang, not sentences.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.corpora import read_corpus
from sentiment.learn import Change, Figures, Rows, figures, learn, public_rows
from sentiment.scorer import Scorer
from sentiment.scorers import DEFAULT_SCORER, load_scorer
from sentiment.scorers.layered import LayeredScorer
from tingfeng.model import Verdict

HERE = Path(__file__).resolve().parent
LIFT, LOSS = 0.05, 0.005  # macro-F1: at least so much more on the domain, at most so much less on the public slice
SAMPLE = 1500  # texts of a family
BATCH = 1000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scorer", default=DEFAULT_SCORER)
    parser.add_argument("--public", type=Path, nargs="*", default=())
    options = parser.parse_args()
    base = load_scorer(options.scorer)
    corrections, unseen = (rows(HERE / "domains" / f"kayak_{name}.jsonl") for name in ("corrections", "unseen"))
    shared = {text for text, _ in corrections} & {text for text, _ in unseen}
    assert not shared, shared
    started = time.perf_counter()
    report, layer = learn(base, corrections, public_rows(options.public), now=datetime.now(UTC))
    print(f"{base.name} {base.version}: {len(corrections)} corrections, {time.perf_counter() - started:.1f} s")
    if layer is None or report.held_back is None or report.public is None:
        print(f"refused: {report.refused}")
        return 1
    print(f"layer {layer.digest}: {len(layer.keys)} features, ridge {layer.about['ridge']}, caution {layer.caution}")
    layered = LayeredScorer(base, layer)
    domain = compared(base, layered, unseen)
    show("domain, unseen", domain)
    show("domain, held back", report.held_back)
    show("public slice, frozen half", report.public)
    for path in sorted(corpora().glob("*.jsonl.gz")):
        found = rows(path)
        show(path.name.partition(".")[0], compared(base, layered, found[:: -(-len(found) // SAMPLE)]))
    missed = domain.gain < LIFT or report.public.gain < -LOSS
    print(f"targets: domain ≥ +{100 * LIFT:g}, public ≥ −{100 * LOSS:g} points: {'missed' if missed else 'met'}")
    return int(missed)


def rows(path: Path) -> Rows:
    return [(row.text, row.label) for row in read_corpus(path)]


def corpora() -> Path:
    return Path(os.environ.get("TINGFENG_SHARED") or HERE.parents[1] / "shared") / "corpora"


def compared(base: Scorer, layered: Scorer, texts: Rows) -> Change:
    return Change(before=measured(base, texts), after=measured(layered, texts))


def measured(scorer: Scorer, texts: Rows) -> Figures:
    said: list[Verdict] = []
    for i in range(0, len(texts), BATCH):
        said += scorer.score([text for text, _ in texts[i : i + BATCH]])
    return figures([label for _, label in texts], [v.label for v in said])


def show(name: str, change: Change) -> None:
    before, after = change.before, change.after
    each = " ".join(f"{label} {f1:.3f}→{after.f1[label]:.3f}" for label, f1 in before.f1.items())
    print(
        f"{name:26} n={before.texts:5}  macro-F1 {before.macro_f1:.4f} → {after.macro_f1:.4f} "
        f"({100 * change.gain:+.2f})  {each}"
    )


if __name__ == "__main__":
    sys.exit(main())
