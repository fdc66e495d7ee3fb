"""Learning a brand's filter from people's marks: judged on marks it has not seen, beside plain keywords, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np

from sentiment.naming import Naming
from sentiment.relevance_features import expanded, features
from sentiment.relevance_filter import Filter, Rows
from sentiment.relevance_fit import best_ridge, fit, threshold
from sentiment.relevance_prior import shipped
from sentiment.tokenizer import Tokenizer
from tingfeng.measures import wilson

LEAST = 20  # marks
LEAST_OF_EACH = 5  # "us" and "not us"
_TELLING = 1e-4  # weights closer to zero are left out

Marks = Sequence[tuple[str, bool]]  # text, and whether it is about the brand


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How right it is to keep what a judge keeps, 0–1, with 95 % intervals; None where nothing was kept or to keep."""

    marks: int
    kept: int
    right: int  # of those kept
    ours: int  # marks that say "us"
    precision: float | None
    recall: float | None
    precision_from: float | None
    precision_to: float | None
    recall_from: float | None
    recall_to: float | None

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.kept + self.ours) if self.kept + self.ours else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterReport:
    """What was tried and how it went. `refused` gives the reason, in both languages; None: it may be installed."""

    brand: str
    marks: int
    ours: int
    plain: Kept | None = None  # every text that holds a name, as plain strings
    rules: Kept | None = None  # names as words, must, any and none
    learnt: Kept | None = None  # rules and filter, on marks it has not seen
    threshold: float | None = None
    filter: str | None = None  # its digest
    refused: str | None = None


def kept(said: Sequence[bool], ours: Sequence[bool]) -> Kept:
    """`said`: what a judge keeps; `ours`: what is right to keep."""
    n, right = sum(said), sum(a and b for a, b in zip(said, ours, strict=True))
    precise, recalled = wilson(right, n), wilson(right, sum(ours))
    return Kept(
        marks=len(ours),
        kept=n,
        right=right,
        ours=sum(ours),
        precision=right / n if n else None,
        recall=right / sum(ours) if any(ours) else None,
        precision_from=precise.low if precise else None,
        precision_to=precise.high if precise else None,
        recall_from=recalled.low if recalled else None,
        recall_to=recalled.high if recalled else None,
    )


def learn(
    naming: Naming,
    tokenizer: Tokenizer,
    brand: str,
    marks: Marks,
    *,
    now: datetime,
    prior: Mapping[str, float] | None = None,
) -> tuple[FilterReport, Filter | None]:
    """A filter from all `marks`, unless the figures speak against it; None then. `prior`: instead of the shipped one.

    The threshold is chosen on the same out-of-fold probabilities that its figures are told of: they flatter a little.
    """
    ours = [o for _, o in marks]
    report = FilterReport(brand=brand, marks=len(marks), ours=sum(ours))
    if few := _too_few(ours):
        return replace(report, refused=few), None
    prior = shipped() if prior is None else prior
    rulings = [naming.rule(naming.look(text), brand) for text, _ in marks]
    passed = [i for i, ruling in enumerate(rulings) if ruling.relevant]
    if few := _too_few([ours[i] for i in passed]):
        return replace(report, refused=few), None
    rows = rows_of(naming, tokenizer, brand, [marks[i] for i in passed])
    ridge, p = best_ridge(rows, [marks[i][0] for i in passed], prior)
    limit = threshold(p, np.array([o for _, o in rows]))
    said = {i: bool(chance >= limit) for i, chance in zip(passed, p, strict=True)}
    plain = kept([bool(r.names) or r.relevant for r in rulings], ours)
    ruled = kept([r.relevant for r in rulings], ours)
    learnt = kept([said.get(i, False) for i in range(len(marks))], ours)
    weights, bias = fit(rows, ridge, prior)
    made = Filter(
        brand=brand,
        weights={name: round(w, 5) for name, w in weights.items() if abs(w) >= _TELLING},
        bias=round(bias, 5),
        threshold=round(limit, 4),
        about={
            "created_at": now.isoformat(),
            "marks": len(marks),
            "ours": sum(ours),
            "ridge": ridge,
            "plain": asdict(plain),
            "rules": asdict(ruled),
            "learnt": asdict(learnt),
        },
    )
    refused = _worse(ruled, learnt)
    report = replace(report, plain=plain, rules=ruled, learnt=learnt, threshold=made.threshold, refused=refused)
    return (report, None) if refused else (replace(report, filter=made.digest), made)


def rows_of(naming: Naming, tokenizer: Tokenizer, brand: str, marks: Marks) -> Rows:
    """What a filter sees of each marked text, and whether it is about the brand."""
    found = []
    for text, ours in marks:
        look = naming.look(text)
        others = naming.others_named(look, brand)
        names = naming.rule(look, brand).names
        found.append((expanded(features(look, text, names, tokenizer, others=others)), ours))
    return found


def _too_few(ours: Sequence[bool]) -> str | None:
    if len(ours) < LEAST:
        return f"{len(ours)} marks of texts that name the brand are too few, {LEAST} are needed 标记不足 {LEAST} 条"
    if min(sum(ours), len(ours) - sum(ours)) < LEAST_OF_EACH:
        return (
            f"at least {LEAST_OF_EACH} marks each are needed for 'us' and 'not us' 两类标记各需至少 {LEAST_OF_EACH} 条"
        )
    return None


def _worse(rules: Kept, learnt: Kept) -> str | None:
    """Why the filter should not replace the rules alone; None where it should."""
    if not learnt.kept or (learnt.precision or 0) < (rules.precision or 0):
        return "of what it keeps less is right than without it 加上后，保留内容的正确率反而下降"
    if learnt.f1 < rules.f1:
        return "it loses more of what is yours than it keeps out of what is not 误删多于所滤"
    return None
