"""Training, folds and figures, on an invented corpus."""

from __future__ import annotations

import gzip
import importlib.util
import itertools
import json
import random
import sys
from pathlib import Path

import pytest

from sentiment import heads, train_bayes, weights
from sentiment.corpora import fold_of, read_corpora, read_corpus
from sentiment.cross import FOLDS
from sentiment.evaluate import evaluate, macro_f1, quality
from sentiment.scorers.bayes import BayesScorer
from sentiment.scorers.tingfeng import TingfengScorer
from sentiment.train import FILES, train
from sentiment.train_bayes import RARE
from sentiment.train_heads import TAUGHT
from tests.sentiment.conftest import need_snownlp
from tests.support.factories import make_verdict
from tingfeng.errors import ScoringError
from tingfeng.model import Label

WORDS = {
    Label.NEGATIVE: ["失望", "糟糕", "垃圾", "退款", "恶劣", "漏油", "推诿"],
    Label.NEUTRAL: ["公司", "发布", "公告", "日期", "会议", "通知", "数据"],
    Label.POSITIVE: ["满意", "喜欢", "精致", "推荐", "惊喜", "好吃", "贴心"],
}
ANY = ["今天", "手机", "屏幕", "物流", "客服", "包装", "云雀"]


def write(path: Path, rows: list[tuple[str, int]]) -> None:
    lines = "".join(json.dumps({"text": t, "polarity": p}, ensure_ascii=False) + "\n" for t, p in rows)
    path.write_bytes(gzip.compress(lines.encode()) if path.suffix == ".gz" else lines.encode())


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two families, one of them with neutral texts; a fifth of the words say something."""
    rng, folder = random.Random(1), tmp_path_factory.mktemp("corpora")
    for name, labels in (("posts.jsonl.gz", list(Label)), ("reviews.jsonl", [Label.NEGATIVE, Label.POSITIVE])):
        rows = []
        for label in itertools.islice(itertools.cycle(labels), 240):
            words = [*rng.choices(ANY, k=5), *rng.choices(WORDS[label], k=2)]
            rng.shuffle(words)
            rows.append(("，".join(words), int(label)))
        write(folder / name, rows)
    return folder


def need_training() -> None:
    need_snownlp()
    for name in ("sklearn", "scipy"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"needs {name}: pip install 'tingfeng[train]'")


def train_words(corpora: Path, out: Path) -> None:
    train_bayes.train(read_corpora(corpora), out, progress=lambda _: None)


def test_the_same_texts_give_the_same_bytes(corpora: Path, tmp_path: Path) -> None:
    need_training()
    first, second = (train(corpora, tmp_path / name, predictions=tmp_path / f"{name}.jsonl") for name in "ab")
    for name in FILES.values():
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert first.figures == second.figures
    assert first.sizes == {name: (tmp_path / "a" / file).stat().st_size for name, file in FILES.items()}
    for name, found in first.figures.items():
        assert {f.corpus: f.texts for f in found.families} == {"posts": 240, "reviews": 240}, name
        assert (found.mean.two_class or 0) > 0.95, name
    # What was trained scores, and our own texts had a part in it.
    scorer = TingfengScorer(heads.load(tmp_path / "a" / FILES["tingfeng"]))
    assert [v.label for v in scorer.score(["云雀，失望，退款", "今天，会议，通知", "手机，满意，喜欢"])] == list(Label)
    assert scorer.judge.heads.meta["trained_on"][TAUGHT] > 1000
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 480 and set(rows[0]) == {"family", "fold", "label", "negative", "neutral", "positive"}


def test_a_family_with_hardly_any_texts_stops_nothing(corpora: Path, tmp_path: Path) -> None:
    """Without its fold such a family has one side left, or none: there is nothing to tell apart."""
    need_training()
    write(tmp_path / "waimai.jsonl", [("好吃", 1), ("送餐太慢", -1)])
    write(tmp_path / "smp_virus.jsonl", [("今天通报两例", 0), ("加油", 1)])
    report = train(tmp_path, tmp_path / "out")
    assert {f.corpus for f in report.figures["tingfeng"].families} == {"waimai", "smp_virus"}


def test_what_bayes_learnt_scores(corpora: Path, tmp_path: Path) -> None:
    need_snownlp()
    out = tmp_path / "weights.gz"
    train_words(corpora, out)
    scorer = BayesScorer(weights.load(out))
    verdicts = scorer.score(["云雀，失望，退款", "今天，会议，通知", "手机，满意，喜欢"])
    assert [v.label for v in verdicts] == list(Label)
    assert scorer.version != BayesScorer().version


def test_rare_words_are_left_out(corpora: Path, tmp_path: Path) -> None:
    need_snownlp()
    folder = tmp_path / "corpora"
    folder.mkdir()
    for source in corpora.iterdir():
        (folder / source.name).write_bytes(source.read_bytes())
    write(folder / "rare.jsonl", [(f"孔雀{'，山' * i}", 1) for i in range(RARE - 1)])
    train_words(folder, tmp_path / "weights.gz")
    kept = weights.load(tmp_path / "weights.gz")
    assert "孔雀" not in kept.positive
    assert "满意" in kept.positive
    assert kept.trained_on == {"posts": 240, "rare": RARE - 1, "reviews": 240}


def test_training_needs_all_three_labels(tmp_path: Path) -> None:
    write(tmp_path / "two.jsonl", [("好", 1), ("差", -1)])
    with pytest.raises(ScoringError, match="neutral"):
        train(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("module", ["snownlp.classification.bayes", "sklearn.linear_model"])
def test_training_names_the_extra_it_needs(
    corpora: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ScoringError, match=r"tingfeng\[train\]"):
        train(corpora, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("why", "a", "b"),
    [
        ("signs and spaces do not count", "酒店很好，早餐差！", "酒店 很好 早餐差"),
        ("nor does case", "iPhone 不错", "IPHONE不错"),
        ("nor what comes after thirty letters", "好" * 30 + "甲", "好" * 30 + "乙"),
    ],
)
def test_near_copies_share_a_fold(why: str, a: str, b: str) -> None:
    assert fold_of(a, 1000) == fold_of(b, 1000), why


def test_folds_are_even() -> None:
    counts = [0] * FOLDS
    for i in range(2000):
        counts[fold_of(f"第{i}条", FOLDS)] += 1
    assert max(counts) < 1.2 * min(counts)


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("not JSON", "x"),
        ("no label", '{"text": "好"}'),
        ("a label out of range", '{"text": "好", "polarity": 2}'),
        ("text is no string", '{"text": 3, "polarity": 1}'),
        ("no object", "[]"),
    ],
)
def test_a_bad_line_of_a_corpus_is_named(tmp_path: Path, why: str, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"text": "好", "polarity": 1}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ScoringError, match=r"bad\.jsonl:2"):
        read_corpus(path)


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match="no "):
        read_corpora(tmp_path)


@pytest.mark.parametrize("name", ["none.jsonl", "none.jsonl.gz"])
def test_an_unreadable_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "none.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(ScoringError, match="none"):
        read_corpus(tmp_path / name)


NEG, NEU, POS = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


@pytest.mark.parametrize(
    ("why", "truth", "said", "want"),
    [
        ("all right", [NEG, NEU, POS], [NEG, NEU, POS], 1.0),
        ("all wrong", [NEG, NEU, POS], [POS, NEG, NEU], 0.0),
        ("never neutral: 2/3, 0, 1", [NEG, NEU, POS], [NEG, NEG, POS], (2 / 3 + 0 + 1) / 3),
        ("nothing", [], [], 0.0),
    ],
)
def test_macro_f1(why: str, truth: list[Label], said: list[Label], want: float) -> None:
    assert macro_f1(truth, said) == pytest.approx(want), why


def test_neutral_counts_in_three_classes_only() -> None:
    verdicts = [make_verdict(NEG), make_verdict(POS), make_verdict(POS)]
    found = quality("x", [NEG, NEU, NEG], verdicts)
    assert found.two_class == 0.5
    assert found.macro_f1 is not None
    assert quality("x", [NEG, POS, NEG], verdicts).macro_f1 is None
    assert quality("x", [NEU], verdicts[:1]).two_class is None


def test_evaluate_takes_an_even_sample(bayes: BayesScorer, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    write(path, [("失望，差评", -1), ("满意，喜欢", 1)] * 50)
    whole, part = evaluate(bayes, path), evaluate(bayes, path, limit=9)
    assert (whole.corpus, whole.texts, whole.two_class) == ("mine", 100, 1.0)
    assert part.texts == 9
    assert part.texts_per_second
