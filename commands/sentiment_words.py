"""`tingfeng sentiment aspects` and `terms`: what texts say about which aspect, and what grew between two files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, brand_named, cut, load, say, say_json, say_table
from tingfeng.errors import ScoringError

if TYPE_CHECKING:
    from sentiment.aspects import Aspect
    from tingfeng.model import Brand

_SIGNS = {-1: "−", 0: "0", 1: "+"}
MANY = 20_000  # texts tagged at once

ScorerName = Annotated[
    str | None, typer.Option("--scorer", metavar="NAME", help='A scorer, or "pkg.mod:Class". 打分器')
]
BrandName = Annotated[
    str | None, typer.Option("--brand", help="Use this brand's words of the configuration. 使用配置中该品牌的用词")
]


def aspects(
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]…", help="Texts. 文本")] = None,
    scorer: ScorerName = None,
    brand: BrandName = None,
    path: ConfigPath = DEFAULT_CONFIG,
    show: Annotated[
        bool, typer.Option("--list", help="List the aspects and what belongs to them. 列出已有维度")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What each text says about which aspect: aspect, label, polarity, clause. 维度情感

    Without TEXT: JSON lines {"text": …} from standard input.
    """
    from sentiment.aspects import Taxonomy, shipped
    from sentiment.scorers import DEFAULT_SCORER, load_scorer

    if show:
        _list(shipped(), as_json=as_json)
        return
    own = _configured(brand, path)[0] if brand else None
    taxonomy = Taxonomy.load(own.aspects, names=own.words) if own else Taxonomy.load()
    given = texts or list(_lines(Path("-")))
    score = load_scorer(scorer or DEFAULT_SCORER).score
    tagged = [
        (text, found)
        for at in range(0, len(given), MANY)
        for text, found in zip(given[at : at + MANY], taxonomy.tag(given[at : at + MANY], score), strict=True)
    ]
    if as_json:
        say_json([{"text": text, "aspects": found} for text, found in tagged])
        return
    head = ("text", "aspect", "label", "polarity", "clause")
    say_table(
        head,
        [
            (number, one.aspect, _SIGNS[one.label], f"{one.polarity:+.2f}", cut(one.clause, 60))
            for number, (_, found) in enumerate(tagged, 1)
            for one in found
        ],
    )


def terms(
    window: Annotated[
        Path, typer.Option(help='JSON lines {"text": …} of the window, "-" for standard input. 当前时段')
    ],
    baseline: Annotated[Path, typer.Option(help="JSON lines of the time before. 之前的时段")],
    brand: BrandName = None,
    path: ConfigPath = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, help="At most so many terms. 最多显示")] = 20,
    as_json: AsJson = False,
) -> None:
    """What grew: terms and phrases of the window against the baseline, by log-odds. 突增词"""
    from sentiment.terms import name_growth
    from sentiment.tokenizer import tokenizer_for

    own, words = _configured(brand, path) if brand else (None, ())
    found = name_growth(
        list(_lines(window)),
        list(_lines(baseline)),
        names=own.words if own else (),
        tokenizer=tokenizer_for(words),
        limit=limit,
    )
    if as_json:
        say_json(found)
    elif not found:
        say("nothing grew 没有突增词")
    else:
        head = ("term", "texts", "share", "before", "z")
        say_table(head, [(t.term, t.now, f"{t.share_now:.1%}", f"{t.share_before:.1%}", f"{t.z:.1f}") for t in found])


def _list(known: Sequence[Aspect], *, as_json: bool) -> None:
    if as_json:
        say_json([{"aspect": one.name, "about": one.about, "words": list(one.words)} for one in known])
        return
    say_table(("aspect", "words", "about"), [(one.name, len(one.words), one.about) for one in known])


def _configured(name: str, path: Path) -> tuple[Brand, Sequence[str]]:
    """The brand, and all words that the configuration keeps whole."""
    config = load(path)
    return brand_named(config, name), config.whole_words


def _lines(path: Path) -> Iterator[str]:
    """The texts of JSON lines; "-" is standard input. ScoringError, naming the line, at the first bad one."""
    try:
        lines = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).splitlines()
    except OSError as e:
        raise ScoringError(f"cannot read {path}: {e.strerror}") from e
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as e:
            raise ScoringError(f"{path}:{number}: not JSON") from e
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str):
            raise ScoringError(f'{path}:{number}: expected {{"text": "…"}}')
        yield text
