"""One table of the file → the dataclass that owns it: how a spider, scorer or channel reads its own options."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, ValidationError, create_model

from tingfeng.config_problems import Origin, Problem, did_you_mean, problems_of
from tingfeng.config_types import Duration
from tingfeng.errors import ConfigError

T = TypeVar("T")

# TOML has its own types: "5" is not 5 and 1 is not true; durations are written "5m".
_STRICT: Mapping[Any, Any] = {timedelta: Duration, int: StrictInt, bool: StrictBool, float: StrictFloat}


def read_table(cls: type[T], table: Mapping[str, object], *, at: str) -> T:
    """An instance of the dataclass `cls` from a table of the configuration that stands at the key `at`.

    Durations may be written "5m"; lists become tuples. ConfigError names every unknown key, with the nearest known
    one, and every value of the wrong kind; a ValueError of `__post_init__` becomes one too.
    """
    made, problems = try_table(cls, table)
    if made is None:
        raise ConfigError(
            [f"{at}.{Origin('').tell(p).removeprefix(': ')}" if p.path else f"{at}: {p.text}" for p in problems]
        )
    return made


def try_table(cls: type[T], table: Mapping[str, object]) -> tuple[T | None, list[Problem]]:
    """The instance, or None and everything that is wrong."""
    model = _model_of(cls)
    try:
        read = model.model_validate(dict(table))
    except ValidationError as e:
        keys = [f.alias or name for name, f in model.model_fields.items()]
        return None, problems_of(e, table, lambda path: f"unknown key{did_you_mean(path[-1], keys)}")
    values = {str(model.model_fields[name].alias): getattr(read, name) for name in read.model_fields_set}
    try:
        return cls(**values), []
    except ValueError as e:
        return None, [Problem((), str(e))]


def _model_of(cls: type[Any]) -> type[BaseModel]:
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__qualname__} is not a dataclass")
    hints = get_type_hints(cls, include_extras=True)
    fields: dict[str, Any] = {}
    for f in dataclasses.fields(cls):
        needed = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        # Under an alias, because a field called "json" or "copy" would hide a method of the model.
        fields[f"f_{f.name}"] = (_strict(hints[f.name]), Field(default=... if needed else None, alias=f.name))
    config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)
    return create_model(cls.__name__, __config__=config, **fields)


def _strict(hint: Any) -> Any:
    """The type hint with TOML's own types held apart."""
    if isinstance(hint, type) and hint in _STRICT:
        return _STRICT[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Annotated[(_strict(args[0]), *args[1:])]
    if origin in (UnionType, Union):
        return Union[tuple(_strict(a) for a in args)]  # noqa: UP007 -- built at run time
    if origin in (tuple, list, set, frozenset):
        return origin[tuple(_strict(a) for a in args)]
    return hint
