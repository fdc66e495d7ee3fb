"""The default: linear heads over character n-grams, three classes, calibrated. Whole batches through arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment import heads as table
from sentiment.heads import Heads, Known
from sentiment.judge import Judge, Judgement
from sentiment.scorer import named, verdict_of
from sentiment.text import Batch, Normaliser
from tingfeng.model import Verdict

if TYPE_CHECKING:
    from sentiment.explain import Explanation
    from sentiment.tokenizer import Tokenizer

Chances = NDArray[np.float64]

LONGEST = 1_000_000  # characters of a text; what is longer is judged by its beginning
BATCH = 60_000  # characters that go through the arrays at once: more falls out of the processor's caches
_DIGITS = 6  # of a probability; more would be noise
# Grows when the code changes a verdict; the weights speak for themselves.
_REVISION = 1
_NEUTRAL = (0.0, 1.0, 0.0)


class TingfengScorer:
    """Needs no words. `names`: what the configured brands are called; they carry no sentiment."""

    name = "tingfeng"

    def __init__(self, heads: Heads | None = None, *, names: Sequence[str] = ()) -> None:
        """With the weights shipped, unless given others. ScoringError when they cannot be read."""
        self.judge = Judge(heads or table.load())
        self._normaliser = Normaliser(names)
        self.version = f"{_REVISION}.{self.judge.heads.digest}{named(names)}"

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return [verdict_of(*row) for row in self.chances(texts).tolist()]

    def chances(self, texts: Sequence[str]) -> Chances:
        """Probabilities of negative, neutral, positive, shape (texts, 3), to six digits."""
        found = np.empty((len(texts), 3))
        start = 0
        for part in batches(texts):
            found[start : start + len(part)] = self._chances(self._normaliser.batch(part))
            start += len(part)
        return found

    def explain(self, texts: Sequence[str], tokenizer: Tokenizer | None = None) -> list[Explanation]:
        """What each word and sign added to the verdict; see `sentiment.explain`."""
        from sentiment.explain import explained  # words are cut only for what needs words
        from sentiment.tokenizer import default_tokenizer

        cutter = tokenizer or default_tokenizer()
        found: list[Explanation] = []
        for part in batches(texts):
            batch = self._normaliser.batch(part)
            known = self.judge.heads.known(batch)
            judgement = self.judge.judge(known)
            verdicts = (verdict_of(*row) for row in _settled(len(batch), known, judgement).tolist())
            found += explained(batch, self.judge, known, judgement, verdicts, cutter)
        return found

    def _chances(self, batch: Batch) -> Chances:
        known = self.judge.heads.known(batch)
        return _settled(len(batch), known, self.judge.judge(known))


def _settled(texts: int, known: Known, judgement: Judgement) -> Chances:
    """Rounded probabilities of all texts; of those without a known n-gram there is nothing to say: neutral."""
    found = np.tile(np.array(_NEUTRAL), (texts, 1))
    sharp = np.round(judgement.chances(), _DIGITS)
    sharp[:, 1] = np.maximum(0, np.round(1 - sharp[:, 0] - sharp[:, 2], _DIGITS))
    found[known.present] = sharp
    return found


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, cut to LONGEST, in slices of about BATCH characters."""
    if not texts:
        return
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    if sizes.max() > LONGEST:
        texts = [text[:LONGEST] for text in texts]
        sizes = np.minimum(sizes, LONGEST)
    number = (np.cumsum(sizes + 1) - sizes) // BATCH  # which batch a text begins in
    ends = [*np.flatnonzero(np.diff(number)) + 1, len(texts)]
    for start, end in pairwise([0, *ends]):
        yield texts[start:end]
