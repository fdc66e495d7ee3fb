"""A filter is learnt from marks, judged on marks it has not seen, installed only if better, and taken up at once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.brands import BrandWords
from sentiment.jobs import score_pending
from sentiment.jobs_relevance import (
    WantedMark,
    find_marks,
    find_worth_marking,
    learn_filter,
    mark,
    quality,
    read_marks,
    rejudge,
    unmark,
)
from sentiment.naming import Naming
from sentiment.relevance import Judge
from sentiment.relevance_filter import NONE, Filter, current, folder_of, in_force, install, listing, load, use
from sentiment.relevance_fit import AIM, fit, out_of_fold, threshold
from sentiment.relevance_learn import LEAST, _worse, kept, learn
from sentiment.relevance_review import worth_marking
from sentiment.tokenizer import default_tokenizer
from store import mentions, relevance, reports
from store.database import Database
from store.mentions import LINK
from store.scores import Pending
from tests.sentiment.domain import Blind
from tests.support.factories import NOW, make_mention
from tingfeng.errors import ScoringError, StoreError, UnknownName
from tingfeng.model import Brand, text_key
from tingfeng.relevance import Relevance

BRAND = Brand(name="小米")
GOODS, GRAIN = ("手机", "电视", "客服", "系统更新"), ("和红枣", "下锅", "五斤", "打成糊")
US = [f"小米{what}{how}" for what in GOODS for how in ("很卡", "降价了", "售后太慢", "屏幕花了")]
NOT_US = [f"{how}小米{what}" for what in GRAIN for how in ("熬了", "吃", "淘好", "煮点")]
MARKS = [(text, True) for text in US] + [(text, False) for text in NOT_US]


def naming(brand: Brand = BRAND) -> Naming:
    return Naming([brand], default_tokenizer())


def learnt() -> Filter:
    _, found = learn(naming(), default_tokenizer(), "小米", MARKS, now=NOW)
    assert found is not None
    return found


def pending(*texts: str, brand: str = "小米") -> list[Pending]:
    return [
        Pending(mention_id=i, brand=brand, text_key=text_key(t), text=t, source="weibo", published_at=NOW)
        for i, t in enumerate(texts, 1)
    ]


# --- fitting


def test_a_filter_tells_phone_from_grain_in_words_it_has_not_seen(tmp_path: Path) -> None:
    install(tmp_path, learnt())
    judge = Judge([BRAND], default_tokenizer(), tmp_path)
    texts = ("小米充电时发热，屏幕发烫", "小米加南瓜炖一锅，香甜", "小米粥", "没有名字")
    said = list(judge.judge(pending(*texts)).values())
    assert [s.relevant for s in said] == [True, False, False, True]
    assert [s.by.partition("/")[0] for s in said] == ["filter", "filter", "words", "words"]
    assert all(0 <= s.p <= 1 and len(s.by) <= 60 for s in said)


def test_the_same_marks_give_the_same_filter() -> None:
    assert learnt().digest == learnt().digest


def test_copies_are_never_their_own_test() -> None:
    """A label of chance on pairs of copies cannot be learnt: out of fold it looks like chance."""
    texts = [f"小米第{i // 2}号这样的话说了又说" for i in range(40)]
    rows = [({f"word:{i // 2}": 1.0}, (i // 2) % 2 == 0) for i in range(40)]
    p = out_of_fold(rows, texts, 0.05)
    assert float(np.abs(p - 0.5).max()) < 0.2


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=1, max_size=60))
def test_a_threshold_is_within_bounds_and_keeps_its_aim(rows: list[tuple[float, bool]]) -> None:
    p, ours = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    at = threshold(p, ours)
    assert 0.3 <= at <= 0.9
    if (p >= at).any() and at not in (0.3, 0.9) and ours[p >= at].mean() >= AIM:
        below = np.unique(p[p < at])
        if len(below):  # one lower would keep more, and less of it right, or the best of both lies here
            assert ours[p >= below[-1]].mean() <= ours[p >= at].mean() + 1e-9 or not ours.any()


def test_the_fit_needs_no_chance_and_survives_one_kind() -> None:
    weights, bias = fit([({"a": 1.0}, True), ({"b": 1.0}, True)], 0.5)
    assert bias > 0 and set(weights) == {"a", "b"}


# --- the gate


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (MARKS[: LEAST - 1], "too few"),
        ([(f"小米{i}", True) for i in range(30)], "at least 5 marks each"),
        ([(f"小米粥{i}", i % 2 == 0) for i in range(30)], "too few"),  # the rules rule them all out
    ],
)
def test_what_is_refused(marks: list[tuple[str, bool]], says: str) -> None:
    report, found = learn(naming(), default_tokenizer(), "小米", marks, now=NOW)
    assert found is None and report.filter is None
    assert report.refused and says in report.refused


def test_a_filter_that_is_worse_than_the_rules_is_refused() -> None:
    ours = [True] * 10 + [False] * 10
    rules = kept([True] * 20, ours)
    assert _worse(rules, kept([True] * 9 + [False] * 11, ours)) is None
    assert "less is right" in (_worse(rules, kept([True] * 4 + [False] * 6 + [True] * 5 + [False] * 5, ours)) or "")
    assert "loses more" in (_worse(rules, kept([True] * 4 + [False] * 16, ours)) or "")


def test_a_report_tells_all_three_judges() -> None:
    report, found = learn(naming(), default_tokenizer(), "小米", [*MARKS, ("一碗小米粥", False)], now=NOW)
    assert found is not None and report.filter == found.digest
    assert report.plain and report.rules and report.learnt
    assert (report.plain.kept, report.rules.kept) == (33, 32)
    assert report.learnt.precision and report.plain.precision and report.learnt.precision > report.plain.precision
    assert report.learnt.precision_from and report.learnt.precision_from <= report.learnt.precision


def test_kept_counts() -> None:
    found = kept([True, True, False, False], [True, False, True, False])
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert kept([], []).precision is None and kept([False], [True]).recall == 0.0


# --- files


def test_installing_going_back_and_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = learnt()
    two = replace(one, threshold=0.9)
    folder = folder_of(tmp_path)
    judge = Judge([BRAND], default_tokenizer(), folder)
    assert current(folder, "小米") == NONE and judge.filter("小米") is None
    install(folder, one)
    assert judge.filter("小米") == one  # without a new start
    install(folder, two)
    assert judge.filter("小米") == two and judge.version("小米") == f"filter/{two.digest}"
    use(folder, "小米", one.digest)
    assert judge.filter("小米") == one and in_force(folder, "小米") == one
    with pytest.raises(UnknownName, match="did you mean"):
        use(folder, "小米", one.digest[:-1])
    assert {f.digest: f.current for f in listing(folder, "小米")} == {one.digest: True, two.digest: False}
    use(folder, "小米", NONE)
    assert judge.filter("小米") is None
    [path] = folder.glob(f"*/{two.digest}.json")
    path.write_text("{}", "utf-8")
    with pytest.raises(ScoringError, match="is no filter; learn it anew"):
        use(folder, "小米", two.digest)
    (path.parent / "current").write_text(two.digest)
    assert judge.filter("小米") is None and judge.filter("小米") is None
    assert caplog.text.count("is not used") == 1
    assert [bool(f.problem) for f in listing(folder, "小米")] == [True, False]


@pytest.mark.parametrize(
    "told",
    [
        "[]",
        "[" * 100_000,
        "null",
        '{"format": 2}',
        '{"format": 1, "features": 1, "brand": "小米", "weights": {"a": 1e999}, "bias": 0,"threshold": 1, "about": {}}',
        '{"format": 1, "features": 1, "brand": "小米", "weights": [], "bias": 0, "threshold": 0.5, "about": {}}',
        '{"format": 1, "features": 1, "brand": "小米", "weights": {}, "bias": 0, "threshold": 5, "about": {}}',
        '{"format": 1, "features": 1, "brand": "别的", "weights": {}, "bias": 0, "threshold": 0.5, "about": {}}',
        '{"format": 1, "features": 0, "brand": "小米", "weights": {}, "bias": 0, "threshold": 0.5, "about": {}}',
    ],
)
def test_files_that_are_no_filter(tmp_path: Path, told: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(told, "utf-8")
    with pytest.raises(ScoringError, match="learn it anew"):
        load(path, "小米")


def test_a_brand_may_be_called_anything(tmp_path: Path) -> None:
    odd = replace(learnt(), brand="../坏\x1b/\\")
    install(tmp_path, odd)
    assert in_force(tmp_path, odd.brand) == odd
    assert all(path.resolve().is_relative_to(tmp_path.resolve()) for path in tmp_path.rglob("*"))


# --- judging


@settings(deadline=None, max_examples=60)
@given(st.text("小米手机粥吃 《mac\x00\ud800İ😀", max_size=60))
def test_every_text_is_judged_and_explained(text: str) -> None:
    judge = Judge([BRAND], default_tokenizer())
    judge._loaded["小米"] = NONE, FIXED  # a filter without a folder
    judge.filter = lambda brand: FIXED  # type: ignore[method-assign]
    said = judge.judge(pending(text))[1, "小米"]
    assert said == judge.reasons(text, "小米").relevance and 0 <= said.p <= 1


FIXED = Filter(brand="小米", weights={"topic:phone": 1.0, "topic:food": -1.0}, bias=0.1, threshold=0.5)


def test_brands_that_are_not_configured_are_not_judged() -> None:
    assert Judge([BRAND], default_tokenizer()).judge(pending("甲", brand="别的")) == {}


def test_reasons_name_words_and_weights(tmp_path: Path) -> None:
    install(tmp_path, learnt())
    found = Judge([BRAND], default_tokenizer(), tmp_path).reasons("小米手机屏幕花了", "小米")
    assert found.relevance.relevant and found.threshold is not None
    assert dict(found.parts)["topic:phone"] > 0
    ruled = Judge([BRAND], default_tokenizer(), tmp_path).reasons("喝小米粥", "小米")
    assert (ruled.ruling.why, ruled.ruling.names[0].inside, ruled.parts) == ("inside", "小米粥", ())


# --- jobs


@pytest.fixture
def words(tmp_path: Path) -> BrandWords:
    return BrandWords([BRAND], filters=folder_of(tmp_path))


def put(db: Database, *texts: str) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(text=text, brands=("小米",)) for text in texts])


def total(db: Database) -> int:
    with db.read() as s:
        return reports.totals(s, ["小米"], NOW - timedelta(days=1), NOW + timedelta(days=1))["小米"].total


def told(db: Database) -> list[tuple[bool | None, str]]:
    with db.read() as s:
        rows = s.execute(LINK.select().order_by(LINK.c.mention_id)).all()
    return [(row.relevant, str(row.relevance_by).partition("/")[0]) for row in rows]


def test_from_marks_to_a_filter_that_counts(db: Database, words: BrandWords, tmp_path: Path) -> None:
    put(db, *US, *NOT_US, "喝了小米粥")
    score_pending(db, Blind(), words=words)
    assert total(db) == 32 and told(db)[-1] == (False, "words")
    wanted = [WantedMark(relevant=ours, mention_id=i) for i, (_, ours) in enumerate(MARKS, 1)]
    mark(db, wanted, brand="小米", author="李", now=NOW)
    assert total(db) == 16
    dry = learn_filter(db, words.relevance, "小米", None, now=NOW)
    assert dry.refused is None and words.relevance.filter("小米") is None
    report = learn_filter(db, words.relevance, "小米", folder_of(tmp_path), now=NOW)
    assert report.filter == dry.filter
    put(db, "小米充电发热，客服不理", "小米炖南瓜，香甜软糯")
    score_pending(db, Blind(), words=words)
    assert told(db)[-2:] == [(True, "filter"), (False, "filter")] and total(db) == 17
    found = quality(db, words.relevance, [BRAND])[0]
    assert (found.marks, found.filter, found.since) == (32, report.filter, None)
    mark(db, [WantedMark(relevant=True, text="小米手机真香")], brand="小米", author="李", now=NOW + timedelta(hours=1))
    later = quality(db, words.relevance, [BRAND])[0].since
    assert later is not None and later.marks == 1


def test_a_new_filter_may_judge_what_was_judged_before(db: Database, words: BrandWords, tmp_path: Path) -> None:
    put(db, "小米炖南瓜，香甜软糯", "小米手机屏幕花了", "喝了小米粥")
    score_pending(db, Blind(), words=words)
    assert total(db) == 2
    install(folder_of(tmp_path), learnt())
    since, until = NOW - timedelta(days=1), NOW
    assert rejudge(db, words.relevance, "小米", since, until) == 2
    score_pending(db, Blind(), words=words)
    assert total(db) == 1 and rejudge(db, words.relevance, "小米", since, until) == 0


def test_taking_a_mark_back(db: Database, words: BrandWords) -> None:
    put(db, "小米手机")
    score_pending(db, Blind(), words=words)
    [made] = mark(db, [WantedMark(relevant=False, mention_id=1)], brand="小米", author="李", now=NOW)
    assert total(db) == 0
    assert unmark(db, made.id, now=NOW) and not unmark(db, made.id, now=NOW)
    score_pending(db, Blind(), words=words)
    assert total(db) == 1 and [m.state for m in find_marks(db)] == ["revoked"]


def test_all_marks_or_none(sqlite_db: Database) -> None:
    put(sqlite_db, "小米手机")
    wanted = [WantedMark(relevant=True, mention_id=1), WantedMark(relevant=True, mention_id=7, at="a.csv:3")]
    with pytest.raises(StoreError, match=r"a\.csv:3: no mention 7"):
        mark(sqlite_db, wanted, brand="小米", author="李", now=NOW)
    assert find_marks(sqlite_db) == []


def test_what_is_worth_marking(sqlite_db: Database, words: BrandWords, tmp_path: Path) -> None:
    install(folder_of(tmp_path), learnt())
    put(sqlite_db, "小米是什么", "小米是什么呢", "小米手机屏幕花了，售后太慢", "小米到底怎样")
    score_pending(sqlite_db, Blind(), words=words)
    mark(sqlite_db, [WantedMark(relevant=True, mention_id=4)], brand="小米", author="李", now=NOW)
    since, until = NOW - timedelta(days=1), NOW
    found = find_worth_marking(sqlite_db, words.relevance, "小米", since, until, limit=3)
    assert [c.mention_id for c in found] == [1, 3]  # 2 says the same as 1, 4 is marked


def test_no_two_alike_and_the_unsure_first() -> None:
    def row(i: int, text: str, p: float) -> tuple[int, str, Relevance]:
        return i, text, Relevance(relevant=p > 0.5, p=p, by="filter/a")

    rows = [row(1, "一模一样的话", 0.5), row(2, "一模一样的话", 0.5), row(3, "完全不同", 0.8), row(4, "很确定", 1.0)]
    assert [c.mention_id for c in worth_marking(rows, limit=3)] == [1, 3, 4]
    assert worth_marking([], limit=3) == []


def test_files_of_marks(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("id,text,mark,note\n3,,us,好\n,小米粥,无关,\n", "utf-8")
    assert read_marks(path) == [
        WantedMark(relevant=True, mention_id=3, note="好", at="marks.csv:2"),
        WantedMark(relevant=False, text="小米粥", at="marks.csv:3"),
    ]
    rows: list[Any] = [
        {"id": "x", "mark": "us"},
        {"id": 1, "mark": "maybe"},
        {"mark": "us"},
        {"text": " ", "mark": "us"},
    ]
    bad = tmp_path / "bad.jsonl"
    bad.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    with pytest.raises(ScoringError) as told_of:
        read_marks(bad)
    assert [line.partition(" ")[0] for line in str(told_of.value).splitlines()] == [
        f"bad.jsonl:{i}:" for i in (1, 2, 3, 4)
    ]


def test_marks_of_texts_reach_copies_that_are_stored(sqlite_db: Database, words: BrandWords) -> None:
    put(sqlite_db, "小米手机")
    score_pending(sqlite_db, Blind(), words=words)
    mark(sqlite_db, [WantedMark(relevant=False, text="小米手机")], brand="小米", author="李", now=NOW)
    assert total(sqlite_db) == 0
    with sqlite_db.read() as s:
        assert relevance.listing(s)[0].mention_id is None
