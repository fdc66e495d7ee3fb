"""Why a text got its verdict: what each word and sign added, to the last digit.

A verdict of `tingfeng` rests on two log-odds: `lean` (positive against negative) and `opinion` (half the log-odds of
positive · negative against neutral²). Both are sums: a base that belongs to the kind of text, and what its n-grams
add. An n-gram's part is shared out evenly over its characters, and where it stands more than once over all places;
words are jieba's. So base and parts add up to the log-odds, and the log-odds say the probabilities:

    P(positive) : P(neutral) : P(negative)  =  e^(opinion + lean/2) : 1 : e^(opinion − lean/2)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum, log

import numpy as np
from numpy.typing import NDArray

from sentiment.heads import Known
from sentiment.judge import Judge, Judgement
from sentiment.ngrams import LONGEST
from sentiment.scorer import Scorer
from sentiment.text import Batch, shown
from sentiment.tokenizer import Tokenizer
from sentiment.weighing import places
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict

Floats = NDArray[np.float64]
_EMOTICON = 6  # words, brackets included
LEAST = 1e-6  # what a probability is rounded to


@dataclass(frozen=True, slots=True)
class Part:
    """A word or sign of the text as it was read, and what it added to each log-odds."""

    text: str
    lean: float  # > 0: towards positive
    opinion: float  # > 0: away from neutral


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`parts` in the order of the text, joined together the text as it was read. `base` is what no word said.

    `learnt`: what this installation's layer changed, as one sum.
    """

    verdict: Verdict
    parts: tuple[Part, ...]
    base: Part
    learnt: Part = field(default=Part("", 0.0, 0.0))

    @property
    def lean(self) -> float:
        """Log-odds of positive against negative: base + parts + learnt."""
        return fsum([self.base.lean, self.learnt.lean, *(part.lean for part in self.parts)])

    @property
    def opinion(self) -> float:
        return fsum([self.base.opinion, self.learnt.opinion, *(part.opinion for part in self.parts)])

    def telling(self, most: int = 8) -> list[Part]:
        """The parts that weigh most for the side the text leans to or against it, heaviest first."""
        words = [part for part in self.parts if part.text.strip()]
        return sorted(words, key=lambda part: -abs(part.lean))[:most]


def explain(scorer: Scorer, texts: Sequence[str], tokenizer: Tokenizer | None = None) -> list[Explanation]:
    """One explanation per text, in order. ScoringError when the scorer cannot explain itself."""
    own = getattr(scorer, "explain", None)
    if own is None:
        raise ScoringError(f"scorer '{scorer.name}' cannot explain its verdicts; 'tingfeng' can")
    found: list[Explanation] = own(texts, tokenizer)
    return found


def log_odds(verdict: Verdict) -> tuple[float, float]:
    """Lean and opinion of its probabilities, none of them taken for less than 10⁻⁶."""
    negative, neutral, positive = (log(max(p, LEAST)) for p in (verdict.negative, verdict.neutral, verdict.positive))
    return positive - negative, (positive + negative) / 2 - neutral


def parts_of(batch: Batch, judge: Judge, tokenizer: Tokenizer) -> list[tuple[tuple[Part, ...], Part]]:
    """Of each text of a batch its parts and its base."""
    known = judge.heads.known(batch)
    judgement = judge.judge(known)
    lean, opinion = _of_characters(batch, judge, known, judgement)
    bases = _bases(batch, judge, known, judgement)
    words = [_with_emoticons(tokenizer.cut(text)) for text in batch.texts()]
    return [
        (_parts(own, lean[start + 1 : end], opinion[start + 1 : end]), base)
        for own, base, start, end in zip(words, bases, batch.bounds[:-1], batch.bounds[1:], strict=True)
    ]


def _with_emoticons(words: list[str]) -> list[str]:
    """[怒] is one sign: what stands in brackets, if it is short, goes with them."""
    if "[" not in words:
        return words
    found: list[str] = []
    i = 0
    while i < len(words):
        end = words.index("]", i, i + _EMOTICON) if words[i] == "[" and "]" in words[i : i + _EMOTICON] else i
        found.append("".join(words[i : end + 1]))
        i = end + 1
    return found


def _parts(words: Sequence[str], lean: Floats, opinion: Floats) -> tuple[Part, ...]:
    if not words:
        return ()
    starts = np.cumsum([0, *map(len, words[:-1])])
    sums = np.add.reduceat(lean, starts).tolist(), np.add.reduceat(opinion, starts).tolist()
    return tuple(map(Part, map(shown, words), *sums))


def _bases(batch: Batch, judge: Judge, known: Known, judgement: Judgement) -> list[Part]:
    """Nothing is known of a text without a known n-gram: it is neutral, without any log-odds."""
    found = [Part("", 0.0, 0.0)] * len(batch)
    for text, lean, opinion in zip(
        known.present.tolist(), *map(np.ndarray.tolist, judge.bases(judgement)), strict=True
    ):
        found[text] = Part("", lean, opinion)
    return found


def _of_characters(batch: Batch, judge: Judge, known: Known, judgement: Judgement) -> tuple[Floats, Floats]:
    """What each character of the batch adds to lean and opinion."""
    position, number, n = judge.heads.occurrences(batch)
    text, _ = places(batch)
    key = (known.text << 32) | known.id
    at = np.searchsorted(key, (text.take(position) << 32) | number)
    separators = np.concatenate([[0], np.cumsum(batch.codes == 0)])
    real = n - (separators[position + n] - separators[position])
    share = 1 / (np.bincount(at, minlength=len(key)).take(at) * np.maximum(real, 1))
    found = []
    for columns in (judge.lean_columns, judge.opinion_columns):
        value = judge.weights(known, judgement, columns).take(at) * share
        found.append(_spread(position, n, value, batch))
    return found[0], found[1]


def _spread(position: NDArray[np.int64], n: NDArray[np.int64], value: Floats, batch: Batch) -> Floats:
    """`value` at each of the n characters from `position` on, but at separators."""
    size = len(batch.codes)
    total = np.zeros(size)
    for length in range(1, LONGEST + 1):
        chosen = n == length
        here = np.bincount(position[chosen], value[chosen], size)
        for shift in range(length):
            total[shift:] += here[: size - shift]
    total[batch.codes == 0] = 0
    return total
