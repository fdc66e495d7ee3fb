"""SnowNLP's Bayes classifier over jieba words, retrained, calibrated to three classes. Needs no SnowNLP to score."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sentiment import weights as shipped
from sentiment.calibrate import judge
from sentiment.evidence import Evidence
from sentiment.tokenizer import Tokenizer, default_tokenizer, words_of
from sentiment.weights import Weights
from tingfeng.model import Verdict

# Grows when the code changes a verdict; the weights and the tokenizer speak for themselves.
_REVISION = 1


class BayesScorer:
    """Each word of a text counts once; SnowNLP's stop words count too: leaving them out cost half a point."""

    name = "bayes"

    def __init__(self, weights: Weights | None = None, tokenizer: Tokenizer | None = None) -> None:
        """With the weights shipped, unless given others. ScoringError when they cannot be read."""
        weights = weights or shipped.load()
        self._tokenizer = tokenizer or default_tokenizer()
        self._evidence = Evidence(weights)
        self._calibration = weights.calibration
        self.version = f"{_REVISION}.{weights.digest}.{self._tokenizer.name}"

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return [judge(self._evidence.sums(words_of(text, self._tokenizer)), self._calibration) for text in texts]

    def chance(self, words: Collection[str]) -> float:
        """What SnowNLP's own classifier says of these words: 0 negative … 1 positive, uncalibrated."""
        return self._evidence.chance(words)
