"""Why a text got its verdict: what each word and sign added, to the last digit.

A verdict of `tingfeng` rests on two log-odds: `lean` (positive against negative) and `opinion` (half the log-odds of
positive · negative against neutral²). Both are sums: a base that belongs to the kind of text, and what its n-grams
add. An n-gram's part is shared out evenly over its characters, and where it stands more than once over all places;
words are jieba's. So base and parts add up to the log-odds, and the log-odds say the probabilities:

    P(positive) : P(neutral) : P(negative)  =  e^(opinion + lean/2) : 1 : e^(opinion − lean/2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import fsum, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.heads import Known
from sentiment.judge import Judge, Judgement
from sentiment.ngrams import LONGEST
from sentiment.scorer import Scorer
from sentiment.text import BRAND, CHAIN, Batch, shown
from sentiment.tokenizer import Tokenizer
from sentiment.weighing import places
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict

Floats = NDArray[np.float64]
_EMOTICON = 6  # words, brackets included
LEAST = 1e-6  # what a probability is rounded to


class Part(NamedTuple):
    """A word or sign of the text as it was read, and what it added to each log-odds."""

    text: str
    lean: float  # > 0: towards positive
    opinion: float  # > 0: away from neutral


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`words` joined together are the text as it was read; `leans` and `opinions` what each added.

    `base` is what no word said, `learnt` what this installation's layer changed, as one sum.
    """

    verdict: Verdict
    words: Sequence[str]
    leans: Sequence[float]
    opinions: Sequence[float]
    base: Part
    learnt: Part = field(default=Part("", 0.0, 0.0))

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(map(Part, self.words, self.leans, self.opinions))

    @property
    def lean(self) -> float:
        """Log-odds of positive against negative: base + parts + learnt."""
        return fsum([self.base.lean, self.learnt.lean, *self.leans])

    @property
    def opinion(self) -> float:
        return fsum([self.base.opinion, self.learnt.opinion, *self.opinions])

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


def explained(
    batch: Batch, judge: Judge, known: Known, judgement: Judgement, verdicts: Iterable[Verdict], tokenizer: Tokenizer
) -> list[Explanation]:
    """Explanations of the verdicts on a batch."""
    words = [_with_emoticons(tokenizer.cut(text)) for text in batch.texts()]
    counts = np.fromiter(map(len, words), np.int64, len(words))
    every = list(chain.from_iterable(words))
    # Where each word begins: behind the words before it, and one separator per text.
    sizes = np.fromiter(map(len, every), np.int64, len(every))
    starts = np.cumsum(sizes) - sizes + np.repeat(np.arange(1, len(words) + 1), counts)
    leans, opinions = (_per_word(found, starts) for found in _of_characters(batch, judge, known, judgement))
    if _has_marks(batch):
        every = list(map(shown, every))
    ends = np.cumsum(counts).tolist()
    places = (slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True))
    return [
        Explanation(verdict=verdict, words=every[own], leans=leans[own], opinions=opinions[own], base=base)
        for verdict, own, base in zip(verdicts, places, _bases(batch, judge, known, judgement), strict=True)
    ]


def _per_word(values: Floats, starts: NDArray[np.int64]) -> list[float]:
    """Sums from each start to the next; separators in between are worth nothing."""
    found: list[float] = np.add.reduceat(values, starts).tolist() if len(starts) else []
    return found


def _has_marks(batch: Batch) -> bool:
    return bool(((batch.codes == ord(CHAIN)) | (batch.codes == ord(BRAND))).any())


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


def _bases(batch: Batch, judge: Judge, known: Known, judgement: Judgement) -> list[Part]:
    """Nothing is known of a text without a known n-gram: it leans nowhere and is as neutral as can be."""
    found = [Part("", 0.0, log(LEAST))] * len(batch)
    for text, lean, opinion in zip(
        known.present.tolist(), *map(np.ndarray.tolist, judge.bases(judgement)), strict=True
    ):
        found[text] = Part("", lean, opinion)
    return found


def _of_characters(batch: Batch, judge: Judge, known: Known, judgement: Judgement) -> tuple[Floats, Floats]:
    """What each character of the batch adds to lean and opinion."""
    position, number, n = known.places
    text, _ = places(batch)
    key = (known.text << 32) | known.id
    at = np.searchsorted(key, (text.take(position) << 32) | number)
    separators = np.concatenate([[0], np.cumsum(batch.codes == 0)])
    real = n - (separators[position + n] - separators[position])
    share = 1 / (np.bincount(at, minlength=len(key)).take(at) * np.maximum(real, 1))
    both = judge.weights(known, judgement)
    found = [_spread(position * LONGEST + n - 1, value.take(at) * share, len(batch.codes)) for value in both]
    for values in found:
        values[batch.codes == 0] = 0
    return found[0], found[1]


def _spread(places: NDArray[np.int64], value: Floats, size: int) -> Floats:
    """`value` at each of the n characters from its n-gram's start on. `places`: position · LONGEST + n − 1."""
    table = np.zeros(size * LONGEST)
    table[places] = value
    columns = table.reshape(size, LONGEST).T
    total: Floats = columns.sum(axis=0)
    for shift in range(1, LONGEST):
        total[shift:] += columns[shift:].sum(axis=0)[: size - shift]
    return total
