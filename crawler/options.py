"""A source's options: the settings every spider has, and how a table of them is read into a dataclass."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from tingfeng.errors import ConfigError
from tingfeng.registry import nearest

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3_650)
FIRST_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every source can be told. A spider adds its own by inheriting."""

    least_delay: ClassVar[timedelta] = timedelta(seconds=1)  # nobody may go faster, but on this machine

    first_window: timedelta = FIRST_WINDOW  # how far back the very first crawl reads
    delay: timedelta = timedelta(seconds=1)  # between two requests to one host, at least
    rate_key: str = ""  # sources with the same key share one delay; empty: those that ask the same host do
    throttle: bool = True  # let slow answers slow us down further (AutoThrottle)
    concurrency: int = 1  # requests under way at once, 1–64; more than 1 only on this machine
    timeout: timedelta = timedelta(seconds=30)  # for one answer
    max_body: int = 4_194_304  # bytes of one answer, at least 1,024
    max_text: int = 10_000  # characters kept of one text, at least 100
    allow_private: bool = False  # the configured host may turn out to be a machine of the inner network
    contact: str = ""  # an address or mail for the platform's people, added to the User-Agent

    def problems(self, *, local: bool) -> list[str]:
        """What is wrong with the values, one line each; `local`: the source is on this very machine."""
        found = []
        if not 1 <= self.concurrency <= 64:
            found.append("concurrency: expected 1–64")
        if not local and self.concurrency > 1:
            found.append("concurrency: more than 1 is only for a server on this machine")
        if not local and self.delay < self.least_delay:
            found.append(f"delay: at least {self.least_delay.total_seconds():g} s, out of courtesy")
        if self.timeout <= timedelta(0):
            found.append("timeout: more than 0 s")
        if self.max_body < 1_024:
            found.append("max_body: at least 1024 bytes")
        if self.max_text < 100:
            found.append("max_text: at least 100 characters")
        if not self.contact.isprintable() or not self.contact.isascii():
            found.append("contact: plain ASCII, one line")
        return found


Own = TypeVar("Own", bound=Options)


def is_local(url: str | None) -> bool:
    """Whether `url` is a loopback address by its own words (no name is looked up)."""
    host = urlsplit(url or "").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_options(kind: type[Own], table: Mapping[str, Any], *, at: str, local: bool) -> Own:
    """`table` as a checked `kind`. ConfigError with every problem, each line starting with `at`."""
    hints = get_type_hints(kind)
    types = {f.name: hints[f.name] for f in fields(kind)}
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in types:
            hint = nearest(name, types)
            problems.append(f"{name}: unknown option" + (f"; did you mean '{hint}'?" if hint else ""))
            continue
        try:
            values[name] = _convert(value, types[name])
        except ValueError as e:
            problems.append(f"{name}: {e}")
    if not problems:
        options = kind(**values)
        problems = options.problems(local=local)
        if not problems:
            return options
    raise ConfigError([f"{at}.{line}" for line in problems])


def _convert(value: object, kind: Any) -> object:
    if kind is timedelta:
        return duration(value)
    if kind is bool or isinstance(value, bool):
        if kind is bool and isinstance(value, bool):
            return value
        raise ValueError(f"expected {'true or false' if kind is bool else kind.__name__}, got {value!r}")
    if get_origin(kind) is tuple:
        if isinstance(value, list | tuple) and all(isinstance(v, get_args(kind)[0]) for v in value):
            return tuple(value)
        raise ValueError(f"expected a list of {get_args(kind)[0].__name__}, got {value!r}")
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise ValueError(f"expected {kind.__name__}, got {value!r}")
    return value


def duration(value: object) -> timedelta:
    """Seconds as a number, or "90s", "5m", "1h", "7d" → timedelta of 0 or more. ValueError otherwise."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        return min(timedelta(**{_UNITS[found[2]]: float(found[1])}), _LONGEST)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST.total_seconds():
        return timedelta(seconds=value)
    raise ValueError(f'expected a duration such as "90s", "5m", "1h", "7d" or seconds, got {value!r}')
