"""From corrections and public texts to a layer: how strong it may be is chosen on texts it was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from sentiment.corpora import fold_of
from sentiment.layer import Layer
from sentiment.layer_features import Runs, features
from sentiment.layer_fit import Floats, fit, logits, matrix
from sentiment.scorer import Scorer, without_names
from tingfeng.model import Label, Verdict

FOLDS = 5
RIDGES = (0.05, 0.1, 0.2, 0.5, 1.0)
CAUTIONS = tuple(step / 2 for step in range(11))  # log-odds against "this text reads like the corrected ones"
MOST_SHIFT = 0.007  # probability that may change place in an unseen public text, on average
_RARE = 2  # a feature of fewer corrected texts says nothing of the next text
_GATE_RIDGE = 0.1
_SALT = "layer "  # other folds than those the corrections are judged by

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Texts:
    """Labelled texts with all that is worked out once: features, verdicts of the scorer below, folds."""

    runs: Runs
    verdicts: tuple[Verdict, ...]
    labels: tuple[Label, ...]
    folds: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, wanted: Sequence[bool]) -> Texts:
        kept = [i for i, keep in enumerate(wanted) if keep]
        pieces = [self.runs.hashes[self.runs.indptr[i] : self.runs.indptr[i + 1]] for i in kept]
        indptr = np.cumsum([0, *map(len, pieces)]).astype(np.int64)
        hashes = np.concatenate(pieces) if pieces else self.runs.hashes[:0]
        return Texts(
            Runs(indptr, hashes),
            tuple(self.verdicts[i] for i in kept),
            tuple(self.labels[i] for i in kept),
            tuple(self.folds[i] for i in kept),
        )


def prepare(base: Scorer, rows: Sequence[tuple[str, Label]]) -> Texts:
    texts = [text for text, _ in rows]
    folds = tuple(fold_of(_SALT + text, FOLDS) for text in texts)
    return Texts(features(texts), tuple(base.score(texts)), tuple(label for _, label in rows), folds)


def make(base: Scorer, corrected: Texts, anchors: Texts) -> Layer:
    """The layer fitted on all of `corrected`; `anchors` are public texts on which the verdicts should stay."""
    ridge, caution = _choose(base, corrected, anchors)
    return replace(_fit(base, corrected, anchors, ridge), caution=caution, about={"ridge": ridge})


def _fit(base: Scorer, corrected: Texts, anchors: Texts, ridge: float) -> Layer:
    known = _common(corrected)
    runs = Runs(
        np.concatenate([corrected.runs.indptr, anchors.runs.indptr[1:] + corrected.runs.indptr[-1]]),
        np.concatenate([corrected.runs.hashes, anchors.runs.hashes]),
    )
    phi = matrix(runs, known)
    ours, theirs = np.eye(3)[np.array(corrected.labels, np.int64) + 1], _chances(anchors.verdicts)
    # The smaller side counts for as much as the larger one, or the gate would lean to whoever has more texts.
    weight = max(1.0, len(corrected) / (len(anchors) or 1))
    ours_weight = max(1.0, len(anchors) / (len(corrected) or 1))
    # Anchors are asked to keep the verdict they have, not to be right: the public texts are not what is learnt.
    target = np.concatenate([ours, weight * theirs])
    weights = fit(phi, logits((*corrected.verdicts, *anchors.verdicts)), target, ridge)
    sides = np.zeros((len(target), 2))
    sides[: len(corrected), 1], sides[len(corrected) :, 0] = ours_weight, weight
    gate = fit(phi, np.zeros((len(target), 2)), sides, _GATE_RIDGE)
    return Layer(
        keys=known,
        weights=weights,
        gate=gate,
        caution=0.0,
        base_name=base.name,
        base_version=without_names(base.version),
    )


def _common(texts: Texts) -> npt.NDArray[np.uint64]:
    known = np.unique(texts.runs.hashes)
    seen = np.bincount(matrix(texts.runs, known).columns, minlength=len(known))
    found: npt.NDArray[np.uint64] = known[seen >= _RARE]
    return found


def _chances(verdicts: Sequence[Verdict]) -> Floats:
    return np.array([(v.negative, v.neutral, v.positive) for v in verdicts]).reshape(-1, 3)


def _choose(base: Scorer, corrected: Texts, anchors: Texts) -> tuple[float, float]:
    """Ridge and caution: the likeliest unseen corrections, among the cautions that leave unseen public texts alone."""
    loss = dict.fromkeys(product(RIDGES, CAUTIONS), 0.0)
    shift = dict.fromkeys(loss, 0.0)
    for fold in range(FOLDS):
        ours, theirs = [f == fold for f in corrected.folds], [f == fold for f in anchors.folds]
        held, quiet = corrected.take(ours), anchors.take(theirs)
        seen, steady = corrected.take([not x for x in ours]), anchors.take([not x for x in theirs])
        for ridge in RIDGES:
            layer = _fit(base, seen, steady, ridge)
            for caution in CAUTIONS:
                careful = replace(layer, caution=caution)
                loss[ridge, caution] += _surprise(careful, held)
                shift[ridge, caution] += _shift(careful, quiet) / len(anchors)
    most = max(MOST_SHIFT, min(shift.values()))
    return min((choice for choice in loss if shift[choice] <= most), key=lambda choice: loss[choice])


def _surprise(layer: Layer, texts: Texts) -> float:
    """Sum of −log of what the layer gives to the right label."""
    chances, _ = layer.chances(texts.runs, texts.verdicts)
    right = chances[np.arange(len(texts)), np.array(texts.labels, np.int64) + 1]
    return -float(np.log(np.maximum(right, 1e-6)).sum())


def _shift(layer: Layer, texts: Texts) -> float:
    """Sum over the texts of how much probability changes place. Says more of a few hundred texts than labels do."""
    chances, _ = layer.chances(texts.runs, texts.verdicts)
    return float(np.abs(chances - _chances(texts.verdicts)).sum()) / 2
