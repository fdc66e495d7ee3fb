"""From a registered name, or a dotted path "pkg.mod:Class", to the thing itself. Imports wait until asked."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping

from tingfeng.errors import UnknownName


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """The known name closest to a mistyped one, or None when none is at least `cutoff` (0–1) alike."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None


def resolve(kind: str, name: str, table: Mapping[str, str]) -> type:
    """The class that `name` stands for in `table`, or that the dotted path "pkg.mod:Class" names.

    UnknownName when it is neither.
    """
    path = table.get(name, name)
    module, colon, attribute = path.partition(":")
    if not colon:
        raise UnknownName(kind, name, sorted(table), nearest(name, table))
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as e:
        raise UnknownName(kind, name, sorted(table), nearest(name, table)) from e
    if not isinstance(found, type):
        raise UnknownName(kind, name, sorted(table), nearest(name, table))
    return found
