"""Learning is judged before it is believed: on corrections it has not seen, and on public texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from sentiment import learn as learning
from sentiment.corpora import fold_of
from sentiment.layer import Layer
from sentiment.layer_make import prepare
from sentiment.learn import Change, Figures, figures, learn, public_halves, public_rows
from sentiment.scorers.layered import LayeredScorer
from tests.sentiment.domain import NEG, NEU, POS, Blind, Rows, corrections, public
from tingfeng.errors import ScoringError
from tingfeng.model import Label, Verdict

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)


def test_corrections_of_a_strange_domain_help_and_public_texts_stay() -> None:
    report, layer = learn(Blind(), corrections(), public(), now=AT)
    assert report.refused is None
    assert layer is not None
    assert report.held_back is not None
    assert report.public is not None
    assert report.held_back.gain > 0.2
    assert report.held_back.before.texts == len(corrections())  # each was held back once
    assert report.public.gain >= -0.005
    assert layer.about["created_at"] == AT.isoformat()
    assert layer.about["held_back"]["after"]["macro_f1"] == report.held_back.after.macro_f1
    assert LayeredScorer(Blind(), layer).version == f"1+{report.layer}"


def test_held_back_means_never_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[int] = []
    make = learning.make
    monkeypatch.setattr(
        learning, "make", lambda base, seen, anchors: fitted.append(len(seen)) or make(base, seen, anchors)
    )
    rows = corrections()
    learn(Blind(), rows, public(), now=AT)
    sizes = [sum(fold_of(text, 5) != fold for text, _ in rows) for fold in range(5)]
    assert fitted == [len(rows), *sizes]


def test_of_many_corrections_one_fold_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "CROSSED", 50)
    report, _ = learn(Blind(), corrections(), public(), now=AT)
    assert report.held_back is not None
    assert report.held_back.before.texts == sum(fold_of(text, 5) == 0 for text, _ in corrections())


def some(negative: int, neutral: int, positive: int) -> Rows:
    counts = {NEG: negative, NEU: neutral, POS: positive}
    return [row for label, n in counts.items() for row in [r for r in corrections(1) if r[1] is label][:n]]


def noise() -> Rows:
    """Labels that nothing in the text explains."""
    return [(f"{text}之{i}", Label(i * 7 % 11 % 3 - 1)) for i, (text, _) in enumerate(corrections(2) * 2)]


def right_already() -> Rows:
    return [(text.replace("啦", "哦"), label) for text, label in public()]


@pytest.mark.parametrize(
    ("why", "rows", "says"),
    [
        ("none at all", [], "too few corrections: 0"),
        ("too few", some(13, 13, 13), "too few corrections: 39"),
        ("one label alone", some(60, 4, 4), r"negative 60, neutral 4, positive 4\), expected 40"),
        ("nothing to learn: the labels are noise", noise(), "no better on corrections it had not seen"),
        ("nothing to learn: the scorer is right", right_already(), "no better"),
    ],
)
def test_refusals(why: str, rows: Rows, says: str) -> None:
    import re

    report, layer = learn(Blind(), rows, public(), now=AT)
    assert layer is None
    assert report.layer is None
    assert report.refused is not None
    assert re.search(says, report.refused), report.refused
    assert any("\u4e00" <= sign <= "\u9fff" for sign in report.refused)


def test_two_labels_are_enough() -> None:
    report, layer = learn(Blind(), some(40, 0, 40), public(), now=AT)
    assert layer is not None
    assert report.held_back is not None
    assert report.held_back.before.f1.keys() == {"negative", "positive"}


class Brute(Layer):
    """What a layer must not be: it calls every public text positive."""

    def chances(self, runs, verdicts):  # type: ignore[no-untyped-def]
        mixed, touched = super().chances(runs, verdicts)
        public = np.array([v.negative == 0.8 or v.neutral == 0.8 for v in verdicts])
        mixed[public] = (0.1, 0.1, 0.8)
        return mixed, touched | public


def test_what_spoils_public_texts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    make = learning.make

    def brute(base: Blind, seen: object, anchors: object) -> Layer:
        made = make(base, seen, anchors)  # type: ignore[arg-type]
        return Brute(**{name: getattr(made, name) for name in Layer.__dataclass_fields__})

    monkeypatch.setattr(learning, "make", brute)
    report, layer = learn(Blind(), corrections(), public(), now=AT)
    assert layer is None
    assert report.refused is not None
    assert "worse on the public texts" in report.refused
    assert report.public is not None
    assert report.public.gain < -0.3


def change(before: float, after: float) -> Change:
    sides = [Figures(texts=9, accuracy=x, macro_f1=x, f1={}) for x in (before, after)]
    return Change(before=sides[0], after=sides[1])


@pytest.mark.parametrize(
    ("why", "held_back", "public_", "refused"),
    [
        ("better here, the same there", change(0.5, 0.6), change(0.8, 0.8), False),
        ("half a point less is allowed", change(0.5, 0.6), change(0.8, 0.795), False),
        ("a little more is not", change(0.5, 0.6), change(0.8, 0.7949), True),
        ("no better", change(0.5, 0.5), change(0.8, 0.9), True),
        ("worse", change(0.5, 0.4), change(0.8, 0.9), True),
    ],
)
def test_the_rule(why: str, held_back: Change, public_: Change, refused: bool) -> None:
    assert (learning._worse(held_back, public_) is not None) is refused


def test_figures_leave_out_a_label_that_never_occurs() -> None:
    found = figures([NEG, NEG, POS, POS], [NEG, NEU, POS, NEG])
    assert found.accuracy == 0.5
    assert found.f1 == pytest.approx({"negative": 0.5, "positive": 2 / 3})
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3) / 2)
    with pytest.raises(ValueError, match="need texts"):
        figures([], [])


def test_public_texts_are_halved_and_never_corrected_ones() -> None:
    rows = public()
    known = {rows[0][0], rows[5][0]}
    anchors, frozen = public_halves(Blind(), rows, known=known)
    assert len(anchors) + len(frozen) == len(rows) - 2
    assert min(len(anchors), len(frozen)) > len(rows) / 3
    with pytest.raises(ScoringError, match="too few public texts"):
        public_halves(Blind(), rows[:30], known=set())


def test_public_texts_of_ones_own(tmp_path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "好", "polarity": 1, "category": "x"}\n', "utf-8")
    assert public_rows([path]) == [("好", POS)]


def test_taking_some_texts_keeps_them_together() -> None:
    texts = prepare(Blind(), [("一二", NEG), ("", NEU), ("三四五", POS)])
    last = texts.take([False, True, True])
    assert last.labels == (NEU, POS)
    assert last.runs.indptr.tolist() == [0, 0, 10]
    assert last.runs.hashes.tolist() == texts.runs.hashes.tolist()[7:]
    assert len(texts.take([False] * 3)) == 0


class Endless(Blind):
    version = "9" * 55


def test_a_version_too_long_for_the_store_is_refused() -> None:
    with pytest.raises(ScoringError, match="longer than 60"):
        learn(Endless(), corrections(), public(), now=AT)


def test_a_scorer_without_any_verdict_on_a_text_is_no_obstacle() -> None:
    class Silent(Blind):
        def score(self, texts: Sequence[str]) -> list[Verdict]:
            return [Verdict(polarity=0, label=NEU, negative=0, neutral=1, positive=0) for _ in texts]

    report, _ = learn(Silent(), corrections(), public(), now=AT)
    assert report.held_back is not None
    assert report.held_back.gain > 0
