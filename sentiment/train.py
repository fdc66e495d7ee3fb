"""From labelled texts to the weights that are shipped, with figures on texts that each fit did not see.

Besides the corpora of the folder it learns from data/taught.jsonl, our own invented texts: questions, news, notices,
negation and the like, which reviews lack. They count as one more family and are left out of the figures' mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, resources
from pathlib import Path

import numpy as np

from sentiment import cross, lexicon, senses, train_bayes, train_heads, train_mix, train_senses, train_table
from sentiment.corpora import Labelled, read_corpora, read_corpus
from sentiment.cross import CrossValidated, Judged
from sentiment.scorer import verdict_of
from sentiment.train_heads import TAUGHT
from sentiment.train_questions import questions
from tingfeng.errors import ScoringError
from tingfeng.model import Label

Progress = Callable[[str], object]
FILES = {"tingfeng": "tingfeng.npz", "bayes": "bayes.json.gz", "senses": senses.FILE}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """Cross-validated figures by scorer, and the size of what was written in bytes, by scorer and "senses"."""

    figures: dict[str, CrossValidated]
    sizes: dict[str, int]
    seconds: float


def train(
    corpora: Path, out: Path, *, predictions: Path | None = None, progress: Progress = lambda _: None
) -> TrainReport:
    """Train on all texts of a folder and write the weights into `out`; the same texts give the same bytes.

    `predictions`: where the cross-validated probabilities of `tingfeng` go. ScoringError when the texts cannot be read
    or lack a label, or the extra `train` is not installed. Needs about 2 GB.
    """
    started = time.perf_counter()
    rows = read_corpora(corpora)
    if {row.label for row in rows} != set(Label):
        raise ScoringError(f"{corpora}: training needs negative, neutral and positive texts")
    for module in ("sklearn.linear_model", "scipy.sparse", "snownlp.classification.bayes"):
        _need(module)
    progress(f"{len(rows)} texts")
    out.mkdir(parents=True, exist_ok=True)
    judged = {"tingfeng": _train_heads(rows + taught(), out / FILES["tingfeng"], progress)}
    if predictions:
        cross.write(predictions, [j for j in judged["tingfeng"] if j.family != TAUGHT])
    progress("what words are like")
    train_senses.train(rows, out / FILES["senses"])
    judged["bayes"] = train_bayes.train(rows, out / FILES["bayes"], progress=progress)
    return TrainReport(
        figures={name: cross.figures([j for j in found if j.family != TAUGHT]) for name, found in judged.items()},
        sizes={name: (out / FILES[name]).stat().st_size for name in FILES},
        seconds=time.perf_counter() - started,
    )


def _need(module: str) -> None:
    """Before anything is done: the last fit would ask for it in minutes."""
    try:
        import_module(module)
    except ImportError as e:
        raise ScoringError(f"training needs {module.partition('.')[0]}: pip install 'tingfeng[train]'") from e


def taught() -> list[Labelled]:
    """Our own invented texts."""
    with resources.as_file(resources.files("sentiment").joinpath("data/taught.jsonl")) as path:
        return read_corpus(path)


def _train_heads(rows: list[Labelled], out: Path, progress: Progress) -> list[Judged]:
    words = lexicon.load()
    corpus = train_heads.read(rows, words)
    progress(f"{len(corpus.vocabulary)} n-grams")
    fitted = train_heads.fit_all(corpus, questions(corpus), words, progress)
    progress("mixing the heads")
    train_table.save(out, corpus, train_mix.mix(corpus, fitted))
    chances = np.round(train_mix.unseen_chances(corpus, fitted), 6)
    return [
        Judged(row.family, int(fold), row.label, verdict_of(*chance))
        for row, fold, chance in zip(rows, corpus.fold, chances.tolist(), strict=True)
    ]
