"""Retention: the old goes, counts stay, and nothing can be counted twice by coming back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from store import corrections, feedback, jobs, mentions, outbox, relevance, reports, runs, scores
from store.database import Database
from store.jobs import RetainReport, retain
from store.mentions import LINK, SCORE
from store.reports import Totals
from tests.support.factories import (
    NOW,
    make_mention,
    make_message,
    make_response,
    make_verdict,
    stored_run,
    stored_scored,
)
from tingfeng.model import Label, RunStatus, Score

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    mentions: timedelta = 10 * DAY
    deleted: timedelta = 2 * DAY
    scores: timedelta = 10 * DAY
    runs: timedelta = 10 * DAY
    outbox: timedelta = 10 * DAY
    surveys: timedelta | None = None
    corrections: timedelta | None = None


NOTHING = RetainReport(mentions=0, scores=0, runs=0, outbox=0, surveys=0)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)


def test_old_mentions_go_and_their_counts_stay(db: Database) -> None:
    old = [make_mention(published_at=NOW - 11 * DAY, text=f"{n % 4}", brands=("云雀", "夜莺")) for n in range(10)]
    with db.write() as s:
        stored_scored(s, [*old, make_mention(text="0"), make_mention(text="新")])
    assert retain(db, Rule(), now=NOW) == RetainReport(mentions=10, scores=3, runs=0, outbox=0, surveys=0)
    assert retain(db, Rule(), now=NOW) == NOTHING
    with db.write() as s:
        assert mentions.count(s) == 2
        assert s.execute(select(func.count()).select_from(LINK)).scalar() == 2
        assert reports.totals(s, ["云雀"], NOW - 20 * DAY, NOW)["云雀"].total == 12
        # A feed still lists them: taking them in again would count them again.
        assert mentions.add(s, old) == 0
        assert scores.pending(s, limit=9) == []


def test_a_shorter_rule_does_not_forget_what_a_longer_one_deleted(db: Database) -> None:
    retain(db, Rule(mentions=5 * DAY), now=NOW)
    retain(db, Rule(mentions=50 * DAY), now=NOW)
    with db.write() as s:
        assert mentions.kept_since(s) == NOW - 5 * DAY


def test_scores_may_go_before_their_mentions(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(published_at=NOW - 5 * DAY, text="旧"), make_mention(text="新")])
    assert retain(db, Rule(scores=DAY), now=NOW).scores == 1
    with db.read() as s:
        shown = mentions.top(s, "云雀", NOW - 9 * DAY, NOW)
    assert {m.mention.text: m.verdict is None for m in shown} == {"新": False, "旧": True}


def test_scores_of_survey_comments_stay(db: Database) -> None:
    with db.write() as s:
        feedback.add(s, [make_response(comment="好", answered_at=NOW - 99 * DAY)], now=NOW)
        (comment,) = scores.pending_comments(s, "test", "1", 9)
        score = Score(text_key=comment.text_key, scorer="test", version="1", verdict=make_verdict())
        scores.record(s, [score], [], scorer="test", version="1")
    assert retain(db, Rule(), now=NOW) == NOTHING
    assert retain(db, Rule(surveys=90 * DAY), now=NOW) == RetainReport(
        mentions=0, scores=1, runs=0, outbox=0, surveys=1
    )
    with db.read() as s:
        assert s.execute(select(func.count()).select_from(SCORE)).scalar() == 0


def test_labels_outlive_their_mentions_unless_a_rule_says_otherwise(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="旧", published_at=NOW - 11 * DAY), make_mention(text="新")])
        for mention_id, days in ((1, 11), (2, 5)):
            corrections.add(s, mention_id, Label.POSITIVE, author="李", now=NOW - days * DAY)
    assert retain(db, Rule(), now=NOW).corrections == 0
    with db.read() as s:
        assert [(c.mention_id, c.text) for c in corrections.listing(s)] == [(2, "新"), (None, "旧")]
        assert corrections.training_rows(s) == [("旧", Label.POSITIVE), ("新", Label.POSITIVE)]
    assert retain(db, Rule(corrections=10 * DAY), now=NOW).corrections == 1
    with db.write() as s:
        assert corrections.training_rows(s) == [("新", Label.POSITIVE)]
        stored_scored(s, [make_mention(text="旧")])  # nobody's label is in force any more
        assert reports.totals(s, ["云雀"], NOW - 20 * DAY, NOW)["云雀"] == Totals(
            total=3, negative=1, positive=2, polarity_sum=pytest.approx(2 - 0.75)
        )


def test_the_last_good_run_stays_and_so_does_coverage(db: Database) -> None:
    with db.write() as s:
        for days in (40, 30, 20):
            stored_run(s, since=NOW - (days + 1) * DAY, until=NOW - days * DAY)
        stored_run(s, since=NOW - 20 * DAY, until=NOW - 19 * DAY, status=RunStatus.FAILED)
        running = runs.begin(s, "weibo", window_since=NOW, window_until=NOW, now=NOW - 18 * DAY)
        recent = stored_run(s, "zhihu", since=NOW - 2 * DAY, until=NOW - DAY)
        before = runs.coverage(s, "weibo", since=NOW - 99 * DAY, until=NOW)
    assert retain(db, Rule(), now=NOW).runs == 3
    with db.read() as s:
        last = runs.last_finished(s, "weibo")
        assert last is not None
        assert last.window_until == NOW - 20 * DAY
        assert {r.id for r in runs.recent(s, limit=9)} == {last.id, running.id, recent.id}
        assert runs.coverage(s, "weibo", since=NOW - 99 * DAY, until=NOW) == before


def test_unsent_messages_are_never_deleted(db: Database) -> None:
    with db.write() as s:
        outbox.put(s, [make_message(key=key) for key in ("a sent", "b parked", "c waiting")], now=NOW - 50 * DAY)
        sent, parked = (outbox.claim(s, now=NOW - 50 * DAY, lease=DAY) for _ in range(2))
        assert sent is not None
        assert parked is not None
        outbox.sent(s, sent, now=NOW - 50 * DAY)
        outbox.failed(s, parked, error="gone", permanent=True, now=NOW - 50 * DAY)
    assert retain(db, Rule(), now=NOW).outbox == 1
    with db.read() as s:
        assert [m.key for m in outbox.waiting(s)] == ["c waiting"]
        assert [m.key for m in outbox.parked(s)] == ["b parked"]


def test_marks_of_relevance_hold_texts_too_and_go_with_the_corrections(db: Database) -> None:
    with db.write() as s:
        for text, days in ("旧", 11), ("新", 9):
            relevance.mark_text(s, text, "云雀", False, author="李", now=NOW - days * DAY)
    assert retain(db, Rule(), now=NOW).corrections == 0
    assert retain(db, Rule(corrections=10 * DAY), now=NOW).corrections == 1
    with db.read() as s:
        assert [mark.text for mark in relevance.listing(s)] == ["新"]
