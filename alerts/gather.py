"""From the store to the facts of a message. Reads only; what a message says is decided here, how in `render`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts import advice, wording
from alerts.baseline import Past, last_seen, usual
from alerts.blind import blind_now, looking_for
from alerts.facts import AlertFacts, BlindSpan, ChartPoint, Copied, FreshnessFacts, WeightyPost
from alerts.freshness import Outage
from alerts.incident import latest, ref_of
from alerts.waves import wave
from store import mentions, reports, runs, stories
from store.database import Session
from store.hot import HotVisit
from tingfeng.clock import BUCKET
from tingfeng.growth import GrownTerm, grown
from tingfeng.measures import net_sentiment
from tingfeng.model import Brand, Incident, Label, Reason, Series, Spike

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig

DAYS_BEFORE = 7
CHART = timedelta(hours=24)  # at least; a longer incident is shown whole, up to …
CHART_MOST = timedelta(hours=72)
CHART_STEP = timedelta(minutes=30)
POSTS, TERMS, STORIES = 5, 8, 5
LEAST_TERM = 2  # negative posts that must hold a term before it "grew"
LEAST_Z = 1.96
LATE = timedelta(minutes=10)  # that a crawl may take before its turn counts as missed


def gather(
    s: Session,
    brand: Brand,
    incident: Incident,
    spike: Spike | None,
    reason: Reason,
    *,
    series: Sequence[Series],
    sources: Sequence[SourceConfig],
    hot: tuple[HotVisit, ...] = (),
    now: datetime,
) -> AlertFacts:
    """The facts of an alert. `incident`: as it will be once the step is written; `series`: what was judged.

    `sources`: those that are configured now. `hot`: the brand's places on hot lists now.
    """
    since = incident.since
    until = spike.until if spike else max(since + BUCKET, _last_window_end(incident))
    before = since - timedelta(days=DAYS_BEFORE)
    counts = reports.totals(s, [brand.name], since, until)[brand.name]
    earlier = reports.totals(s, [brand.name], before, since)[brand.name]
    by_source = {name: t.negative for name, t in reports.by_source(s, brand.name, since, until).items() if t.negative}
    posts = _posts(s, brand.name, since, until)
    copied = most_copied(s, brand.name, since, until, label=Label.NEGATIVE)
    chart_since = max(min(now - CHART, since - CHART / 4), now - CHART_MOST)
    asked = {one.source for one in series} | {one.name for one in looking_for(brand.name, sources)}
    unseen = blind_now(s, [one for one in sources if one.name in asked], now=now)
    blind = _gaps(s, series, sources, chart_since, until, out={one.source for one in unseen}, now=now)
    shown = spike or incident
    return AlertFacts(
        reason=reason,
        ref=ref_of(incident),
        brand=brand.name,
        now=now,
        incident=incident,
        spike=spike,
        since=since,
        until=until,
        observed=shown.observed,
        expected=shown.expected,
        p_value=shown.p_value,
        baseline=spike.baseline if spike else str(incident.evidence.get("baseline", "")),
        total_mentions=counts.total,
        negative_mentions=counts.negative,
        net_now=net_sentiment(counts.positive, counts.negative, counts.total),
        net_before=net_sentiment(earlier.positive, earlier.negative, earlier.total),
        days_before=DAYS_BEFORE,
        by_source=dict(sorted(by_source.items(), key=lambda item: -item[1])),
        chart=chart(series, since=chart_since),
        chart_step=CHART_STEP,
        terms=_grown(s, brand, since, until, before, negative_now=counts.negative),
        posts=posts,
        spread=stories.spread(s, brand.name, since, until, label=Label.NEGATIVE),
        copied=copied,
        blind=blind,
        blind_now=unseen,
        to_do=advice.alert_steps(
            reason,
            most_copies=copied.story.copies if copied else max((p.copies for p in posts), default=0),
            is_wave=copied is not None and copied.wave is not None,
            unseen=[wording.source(one.source) for one in unseen],
        ),
        hot=hot,
    )


def _gaps(
    s: Session,
    series: Sequence[Series],
    sources: Sequence[SourceConfig],
    since: datetime,
    until: datetime,
    *,
    out: Collection[str],
    now: datetime,
) -> tuple[BlindSpan, ...]:
    """What was not seen in [since, until), but for what still is not (of `out`), or waits for its turn."""
    turns = {source.name: source.interval for source in sources}
    gaps = reports.blind(s, [one.source for one in series], since, until)
    over = [
        gap
        for gap in gaps
        if gap.until < until or not (gap.source in out or in_turn(gap.since, turns.get(gap.source), now=now))
    ]
    return tuple(BlindSpan(source=gap.source, since=gap.since, until=gap.until) for gap in over)


def in_turn(seen_until: datetime, interval: timedelta | None, *, now: datetime) -> bool:
    """Whether a source is merely waiting for its next crawl: one that is asked hourly is not blind for 45 minutes."""
    return interval is not None and now - seen_until <= interval + LATE


def _last_window_end(incident: Incident) -> datetime:
    told = latest(incident).get("until")
    return datetime.fromisoformat(told) if isinstance(told, str) else incident.last_spike_at


def most_copied(
    s: Session, brand: str, since: datetime, until: datetime, *, label: Label | None = None
) -> Copied | None:
    """Of the stories of the period that have copies a copy-paste wave, else the largest; None without any."""
    found = []
    for story in stories.largest(s, since, until, brand=brand, label=label, limit=STORIES):
        copies = stories.copies(s, story.id, since, until, brand=brand, label=label)
        found.append(Copied(story=story, wave=wave(copies, story.text)))
    return next((one for one in found if one.wave), found[0] if found else None)


def _posts(s: Session, brand: str, since: datetime, until: datetime) -> tuple[WeightyPost, ...]:
    found = mentions.top(s, brand, since, until, label=Label.NEGATIVE, limit=POSTS)
    return tuple(
        WeightyPost(mention=m.mention, verdict=m.verdict, weight=m.weight, copies=m.copies) for m in found if m.verdict
    )


def _grown(
    s: Session, brand: Brand, since: datetime, until: datetime, before: datetime, *, negative_now: int
) -> tuple[GrownTerm, ...]:
    """Terms of the negative posts that stand out against the negative posts before, or all posts if none was."""
    now_counts = reports.term_counts(s, brand.name, since, until, label=Label.NEGATIVE)
    label: Label | None = Label.NEGATIVE
    then_counts = reports.term_counts(s, brand.name, before, since, label=label)
    if not then_counts:
        label = None
        then_counts = reports.term_counts(s, brand.name, before, since)
    then = reports.totals(s, [brand.name], before, since)[brand.name]
    posts_then = then.total if label is None else then.negative
    return grown(
        now_counts,
        then_counts,
        posts_now=negative_now,
        posts_before=posts_then,
        least=LEAST_TERM,
        least_z=LEAST_Z,
        limit=TERMS,
        ignore=brand.words,
    )


def chart(series: Sequence[Series], *, since: datetime) -> tuple[ChartPoint, ...]:
    """Negative posts by half-hours up to the newest thing seen, beside what was usual then."""
    end = max((last_seen(one, len(one.negative)) for one in series), default=0)
    if not end:
        return ()
    step = CHART_STEP // BUCKET
    tiles = Past(series, end).tiles(step, every=step)
    known = usual(tiles)
    points = []
    for j, (count, exposure) in enumerate(zip(tiles.counts, tiles.exposures, strict=True)):
        start = series[0].start + (end - (j + 1) * step) * BUCKET
        if start + CHART_STEP <= since:
            break
        # Where a source was blind, less is expected of the others; where all were, the usual is shown beside the gap.
        rate = known.rates[j % tiles.per_day] if known else None
        expected = None if rate is None else rate * (exposure or 1.0)
        points.append(ChartPoint(start=start, negative=count if exposure > 0 else None, expected=expected))
    return tuple(reversed(points))


def gather_freshness(
    s: Session, incident: Incident, outage: Outage | None, reason: Reason, *, brands: Sequence[str], now: datetime
) -> FreshnessFacts:
    """The facts of a mail about a source. `outage` None: it is seen again, the incident remembers what it was."""
    health = runs.health(s, [incident.subject], now)[0]
    cause = outage.cause if outage else str(latest(incident).get("cause", "stale"))
    known = advice.cause_of(cause)
    over = min(incident.resolved_at or now, health.last_ok_at or now)  # a run sees up to its start, not to its end
    missing = reports.blind(s, [incident.subject], incident.since, over, at_least=BUCKET)
    return FreshnessFacts(
        reason=reason,
        ref=ref_of(incident),
        source=incident.subject,
        now=now,
        incident=incident,
        status=health.latest.status if health.latest else None,
        cause=cause,
        cause_text=known.text,
        detail=outage.detail if outage else "",
        blind_since=min(incident.since, outage.blind_since) if outage else incident.since,
        last_good=health.last_ok.finished_at if health.last_ok else None,
        doubts=outage.doubts if outage else (),
        missing=tuple(BlindSpan(source=b.source, since=b.since, until=b.until) for b in missing),
        brands=tuple(brands),
        to_do=known.to_do if outage else (),
    )
