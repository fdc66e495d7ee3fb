"""A person's "not us" wins, for every copy, at once and later; what is irrelevant stays, and stands in no count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from store import corrections, mentions, relevance, reports, review, scores
from store.buckets import BUCKETS
from store.database import Database, Session
from store.mentions import LINK, MENTION, SCORE
from store.reports import Totals
from tests.support.factories import NOW, make_mention, make_verdict, stored_scored
from tingfeng.errors import StoreError
from tingfeng.model import Label, Score
from tingfeng.relevance import Relevance, RelevanceMark

DAY = timedelta(days=1)
WHO = {"scorer": "test", "version": "1"}
US, NOT_US = True, False
BY_WORDS = Relevance(relevant=False, p=0.01, by="words/1")


def mark(s: Session, mention_id: int, relevant: bool, brand: str = "云雀") -> RelevanceMark:
    return relevance.mark(s, mention_id, brand, relevant, author="李", now=NOW)


def total(s: Session, brand: str = "云雀") -> int:
    return reports.totals(s, [brand], NOW - DAY, NOW + DAY)[brand].total


def count_pending(s: Session, **judged: Relevance) -> int:
    """Score what waits, negative; `judged` by brand."""
    waiting = scores.pending(s, limit=99)
    given = [Score(text_key=k, verdict=make_verdict(), terms=("续航",), **WHO) for k in {p.text_key for p in waiting}]
    told = {(p.mention_id, p.brand): judged[p.brand] for p in waiting if p.brand in judged}
    return scores.record(s, given, waiting, judged=told, aspects={pair: "续航:-1" for pair in told}, **WHO)


def whose(s: Session, mention_id: int = 1, brand: str = "云雀") -> tuple[bool | None, str | None]:
    query = select(LINK.c.relevant, LINK.c.relevance_by).where(LINK.c.mention_id == mention_id, LINK.c.brand == brand)
    return tuple(s.execute(query).one())


def test_an_irrelevant_pair_is_kept_and_in_no_count_or_list(db: Database) -> None:
    since, until = NOW - DAY, NOW + DAY
    with db.write() as s:
        mentions.add(s, [make_mention(brands=("云雀", "夜莺"), likes=5)])
        assert count_pending(s, 云雀=BY_WORDS) == 2
        assert scores.pending(s, limit=9) == [] and scores.uncounted(s, since, until) == 0
        assert (total(s), total(s, "夜莺")) == (0, 1)
        assert whose(s) == (False, "words/1") and whose(s, brand="夜莺") == (None, None)
        assert mentions.top(s, "云雀", since, until) == []
        assert [m.mention.brands for m in mentions.top(s, "夜莺", since, until)] == [("夜莺",)]
        assert reports.term_counts(s, "云雀", since, until) == {}
        assert reports.term_counts(s, "夜莺", since, until) == {"续航": 1}
        assert reports.aspect_counts(s, "云雀", since, until) == {}
        assert review.doubts(s, ["云雀"], since, until, limit=5) == []
        assert mentions.count(s) == 1


def test_a_mark_moves_every_copy_out_and_back(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="云雀叫了"), make_mention(text="云雀叫了", source="zhihu"), make_mention()])
        made = mark(s, 1, NOT_US)
        assert made == relevance.get(s, made.id) and made.text == "云雀叫了"
        assert total(s) == 1 and whose(s, 2) == (False, f"person/{made.id}")
        again = mark(s, 2, NOT_US)  # says the same: nothing moves twice
        assert total(s) == 1 and relevance.current(s) == {(made.text_key, "云雀"): again}
        mark(s, 1, US)
        assert reports.totals(s, ["云雀"], NOW - DAY, NOW + DAY)["云雀"] == Totals(
            total=3, negative=3, polarity_sum=pytest.approx(-3 * 0.75)
        )


def test_a_mark_wins_over_the_judge_for_later_copies(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="云雀叫了")])
        made = mark(s, 1, US)
        mentions.add(s, [make_mention(text="云雀叫了"), make_mention(text="别的")])
        count_pending(s, 云雀=BY_WORDS)
        assert total(s) == 2 and whose(s, 2) == (True, f"person/{made.id}") and whose(s, 3) == (False, "words/1")


def test_a_mark_may_come_before_the_score(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention()])
        made = mark(s, 1, NOT_US)
        assert total(s) == 0
        count_pending(s)
        assert total(s) == 0 and whose(s) == (False, f"person/{made.id}")


def test_taking_it_back_lets_the_copies_be_judged_again(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="云雀叫了"), make_mention(text="云雀叫了")])
        older, newer = mark(s, 1, NOT_US), mark(s, 1, US)
        assert relevance.unmark(s, newer.id, now=NOW) and not relevance.unmark(s, older.id, now=NOW)
        assert total(s) == 0 and len(scores.pending(s, limit=9)) == 2 and whose(s) == (None, None)
        assert count_pending(s, 云雀=Relevance(relevant=True, p=0.9, by="filter/a")) == 2
        assert total(s) == 2 and whose(s) == (True, "filter/a")
        assert [m.revoked_at for m in relevance.listing(s)] == [NOW, NOW]


def test_an_older_mark_taken_back_leaves_the_newer_in_force(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention()])
        older, newer = mark(s, 1, US), mark(s, 1, NOT_US)
        assert relevance.unmark(s, older.id, now=NOW)
        assert total(s) == 0 and whose(s) == (False, f"person/{newer.id}") and scores.pending(s, limit=9) == []


def test_labels_and_marks_do_not_disturb_each_other(db: Database) -> None:
    """A label of an irrelevant mention changes no bucket; once it is ours it counts under the label."""
    with db.write() as s:
        stored_scored(s, [make_mention()])
        mark(s, 1, NOT_US)
        label = corrections.add(s, 1, Label.POSITIVE, author="李", now=NOW)
        assert total(s) == 0
        mark(s, 1, US)
        assert reports.totals(s, ["云雀"], NOW - DAY, NOW + DAY)["云雀"] == Totals(
            total=1, positive=1, polarity_sum=1.0
        )
        mark(s, 1, NOT_US)
        corrections.revoke(s, label.id, now=NOW)
        assert total(s) == 0
        mark(s, 1, US)
        assert reports.totals(s, ["云雀"], NOW - DAY, NOW + DAY)["云雀"].negative == 1


@pytest.mark.parametrize(
    ("mention_id", "brand", "says"), [(9, "云雀", "no mention 9"), (1, "夜莺", "not about '夜莺' but about 云雀")]
)
def test_what_cannot_be_marked(sqlite_db: Database, mention_id: int, brand: str, says: str) -> None:
    with sqlite_db.write() as s:
        stored_scored(s, [make_mention()])
        with pytest.raises(StoreError, match=says):
            mark(s, mention_id, NOT_US, brand)
        with pytest.raises(StoreError, match="no mark 7"):
            relevance.unmark(s, 7, now=NOW)


def test_marks_outlive_their_mention(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="a\x00b\ud800")])
        made = mark(s, 1, NOT_US)
        s.execute(MENTION.delete())
        assert relevance.get(s, made.id).mention_id is None and relevance.get(s, made.id).text == "a\ufffdb\ufffd"


def test_a_new_judge_gets_the_old_mentions_of_its_brand(db: Database) -> None:
    since, until = NOW - DAY, NOW + DAY
    with db.write() as s:
        mentions.add(s, [make_mention(text=f"云雀{i}", brands=("云雀", "夜莺")) for i in range(4)])
        count_pending(s, 云雀=BY_WORDS)
        made = mark(s, 1, US)
        old: dict[str, Any] = {"version": "filter/a", "rules": "words/2", "limit": 2}
        assert relevance.let_wait(s, "云雀", since, until, **old) == 2
        assert relevance.let_wait(s, "云雀", since, until, **old) == 1
        assert relevance.let_wait(s, "云雀", since, until, **old) == 0
        assert (total(s), total(s, "夜莺")) == (1, 4)
        count_pending(s, 云雀=Relevance(relevant=True, p=0.9, by="filter/a"))
        assert total(s) == 4 and whose(s) == (True, f"person/{made.id}")
        assert relevance.let_wait(s, "云雀", since, until, **old) == 0
        ruled_out = {**old, "version": "filter/b", "rules": "filter/a"}
        assert relevance.let_wait(s, "云雀", since, until, **ruled_out) == 2


def test_what_was_judged_lists_each_text_once_and_none_that_is_marked(sqlite_db: Database) -> None:
    since, until = NOW - DAY, NOW + DAY
    with sqlite_db.write() as s:
        mentions.add(s, [make_mention(text=text) for text in ("甲", "乙", "乙", "丙")])
        count_pending(s, 云雀=BY_WORDS)
        mark(s, 1, US)
        found = relevance.judged(s, "云雀", since, until, limit=9)
    assert [(j.text, j.relevant, j.by) for j in found] == [("丙", False, "words/1"), ("乙", False, "words/1")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["us", "not us", "unmark", "count", "label", "new"]), st.integers(1, 3)), max_size=14
    )
)
def test_no_bucket_ever_drifts(sqlite_db: Database, steps: list[tuple[str, int]]) -> None:
    """Whatever is marked, taken back, labelled and counted in whatever order: buckets say what the pairs say."""
    with sqlite_db.write() as s:
        for row in (LINK, MENTION, SCORE, BUCKETS, relevance.MARK, corrections.CORRECTION):
            s.execute(row.delete())
        mentions.add(s, [make_mention(text=f"云雀{i % 2}") for i in range(3)])
        first = s.execute(select(func.min(MENTION.c.id))).scalar_one() - 1
        for step, i in steps:
            if step in ("us", "not us"):
                mark(s, first + i, step == "us")
            elif step == "unmark" and (made := relevance.listing(s)):
                relevance.unmark(s, made[i % len(made)].id, now=NOW)
            elif step == "count":
                count_pending(s, **({"云雀": BY_WORDS} if i == 2 else {}))
            elif step == "label":
                corrections.add(s, first + i, Label.POSITIVE, author="李", now=NOW)
            elif step == "new":
                mentions.add(s, [make_mention(text=f"云雀{i % 2}")])
            pairs = select(LINK.c.label, func.count()).where(
                LINK.c.counted_by.is_not(None), LINK.c.relevant.is_not(False)
            )
            want = {label: n for label, n in s.execute(pairs.group_by(LINK.c.label))}
            found = reports.totals(s, ["云雀"], NOW - DAY, NOW + DAY)["云雀"]
            assert (found.negative, found.positive, found.total) == (
                want.get(-1, 0),
                want.get(1, 0),
                sum(want.values()),
            )


def test_marks_and_counting_at_once_lose_no_copy(db: Database) -> None:
    """One thread counts copies of a text while another marks it: at the end none is counted."""
    with db.write() as s:
        stored_scored(s, [make_mention(text="云雀叫了")])
        mentions.add(s, [make_mention(text="云雀叫了") for _ in range(40)])

    def counting() -> None:
        for _ in range(8):
            with db.write() as s:
                waiting = scores.pending(s, limit=5)
                scores.record(s, [], waiting, **WHO)

    def marking() -> None:
        for relevant in (NOT_US, US, NOT_US):
            with db.write() as s:
                mark(s, 1, relevant)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(counting), pool.submit(marking)]:
            done.result(60)
    with db.read() as s:
        assert total(s) == 0
        assert s.execute(select(func.count()).where(LINK.c.relevant.is_(False))).scalar_one() == 41
