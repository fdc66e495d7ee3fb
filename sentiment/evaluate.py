"""How right, how honest and how fast a scorer is on labelled texts. The formulas are in figures.py."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment import figures
from sentiment.corpora import Labelled, read_corpus, spread
from sentiment.figures import ClassFigures, macro_f1
from sentiment.scorer import Scorer
from tingfeng.model import Label, Verdict

__all__ = ["ClassFigures", "Mistake", "Quality", "evaluate", "judge", "macro_f1", "mean", "mistakes", "quality"]

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Figures of one corpus; None where a corpus cannot say.

    `two_class` is the share of texts labelled ±1 whose polarity has that sign, 0–1; `macro_f1` is over three classes,
    None where the corpus has no neutral. `calibration_error` 0–1 and `brier` 0–2: the less the better.
    """

    corpus: str
    texts: int
    two_class: float | None
    macro_f1: float | None
    calibration_error: float | None = None
    brier: float | None = None
    classes: tuple[ClassFigures, ...] = ()
    texts_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A text judged wrongly, and how sure the scorer was of it, 0–1."""

    at: str  # file:line
    text: str
    truth: Label
    said: Label
    confidence: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A corpus and what a scorer said of it."""

    corpus: str
    rows: Sequence[Labelled]
    verdicts: Sequence[Verdict]
    texts_per_second: float | None

    @property
    def truth(self) -> list[Label]:
        return [row.label for row in self.rows]

    @property
    def quality(self) -> Quality:
        return quality(self.corpus, self.truth, self.verdicts, texts_per_second=self.texts_per_second)


def evaluate(scorer: Scorer, path: Path, *, limit: int | None = None) -> Quality:
    """Measure on one file; of more than `limit` texts, that many spread evenly over it. ScoringError if unreadable."""
    return judge(scorer, path, limit=limit).quality


def judge(scorer: Scorer, path: Path, *, limit: int | None = None) -> Judged:
    """Every text of a file, or `limit` of them spread evenly, with its verdict. ScoringError if unreadable."""
    rows = read_corpus(path)
    rows = spread(rows, limit) if limit else rows
    texts = [row.text for row in rows]
    scorer.score(texts[:1])  # loading is not scoring
    started = time.perf_counter()
    verdicts = [v for i in range(0, len(texts), BATCH) for v in scorer.score(texts[i : i + BATCH])]
    took = time.perf_counter() - started
    return Judged(path.name.partition(".")[0], rows, verdicts, len(texts) / took if took and texts else None)


def quality(
    corpus: str, truth: Sequence[Label], verdicts: Sequence[Verdict], *, texts_per_second: float | None = None
) -> Quality:
    """The figures of verdicts already given."""
    said, chances = figures.answers(truth, verdicts), figures.chances_of(verdicts)
    return Quality(
        corpus=corpus,
        texts=len(truth),
        two_class=figures.two_class(truth, verdicts),
        macro_f1=macro_f1(truth, said) if figures.has_neutral(truth) else None,
        calibration_error=figures.calibration_error(truth, chances),
        brier=figures.brier(truth, chances),
        classes=figures.class_figures(figures.confusion(truth, said)),
        texts_per_second=texts_per_second,
    )


def mean(found: Sequence[Quality], name: str = "mean") -> Quality:
    """The plain mean over corpora, each counting alike whatever its size; of a figure, over those that have it."""
    return Quality(
        corpus=name,
        texts=sum(q.texts for q in found),
        two_class=_mean(q.two_class for q in found),
        macro_f1=_mean(q.macro_f1 for q in found),
        calibration_error=_mean(q.calibration_error for q in found),
        brier=_mean(q.brier for q in found),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def mistakes(judged: Judged, most: int) -> list[Mistake]:
    """The texts judged wrongly, the surest first, at most so many; of equally sure ones the earlier in the file."""
    truth = judged.truth
    said = figures.answers(truth, judged.verdicts)
    over = figures.relative(truth, figures.chances_of(judged.verdicts))
    wrong = [i for i, label in enumerate(truth) if said[i] is not label]
    sure = {i: float(over[i, int(said[i]) + 1]) for i in wrong}
    wrong.sort(key=lambda i: (-sure[i], i))
    return [
        Mistake(at=judged.rows[i].at, text=judged.rows[i].text, truth=truth[i], said=said[i], confidence=sure[i])
        for i in wrong[:most]
    ]
