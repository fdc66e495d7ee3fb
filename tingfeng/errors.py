"""The error tree. Each error is translated once, at the edge, and keeps its cause.

    TingfengError
    ├── ConfigError        the operator's file or environment is wrong; carries every problem at once
    ├── StoreError         the database is missing, locked or of another schema
    ├── CrawlError         a crawl did not finish
    │   ├── Refused        the platform said no (login wall, captcha, rate …); `reason` names it
    │   ├── LayoutChanged  the answer no longer has the shape we know
    │   └── Unreachable    no answer: connection, time-out, 5xx after retries
    ├── ScoringError       a scorer or its weights cannot be used
    ├── DeliveryError      a channel did not take a message; `permanent` says whether to try again
    ├── DrawingError       a chart cannot be drawn; what it illustrates is told without it
    ├── ImportFileError    a survey file cannot be read at all
    └── UnknownName        a registered name was not found; names the nearest

No text of an error may carry a password, a cookie or a token: it reaches logs and people.
"""

from __future__ import annotations

from collections.abc import Sequence


class TingfengError(Exception):
    """Base of all errors that Tingfeng raises on purpose."""


class ConfigError(TingfengError):
    """One or more mistakes in the configuration; `problems` holds one line each."""

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class StoreError(TingfengError):
    """The database cannot be used as it is."""


class CrawlError(TingfengError):
    """A crawl did not finish. `reason` is a short fixed name, e.g. 'timeout'."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class Refused(CrawlError):
    """The platform refused us; never to be read as "nothing found"."""


class LayoutChanged(CrawlError):
    """The body no longer has the shape the parser knows."""


class Unreachable(CrawlError):
    """The platform gave no usable answer at all."""


class ScoringError(TingfengError):
    """A scorer or its weights cannot be used."""


class DeliveryError(TingfengError):
    """A channel did not accept a message. `permanent`: trying again cannot help."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


class DrawingError(TingfengError):
    """A chart cannot be drawn. Never a reason not to send the message it was meant for."""


class ImportFileError(TingfengError):
    """A file of survey answers, posts or counts cannot be read (single bad rows of the first two are reported)."""


class UnknownName(TingfengError):
    """A name is not in a register; `nearest` is the closest that is, if any."""

    def __init__(self, kind: str, name: str, known: Sequence[str], nearest: str | None) -> None:
        self.kind, self.name, self.known, self.nearest = kind, name, tuple(known), nearest
        hint = f"; did you mean '{nearest}'?" if nearest else ""
        super().__init__(f"unknown {kind} '{name}'{hint} (known: {', '.join(known) or 'none'})")
