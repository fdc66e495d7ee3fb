"""Learning from corrections: a layer is judged on corrections it has not seen and on public texts, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib import resources
from pathlib import Path

from sentiment.corpora import fold_of, read_corpus
from sentiment.layer import Layer
from sentiment.layer_make import FOLDS, Texts, make, prepare
from sentiment.scorer import Scorer
from sentiment.scorers.layered import LayeredScorer
from tingfeng.errors import ScoringError
from tingfeng.model import Label

LEAST = 40  # corrections
LEAST_OF_TWO = 5  # of at least two labels
MOST_LOST = 0.005  # macro-F1 of the public texts
CROSSED = 1_000  # up to so many corrections each is held back once; of more a fifth is
LEAST_PUBLIC = 20  # texts on either side

Rows = Sequence[tuple[str, Label]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How right verdicts are, 0–1. `macro_f1` is the mean over the labels that occur; `f1` of each that does."""

    texts: int
    accuracy: float
    macro_f1: float
    f1: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    before: Figures
    after: Figures

    @property
    def gain(self) -> float:
        """In macro-F1; negative when it got worse."""
        return self.after.macro_f1 - self.before.macro_f1


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnReport:
    """What was tried and how it went. `refused` gives the reason, in both languages; None: it may be installed."""

    scorer: str
    base_version: str
    corrections: int
    held_back: Change | None = None
    public: Change | None = None
    layer: str | None = None  # its digest
    refused: str | None = None


def learn(base: Scorer, corrections: Rows, public: Rows, *, now: datetime) -> tuple[LearnReport, Layer | None]:
    """Fit a layer over `base` on all `corrections`, unless the figures speak against it; the layer is None then."""
    report = LearnReport(scorer=base.name, base_version=base.version, corrections=len(corrections))
    if few := _too_few(corrections):
        return replace(report, refused=few), None
    corrected = prepare(base, corrections)
    anchors, frozen = public_halves(base, public, known={text for text, _ in corrections})
    layer = make(base, corrected, anchors)
    held_back = _held_back(base, corrections, corrected, anchors)
    judged = Change(before=figures(frozen.labels, _before(frozen)), after=figures(frozen.labels, _after(layer, frozen)))
    about = {
        **layer.about,
        "created_at": now.isoformat(),
        "corrections": len(corrections),
        "held_back": asdict(held_back),
        "public": asdict(judged),
    }
    layer = replace(layer, about=about)
    refused = _worse(held_back, judged)
    report = replace(report, held_back=held_back, public=judged, refused=refused)
    if refused:
        return report, None
    LayeredScorer(base, layer)  # refuses what could not be loaded again
    return replace(report, layer=layer.digest), layer


def public_rows(files: Sequence[Path] = ()) -> Rows:
    """The public texts: of the files given, else the slice that is shipped. ScoringError when they cannot be read."""
    if not files:
        with resources.as_file(resources.files("sentiment").joinpath("data/slice.jsonl")) as path:
            files = [path] if path.exists() else []
    if not files:
        raise ScoringError("the public texts (sentiment/data/slice.jsonl) are missing; name others with --public FILE")
    return [(row.text, row.label) for path in files for row in read_corpus(path)]


def public_halves(base: Scorer, public: Rows, *, known: set[str]) -> tuple[Texts, Texts]:
    """Anchors for the fit, and frozen texts that only judge it. Texts that were corrected are in neither."""
    halves = [[row for row in public if row[0] not in known and fold_of(row[0], 2) == half] for half in (0, 1)]
    if min(map(len, halves)) < LEAST_PUBLIC:
        raise ScoringError(f"too few public texts to judge by: {len(public)}, expected at least {4 * LEAST_PUBLIC}")
    return prepare(base, halves[0]), prepare(base, halves[1])


def figures(truth: Sequence[Label], said: Sequence[Label]) -> Figures:
    """ValueError when there is not one text."""
    if not truth:
        raise ValueError("figures need texts")
    f1 = {}
    for label in Label:
        if label in truth:
            hits = sum(t == s == label for t, s in zip(truth, said, strict=True))
            f1[label.name.lower()] = 2 * hits / (truth.count(label) + said.count(label))
    right = sum(t == s for t, s in zip(truth, said, strict=True))
    return Figures(texts=len(truth), accuracy=right / len(truth), macro_f1=sum(f1.values()) / len(f1), f1=f1)


def _too_few(corrections: Rows) -> str | None:
    labels = [label for _, label in corrections]
    enough = sum(labels.count(label) >= LEAST_OF_TWO for label in Label)
    if len(labels) >= LEAST and enough >= 2:
        return None
    have = ", ".join(f"{label.name.lower()} {labels.count(label)}" for label in Label)
    return (
        f"修正太少：至少要 {LEAST} 条，且至少两类各 {LEAST_OF_TWO} 条。"
        f"too few corrections: {len(labels)} ({have}), expected {LEAST} and {LEAST_OF_TWO} of two labels each"
    )


def _worse(held_back: Change, public: Change) -> str | None:
    if held_back.gain <= 0:
        return (
            "在留出的修正上没有变好，不安装。no better on corrections it had not seen: "
            f"macro-F1 {held_back.before.macro_f1:.4f} → {held_back.after.macro_f1:.4f}; not installed"
        )
    if public.gain < -MOST_LOST - 1e-9:
        return (
            f"在公开文本上变差超过 {100 * MOST_LOST:g} 个百分点，不安装。worse on the public texts: "
            f"macro-F1 {public.before.macro_f1:.4f} → {public.after.macro_f1:.4f}; not installed"
        )
    return None


def _held_back(base: Scorer, rows: Rows, corrected: Texts, anchors: Texts) -> Change:
    """Each correction judged by a layer that knows neither it nor its near-copies, chosen without it too."""
    truth: list[Label] = []
    before: list[Label] = []
    after: list[Label] = []
    for held in _folds(rows):
        layer = make(base, corrected.take([not x for x in held]), anchors)
        unseen = corrected.take(held)
        truth += unseen.labels
        before += _before(unseen)
        after += _after(layer, unseen)
    return Change(before=figures(truth, before), after=figures(truth, after))


def _folds(rows: Rows) -> Iterator[list[bool]]:
    of = [fold_of(text, FOLDS) for text, _ in rows]
    for fold in sorted(set(of))[: FOLDS if len(rows) <= CROSSED else 1]:
        yield [f == fold for f in of]


def _before(texts: Texts) -> list[Label]:
    return [v.label for v in texts.verdicts]


def _after(layer: Layer, texts: Texts) -> list[Label]:
    return [v.label for v in layer.judge_runs(texts.runs, texts.verdicts)]
