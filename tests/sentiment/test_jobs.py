"""The scoring job on a real store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from sentiment.brands import BrandWords
from sentiment.jobs import score_pending
from store import feedback, mentions, reports, scores, series
from store.database import Database
from tests.support.factories import NOW, make_mention, make_response, make_verdict
from tingfeng.model import Brand, Label, Mention, Verdict

SINCE, UNTIL = NOW - timedelta(days=2), NOW + timedelta(hours=1)


class Fixed:
    """Negative when the text says 差; remembers what it was asked."""

    name = "fixed"
    version = "1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        self.asked.extend(texts)
        return [make_verdict(Label.NEGATIVE if "差" in text else Label.POSITIVE) for text in texts]


def store(db: Database, *batch: Mention) -> None:
    with db.write() as s:
        mentions.add(s, batch)


def counts(db: Database, brand: str = "云雀") -> tuple[int, int, int]:
    """All, negative, positive."""
    with db.read() as s:
        found = series.buckets(s, brand, SINCE, UNTIL)
    return sum(b.total for b in found), sum(b.negative for b in found), sum(b.positive for b in found)


def test_scores_and_counts_everything_once(db: Database) -> None:
    store(db, make_mention(text="太差"), make_mention(text="很好"), make_mention(text="很差"))
    report = score_pending(db, Fixed())
    assert (report.texts, report.mentions, report.comments, report.stopped) == (3, 3, 0, False)
    assert counts(db) == (3, 2, 1)
    again = score_pending(db, Fixed())
    assert (again.texts, again.mentions) == (0, 0)
    assert counts(db) == (3, 2, 1)


def test_a_text_is_scored_once_however_often_it_was_posted(db: Database) -> None:
    scorer = Fixed()
    store(db, *(make_mention(text="太差") for _ in range(5)), make_mention(text="很好", brands=("云雀", "山鹰")))
    report = score_pending(db, scorer, batch=2)
    assert sorted(scorer.asked) == ["太差", "很好"]
    assert (report.texts, report.mentions) == (2, 7)
    assert counts(db) == (6, 5, 1)
    assert counts(db, "山鹰") == (1, 0, 1)
    store(db, make_mention(text="太差"))
    assert score_pending(db, scorer).texts == 0
    assert counts(db) == (7, 6, 1)


def test_another_version_scores_anew(sqlite_db: Database) -> None:
    store(sqlite_db, make_mention(text="太差"))
    score_pending(sqlite_db, Fixed())
    store(sqlite_db, make_mention(text="太差"))
    newer = Fixed()
    newer.version = "2"
    assert score_pending(sqlite_db, newer).texts == 1


def test_survey_comments_are_scored_but_not_counted(db: Database) -> None:
    with db.write() as s:
        answers = [make_response(comment=text) for text in ("太差", "太差", "很好", "")]
        feedback.add(s, answers, now=NOW)
    report = score_pending(db, Fixed(), batch=1)
    assert (report.texts, report.mentions, report.comments) == (2, 0, 2)
    assert counts(db) == (0, 0, 0)
    with db.read() as s:
        assert scores.pending_comments(s, "fixed", "1", 10) == []


def test_it_says_how_far_it_got(sqlite_db: Database) -> None:
    store(sqlite_db, *(make_mention() for _ in range(5)))
    steps: list[int] = []
    score_pending(sqlite_db, Fixed(), batch=2, progress=steps.append)
    assert steps == [2, 4, 5]


def test_it_stops_between_batches_and_goes_on_later(sqlite_db: Database) -> None:
    store(sqlite_db, *(make_mention() for _ in range(5)))
    answers = iter([False, True])
    report = score_pending(sqlite_db, Fixed(), batch=2, stop=lambda: next(answers))
    assert (report.mentions, report.stopped) == (2, True)
    assert score_pending(sqlite_db, Fixed(), batch=2).mentions == 3
    assert counts(sqlite_db)[0] == 5


def test_a_scorer_that_breaks_leaves_what_was_done(sqlite_db: Database) -> None:
    class Breaks(Fixed):
        def score(self, texts: Sequence[str]) -> list[Verdict]:
            if self.asked:
                raise RuntimeError("broken")
            return super().score(texts)

    store(sqlite_db, *(make_mention() for _ in range(5)))
    with pytest.raises(RuntimeError):
        score_pending(sqlite_db, Breaks(), batch=2)
    assert counts(sqlite_db)[0] == 2
    assert score_pending(sqlite_db, Fixed()).mentions == 3


def test_a_scorer_that_forgets_a_text_is_refused(sqlite_db: Database) -> None:
    class Forgets(Fixed):
        def score(self, texts: Sequence[str]) -> list[Verdict]:
            return super().score(texts)[:-1]

    store(sqlite_db, make_mention())
    with pytest.raises(ValueError, match="shorter"):
        score_pending(sqlite_db, Forgets())
    assert counts(sqlite_db)[0] == 0


def test_terms_reach_the_store(sqlite_db: Database) -> None:
    store(sqlite_db, make_mention(text="云雀的电池太差，电池！"), make_mention(text="云雀的电池很好"))
    score_pending(sqlite_db, Fixed())
    with sqlite_db.read() as s:
        assert reports.term_counts(s, "云雀", SINCE, UNTIL)["电池"] == 2


def test_aspects_are_told_by_brand(db: Database) -> None:
    """云雀 has a word of its own; 山鹰 is not configured and gets the shipped taxonomy."""
    brand = Brand(name="云雀", aspects={"车机": ("跑得远",)})
    texts = ("质量太差", "物流很快，跑得远", "无关")
    store(db, *(make_mention(text=text, brands=("云雀", "山鹰")) for text in texts))
    score_pending(db, Fixed(), batch=2, words=BrandWords([brand]))
    with db.read() as s:
        found = reports.aspect_counts(s, "云雀", SINCE, UNTIL)
        assert set(reports.aspect_counts(s, "山鹰", SINCE, UNTIL)) == {"质量", "物流"}
        assert reports.aspect_counts(s, "云雀", SINCE, SINCE) == {}
    assert {name: (t.negative, t.neutral, t.positive) for name, t in found.items()} == {
        "车机": (0, 0, 1),
        "物流": (0, 0, 1),
        "质量": (1, 0, 0),
    }
