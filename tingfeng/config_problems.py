"""From pydantic's findings to lines an operator can act on: "file:line: key: what is wrong; did you mean 'x'?"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tingfeng.config_lines import Path
from tingfeng.config_types import shown
from tingfeng.registry import nearest


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where (a path into the document) and what."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a configuration came from, so that a problem found later can still name its line."""

    file: str
    lines: Mapping[Path, int] = field(default_factory=dict)
    names: Mapping[Path, str] = field(default_factory=dict)  # ("sources", 0) → "weibo"

    def line(self, path: Path) -> int:
        """Line of the nearest thing on `path` that stands in the file; 0 for the file as a whole."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def tell(self, problem: Problem) -> str:
        line, key = self.line(problem.path), self._key(problem.path)
        place = f"{self.file}:{line}" if line else self.file
        return ": ".join(filter(None, (place, key, problem.text)))

    def tell_all(self, problems: Iterable[Problem]) -> list[str]:
        """All of them in the order of the file, none twice."""
        return list(dict.fromkeys(self.tell(p) for p in sorted(problems, key=lambda p: self.line(p.path))))

    def _key(self, path: Path) -> str:
        key = ""
        for i, part in enumerate(path):
            if isinstance(part, int):
                key += f"[{self.names.get(path[: i + 1]) or part + 1}]"
            else:
                name = part if part.isprintable() else ascii(part)
                key += f".{name}" if key else name
        return key


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """ "; did you mean 'x'?" or, when nothing is near, the whole choice; empty when there is none."""
    choice = sorted(known)
    near = nearest(name, choice) if isinstance(name, str) else None
    if near:
        return f"; did you mean '{near}'?"
    return f"; known: {', '.join(choice)}" if 0 < len(choice) <= 12 else ""


def problems_of(error: ValidationError, table: Mapping[str, Any], unknown_key: Callable[[Path], str]) -> list[Problem]:
    """All problems pydantic found in `table`; `unknown_key(path)` says what to do about a key that is not known."""
    return [
        Problem(_real(e["loc"], table, keep_last=e["type"] == "missing"), _wording(e, unknown_key))
        for e in error.errors()
        if not _follows(e)
    ]


def _follows(error: ErrorDetails) -> bool:
    """Whether it only follows from another problem, which is told itself."""
    if error["type"] == "too_short":  # what is wrong with an element makes its list shorter
        return isinstance(error["input"], list) and len(error["input"]) >= error["ctx"]["min_length"]
    return error["type"] == "default_factory_not_called"


def _real(loc: Path, table: Any, *, keep_last: bool) -> Path:
    """`loc` without the parts pydantic adds for the branches of a union."""
    path: list[str | int] = []
    here = table
    for part in loc:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return (*path, part) if keep_last else tuple(path)
        path.append(part)
    return tuple(path)


_EXPECTED = {
    "string_type": 'a text in "quotes"',
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list in [ ]",
    "list_type": "a list in [ ]",
    "mapping_type": "a table",
    "dict_type": "a table",
    "model_type": "a table",
    "dataclass_type": "a table",
    "path_type": "a path in quotes",
}
_KINDS = {bool: "true/false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}


def _wording(error: ErrorDetails, unknown_key: Callable[[Path], str]) -> str:
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return unknown_key(error["loc"])
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, got {_KINDS.get(type(value), 'something else')}"
    if kind in _WORDINGS:
        return _WORDINGS[kind](value, error.get("ctx", {}))
    return error["msg"][:1].lower() + error["msg"][1:]


def _not_one_of(value: Any, about: Mapping[str, Any]) -> str:
    choices = [c.strip("' ") for c in about["expected"].replace(" or ", ", ").split(",")]
    return f"{shown(value)} is not one of {', '.join(choices)}{did_you_mean(value, choices)}"


_WORDINGS: dict[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "missing": lambda _value, _: "missing; it must be given",
    "literal_error": _not_one_of,
    "value_error": lambda _value, about: str(about["error"]),
    "zoneinfo_str": lambda value, _: f"unknown time zone {shown(value)}{did_you_mean(value, available_timezones())}",
    "string_too_short": lambda _value, _: "must not be empty",
    "string_too_long": lambda _value, about: f"too long: at most {about['max_length']} characters",
    "too_short": lambda _value, about: f"too short: at least {about['min_length']}",
    "string_pattern_mismatch": lambda value, _: (
        f"{shown(value)} is not a name; use letters, digits and '_', a letter or digit first"
    ),
    "greater_than": lambda value, about: f"must be above {about['gt']}, got {shown(value)}",
    "greater_than_equal": lambda value, about: f"must be at least {about['ge']}, got {shown(value)}",
    "less_than": lambda value, about: f"must be below {about['lt']}, got {shown(value)}",
    "less_than_equal": lambda value, about: f"must be at most {about['le']}, got {shown(value)}",
}
