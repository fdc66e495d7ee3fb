"""The layers of an installation: a folder of files that are never changed, and one line that says which is current."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.layer import Layer, load, write_whole
from sentiment.scorer import Scorer, without_names
from sentiment.scorers.layered import LayeredScorer
from tingfeng.errors import ScoringError, UnknownName
from tingfeng.registry import nearest

BASE = "base"  # instead of a digest: no layer
_CURRENT = "current"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A layer that can be used. `problem` says why not, where it cannot; then nothing else is known of it."""

    digest: str
    current: bool
    base: str = ""  # "name version" of the scorer it was made for
    about: Mapping[str, Any] | None = None
    problem: str = ""


def folder_of(data_dir: Path) -> Path:
    return data_dir / "sentiment" / "layers"


def install(folder: Path, layer: Layer) -> None:
    """Write it and make it current, in this order: killed in between, the old one still is."""
    layer.save(_file(folder, layer.digest))
    write_whole(folder / _CURRENT, f"{layer.digest}\n".encode())


def use(folder: Path, version: str) -> None:
    """Make another layer current, or none ("base"). UnknownName, with the nearest; ScoringError when it is damaged."""
    if version != BASE:
        load(_known(folder, version))
    write_whole(folder / _CURRENT, f"{version}\n".encode())


def current(folder: Path) -> str:
    """The digest of the current layer; "base" when there is none."""
    try:
        return (folder / _CURRENT).read_text("ascii").strip() or BASE
    except FileNotFoundError:
        return BASE
    except (OSError, ValueError) as e:
        raise ScoringError(f"{folder / _CURRENT} cannot be read; run: tingfeng sentiment learn --use base") from e


def digests(folder: Path) -> list[str]:
    """Of all layers in the folder, by name."""
    return sorted(path.stem for path in folder.glob("*.npz"))


def listing(folder: Path) -> list[Installed]:
    """All layers, the oldest first."""
    now = current(folder)
    found = [_installed(folder, digest, current=digest == now) for digest in digests(folder)]
    return sorted(found, key=lambda layer: str((layer.about or {}).get("created_at", "")))


def _installed(folder: Path, digest: str, *, current: bool) -> Installed:
    try:
        layer = load(_file(folder, digest))
    except ScoringError as e:
        return Installed(digest=digest, current=current, problem=str(e))
    base = f"{layer.base_name} {layer.base_version}"
    return Installed(digest=digest, current=current, base=base, about=layer.about)


def dressed(base: Scorer, folder: Path | None, wanted: str = "") -> Scorer:
    """`base` with the layer that `wanted` names (a digest, "base", or a version as scores carry it).

    Nothing wanted: with the current layer, unless that was made for another version of the scorer.
    """
    if wanted in (BASE, base.version) or (folder is None and not wanted):
        return base
    digest = wanted.removeprefix(f"{base.version}+")
    if folder is None:
        raise UnknownName("scorer version", f"{base.name}@{wanted}", [f"{base.name}@{BASE}"], f"{base.name}@{BASE}")
    if digest:
        return LayeredScorer(base, load(_known(folder, digest, base.name)))
    digest = current(folder)
    if digest == BASE:
        return base
    layer = load(_file(folder, digest))
    if (layer.base_name, layer.base_version) != (base.name, without_names(base.version)):
        log.warning(
            "layer %s was made for %s %s and is not used with %s %s; run: tingfeng sentiment learn",
            *(digest, layer.base_name, layer.base_version, base.name, base.version),
        )
        return base
    return LayeredScorer(base, layer)


def _known(folder: Path, digest: str, scorer: str = "") -> Path:
    known = [BASE, *digests(folder)]
    if digest not in known[1:]:
        start = f"{scorer}@" if scorer else ""
        names = [start + name for name in known]
        raise UnknownName("scorer version", start + digest, names, nearest(start + digest, names))
    return _file(folder, digest)


def _file(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.npz"


class CurrentScorer:
    """A scorer that is loaded anew when another layer has become current: a daemon need not be started again."""

    def __init__(self, load: Callable[[], Scorer], folder: Path) -> None:
        self._load, self._folder = load, folder
        self._loaded: tuple[str, Scorer] | None = None

    def get(self) -> Scorer:
        now = current(self._folder)
        if self._loaded is None or self._loaded[0] != now:
            self._loaded = now, self._load()
        return self._loaded[1]
