"""SnowNLP's Bayes classifier over jieba words, retrained, calibrated to three classes. Needs no SnowNLP to score."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sentiment import weights as shipped
from sentiment.calibrate import judge
from sentiment.evidence import Evidence
from sentiment.scorer import named
from sentiment.text import Normaliser
from sentiment.tokenizer import Tokenizer, tokenizer_for
from sentiment.weights import Weights
from tingfeng.model import Verdict

# Grows when the code changes a verdict; the weights and the tokenizer speak for themselves.
_REVISION = 2


class BayesScorer:
    """Each word of a text counts once; SnowNLP's stop words count too: leaving them out cost half a point."""

    name = "bayes"

    def __init__(
        self,
        weights: Weights | None = None,
        tokenizer: Tokenizer | None = None,
        *,
        names: Sequence[str] = (),
        words: Sequence[str] = (),
    ) -> None:
        """With the weights shipped, unless given others. ScoringError when they cannot be read.

        `names` of brands carry no sentiment; `words` are kept whole.
        """
        weights = weights or shipped.load()
        self._tokenizer = tokenizer or tokenizer_for(words)
        self._normaliser = Normaliser(names)
        self._evidence = Evidence(weights)
        self._calibration = weights.calibration
        self.version = f"{_REVISION}.{weights.digest}.{self._tokenizer.name}{named(names)}"

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        cut = self._tokenizer.cut
        distinct = (dict.fromkeys(filter(str.strip, cut(text))) for text in self._normaliser.texts(texts))
        return [judge(self._evidence.sums(words), self._calibration) for words in distinct]

    def chance(self, words: Collection[str]) -> float:
        """What SnowNLP's own classifier says of these words: 0 negative … 1 positive, uncalibrated."""
        return self._evidence.chance(words)
