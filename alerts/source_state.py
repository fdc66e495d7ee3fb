"""How a source is doing, for the person who looks after it: health, freshness, yield, what is left, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.advice import cause_of
from alerts.blind import RECENT_RUNS, looking_for
from alerts.freshness import Outage, outage
from store import breakers, reports, runs, spending, windows
from store.database import Session
from store.runs import Health
from store.spending import Spending
from tingfeng.model import Brand, Run
from tingfeng.refusals import words_of

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

DAY = timedelta(days=1)
PAST = timedelta(days=28)
LEAST_COVERED = timedelta(hours=12)  # of the past, before a day's yield is expected
SILENT = frozenset({"suspicious_silence", "last_page_only", "stale_feed"})
MOST_SKEW = 300  # seconds between a platform's clock and ours that go unmentioned


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """`health`: ok, stale, refused, failed, silent (answers, but too little), never (ran) or off."""

    name: str
    kind: str
    health: str
    blind_since: datetime | None  # None: it is seen
    last_ok: datetime | None  # up to when it was seen
    newest: datetime | None  # publication of the newest post of the last runs
    found_today: int  # mentions published in the last 24 h
    expected_today: float | None  # a usual day's, as far as it was seen; None: not known yet
    left: dict[str, Any]  # what the source says is left of quotas and credits, by its own words
    spent: Spending  # records paid for today, and what they cost
    rests_until: datetime | None  # it said no and is left alone until then
    gaps: int  # stretches of its searches that nobody has read yet
    last_run: datetime | None
    status: str
    reason: str  # of the last run
    cause: str  # why it cannot be seen, a name of tingfeng.refusals; "" when it can
    reason_words: str
    detail: str
    failures: int
    clock_skew: float | None  # seconds the platform's clock is ahead of ours, where that is worth saying
    brands: tuple[str, ...]  # who is affected
    to_do: tuple[str, ...]  # Chinese, in order; empty when all is well


def state_of(s: Session, source: SourceConfig, brands: Sequence[Brand], *, now: datetime) -> SourceState:
    """The state of one source as of `now`."""
    health = runs.health(s, [source.name], now)[0]
    recent = runs.recent(s, limit=RECENT_RUNS, source=source.name)
    out = outage(source, health, recent, now=now) if source.enabled else None
    latest = health.latest
    asked = tuple(brand.name for brand in brands if looking_for(brand.name, [source]))
    today = reports.yielded(s, source.name, asked, now - DAY, now)
    cause = out.cause if out else ""
    return SourceState(
        name=source.name,
        kind=source.kind,
        health=_word(source, health, out),
        blind_since=out.blind_since if out else None,
        last_ok=health.last_ok_at,
        newest=_newest(recent),
        found_today=today,
        expected_today=_expected(s, source.name, asked, now=now),
        left={key.partition("/")[2]: n for key, n in _stats(latest).items() if key.startswith("quota/")},
        spent=spending.today(s, source.name, now),
        rests_until=_rests_until(s, source.name, now),
        gaps=windows.count_gaps(s, source.name),
        last_run=latest.started_at if latest else None,
        status=latest.status.value if latest else "",
        reason=latest.reason if latest else "",
        cause=cause,
        reason_words=words_of(cause or (latest.reason if latest else "")),
        detail=out.detail if out else "",
        failures=health.failures,
        clock_skew=_skew(latest),
        brands=asked,
        to_do=cause_of(cause).to_do if cause else (),
    )


def _rests_until(s: Session, source: str, now: datetime) -> datetime | None:
    until: datetime | None = breakers.get(s, source).get("until")
    return until if until is not None and until > now else None


def _word(source: SourceConfig, health: Health, out: Outage | None) -> str:
    if not source.enabled:
        return "off"
    if health.latest is None:
        return "never"
    if out is None:
        return "ok"
    if out.cause == "stale":
        return "stale"
    return "silent" if out.cause in SILENT else out.status.value


def _stats(run: Run | None) -> dict[str, Any]:
    return dict(run.stats) if run else {}


def _newest(recent: Sequence[Run]) -> datetime | None:
    told = [at for run in recent for at in (run.stats.get("newest") or {}).values()]
    return max((datetime.fromisoformat(at) for at in told), default=None)


def _skew(run: Run | None) -> float | None:
    skew = _stats(run).get("clock_skew")
    return skew if isinstance(skew, int | float) and abs(skew) > MOST_SKEW else None


def _expected(s: Session, source: str, brands: Sequence[str], *, now: datetime) -> float | None:
    """Mentions of a usual day: those of the weeks before the last day, by the time in which they could be seen."""
    since, until = now - PAST, now - DAY
    seen = sum((end - start for start, end in runs.coverage(s, source, since=since, until=until)), timedelta(0))
    if seen < LEAST_COVERED:
        return None
    return reports.yielded(s, source, brands, since, until) / (seen / DAY)
