"""`tingfeng sentiment evaluate`: how good a scorer is on somebody's labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import AsJson, Layers, cut, say, say_json, say_table

if TYPE_CHECKING:
    from sentiment.evaluate import Mistake, Quality

_SIGNS = {-1: "负面 −", 0: "中性 0", 1: "正面 +"}
_HEAD = ("语料 corpus", "条数 texts", "二类 two-class", "宏F1 macro-F1", "校准误差 ECE", "Brier", "条/秒 texts/s")
_CLASS_HEAD = ("语料 corpus", "实为 truth", "条数 texts", "精确 P", "召回 R", "F1", "判负 −", "判中 0", "判正 +")
_WIDE = 100  # columns of a text


def evaluate(
    files: Annotated[
        list[Path],
        typer.Argument(help='CSV with the columns text and label, or JSON lines {"text": …, "polarity": …}. 语料'),
    ],
    scorer: Annotated[
        str, typer.Option("--scorer", metavar="NAME", help='A registered name or "pkg.mod:Class". 打分器')
    ] = "",
    layers: Layers = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many texts of a file, spread evenly.")] = None,
    errors: Annotated[int, typer.Option("--errors", min=0, help="Show so many of the surest mistakes. 最自信的错")] = 0,
    as_json: AsJson = False,
) -> None:
    """How right and how honest a scorer is, file by file, and the plain mean over the files. 评测

    Labels: -1/0/1, negative/neutral/positive or 负面/中性/正面. Two-class: neutral left out, the side leant to counts.
    Macro-F1: three classes, where the file has neutral texts. ECE: how far stated confidence is from the share that is
    right (15 equal bins; Naeini 2015). Brier: 0 best, 2 worst. Both, and the table of classes, over the labels the
    file has. Texts a scorer was trained on flatter it: `train` reports what it does on unseen ones.
    """
    from sentiment.evaluate import judge, mean, mistakes
    from sentiment.scorers import DEFAULT_SCORER, load_scorer

    loaded = load_scorer(scorer or DEFAULT_SCORER, layers=layers)
    judged = [judge(loaded, path, limit=limit) for path in files]
    rows = [one.quality for one in judged]
    wrong = sorted((m for one in judged for m in mistakes(one, errors)), key=lambda m: -m.confidence)[:errors]
    if as_json:
        who = {"name": loaded.name, "version": loaded.version}
        say_json({"scorer": who, "corpora": rows, "mean": mean(rows), "mistakes": wrong})
        return
    show_quality(rows)
    show_mistakes(wrong)


def show_quality(rows: Sequence[Quality]) -> None:
    """Figures by corpus and their mean, then class by class."""
    from sentiment.evaluate import mean

    say_table(_HEAD, [_line(row) for row in rows] + ([_line(mean(rows, "平均 mean"))] if len(rows) > 1 else []))
    say()
    say_table(_CLASS_HEAD, [line for row in rows for line in _class_lines(row)])


def show_mistakes(found: Sequence[Mistake]) -> None:
    if found:
        say()
        say_table(("把握 sure", "实为 truth", "判为 said", "位置 at", "文本 text"), [_mistake(m) for m in found])


def _line(row: Quality) -> tuple[object, ...]:
    shares = (row.two_class, row.macro_f1, row.calibration_error, row.brier)
    return (row.corpus, row.texts, *(_figure(share, ".4f") for share in shares), _figure(row.texts_per_second, ".0f"))


def _class_lines(row: Quality) -> list[tuple[object, ...]]:
    return [
        (row.corpus, _SIGNS[c.label], c.texts, *(_figure(x, ".4f") for x in (c.precision, c.recall, c.f1)), *c.said)
        for c in row.classes
    ]


def _mistake(m: Mistake) -> tuple[object, ...]:
    return _figure(m.confidence, ".3f"), _SIGNS[m.truth], _SIGNS[m.said], m.at, cut(m.text, _WIDE)


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
