"""The contract of `tingfeng sentiment score`: JSON lines in, JSON lines out, one for one, in order.

In: UTF-8 (a BOM at the start is skipped), one object per line with a string under "text"; other keys are ignored, CR
before LF is allowed, empty lines only after the last text. Out: {"polarity", "label", "probabilities"}, plain ASCII.
Whatever has arrived is answered at once, so a slow writer gets each answer as it asks; memory is bounded by one chunk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
import orjson
from numpy.typing import NDArray

from sentiment.scorer import Scorer
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict

CHUNK = 1 << 18  # bytes; a pipe gives 64 kB at a time, a file all of it
LONGEST = 1 << 26  # bytes of one line; more is not a text but a mistake
_LINE = '{"polarity": %r, "label": %d, "probabilities": {"negative": %r, "neutral": %r, "positive": %r}}\n'
Chances = NDArray[np.float64]
_BOM = b"\xef\xbb\xbf"


def score_stream(read: Callable[[int], bytes], write: Callable[[bytes], object], scorer: Scorer) -> int:
    """Answer all lines; how many. `read` returns what is there, b"" at the end; `write` must not hold anything back.

    ScoringError, naming the line, at the first bad one, after every line before it has been answered.
    """
    answered = 0
    texts = _Texts()
    for lines in _chunks(read):
        batch, problem = texts.take(lines)
        if batch:
            write(_answers(scorer, batch))
            answered += len(batch)
        if problem:
            raise problem
    return answered


def _answers(scorer: Scorer, texts: list[str]) -> bytes:
    """Of scorers that give whole arrays without making a record of each text: that alone would cost a fifth."""
    whole = getattr(scorer, "chances", None)
    if whole is None:
        return "".join(map(render, scorer.score(texts))).encode()
    return "".join([_LINE % row for row in zip(*columns_of(whole(texts)), strict=True)]).encode()


def columns_of(chances: Chances) -> tuple[list[float], list[int], list[float], list[float], list[float]]:
    """Polarity, label and the three probabilities of each row, as `Verdict` has them."""
    negative, neutral, positive = chances.T
    label = (positive > np.maximum(neutral, negative)).astype(int) - (negative > np.maximum(neutral, positive))
    columns = (np.round(positive - negative, 6), label, negative, neutral, positive)
    return tuple(column.tolist() for column in columns)


def render(verdict: Verdict) -> str:
    """One line, the same as json.dumps(verdict.as_json()) in a third of the time."""
    v = verdict
    return _LINE % (v.polarity, v.label, v.negative, v.neutral, v.positive)


class _Texts:
    """Texts out of lines; remembers the line number, and the first empty line until it proves to be the end."""

    def __init__(self) -> None:
        self._number = 0
        self._empty = 0

    def take(self, lines: list[bytes]) -> tuple[list[str], ScoringError | None]:
        """The texts up to the first bad line, and what is wrong with that one."""
        if not self._empty and (whole := _all_texts(lines)) is not None:
            self._number += len(lines)
            return whole, None
        texts: list[str] = []
        for line in lines:
            self._number += 1
            if not line.strip():
                self._empty = self._empty or self._number
                continue
            try:
                texts.append(self._text(line))
            except ScoringError as e:
                return texts, e
        return texts, None

    def _text(self, line: bytes) -> str:
        if self._empty:
            raise ScoringError(f"line {self._empty}: empty")
        if len(line) > LONGEST:
            raise ScoringError(f"line {self._number}: longer than {LONGEST >> 20} MB")
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = self._slowly(line)
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str):
            raise ScoringError(f'line {self._number}: expected {{"text": "…"}}')
        return text

    def _slowly(self, line: bytes) -> object:
        """What orjson does not take, like a lone surrogate, JSON as Python reads it may still be."""
        try:
            return json.loads(line.decode())
        except UnicodeDecodeError as e:
            raise ScoringError(f"line {self._number}: not UTF-8") from e
        except (ValueError, RecursionError) as e:
            raise ScoringError(f"line {self._number}: not JSON") from e


def _all_texts(lines: list[bytes]) -> list[str] | None:
    """The texts of lines that are all as they should be, a third faster than one by one; else None."""
    try:
        texts = [row["text"] for row in map(orjson.loads, lines)]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    good = set(map(type, texts)) <= {str} and max(map(len, lines), default=0) <= LONGEST
    return texts if good else None


def _chunks(read: Callable[[int], bytes]) -> Iterator[list[bytes]]:
    """Whole lines, as many as have arrived; a line longer than LONGEST is handed on cut off, to be refused."""
    rest: list[bytes] = []  # pieces of a line that has not ended yet
    start = _BOM
    while data := read(CHUNK):
        head, newline, tail = data.rpartition(b"\n")
        rest.append(head if newline else tail)
        if not newline and sum(map(len, rest)) <= LONGEST:
            continue
        lines = b"".join(rest).split(b"\n")
        rest = [tail] if newline and tail else []
        lines[0], start = lines[0].removeprefix(start), b""
        yield lines
    if rest:
        yield [b"".join(rest).removeprefix(start)]
