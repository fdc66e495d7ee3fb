"""A scorer with an installation's layer on top. Not in the table: which layer, is a matter of `sentiment.layers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sentiment.explain import Explanation, Part, explain, log_odds
from sentiment.layer import Layer
from sentiment.scorer import Scorer, without_names
from sentiment.tokenizer import Tokenizer
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict

LONGEST = 60  # characters of a version, as the store keeps it


class LayeredScorer:
    """Goes by the name of the scorer below; the version tells which layer is on it."""

    def __init__(self, base: Scorer, layer: Layer) -> None:
        """ScoringError when the layer was made for another scorer or version: its weights would mean nothing."""
        if (base.name, without_names(base.version)) != (layer.base_name, layer.base_version):
            made, now = f"{layer.base_name} {layer.base_version}", f"{base.name} {base.version}"
            raise ScoringError(f"layer {layer.digest} was made for {made}, not {now}; run: tingfeng sentiment learn")
        self._base, self._layer = base, layer
        self.name = base.name
        self.version = f"{base.version}+{layer.digest}"
        if len(self.version) > LONGEST:
            raise ScoringError(f"version '{self.version}' is longer than {LONGEST} characters")

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return self._layer.judge(texts, self._base.score(texts))

    def explain(self, texts: Sequence[str], tokenizer: Tokenizer | None = None) -> list[Explanation]:
        """What the scorer below says, and as one sum what the layer made of it."""
        below = explain(self._base, texts, tokenizer)
        verdicts = self._layer.judge(texts, [one.verdict for one in below])
        return [_dressed(one, verdict) for one, verdict in zip(below, verdicts, strict=True)]


def _dressed(one: Explanation, verdict: Verdict) -> Explanation:
    (lean, opinion), (before, opinion_before) = log_odds(verdict), log_odds(one.verdict)
    return replace(one, verdict=verdict, learnt=Part("", lean - before, opinion - opinion_before))
