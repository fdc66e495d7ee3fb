"""A brand's learnt filter, P(about the brand) of a text; and the filters of an installation, files never changed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.layer import write_whole
from sentiment.relevance_features import FEATURES, REMEMBERED, SENSES
from sentiment.senses import senses
from tingfeng.errors import ScoringError, UnknownName
from tingfeng.registry import nearest

FORMAT = 1
NONE = "none"  # instead of a digest: no filter, the rules alone
LARGEST = 4 << 20  # bytes of a file
_CURRENT = "current"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Logistic: a weight for each feature that was seen, and a threshold from which a text counts."""

    brand: str
    weights: Mapping[str, float]
    bias: float
    threshold: float  # 0–1
    about: Mapping[str, Any] = field(default_factory=dict)  # what it was learnt from, and how good it was found

    def p(self, features: Mapping[str, float]) -> float:
        """Probability that the text is about the brand, 0–1."""
        known = self._known
        z = self.bias + sum([known[name] * value for name, value in features.items()])
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, z))))

    def parts(self, features: Mapping[str, float]) -> list[tuple[str, float]]:
        """What each known feature adds to the log-odds, the strongest first."""
        found = [(name, weight * value) for name, value in features.items() if (weight := self._known[name])]
        return sorted(found, key=lambda part: (-abs(part[1]), part[0]))

    @cached_property
    def _known(self) -> _Weights:
        return _Weights(self.weights)

    @cached_property  # asked for every text
    def digest(self) -> str:
        return blake2b(self._told(), digest_size=6).hexdigest()

    def _told(self) -> bytes:
        told = {
            "format": FORMAT,
            "features": FEATURES,
            "brand": self.brand,
            "bias": self.bias,
            "threshold": self.threshold,
            "weights": dict(self.weights),
            "about": dict(self.about),
        }
        return json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace")


class _Weights(dict[str, float]):
    """By feature; of what a word is like ("sense:甜") by the weights of its dimensions, when it is first asked for."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__(weights)
        self._given = weights
        size = range(senses().size)
        self._dimensions = {kind: np.array([weights.get(f"{kind}#{i}", 0.0) for i in size]) for kind in SENSES}

    def __missing__(self, name: str) -> float:
        if len(self) > REMEMBERED:
            self.clear()
            self.update(self._given)
        kind, _, word = name.partition(":")
        vector = senses().of(word) if kind in SENSES else None
        weight = self[name] = 0.0 if vector is None else float(self._dimensions[kind] @ vector)
        return weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A filter in the folder. `problem` says why it cannot be used, where it cannot."""

    digest: str
    current: bool
    filter: Filter | None = None
    problem: str = ""


def folder_of(data_dir: Path) -> Path:
    return data_dir / "sentiment" / "filters"


def install(folder: Path, learnt: Filter) -> None:
    """Write it and make it current, in this order: killed in between, the old one still is."""
    write_whole(_file(folder, learnt.brand, learnt.digest), learnt._told())
    write_whole(_of(folder, learnt.brand) / _CURRENT, f"{learnt.digest}\n".encode())


def use(folder: Path, brand: str, version: str) -> None:
    """Make another filter of the brand current, or "none". UnknownName, with the nearest, when there is no such."""
    if version != NONE:
        known = [NONE, *(path.stem for path in sorted(_of(folder, brand).glob("*.json")))]
        if version not in known:
            raise UnknownName("filter", version, known, nearest(version, known))
        load(_file(folder, brand, version), brand)
    write_whole(_of(folder, brand) / _CURRENT, f"{version}\n".encode())


def current(folder: Path, brand: str) -> str:
    """The digest of the brand's current filter; "none" when there is none."""
    try:
        return (_of(folder, brand) / _CURRENT).read_text("ascii").strip() or NONE
    except FileNotFoundError:
        return NONE
    except (OSError, ValueError) as e:
        raise ScoringError(f"{_of(folder, brand) / _CURRENT} cannot be read; learn the filter anew") from e


def in_force(folder: Path, brand: str) -> Filter | None:
    """The brand's current filter; None when there is none. ScoringError when it is damaged."""
    digest = current(folder, brand)
    return None if digest == NONE else load(_file(folder, brand, digest), brand)


def listing(folder: Path, brand: str) -> list[Installed]:
    """All filters of the brand, the oldest first."""
    now = current(folder, brand)
    found: list[Installed] = []
    for path in sorted(_of(folder, brand).glob("*.json")):
        try:
            found.append(Installed(digest=path.stem, current=path.stem == now, filter=load(path, brand)))
        except ScoringError as e:
            found.append(Installed(digest=path.stem, current=path.stem == now, problem=str(e)))
    return sorted(found, key=lambda f: str(f.filter.about.get("created_at", "")) if f.filter else "")


def load(path: Path, brand: str) -> Filter:
    """ScoringError, saying what to do, when the file is no good for this program and this brand."""
    again = f"learn it anew: tingfeng brands learn --brand {brand}"
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ValueError("too large")
        told: Any = json.loads(raw)
        found = _filter(told)
    except FileNotFoundError as e:
        raise ScoringError(f"filter {path.stem} of '{brand}' is missing; {again}") from e
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise ScoringError(f"{path} is no filter; {again}") from e
    if told["features"] != FEATURES or found.brand != brand:
        raise ScoringError(f"filter {path.stem} was made for another version or brand; {again}")
    return found


def _filter(told: Any) -> Filter:
    if told["format"] != FORMAT:
        raise ValueError("another format")
    weights = {str(name): float(weight) for name, weight in told["weights"].items()}
    bias, threshold = float(told["bias"]), float(told["threshold"])
    if not all(map(math.isfinite, (bias, *weights.values()))) or not 0 <= threshold <= 1:
        raise ValueError("not numbers a filter can have")
    return Filter(brand=str(told["brand"]), weights=weights, bias=bias, threshold=threshold, about=dict(told["about"]))


def _of(folder: Path, brand: str) -> Path:
    """A brand's own folder: names may hold what no file system takes."""
    return folder / blake2b(brand.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _file(folder: Path, brand: str, digest: str) -> Path:
    return _of(folder, brand) / f"{digest}.json"


Rows = Sequence[tuple[Mapping[str, float], bool]]  # features, and whether the text is about the brand
