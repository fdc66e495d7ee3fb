"""Training `bayes`: counted by SnowNLP's own classifier, calibrated on texts it did not see."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.calibrate import Coefficients, features, fit, judge
from sentiment.corpora import Labelled, fold_of
from sentiment.cross import FOLDS, Judged
from sentiment.evidence import Evidence, Sums
from sentiment.tokenizer import default_tokenizer, words_of
from sentiment.weights import Weights
from tingfeng.errors import ScoringError
from tingfeng.model import Label

RARE = 3  # words in fewer texts are left out: two thirds of the vocabulary, 0.1 points of accuracy
_UNCALIBRATED: Coefficients = ((), ())

Words = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Row:
    words: Words
    label: Label
    family: str
    fold: int


def train(labelled: Sequence[Labelled], out: Path, *, progress: Callable[[str], object]) -> list[Judged]:
    """Train on all texts and write the weights to `out`; the same texts give the same bytes. Verdicts on unseen ones.

    ScoringError when SnowNLP is not installed. Needs about 600 MB.
    """
    bayes = _snownlp_bayes()
    rows = [_cut(row) for row in labelled]
    gradual = _families_with_neutral(rows)
    sums = _unseen_sums(rows, gradual, bayes, progress)
    weights = _count(rows, gradual, bayes, _calibrate(rows, sums, gradual))
    weights.save(out)
    return _cross_validated(rows, sums, gradual)


def _snownlp_bayes() -> Callable[[], Any]:
    try:
        from snownlp.classification.bayes import Bayes
    except ImportError as e:
        raise ScoringError("training needs SnowNLP: pip install 'tingfeng[train]'") from e
    return Bayes  # type: ignore[no-any-return]


def _cut(row: Labelled) -> _Row:
    words = [sys.intern(word) for word in words_of(row.text, default_tokenizer())]
    return _Row(words, row.label, row.family, fold_of(row.text, FOLDS))


def _families_with_neutral(rows: Iterable[_Row]) -> frozenset[str]:
    """Only there does "not neutral" mean anything: elsewhere nobody looked for neutral texts."""
    return frozenset(row.family for row in rows if row.label is Label.NEUTRAL)


def _count(
    rows: Sequence[_Row], gradual: frozenset[str], bayes: Callable[[], Any], calibration: Coefficients = _UNCALIBRATED
) -> Weights:
    """Train both classifiers with SnowNLP's class and take over its counts."""
    seen = Counter(word for row in rows for word in row.words)
    common = {word for word, n in seen.items() if n >= RARE}
    leaning, gate = bayes(), bayes()
    leaning.train([(_only(row.words, common), row.label.name) for row in rows if row.label])
    kinds = {Label.NEUTRAL: "NEUTRAL"}
    gate.train([(_only(r.words, common), kinds.get(r.label, "OPINION")) for r in rows if r.family in gradual])
    return Weights(
        negative=_counts(leaning, "NEGATIVE"),
        positive=_counts(leaning, "POSITIVE"),
        neutral=_counts(gate, "NEUTRAL"),
        opinion=_counts(gate, "OPINION"),
        calibration=calibration,
        trained_on=Counter(row.family for row in rows),
    )


def _only(words: Words, common: set[str]) -> list[str]:
    return [word for word in words if word in common]


def _counts(trained: Any, kind: str) -> dict[str, int]:
    if kind not in trained.d:
        return {}
    return {word: n - 1 for word, n in trained.d[kind].d.items()}  # SnowNLP keeps times seen + 1


def _unseen_sums(
    rows: Sequence[_Row], gradual: frozenset[str], bayes: Callable[[], Any], progress: Callable[[str], object]
) -> list[Sums]:
    """What each text adds up to by counts that know nothing of its fold."""
    found: dict[int, Sums] = {}
    for fold in range(FOLDS):
        evidence = Evidence(_count([row for row in rows if row.fold != fold], gradual, bayes))
        found.update((i, evidence.sums(row.words)) for i, row in enumerate(rows) if row.fold == fold)
        progress(f"fold {fold + 1} of {FOLDS}")
    return [found[i] for i in range(len(rows))]


def _calibrate(
    rows: Sequence[_Row], sums: Sequence[Sums], gradual: frozenset[str], *, without: int | None = None
) -> Coefficients:
    chosen = [i for i, row in enumerate(rows) if row.family in gradual and row.fold != without]
    return fit([features(sums[i]) for i in chosen], [rows[i].label for i in chosen])


def _cross_validated(rows: Sequence[_Row], sums: Sequence[Sums], gradual: frozenset[str]) -> list[Judged]:
    """Each text judged by counts and a calibration that saw neither it nor its near-copies."""
    by_fold = [_calibrate(rows, sums, gradual, without=fold) for fold in range(FOLDS)]
    return [
        Judged(row.family, row.fold, row.label, judge(found, by_fold[row.fold]))
        for row, found in zip(rows, sums, strict=True)
    ]
