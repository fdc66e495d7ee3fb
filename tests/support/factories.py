"""Records for tests: each has sensible values, a test names only what it is about."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from store import mentions, runs, scores
from store.database import Session
from tingfeng.model import (
    Incident,
    IncidentKind,
    Label,
    Mention,
    Message,
    Run,
    RunStatus,
    Score,
    Silence,
    SurveyResponse,
    Verdict,
)

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Friday; on a bucket bound
_number = itertools.count(1)


def make_mention(**overrides: Any) -> Mention:
    """A Weibo post about 云雀 an hour before NOW, its `native_id` unique in this process."""
    n = next(_number)
    fields: dict[str, Any] = {
        "platform": "weibo",
        "native_id": f"5{n:015d}",
        "source": "weibo",
        "url": f"https://m.weibo.cn/detail/5{n:015d}",
        "text": f"云雀的新车开了{n}天",
        "published_at": NOW - timedelta(hours=1),
        "seen_at": NOW,
        "brands": ("云雀",),
    }
    return Mention(**fields | overrides)


def make_verdict(label: Label = Label.NEGATIVE, **overrides: Any) -> Verdict:
    """A confident verdict of that label."""
    negative, neutral, positive = {
        Label.NEGATIVE: (0.8, 0.15, 0.05),
        Label.NEUTRAL: (0.2, 0.6, 0.2),
        Label.POSITIVE: (0.05, 0.15, 0.8),
    }[label]
    fields: dict[str, Any] = {
        "polarity": positive - negative,
        "label": label,
        "negative": negative,
        "neutral": neutral,
        "positive": positive,
    }
    return Verdict(**fields | overrides)


def make_message(**overrides: Any) -> Message:
    n = next(_number)
    fields: dict[str, Any] = {
        "key": f"test.{n}",
        "channel": "mail",
        "recipient": "li@example.com",
        "subject": "云雀：负面突增",
        "text": "正文",
    }
    return Message(**fields | overrides)


def make_incident(**overrides: Any) -> Incident:
    """A spike of 云雀 opened and told at NOW; `id` 0 until it is stored."""
    fields: dict[str, Any] = {
        "id": 0,
        "kind": IncidentKind.NEGATIVE_SPIKE,
        "subject": "云雀",
        "version": 0,
        "opened_at": NOW,
        "last_spike_at": NOW,
        "last_told_at": NOW,
        "told": 1,
        "since": NOW - timedelta(hours=1),
        "observed": 20,
        "expected": 2.5,
        "p_value": 1e-9,
        "peak_observed": 20,
    }
    return Incident(**fields | overrides)


def make_silence(**overrides: Any) -> Silence:
    fields: dict[str, Any] = {
        "brand": "云雀",
        "author": "李",
        "reason": "发布会",
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=2),
    }
    return Silence(**fields | overrides)


def make_response(**overrides: Any) -> SurveyResponse:
    n = next(_number)
    fields: dict[str, Any] = {
        "row_key": f"row-{n}",
        "source": "十一月.csv",
        "brand": "云雀",
        "answered_at": NOW - timedelta(days=1),
        "nps": 9,
        "csat": 4,
        "comment": f"还可以{n}",
    }
    return SurveyResponse(**fields | overrides)


def stored_run(
    s: Session,
    source: str = "weibo",
    *,
    since: datetime,
    until: datetime,
    status: RunStatus = RunStatus.OK,
    reason: str = "",
) -> Run:
    """A finished run of [since, until); an ok one covers it."""
    run = runs.begin(s, source, window_since=since, window_until=until, now=until)
    return runs.finish(s, run.id, status=status, reason=reason, now=until)


def stored_scored(
    s: Session,
    batch: Iterable[Mention],
    verdict: Verdict | None = None,
    *,
    scorer: str = "test",
    version: str = "1",
    terms: Sequence[str] = (),
) -> int:
    """Store mentions, give every uncounted text `verdict` (default: negative) and count it; the pairs counted."""
    mentions.add(s, list(batch))
    waiting = scores.pending(s, limit=100_000)
    given = verdict or make_verdict()
    keys = {p.text_key for p in waiting}
    new = [Score(text_key=key, scorer=scorer, version=version, verdict=given, terms=tuple(terms)) for key in keys]
    return scores.record(s, new, waiting, scorer=scorer, version=version)
