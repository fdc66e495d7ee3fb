"""The scorers; one file each and one line in SCORERS. Nothing heavy is imported until a scorer is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import cast

from sentiment.scorer import Scorer
from tingfeng.errors import ScoringError
from tingfeng.registry import resolve

SCORERS = {
    "tingfeng": "sentiment.scorers.tingfeng:TingfengScorer",
    "bayes": "sentiment.scorers.bayes:BayesScorer",
    "snownlp": "sentiment.scorers.snownlp:SnowNlpScorer",
}
DEFAULT_SCORER = "tingfeng"


def load_scorer(
    name: str = DEFAULT_SCORER, *, layers: Path | None = None, names: Sequence[str] = (), words: Sequence[str] = ()
) -> Scorer:
    """The scorer of that name, or of a dotted path "pkg.mod:Class", ready to score.

    `names` of brands, which carry no sentiment, and `words` to keep whole go to scorers whose class takes them.
    `layers`: the folder of this installation's layers; the current one is put on top if it was made for this version.
    "name@base" leaves it away, "name@<digest>" takes another one. UnknownName when there is none; ScoringError when it
    lacks its weights or library, or is no scorer at all.
    """
    name, _, wanted = name.partition("@")
    made = _made(name, {"names": names, "words": words})
    if layers is None and not wanted:
        return made
    from sentiment.layers import dressed

    return dressed(made, layers, wanted)


def _made(name: str, told: Mapping[str, Sequence[str]]) -> Scorer:
    found = resolve("scorer", name, SCORERS)
    try:
        made = found(**{key: value for key, value in told.items() if value and key in signature(found).parameters})
    except TypeError as e:
        raise ScoringError(f"scorer '{name}' cannot be made without arguments") from e
    missing = [part for part in ("name", "version", "score") if not getattr(made, part, None)]
    if missing or not callable(made.score):
        raise ScoringError(f"scorer '{name}' has no usable {', '.join(missing) or 'score'}")
    if made.name == "person":
        raise ScoringError(f"scorer '{name}' calls itself 'person', as the labels of people do")
    return cast(Scorer, made)
