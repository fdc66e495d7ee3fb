"""The layer of an installation: what people's corrections add to a scorer's verdict, and only where it is about them.

An expert corrects the scorer: softmax(log p + W·φ(text)). A gate g(text), 0…1, says how much the text reads like the
corrected ones rather than like the public texts. The answer is the mixture (1 − g)·p + g·expert: a text that shares no
feature with the corrections keeps its verdict to the last digit, and one that shares little moves little.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.layer_features import Hashes, Runs, features
from sentiment.layer_fit import Floats, logits, matrix, softmax
from sentiment.scorer import verdict_of
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict

FORMAT = 2
AT_ONCE = 100_000  # characters
_ARRAYS = ("keys", "weights", "gate")
_DO = "run: tingfeng sentiment learn, or go back with: tingfeng sentiment learn --use base"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Layer:
    """`keys` are the known features, sorted; `weights` (features × 3) the expert's, `gate` (features × 2) the gate's.

    `caution` is what the gate demands on top, in log-odds. `about` tells where it comes from: figures, times, numbers.
    """

    keys: Hashes
    weights: Floats
    gate: Floats
    caution: float
    base_name: str
    base_version: str
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Eight hex digits that change with anything that could change a verdict."""
        made = blake2b(f"{FORMAT}\n{self.base_name}\n{self.base_version}\n{self.caution!r}\n".encode(), digest_size=4)
        for name in _ARRAYS:
            made.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return made.hexdigest()

    def judge(self, texts: Sequence[str], verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The scorer's `verdicts` on `texts`, as the corrections have it."""
        judged: list[Verdict] = []
        for start, end in _parts(texts):
            judged += self.judge_runs(features(texts[start:end]), verdicts[start:end])
        return judged

    def judge_runs(self, runs: Runs, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The same of texts whose features are known already."""
        chances, touched = self.chances(runs, verdicts)
        return [
            verdict_of(*c) if t else v for c, t, v in zip(chances.tolist(), touched.tolist(), verdicts, strict=True)
        ]

    def chances(self, runs: Runs, verdicts: Sequence[Verdict]) -> tuple[Floats, np.typing.NDArray[np.bool_]]:
        """Probabilities of negative, neutral, positive, and which texts have a known feature at all."""
        phi = matrix(runs, self.keys)
        expert = softmax(logits(verdicts) + phi.times(self.weights))
        share = softmax(phi.times(self.gate) + np.array([self.caution, 0.0]))[:, 1:]
        before = np.array([(v.negative, v.neutral, v.positive) for v in verdicts])
        mixed: Floats = (1 - share) * before + share * expert
        touched = np.zeros(len(verdicts), np.bool_)
        touched[phi.rows] = True
        return mixed, touched

    def save(self, path: Path) -> None:
        """Whole or not at all, and the same layer gives the same bytes."""
        told = {
            "format": FORMAT,
            "digest": self.digest,
            "caution": self.caution,
            "base": [self.base_name, self.base_version],
            "about": dict(self.about),
        }
        data = io.BytesIO()
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        np.savez_compressed(data, told=np.frombuffer(json.dumps(told).encode(), np.uint8), **arrays)
        write_whole(path, data.getvalue())


def _parts(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Stretches of about AT_ONCE characters: features take a hundred times the memory of their text."""
    start = characters = 0
    for end, text in enumerate(texts, 1):
        characters += len(text)
        if characters >= AT_ONCE or end == len(texts):
            yield start, end
            start, characters = end, 0


def write_whole(path: Path, data: bytes) -> None:
    """Atomically: a reader sees the old file or the new one. ScoringError when the disk says no."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as e:
        with suppress(OSError):
            temporary.unlink()
        raise ScoringError(f"cannot write {path}: {e.strerror}") from e


def load(path: Path) -> Layer:
    """A layer from its file; nothing in it is ever executed. ScoringError, saying what to do, when it is no good."""
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in (*_ARRAYS, "told")}
        told = json.loads(arrays.pop("told").tobytes())
        if told["format"] != FORMAT:
            raise ScoringError(f"{path} has format {told['format']}, expected {FORMAT}; {_DO}")
        _check_shapes(arrays)
        name, version = told["base"]
        layer = Layer(
            **arrays, caution=float(told["caution"]), base_name=name, base_version=version, about=dict(told["about"])
        )
        if layer.digest != told["digest"]:
            raise ValueError("digest")
        return layer
    except FileNotFoundError as e:
        raise ScoringError(f"no layer at {path}; {_DO}") from e
    except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile, zlib.error) as e:
        raise ScoringError(f"{path} is damaged ({type(e).__name__}); {_DO}") from e


def _check_shapes(arrays: Mapping[str, Any]) -> None:
    keys, weights, gate = (arrays[name] for name in _ARRAYS)
    if (keys.dtype, weights.dtype, gate.dtype) != (np.uint64, np.float64, np.float64):
        raise ValueError("kinds of numbers")
    if (keys.ndim, weights.shape, gate.shape) != (1, (len(keys), 3), (len(keys), 2)):
        raise ValueError("shapes")
    if not (np.isfinite(weights).all() and np.isfinite(gate).all() and (keys[1:] > keys[:-1]).all()):
        raise ValueError("values")
