"""The heart: whatever happens, a (mention, brand) pair stands in its bucket exactly once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from store import feedback, mentions, scores, series
from store.database import Database, Session
from store.mentions import LINK, MENTION
from store.scores import Pending
from tests.support.factories import NOW, make_mention, make_response, make_verdict, stored_scored
from tingfeng.clock import bucket_start
from tingfeng.model import Label, Score, text_key

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
WHO = {"scorer": "test", "version": "1"}


def as_scores(waiting: list[Pending]) -> list[Score]:
    """A verdict per text that depends on nothing but the text, as the Scorer protocol asks."""
    labels = {p.text_key: Label(int(p.text_key, 16) % 3 - 1) for p in waiting}
    return [Score(text_key=key, verdict=make_verdict(label), **WHO) for key, label in labels.items()]


def counted_in_buckets(s: Session, brand: str) -> Counter[tuple[str, str, object, int]]:
    found: Counter[tuple[str, str, object, int]] = Counter()
    for b in series.buckets(s, brand, NOW - 30 * DAY, NOW + 30 * DAY):
        assert b.total == b.negative + b.neutral + b.positive
        for label, n in ((-1, b.negative), (0, b.neutral), (1, b.positive)):
            found[b.brand, b.source, b.start, label] += n
    return +found


def recounted(s: Session, brand: str) -> Counter[tuple[str, str, object, int]]:
    """The same from the links themselves."""
    query = select(MENTION.c.source, MENTION.c.published_at, LINK.c.label).join(LINK, LINK.c.mention_id == MENTION.c.id)
    rows = s.execute(query.where(LINK.c.brand == brand, LINK.c.counted_by.is_not(None)))
    return Counter((brand, source, bucket_start(at), label) for source, at, label in rows)


def test_a_score_is_counted_where_it_was_published(db: Database) -> None:
    at = NOW - timedelta(minutes=2, seconds=1)
    with db.write() as s:
        posts = [make_mention(published_at=at, text="坏"), make_mention(published_at=at, text="坏", source="rsshub")]
        assert stored_scored(s, posts, make_verdict(Label.NEGATIVE)) == 2
        assert stored_scored(s, [make_mention(published_at=at, text="好")], make_verdict(Label.POSITIVE)) == 1
        first, second = series.buckets(s, "云雀", NOW - DAY, NOW)
    assert (first.source, first.start, first.total, first.negative) == ("rsshub", NOW - timedelta(minutes=5), 1, 1)
    assert (second.source, second.total, second.negative, second.positive) == ("weibo", 2, 1, 1)
    assert second.polarity_sum == pytest.approx(0.0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(data=st.data())
def test_buckets_always_equal_a_recount(db: Database, data: st.DataObject) -> None:
    """Posts added, stale lists of pending pairs recorded late, twice, in part: the buckets stay exact."""
    mark = make_mention().native_id
    brands = [f"{mark}a", f"{mark}b"]
    seen: list[Pending] = []
    moves = st.sampled_from(["add", "read", "record", "record part", "record and die"])
    for move in data.draw(st.lists(moves, min_size=3, max_size=12)):
        if move == "add":
            post = st.tuples(st.integers(0, 9), st.sampled_from(brands), st.integers(0, 20))
            batch = [
                make_mention(native_id=f"{mark}-{n}", brands=(b,), text=f"{n % 4}", published_at=NOW + m * MINUTE)
                for n, b, m in data.draw(st.lists(post, max_size=6))
            ]
            with db.write() as s:
                mentions.add(s, batch)
        elif move == "read":
            with db.read() as s:
                seen += [p for p in scores.pending(s, limit=data.draw(st.integers(1, 9))) if p.brand in brands]
        else:
            part = seen[: data.draw(st.integers(0, len(seen)))] if move == "record part" else seen
            try:
                with db.write() as s:
                    scores.record(s, as_scores(part), part, **WHO)
                    if move == "record and die":
                        raise InterruptedError
            except InterruptedError:
                pass
    with db.read() as s:
        for brand in brands:
            assert counted_in_buckets(s, brand) == recounted(s, brand)
    _count_the_rest(db)
    with db.read() as s:
        for brand in brands:
            pairs = s.execute(select(LINK.c.mention_id).where(LINK.c.brand == brand)).all()
            assert counted_in_buckets(s, brand).total() == len(pairs)


def _count_the_rest(db: Database) -> None:
    with db.write() as s:
        waiting = scores.pending(s, limit=1000)
        scores.record(s, as_scores(waiting), waiting, **WHO)


def test_two_scorers_count_once(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(text=f"{n % 50}", brands=("云雀", "夜莺")) for n in range(400)])
    with db.read() as s:
        waiting = scores.pending(s, limit=1000)
    counted: list[int] = []

    def score(mine: list[Pending]) -> None:
        for i in range(0, len(mine), 50):
            with db.write() as s:
                counted.append(scores.record(s, as_scores(mine[i : i + 50]), mine[i : i + 50], **WHO))

    threads = [threading.Thread(target=score, args=(part,)) for part in (waiting, waiting[::-1])]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(counted) == len(waiting) == 800
    with db.read() as s:
        for brand in ("云雀", "夜莺"):
            assert counted_in_buckets(s, brand) == recounted(s, brand)
            assert counted_in_buckets(s, brand).total() == 400


KILLED = """
import os, signal, sys
from store import scores
from store.database import Database
from tests.store.test_scores import WHO, as_scores
with Database(sys.argv[1]).write() as s:
    waiting = scores.pending(s, limit=1000)
    assert scores.record(s, as_scores(waiting), waiting, **WHO) == 50
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_scorer_leaves_nothing_behind(db: Database, db_url: str) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention() for _ in range(50)])
    done = subprocess.run([sys.executable, "-c", KILLED, db_url], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    with db.read() as s:
        assert len(scores.pending(s, limit=100)) == 50
        assert counted_in_buckets(s, "云雀") == Counter()
    _count_the_rest(db)
    with db.read() as s:
        assert counted_in_buckets(s, "云雀").total() == 50


def test_a_stored_score_counts_a_late_copy(db: Database) -> None:
    """The caller scores only texts it does not know; the rest is looked up."""
    with db.write() as s:
        stored_scored(s, [make_mention(text="坏")], make_verdict(Label.NEGATIVE))
        mentions.add(s, [make_mention(text="坏"), make_mention(text="无人评过")])
        waiting = scores.pending(s, limit=9)
        assert scores.known(s, [p.text_key for p in waiting], "test", "1").keys() == {text_key("坏")}
        assert scores.known(s, [p.text_key for p in waiting], "test", "2") == {}
        assert scores.record(s, [], waiting, **WHO) == 1
        assert [p.text for p in scores.pending(s, limit=9)] == ["无人评过"]


def test_a_new_brand_of_a_counted_mention_is_counted(db: Database) -> None:
    post = make_mention()
    with db.write() as s:
        stored_scored(s, [post])
        mentions.add(s, [make_mention(native_id=post.native_id, brands=("夜莺",))])
        assert [p.brand for p in scores.pending(s, limit=9)] == ["夜莺"]


def test_uncounted_says_whether_the_buckets_are_complete(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(published_at=NOW - DAY)])
        mentions.add(s, [make_mention(published_at=NOW, brands=("云雀", "夜莺"))])
        assert scores.uncounted(s, NOW - 2 * DAY, NOW) == 0
        assert scores.uncounted(s, NOW, NOW + DAY) == 1


def test_verdicts_come_back_as_they_were(db: Database) -> None:
    verdict = make_verdict(Label.NEUTRAL, polarity=0.1 + 0.2)
    with db.write() as s:
        stored_scored(s, [make_mention(text="x"), make_mention(text="y")], verdict)
        found = scores.known(s, [text_key("x"), text_key("y"), text_key("z")], "test", "1")
    assert found == {text_key("x"): verdict, text_key("y"): verdict}


def test_survey_comments_wait_once_per_text(db: Database) -> None:
    with db.write() as s:
        feedback.add(s, [make_response(comment=c) for c in ("好", "好", "差", "", "  ")], now=NOW)
        waiting = scores.pending_comments(s, "test", "1", 10)
        assert [c.text for c in waiting] == ["好", "差"]
        done = Score(text_key=waiting[0].text_key, verdict=make_verdict(), **WHO)
        assert scores.record(s, [done], [], **WHO) == 0
        assert [c.text for c in scores.pending_comments(s, "test", "1", 10)] == ["差"]
        assert len(scores.pending_comments(s, "test", "2", 10)) == 2
