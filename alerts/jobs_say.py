"""The jobs that say things: deliver what is queued, queue the digests. Both may be killed anywhere and run again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from alerts import digest as facts_of
from alerts.digest import Period, Span
from alerts.notifier import Notifier
from alerts.render import Rendered, render_digest
from alerts.routing import Routing, recipient_key
from store import outbox
from store.database import Database
from store.outbox import Claimed
from tingfeng.clock import running
from tingfeng.errors import DeliveryError
from tingfeng.model import Brand, Message

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than a server takes to answer, or the message may go out twice
ENOUGH = timedelta(minutes=2)  # one turn of `deliver`: whoever wants to stop the daemon should not wait longer
FAILURES_IN_A_ROW = 3  # then the server is down rather than a recipient; the rest waits for the next turn
PATIENCE = timedelta(hours=20)  # how long after its period a digest waits for crawls and scores to catch up
BRANDS_PER_MAIL = 4  # mail clients cut off HTML beyond 100 kB
DIGEST_CHANNEL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverReport:
    """One turn of delivery. `failed` messages are due again later, `parked` ones need a person."""

    sent: int = 0
    failed: int = 0
    parked: int = 0
    errors: tuple[str, ...] = ()  # each text once


def deliver(
    db: Database,
    notifiers: Mapping[str, Notifier],
    *,
    now: datetime,
    limit: int = 200,
    stop: Callable[[], bool] = lambda: False,
) -> DeliverReport:
    """Send what is due, oldest first, at most `limit` messages; no transaction is open while a channel talks.

    Killed between sending and marking, the lease runs out and the message goes out again under the same key.
    """
    clock, in_a_row = running(now), 0
    outcomes: list[_Outcome] = []
    while len(outcomes) < limit and in_a_row < FAILURES_IN_A_ROW and clock() - now < ENOUGH and not stop():
        outcome = _deliver_one(db, notifiers, clock)
        if outcome is None:
            break
        outcomes.append(outcome)
        in_a_row = in_a_row + 1 if outcome.result == "failed" else 0
    report = _summed(outcomes)
    if outcomes:
        log.info("deliver done: sent=%d failed=%d parked=%d", report.sent, report.failed, report.parked)
    return report


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Literal["sent", "failed", "parked"]
    error: str = ""


def _summed(outcomes: Sequence[_Outcome]) -> DeliverReport:
    results = [o.result for o in outcomes]
    return DeliverReport(
        sent=results.count("sent"),
        failed=results.count("failed"),
        parked=results.count("parked"),
        errors=tuple(dict.fromkeys(o.error for o in outcomes if o.error)),
    )


def _deliver_one(db: Database, notifiers: Mapping[str, Notifier], clock: Callable[[], datetime]) -> _Outcome | None:
    """Send the next due message; None when there is none."""
    with db.write() as s:
        item = outbox.claim(s, now=clock(), lease=LEASE)
    if item is None:
        return None
    try:
        _send(notifiers, item, now=clock())
    except DeliveryError as e:
        with db.write() as s:
            parked = outbox.failed(s, item, error=e, permanent=e.permanent, now=clock())
        log.log(
            logging.ERROR if parked else logging.WARNING,
            "message not sent: key=%s attempt=%d parked=%s error=%s",
            item.message.key, item.attempts, parked, e,
        )  # fmt: skip
        return _Outcome("parked" if parked else "failed", str(e))
    with db.write() as s:
        outbox.sent(s, item, now=clock())
    return _Outcome("sent")


def _send(notifiers: Mapping[str, Notifier], item: Claimed, *, now: datetime) -> None:
    notifier = notifiers.get(item.message.channel)
    if notifier is None:
        raise DeliveryError(f"no channel '{item.message.channel}' is configured")
    notifier.send(item.message, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestReport:
    """What came of asking for a digest. `waiting_for`: sources or 'score', when the period is not complete yet."""

    period: Period
    since: datetime
    until: datetime
    queued: int = 0  # new messages
    known: int = 0  # messages that were queued before
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """One digest mail to be: these brands for this address."""

    key: str
    address: str
    brands: tuple[str, ...]


def digest(
    db: Database,
    brands: Sequence[Brand],
    sources: Sequence[SourceConfig],
    routing: Routing,
    *,
    now: datetime,
    zone: ZoneInfo,
    period: Period | Literal["daily", "weekly"],
) -> DigestReport:
    """Queue the digests of the last finished day or week, once per period and reader; asking again costs a look-up.

    After an outage it waits until every source has been asked again and everything is scored, at most `PATIENCE`.
    """
    span = facts_of.span_of(Period(period), now=now, zone=zone)
    report = DigestReport(period=span.period, since=span.since, until=span.until)
    mails = _mails(brands, routing, span)
    with db.read() as s:
        known = outbox.known(s, [m.key for m in mails])
        missing = [m for m in mails if m.key not in known]
        report = replace(report, known=len(known))
        if not missing or not facts_of.has_anything(s, brands, sources, span):
            return report
        waiting = facts_of.unfinished(s, sources, span, now=now) if now < span.until + PATIENCE else []
    if waiting:
        return replace(report, waiting_for=tuple(waiting))
    queued = 0
    for names in dict.fromkeys(m.brands for m in missing):  # readers of the same brands get the same mail
        own = [b for b in brands if b.name in names]
        with db.read() as s:
            facts = facts_of.gather(s, own, brands, sources, span, now=now, zone=zone)
        queued += _queue(db, render_digest(facts, zone=zone), [m for m in missing if m.brands == names], now=now)
    log.info("digest queued: period=%s first_day=%s new=%d known=%d", span.period, span.first, queued, len(known))
    return replace(report, queued=queued)


def _mails(brands: Sequence[Brand], routing: Routing, span: Span) -> list[_Mail]:
    """Who gets a digest about which of our brands; many brands are split over several mails."""
    wanted: dict[str, list[str]] = {}
    for brand in brands:
        if not brand.competitor_of:
            for recipient in routing.to("digest", brand.name):
                wanted.setdefault(recipient.email, []).append(brand.name)
    return [
        _Mail(
            key=f"digest.{span.period}.{span.first:%Y%m%d}.{i // BRANDS_PER_MAIL}.{recipient_key(address)}",
            address=address,
            brands=tuple(names[i : i + BRANDS_PER_MAIL]),
        )
        for address, names in wanted.items()
        for i in range(0, len(names), BRANDS_PER_MAIL)
    ]


def _queue(db: Database, rendered: Rendered, mails: Sequence[_Mail], *, now: datetime) -> int:
    """Put one message per mail into the outbox; how many were new."""
    messages = [
        Message(
            key=mail.key,
            channel=DIGEST_CHANNEL,
            recipient=mail.address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            images=rendered.images,
        )
        for mail in mails
    ]
    with db.write() as s:
        return outbox.put(s, messages, now=now)
