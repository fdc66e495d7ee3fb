"""How long a source is left alone after it said no: a state machine, pure.

Closed: it may be asked. Open: not before `until`. Half open: `until` has passed, and the next crawl is the probe: it
closes the breaker, or opens it for longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crawler.times import CHINA
from tingfeng.model import RunStatus

JITTER = 0.1  # of a rest, at most: sources refused together need not come back together
LONGEST_SAID = timedelta(days=7)  # more than this no Retry-After makes us wait


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Rest:
    """How long: the first time, doubled each further time in a row, up to the longest."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        return min(self.longest, self.first * (1 << min(failures - 1, 20)))


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STOP = Rest(4 * HOUR, 24 * HOUR)  # they want a person, or us gone: sources.md says stop, so we do at once
SLOW = Rest(15 * MINUTE, 6 * HOUR)  # too fast: slower will do
NO = Rest(30 * MINUTE, 12 * HOUR)  # refused otherwise
AWAY = Rest(2 * MINUTE, 30 * MINUTE)  # nobody answers: an accident, theirs or the network's
RESTS = {
    **dict.fromkeys(("captcha", "login_required", "cookie_expired", "anticrawl", "risk_control"), STOP),
    **dict.fromkeys(("robots_denied", "legal_reasons", "unauthorized", "payment_required", "plan_required"), STOP),
    **dict.fromkeys(("quota_exhausted", "budget_used_up"), STOP),  # never beyond the renewal: see DAILY
    **dict.fromkeys(("too_many_requests", "rate_limited", "teapot"), SLOW),
    **dict.fromkeys(("unreachable", "robots_unreachable"), AWAY),
}


# What is counted by the day is there again at midnight; the platforms and our own budgets count days in UTC+8.
DAILY = frozenset({"quota_exhausted", "budget_used_up"})
RENEWED = timedelta(minutes=5)  # after midnight: clocks differ


def renewal(now: datetime) -> datetime:
    """When the allowance of the next day is there."""
    tomorrow = (now.astimezone(CHINA) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.astimezone(now.tzinfo) + RENEWED


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`failures` in a row; `until` when it rests; `retry_after` what the platform itself said, if it did."""

    failures: int = 0
    until: datetime | None = None
    reason: str = ""
    retry_after: datetime | None = None

    def state(self, now: datetime) -> State:
        if self.until is None:
            return State.CLOSED
        return State.OPEN if now < self.until else State.HALF_OPEN

    def after(
        self, status: RunStatus, reason: str, *, retry_after: datetime | None, now: datetime, dice: float
    ) -> Breaker:
        """What a run makes of it. `dice`: 0–1, for the jitter. Runs that failed for reasons of our own change nothing.

        A rest is never shorter than the platform's own word.
        """
        if status is RunStatus.OK:
            return Breaker()
        said = min(retry_after, now + LONGEST_SAID) if retry_after and retry_after > now else None
        rest = RESTS.get(reason, NO if status is RunStatus.REFUSED else None)
        if rest is None and said is None:
            return self
        failures = self.failures + 1
        until = now + rest.after(failures) * (1 + JITTER * dice) if rest else now
        if reason in DAILY:
            until = min(until, renewal(now))
        return Breaker(failures=failures, until=max(until, said or until), reason=reason, retry_after=said)
