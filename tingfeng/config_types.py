"""The kinds of value a configuration knows, beyond those pydantic brings: durations, names, addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic.functional_validators import AfterValidator

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d{1,9})\s*([smhdw])")
_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*"
)
_SENDER = re.compile(r"(?:[^<>\x00-\x1f\x7f\u2028\u2029]*<(?P<inner>[^<>]+)>|(?P<bare>[^<>]+))")
LONGEST = timedelta(days=36_500)


def parse_duration(value: object) -> object:
    """Seconds as a whole number, or "90s", "5m", "1h", "7d", "2w" → timedelta, more than 0. ValueError otherwise.

    A timedelta passes through: defaults and code already have one.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('expected a duration such as "90s", "5m", "1h", "7d" or whole seconds')
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None and isinstance(value, str):
        raise ValueError(f'expected a duration such as "90s", "5m", "1h" or "7d", got {shown(value)}')
    try:
        took = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(seconds=int(value))
    except OverflowError:
        took = LONGEST + timedelta(days=1)
    if not timedelta(0) < took <= LONGEST:
        raise ValueError("expected a duration above 0 and of at most 36500 days")
    return took


def shown(value: object) -> str:
    """A value from the file as an error may show it: quoted, one line, short."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def in_words(span: timedelta) -> str:
    """A duration as one would write it in the file: "5m", "36h"."""
    seconds = int(span.total_seconds())
    for sign, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{sign}"
    return f"{seconds}s"


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError(f"expected an e-mail address such as 'ops@example.com', got {shown(value)}")
    return value


def _sender(value: str) -> str:
    found = _SENDER.fullmatch(value.strip())
    address = (found["inner"] or found["bare"]).strip() if found else ""
    if not _EMAIL.fullmatch(address):
        raise ValueError(f"expected '听风 <tingfeng@example.com>' or an e-mail address, got {shown(value)}")
    return value.strip()


def _http_url(value: str) -> str:
    problem = f"expected an address such as 'https://m.weibo.cn', got {shown(value)}"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address must not carry a user or a password; use `credential`")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x20\x7f]", value):
        raise ValueError(problem)
    return value


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address never leaves this machine."""
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost" or host.casefold().endswith(".localhost")


def _no_control(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must not contain line breaks or control characters")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_no_control)
]
# A feed's platform is "feed:<source name>" in a column of 80; the name also becomes a file name.
SourceName = Annotated[str, StringConstraints(pattern=r"^[\w][\w.-]*$", max_length=60)]
CredentialName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_no_control)
]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)]
Sender = Annotated[str, StringConstraints(max_length=320), AfterValidator(_sender)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
WholeNumber = Annotated[int, BeforeValidator(lambda v: v)]
Table = Mapping[str, Any]


def _keepable(value: str) -> str:
    if not KEEPABLE.fullmatch(value):
        raise ValueError(f"{shown(value)} cannot be one word; use two characters or more, letters and digits only")
    return value


def _aspect(value: str) -> str:
    if not value.isalnum():
        raise ValueError(f"{shown(value)} is not a name of an aspect; use letters and digits only")
    return value


# What the segmenter can keep in one piece: it always cuts at spaces and most signs.
KEEPABLE = re.compile(r"[\u4e00-\u9fd5A-Za-z0-9+#&._%-]{2,}")
UserWord = Annotated[Word, AfterValidator(_keepable)]
AspectName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20), AfterValidator(_aspect)
]


class Section(BaseModel):
    """A table of the file: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)
