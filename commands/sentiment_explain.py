"""`tingfeng sentiment explain`: why a text got its verdict, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, Layers, load, safe, say, say_json, say_table

if TYPE_CHECKING:
    from sentiment.explain import Explanation, Part

_LABELS = {-1: "负面 negative", 0: "中性 neutral", 1: "正面 positive"}
_MOST = 12  # rows of the table
_BAR = 12  # columns of the longest bar
_WEAK, _STRONG = 0.2, 0.8  # |log-odds| from which a word is coloured, and bold


def explain(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT…", help="Texts. 文本")],
    scorer: Annotated[str, typer.Option("--scorer", metavar="NAME", help="A scorer that explains itself. 打分器")] = "",
    layers: Layers = None,
    configured: Annotated[
        bool, typer.Option("--configured", help="With the brands, words and layer of the configuration. 使用配置")
    ] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Why: the words and signs with what each added to the log-odds of positive against negative. 解释判定

    base + words (+ what was learnt here) = log-odds, exactly; > 0 leans to positive. "opinion" is the same against
    neutral.
    """
    from sentiment.brands import BrandWords
    from sentiment.explain import explain as explained
    from sentiment.layers import folder_of
    from sentiment.scorers import DEFAULT_SCORER

    words = BrandWords(())
    if configured:
        config = load(path)
        words, layers = BrandWords(config.brands, config.whole_words), layers or folder_of(config.data_dir)
        scorer = scorer or config.scorer
    loaded = words.scorer(scorer or DEFAULT_SCORER, layers=layers)
    found = explained(loaded, texts, words.tokenizer)
    if as_json:
        say_json([as_row(text, one) for text, one in zip(texts, found, strict=True)])
        return
    for one in found:
        _show(one)


def as_row(text: str, one: Explanation) -> dict[str, object]:
    """The same for machines: `lean` and `opinion` are base + Σ parts + learnt."""
    return {
        "text": text,
        **one.verdict.as_json(),
        "lean": one.lean,
        "opinion": one.opinion,
        "base": {"lean": one.base.lean, "opinion": one.base.opinion},
        "learnt": {"lean": one.learnt.lean, "opinion": one.learnt.opinion},
        "parts": [{"text": part.text, "lean": part.lean, "opinion": part.opinion} for part in one.parts],
    }


def _show(one: Explanation) -> None:
    v = one.verdict
    say(f"{_LABELS[v.label]}   负 {v.negative:.1%}  中 {v.neutral:.1%}  正 {v.positive:.1%}")
    typer.echo(_highlighted(one))  # without a terminal, without colours
    rows = [("（底数 base）", one.base), *((part.text, part) for part in one.telling(_MOST))]
    if one.learnt.lean or one.learnt.opinion:
        rows.append(("（本地修正 learnt）", one.learnt))
    shown = [part for _, part in rows[1:]]
    longest = max((abs(part.lean) for part in shown), default=1.0) or 1.0
    rest = one.lean - sum(part.lean for _, part in rows)
    others = len([p for p in one.parts if p.text.strip()]) - len(one.telling(_MOST))
    lines = [(name, f"{part.lean:+.2f}", _bar(part, longest), f"{part.opinion:+.2f}") for name, part in rows]
    if others > 0:
        lines.append((f"（其余 {others} 词 others）", f"{rest:+.2f}", "", ""))
    lines.append(("合计 sum", f"{one.lean:+.2f}", "", f"{one.opinion:+.2f}"))
    say_table(("词 word", "倾向 lean", "", "态度 opinion"), lines)
    say()


def _bar(part: Part, longest: float) -> str:
    length = round(_BAR * min(1.0, abs(part.lean) / longest))
    return ("▇" * length).ljust(_BAR) if part.lean > 0 else ("░" * length).ljust(_BAR)


def _highlighted(one: Explanation) -> str:
    return "".join(_coloured(safe(part.text), part.lean) for part in one.parts)


def _coloured(text: str, lean: float) -> str:
    if abs(lean) < _WEAK or not text.strip():
        return text
    return typer.style(text, fg="green" if lean > 0 else "red", bold=abs(lean) >= _STRONG)
