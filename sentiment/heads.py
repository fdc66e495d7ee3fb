"""The trained table: per n-gram a few small whole numbers, summed per text, four columns to a 64-bit word.

Summing whole numbers is exact: a text gets the same verdict in any batch, on any machine, whatever the order. A slot
of the table holds an n-gram's number and eight bits of its hash, so that unknown n-grams are told from known ones.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.ngrams import HASH_BITS, LONGEST, hashes
from sentiment.text import Batch, Positions
from sentiment.weighing import CHAIN_WEIGHT, places
from tingfeng.errors import ScoringError

Floats = NDArray[np.float64]

FORMAT = 1
SLOT_BITS = 22
_PRINT_BITS = HASH_BITS - SLOT_BITS  # of the hash, kept to know an n-gram again
_PRINT = np.uint32((1 << _PRINT_BITS) - 1)
MOST = (1 << (32 - _PRINT_BITS)) - 1  # n-grams
_FIELD = 16  # bits of a column in a word
_PER_WORD = 64 // _FIELD
_FULL = 128  # n-grams of ±127, counted double, that a field takes
_OWN = round(1 / CHAIN_WEIGHT)  # what an n-gram of a text's own words counts in whole numbers; a passed-on one: 1
_ID_BITS = 24
_PART = 50_000  # n-grams taken apart at once


@dataclass(frozen=True, slots=True)
class Known:
    """The n-grams of a batch that the table has, each once per text; `text`, `id`, `own` go together, in text order.

    `present` are the texts that have any, `starts` where theirs begin, `length` the root of their squared weights.
    """

    text: Positions
    id: Positions
    own: NDArray[np.int64]  # 1 in a text's own words, 0 where all it stands in was passed on
    present: Positions
    starts: Positions
    length: Floats
    places: tuple[Positions, Positions, Positions]  # see Heads.occurrences


class Heads:
    """`columns` sums for each text. Immutable once made; fit for threads."""

    def __init__(self, keys: NDArray[np.uint32], weights: NDArray[np.int8], scales: Floats, meta: dict[str, Any]):
        """`keys`: hashes, ascending, no two with one slot. `weights`: n-grams × columns. `scales`: one per column."""
        self.keys, self.scales, self.meta = keys, scales, meta
        self.columns = weights.shape[1]
        slots = np.zeros(1 << SLOT_BITS, dtype=np.uint32)
        slots[keys >> _PRINT_BITS] = (np.arange(1, len(keys) + 1, dtype=np.uint32) << _PRINT_BITS) | (keys & _PRINT)
        slots[-1] = 0  # where hashes of nothing fall
        self._slots = slots
        # An n-gram's words side by side: one or two lines of the processor's cache instead of one per word.
        self._words = np.zeros((len(keys), -(-self.columns // _PER_WORD)), dtype=np.int64)
        for i in range(self.columns):
            self._words[:, i // _PER_WORD] += weights[:, i].astype(np.int64) << (i % _PER_WORD * _FIELD)
        self.digest = str(meta["digest"])

    def known(self, batch: Batch) -> Known:
        found = self.occurrences(batch)
        position, number, _ = found
        text, passed_on = places(batch)
        key = (text.take(position) << (_ID_BITS + 1)) | (number << 1)
        if passed_on is not None:
            key |= passed_on.take(position)
        key.sort()
        first = np.empty(len(key), dtype=np.bool_)
        first[:1] = True
        np.not_equal(key[1:] >> 1, key[:-1] >> 1, out=first[1:])
        return _known(key[first], found)

    def occurrences(self, batch: Batch) -> tuple[Positions, Positions, Positions]:
        """Every place where a known n-gram starts, in order; the n-gram's number, and its n."""
        found = hashes(batch).ravel()
        entry = self._slots.take(found >> np.uint32(_PRINT_BITS), mode="clip")
        differs = (entry ^ found) & _PRINT
        at = np.flatnonzero((differs == 0) & (entry != 0))
        return at // LONGEST, (entry.take(at) >> _PRINT_BITS).astype(np.int64) - 1, at % LONGEST + 1

    def weights(self, ids: Positions) -> NDArray[np.int8]:
        """The columns of these n-grams."""
        return self._columns.take(ids, axis=0)

    @cached_property
    def _columns(self) -> NDArray[np.int8]:
        """The words taken apart again, for who explains: 12 MB that a mere verdict does without."""
        found = np.empty((len(self._words), self.columns), dtype=np.int8)
        for start in range(0, len(found), _PART):
            fields = np.stack(_unpacked(self._words[start : start + _PART]), axis=2)
            found[start : start + _PART] = fields.reshape(len(fields), fields.shape[1] * _PER_WORD)[:, : self.columns]
        return found

    def sums(self, known: Known) -> Floats:
        """Of each present text (rows of `known.present`) its columns, divided by its length."""
        if not len(known.id):
            return np.zeros((0, self.columns))
        starts, owner = _chopped(known.starts, len(known.id))
        rows = self._words.take(known.id, axis=0)
        # An own n-gram counts double what a passed-on one does.
        rows <<= known.own[:, None]
        fields = np.stack(_unpacked(np.add.reduceat(rows, starts, axis=0)), axis=2).reshape(len(starts), -1)[
            :, : self.columns
        ]
        if owner is not None:
            first = np.flatnonzero(np.diff(owner, prepend=-1))
            fields = np.add.reduceat(fields, first, axis=0)
        found: Floats = fields * (self.scales / _OWN) / known.length[:, None]
        return found


def _known(key: Positions, places: tuple[Positions, Positions, Positions]) -> Known:
    text = key >> (_ID_BITS + 1)
    own = 1 - (key & 1)
    starts = np.flatnonzero(np.diff(text, prepend=-1))
    squares = np.add.reduceat(1 + own * (_OWN**2 - 1), starts) if len(starts) else starts
    return Known(
        text=text,
        id=(key >> 1) & ((1 << _ID_BITS) - 1),
        own=own,
        present=text[starts],
        starts=starts,
        length=np.sqrt(squares) / _OWN,
        places=places,
    )


def _chopped(starts: Positions, size: int) -> tuple[Positions, Positions | None]:
    """Segments of at most _FULL n-grams, and which text each belongs to (None when every text is one segment)."""
    sizes = np.diff(starts, append=size)
    if sizes.max() <= _FULL:
        return starts, None
    pieces = -(-sizes // _FULL)
    owner = np.repeat(np.arange(len(starts)), pieces)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return starts[owner] + within * _FULL, owner


def _unpacked(words: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    half, mask = 1 << (_FIELD - 1), (1 << _FIELD) - 1
    fields = []
    for _ in range(_PER_WORD):
        field = ((words + half) & mask) - half
        fields.append(field)
        words = (words - field) >> _FIELD
    return fields


def save(path: Path, keys: NDArray[np.uint32], weights: NDArray[np.int8], scales: Floats, meta: dict[str, Any]) -> None:
    """The same table gives the same bytes: neither time nor file name is written."""
    arrays: dict[str, NDArray[Any]] = {
        "steps": np.diff(keys >> _PRINT_BITS, prepend=np.uint32(0)).astype(np.uint32),
        "prints": (keys & _PRINT).astype(np.uint8),
        "weights": np.ascontiguousarray(weights.T),
        "scales": scales,
    }
    text = json.dumps({"format": FORMAT} | meta, ensure_ascii=False, sort_keys=True)
    arrays["meta"] = np.frombuffer(text.encode(), dtype=np.uint8)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def shipped_path() -> Path:
    with resources.as_file(resources.files("sentiment").joinpath("data/tingfeng.npz")) as path:
        return path


def load(path: Path | None = None) -> Heads:
    """The table from a file, by default the one shipped. ScoringError when missing, damaged or of another format."""
    source = path or shipped_path()
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as found:
            meta = json.loads(found["meta"].tobytes())
            if meta["format"] != FORMAT:
                raise ScoringError(f"{source} has format {meta['format']}, expected {FORMAT}: train it anew")
            prints, transposed = found["prints"], found["weights"]
            keys = (np.cumsum(found["steps"], dtype=np.uint32) << _PRINT_BITS) | prints
            # Of the stored bytes, not of the file: another zlib packs the same numbers otherwise.
            told = blake2b(transposed, digest_size=4)
            told.update(prints)
            told.update(found["meta"])
            meta["digest"] = told.hexdigest()
            return Heads(keys, transposed.T, found["scales"], meta)
    except FileNotFoundError as e:
        raise ScoringError(f"no weights at {source}: run tingfeng sentiment train") from e
    except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile) as e:
        raise ScoringError(f"{source} is damaged: {type(e).__name__}") from e
