"""What training leaves behind: word counts and calibration, as compressed JSON (never pickle or marshal)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from pathlib import Path

from tingfeng.errors import ScoringError

FORMAT = 1
_COLUMNS = ("negative", "positive", "neutral", "opinion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How many texts of each kind a word was seen in. A word that a kind never saw is absent there.

    `negative`/`positive` are the two classes of one Bayes classifier, `neutral`/`opinion` those of another.
    `calibration` holds the coefficients of negative and positive (neutral is the reference) for calibrate.features.
    """

    negative: Mapping[str, int]
    positive: Mapping[str, int]
    neutral: Mapping[str, int]
    opinion: Mapping[str, int]
    calibration: tuple[tuple[float, ...], tuple[float, ...]]
    trained_on: Mapping[str, int]  # texts by family
    digest: str = (
        ""  # eight hex digits that change with anything that could change a verdict; worked out when not given
    )

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _digest(self.to_json().encode()))

    def to_json(self) -> str:
        words = sorted(set().union(*(getattr(self, name) for name in _COLUMNS)))
        table: dict[str, object] = {
            "format": FORMAT,
            "trained_on": dict(sorted(self.trained_on.items())),
            "calibration": self.calibration,
            "words": " ".join(words),
        }
        for name in _COLUMNS:
            counts: Mapping[str, int] = getattr(self, name)
            table[name] = [counts.get(word, 0) for word in words]
        return json.dumps(table, ensure_ascii=False, separators=(",", ":"))

    def save(self, path: Path) -> None:
        """The same weights give the same bytes: neither time nor file name is written."""
        path.write_bytes(gzip.compress(self.to_json().encode(), mtime=0))


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=4).hexdigest()


def shipped_path() -> Path:
    """Where the weights that come with the program lie."""
    with resources.as_file(resources.files("sentiment").joinpath("data/bayes.json.gz")) as path:
        return path


def load(path: Path | None = None) -> Weights:
    """Weights from a file, by default those shipped. ScoringError when missing, damaged or of another format."""
    source = path or shipped_path()
    try:
        data = gzip.decompress(source.read_bytes())
        table = json.loads(data)
        if table["format"] != FORMAT:
            raise ScoringError(f"{source} has format {table['format']}, expected {FORMAT}: train it anew")
        words = table["words"].split(" ") if table["words"] else []
        columns = {name: {w: n for w, n in zip(words, table[name], strict=True) if n} for name in _COLUMNS}
        negative, positive = table["calibration"]
        return Weights(
            **columns,
            calibration=(tuple(negative), tuple(positive)),
            trained_on=table["trained_on"],
            digest=_digest(data),
        )
    except FileNotFoundError as e:
        raise ScoringError(f"no weights at {source}: run tingfeng sentiment train") from e
    except (OSError, EOFError, ValueError, LookupError, TypeError) as e:
        raise ScoringError(f"{source} is damaged: {type(e).__name__}") from e
