"""The scorers; one file each and one line in SCORERS. Nothing heavy is imported until a scorer is loaded."""

from __future__ import annotations

from typing import cast

from sentiment.scorer import Scorer
from tingfeng.errors import ScoringError
from tingfeng.registry import resolve

SCORERS = {
    "bayes": "sentiment.scorers.bayes:BayesScorer",
    "snownlp": "sentiment.scorers.snownlp:SnowNlpScorer",
}
DEFAULT_SCORER = "bayes"


def load_scorer(name: str = DEFAULT_SCORER) -> Scorer:
    """The scorer of that name, or of a dotted path "pkg.mod:Class", ready to score.

    UnknownName when there is none; ScoringError when it lacks its weights or library, or is no scorer at all.
    """
    found = resolve("scorer", name, SCORERS)
    try:
        made = found()
    except TypeError as e:
        raise ScoringError(f"scorer '{name}' cannot be made without arguments") from e
    missing = [part for part in ("name", "version", "score") if not getattr(made, part, None)]
    if missing or not callable(made.score):
        raise ScoringError(f"scorer '{name}' has no usable {', '.join(missing) or 'score'}")
    return cast(Scorer, made)
