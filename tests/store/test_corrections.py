"""A person's label wins, for every copy, at once and later; and no bucket ever drifts."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from store import corrections, mentions, reports, scores, series
from store.database import Database, Session
from store.mentions import LINK, MENTION, SCORE
from store.reports import Totals
from store.scores import Pending
from tests.support.factories import NOW, make_mention, make_verdict, stored_scored
from tingfeng.clock import bucket_start
from tingfeng.errors import StoreError
from tingfeng.model import Correction, Label, Score, text_key

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
WHO = {"scorer": "test", "version": "1"}
NEG, NEU, POS = Label


def label(s: Session, mention_id: int, as_: Label, brand: str | None = None) -> Correction:
    return corrections.add(s, mention_id, as_, brand=brand, author="李", now=NOW)


def totals(s: Session, brand: str = "云雀") -> Totals:
    return reports.totals(s, [brand], NOW - DAY, NOW + DAY)[brand]


def negative_and_positive(s: Session, brand: str = "云雀") -> tuple[int, int]:
    found = totals(s, brand)
    return found.negative, found.positive


def test_every_copy_moves_and_the_models_score_is_kept(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="稳得很"), make_mention(text="稳得很", source="zhihu"), make_mention()])
        made = label(s, 1, POS)
        assert made == corrections.get(s, made.id)
        assert (made.text, made.text_key, made.mention_id) == ("稳得很", text_key("稳得很"), 1)
        assert totals(s) == Totals(total=3, negative=1, positive=2, polarity_sum=pytest.approx(2 - 0.75))
        assert {n: (t.negative, t.positive) for n, t in reports.by_source(s, "云雀", NOW - DAY, NOW).items()} == {
            "weibo": (1, 1),
            "zhihu": (0, 1),
        }
        shown = mentions.by_ids(s, [1, 2])
        assert [(m.verdict.label, m.verdict.positive) for m in shown if m.verdict] == [(POS, 1.0)] * 2
        kept = scores.known(s, [made.text_key], "test", "1")
        assert kept[made.text_key] == make_verdict(NEG)


def test_later_copies_count_under_the_label(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="稳得很")])
        label(s, 1, POS)
        stored_scored(s, [make_mention(text="稳得很", brands=("云雀", "夜莺"))], version="2", terms=("稳",))
        assert negative_and_positive(s) == (0, 2)
        assert negative_and_positive(s, "夜莺") == (0, 1)
        assert scores.known(s, [text_key("稳得很")], "test", "2")  # the newer version's own is written all the same
        overruled = s.execute(select(LINK.c.overruled).order_by(LINK.c.mention_id, LINK.c.brand)).scalars().all()
    assert overruled == ["test/1", "test/2", "test/2"]


def test_a_label_may_come_before_the_score(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(text="稳得很")])
        label(s, 1, POS)
        assert totals(s) == Totals()
        waiting = scores.pending(s, limit=9)
        assert scores.record(s, [], waiting, **WHO) == 0  # no score of this scorer yet
        score = Score(text_key=text_key("稳得很"), verdict=make_verdict(NEG), terms=("稳",), **WHO)
        assert scores.record(s, [score], waiting, **WHO) == 1
        assert negative_and_positive(s) == (0, 1)
        assert reports.term_counts(s, "云雀", NOW - DAY, NOW) == Counter({"稳": 1})


def test_terms_stay_with_the_text(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="稳得很")], terms=("稳",))
        label(s, 1, POS)
        assert reports.term_counts(s, "云雀", NOW - DAY, NOW, POS) == Counter({"稳": 1})


def test_a_label_for_one_brand_leaves_the_other_alone(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="云雀比夜莺稳", brands=("云雀", "夜莺"))])
        label(s, 1, POS, "云雀")
        assert (negative_and_positive(s), negative_and_positive(s, "夜莺")) == ((0, 1), (1, 0))
        shown = {b: mentions.top(s, b, NOW - DAY, NOW)[0].verdict for b in ("云雀", "夜莺")}
        assert {brand: v.label for brand, v in shown.items() if v} == {"云雀": POS, "夜莺": NEG}
        label(s, 1, NEU)  # newer, and for every brand
        assert (totals(s).neutral, totals(s, "夜莺").neutral) == (1, 1)


def test_revoking_brings_back_the_model(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="稳得很"), make_mention(text="稳得很")])
        before = totals(s)
        label(s, 1, NEU)
        last = label(s, 2, POS)  # supersedes the other copy's label
        assert corrections.revoke(s, last.id, now=NOW + MINUTE)
        assert not corrections.revoke(s, last.id, now=NOW + DAY)
        after = totals(s)
        assert (after.total, after.negative, after.polarity_sum) == (2, 2, pytest.approx(before.polarity_sum))
        assert [c.revoked_at for c in corrections.listing(s)] == [NOW + MINUTE] * 2
        assert {tuple(row) for row in s.execute(select(LINK.c.counted_by, LINK.c.overruled))} == {("test/1", None)}


def test_revoking_one_brands_label_leaves_that_for_every_brand(db: Database) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text="x", brands=("云雀", "夜莺"))])
        label(s, 1, POS)
        special = label(s, 1, NEU, "云雀")
        assert (totals(s).neutral, totals(s, "夜莺").positive) == (1, 1)
        corrections.revoke(s, special.id, now=NOW)
        assert (totals(s).positive, totals(s, "夜莺").positive) == (1, 1)


def test_without_the_models_score_a_revoked_text_is_scored_again(db: Database) -> None:
    """Retention may delete scores before mentions."""
    with db.write() as s:
        stored_scored(s, [make_mention(text="x")])
        made = label(s, 1, POS)
        s.execute(SCORE.delete())
        corrections.revoke(s, made.id, now=NOW)
        assert totals(s).total == 0
        assert [p.text for p in scores.pending(s, limit=9)] == ["x"]
        stored_scored(s, [])
        assert totals(s).negative == 1


@pytest.mark.parametrize(
    ("why", "mention_id", "brand", "says"),
    [
        ("no such mention", 99, None, "no mention 99"),
        ("a brand it is not about", 1, "山雀", "not about '山雀' but about 云雀, 夜莺"),
    ],
)
def test_what_cannot_be_labelled(db: Database, why: str, mention_id: int, brand: str | None, says: str) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(brands=("云雀", "夜莺"))])
    with pytest.raises(StoreError, match=says), db.write() as s:
        label(s, mention_id, POS, brand)
    with db.read() as s:
        assert corrections.listing(s) == []
        with pytest.raises(StoreError, match="sentiment corrections"):
            corrections.get(s, 1)


def test_training_takes_each_text_once_with_its_newest_label(db: Database) -> None:
    with db.write() as s:
        posts = [make_mention(text=t, brands=("云雀", "夜莺")) for t in ("a", "b", "c", "d", "a")]
        mentions.add(s, posts)
        label(s, 1, NEG)
        label(s, 2, POS)
        label(s, 5, POS)  # another copy of "a"
        label(s, 3, POS, "云雀")
        label(s, 3, NEG, "夜莺")  # depends on the brand: nothing a scorer could learn
        revoked = label(s, 4, NEG)
        corrections.revoke(s, revoked.id, now=NOW)
        assert corrections.training_rows(s) == [("b", POS), ("a", POS)]
        assert {key: len(found) for key, found in corrections.current(s).items()} == {
            text_key("a"): 1,
            text_key("b"): 1,
            text_key("c"): 2,
        }


def test_hostile_words_can_be_stored(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(text="\x00坏\ud800")])
        made = corrections.add(s, 1, NEG, author="李\x00" * 99, note="\ud800'; DROP TABLE", now=NOW)
    assert len(made.author) == 120
    assert made.note == "\ufffd'; DROP TABLE"


def as_scores(waiting: list[Pending], version: str) -> list[Score]:
    """A verdict that depends on text and version only, as the Scorer protocol asks."""
    labels = {p.text_key: Label((int(p.text_key, 16) + int(version)) % 3 - 1) for p in waiting}
    return [Score(text_key=k, scorer="test", version=version, verdict=make_verdict(x)) for k, x in labels.items()]


def from_scratch(s: Session, brand: str) -> tuple[Counter[tuple[str, object, int]], float]:
    """What the buckets should hold: every counted pair under the person's label, else under the model's score."""
    query = select(MENTION.c.source, MENTION.c.published_at, MENTION.c.text_key, LINK.c.counted_by, LINK.c.overruled)
    rows = s.execute(query.join(LINK, LINK.c.mention_id == MENTION.c.id).where(LINK.c.brand == brand)).all()
    found: Counter[tuple[str, object, int]] = Counter()
    polarity = 0.0
    for source, at, key, by, overruled in rows:
        if by is None:
            continue
        newest = [c for c in corrections.listing(s) if c.text_key == key and c.rules(brand)][:1]
        scorer, _, version = (overruled or by).partition("/")
        verdict = scores.known(s, [key], scorer, version)[key]
        assert (by == f"person/{newest[0].id}") if newest else (by == f"{scorer}/{version}" and overruled is None)
        found[source, bucket_start(at), newest[0].label if newest else verdict.label] += 1
        polarity += float(newest[0].label) if newest else verdict.polarity
    return found, polarity


def in_buckets(s: Session, brand: str) -> tuple[Counter[tuple[str, object, int]], float]:
    found: Counter[tuple[str, object, int]] = Counter()
    polarity = 0.0
    for b in series.buckets(s, brand, NOW - DAY, NOW + DAY):
        assert b.total == b.negative + b.neutral + b.positive
        assert min(b.negative, b.neutral, b.positive) >= 0
        found.update({(b.source, b.start, NEG): b.negative, (b.source, b.start, NEU): b.neutral})
        found[b.source, b.start, POS] += b.positive
        polarity += b.polarity_sum
    return +found, polarity


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.data())
def test_buckets_never_drift(db: Database, data: st.DataObject) -> None:
    """Copies come in, get counted by two versions, labelled, labelled again, revoked, in any order."""
    mark = make_mention().native_id
    brands = [f"{mark}a", f"{mark}b"]
    moves = st.sampled_from(["add", "count", "label", "label", "revoke", "die"])
    for move in data.draw(st.lists(moves, min_size=4, max_size=14)):
        _one_move(db, data, move, mark, brands)
        with db.read() as s:
            for brand in brands:
                (want, sum_), (have, stored) = from_scratch(s, brand), in_buckets(s, brand)
                assert have == want
                assert stored == pytest.approx(sum_)


def _one_move(db: Database, data: st.DataObject, move: str, mark: str, brands: list[str]) -> None:
    with db.read() as s:
        ids = s.execute(select(MENTION.c.id).where(MENTION.c.native_id.startswith(mark))).scalars().all()
        about = dict.fromkeys(ids)
        for i in ids:
            about[i] = s.execute(select(LINK.c.brand).where(LINK.c.mention_id == i)).scalars().all()
        made = [c.id for c in corrections.listing(s) if c.mention_id in about]
    if move == "add":
        post = st.tuples(st.integers(0, 9), st.sampled_from(brands), st.integers(0, 9))
        with db.write() as s:
            batch = data.draw(st.lists(post, max_size=6))
            posts = [(f"{mark}-{n}", b, f"{mark} {n % 3}", NOW + m * MINUTE) for n, b, m in batch]
            mentions.add(s, [make_mention(native_id=i, brands=(b,), text=t, published_at=at) for i, b, t, at in posts])
    elif move == "count":
        version = data.draw(st.sampled_from("12"))
        with db.write() as s:
            waiting = scores.pending(s, limit=data.draw(st.integers(1, 9)))
            scores.record(s, as_scores(waiting, version), waiting, scorer="test", version=version)
    elif move == "revoke" and made:
        with db.write() as s:
            corrections.revoke(s, data.draw(st.sampled_from(made)), now=NOW)
    elif move in ("label", "die") and ids:
        mention_id = data.draw(st.sampled_from(ids))
        brand = data.draw(st.sampled_from([None, *about[mention_id]]))
        try:
            with db.write() as s:
                label(s, mention_id, data.draw(st.sampled_from(list(Label))), brand)
                if move == "die":
                    raise InterruptedError
        except InterruptedError:
            pass


def test_two_desks_and_a_scorer_at_once(db: Database) -> None:
    """All three write about the same texts: no copy is moved twice, none misses the label."""
    with db.write() as s:
        mentions.add(s, [make_mention(text=f"{n % 5}") for n in range(100)])
        waiting = scores.pending(s, limit=1000)
        scores.record(s, as_scores(waiting, "1"), waiting, **WHO)
        mentions.add(s, [make_mention(text=f"{n % 5}") for n in range(100)])
    with db.read() as s:
        waiting = scores.pending(s, limit=1000)
    failed: list[Exception] = []

    def desk(as_: Label) -> None:
        for mention_id in range(1, 26):
            with db.write() as s:
                made = label(s, mention_id, as_)
            if mention_id % 4 == 0:
                with db.write() as s:
                    corrections.revoke(s, made.id, now=NOW)

    def scorer() -> None:
        for i in range(0, len(waiting), 10):
            with db.write() as s:
                scores.record(s, as_scores(waiting[i : i + 10], "1"), waiting[i : i + 10], **WHO)

    def guarded(work: object, *args: object) -> None:
        try:
            work(*args)  # type: ignore[operator]
        except Exception as e:  # noqa: BLE001 – a thread's error must reach the test
            failed.append(e)

    threads = [threading.Thread(target=guarded, args=a) for a in ((desk, NEG), (desk, POS), (scorer,))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failed == []
    with db.read() as s:
        want, polarity = from_scratch(s, "云雀")
        have, stored = in_buckets(s, "云雀")
    assert have == want
    assert have.total() == 200
    assert stored == pytest.approx(polarity)
