"""What a performance came to, and whether it was what the story planted and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from demo.mailbox import Letter
from demo.stage import Stage
from demo.story import OWN, Story
from feedback.jobs import ImportReport
from store import incidents, outbox, reports
from store.incidents import IncidentStep
from tingfeng.model import Incident, IncidentKind, Run, RunStatus

SOON = timedelta(minutes=30)  # a crisis told later than this after its first post was told too late
LONG_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """One incident, as the report shows it. `minutes`: from the planted first complaint to the alert."""

    kind: str
    subject: str
    since: datetime
    opened_at: datetime
    resolved_at: datetime | None
    minutes: float
    observed: int  # negative posts in the window that opened it
    expected: float
    p_value: float
    peak: int
    told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """Everything the demo tells at its end. `problems` is empty when only the planted crisis was alerted."""

    ok: bool
    problems: tuple[str, ...]
    folder: Path
    config: Path
    crisis_at: datetime
    posts: int  # of the story, on all platforms
    mentions: dict[str, int]  # stored, by source
    crawls: dict[str, int]  # by status
    labels: dict[str, dict[str, int]]  # by brand: negative, neutral, positive
    survey: dict[str, int]  # rows, added, rejected
    judged: int  # moments at which the brands were judged
    incidents: tuple[IncidentSummary, ...]
    mails: tuple[Letter, ...]
    seconds: dict[str, float]


def report(stage: Stage, story: Story, survey: ImportReport) -> DemoReport:
    """Read the outcome from the store and the mailbox."""
    with stage.db.read() as s:
        found = incidents.between(s, story.starts, story.ends + LONG_AFTER)
        first = {i.id: incidents.steps(s, i.id)[0] for i in found}
        totals = reports.totals(s, [b.name for b in story.brands], story.starts, story.ends)
        unsent = [*outbox.waiting(s), *outbox.parked(s)]
    mentions = stored(stage.runs)
    problems = [
        *_wrong_incidents(found, story),
        *_wrong_crawls(stage.runs),
        *_wrong_mentions(mentions, story),
        *(f"never delivered: {m.key}" for m in unsent),
        *_wrong_mails(stage.mailbox.letters),
    ]
    return DemoReport(
        ok=not problems,
        problems=tuple(problems),
        folder=stage.folder.path,
        config=stage.folder.config,
        crisis_at=story.crisis_at,
        posts=len(story.posts),
        mentions=mentions,
        crawls=dict(Counter(run.status.value for run in stage.runs)),
        labels={b: {"negative": t.negative, "neutral": t.neutral, "positive": t.positive} for b, t in totals.items()},
        survey={"rows": survey.rows, "added": survey.added, "rejected": survey.rejected},
        judged=stage.judged,
        incidents=tuple(_summary(i, first[i.id], story) for i in found),
        mails=stage.mailbox.letters,
        seconds={name: round(taken, 2) for name, taken in stage.seconds.items()},
    )


def stored(runs: Sequence[Run]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for run in runs:
        found[run.source] += run.stored
    return dict(sorted(found.items()))


def _summary(incident: Incident, first: IncidentStep, story: Story) -> IncidentSummary:
    return IncidentSummary(
        kind=incident.kind.value,
        subject=incident.subject,
        since=incident.since,
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at,
        minutes=(incident.opened_at - story.crisis_at).total_seconds() / 60,
        observed=first.observed,
        expected=first.expected,
        p_value=first.p_value,
        peak=incident.peak_observed,
        told=incident.told,
    )


def _wrong_incidents(found: Sequence[Incident], story: Story) -> list[str]:
    """Exactly one: the planted crisis, soon after it began."""
    wrong = []
    planted = [i for i in found if i.kind is IncidentKind.NEGATIVE_SPIKE and i.subject == OWN]
    planted = [i for i in planted if story.crisis_at <= i.opened_at <= story.crisis_at + SOON][:1]
    if not planted:
        wrong.append("the planted crisis was not alerted in time")
    for other in found:
        if other not in planted:
            wrong.append(f"alerted though nothing was planted: {other.kind.value} {other.subject} {other.opened_at}")
    return wrong


def _wrong_crawls(runs: Sequence[Run]) -> list[str]:
    return [
        f"crawl of {r.source} at {r.window_until} ended as {r.status.value}: {r.reason} {r.detail}"
        for r in runs
        if r.status is not RunStatus.OK
    ]


def _wrong_mentions(mentions: dict[str, int], story: Story) -> list[str]:
    """Weibo hands out everything, so everything must be there; the other two never promise that."""
    written = sum(p.platform == "weibo" for p in story.posts)
    wrong = [f"nothing came from {name}" for name, n in mentions.items() if n == 0]
    if mentions.get("weibo") != written:
        wrong.append(f"{written} posts on Weibo, but {mentions.get('weibo')} stored")
    return wrong


def _wrong_mails(letters: Sequence[Letter]) -> list[str]:
    ids = Counter(letter.message_id for letter in letters)
    wrong = [f"mail without Message-ID: {letter.subject}" for letter in letters if not letter.message_id]
    return wrong + [f"arrived {n} times: {message_id}" for message_id, n in ids.items() if n > 1]
