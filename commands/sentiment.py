"""`tingfeng sentiment`: score texts, measure a scorer, train the weights."""

from __future__ import annotations

import contextlib
import os
import sys
from io import BufferedReader
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from commands import sentiment_desk, sentiment_explain, sentiment_words
from commands.sentiment_evaluate import evaluate, show_quality
from commands.shared import AsJson, Layers, note, say, say_json

app = typer.Typer(
    help="Score texts; train and evaluate scorers. 情感分析：打分、评测、训练",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # it would read tingfeng[train] as a colour
    pretty_exceptions_enable=False,
)

app.command()(sentiment_explain.explain)
app.command()(sentiment_words.aspects)
app.command()(sentiment_words.terms)
app.add_typer(sentiment_desk.app)  # its commands beside these

ScorerName = Annotated[
    str, typer.Option("--scorer", metavar="NAME", help='tingfeng, bayes, snownlp or "pkg.mod:Class". 打分器')
]


@app.command()
def score(scorer: ScorerName = "tingfeng", layers: Layers = None) -> None:
    """Read JSON lines {"text": …} from standard input, write one JSON line for each. 逐行打分

    Out: {"polarity": −1…1, "label": −1|0|1, "probabilities": {"negative": …, "neutral": …, "positive": …}}, in order.
    In: UTF-8. At a bad line: the lines before it are answered, its number is named on standard error, exit code 2.
    """
    from sentiment.scorers import load_scorer
    from sentiment.stream import score_stream

    out = sys.stdout.buffer
    _widen(sys.stdin.buffer)

    def write(data: bytes) -> None:
        out.write(data)
        out.flush()

    try:
        score_stream(cast(BufferedReader, sys.stdin.buffer).read1, write, load_scorer(scorer, layers=layers))
    except BrokenPipeError:
        # The reader went away. Nothing may be flushed to it at exit, or the interpreter complains once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        raise typer.Exit(1) from None


def _widen(pipe: BinaryIO) -> None:
    """Let a pipe hold more at a time, where the system can: larger batches are faster. Slow writers notice nothing."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)


app.command()(evaluate)


@app.command()
def train(
    corpora: Annotated[Path, typer.Option(help="Folder of *.jsonl.gz. 语料目录")] = Path("../shared/corpora"),
    out: Annotated[Path | None, typer.Option(help="Folder of the weights; by default where they are shipped.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write the cross-validated probabilities here, as JSON lines. 交叉验证预测")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train and cross-validate `tingfeng` and `bayes`; some minutes, 2 GB, needs tingfeng[train]. 训练"""
    from sentiment import heads
    from sentiment.train import train as fit

    report = fit(corpora, out or heads.shipped_path().parent, predictions=predictions, progress=note)
    if as_json:
        say_json(report)
        return
    for name, found in report.figures.items():
        say(f"{name}: {report.sizes[name]:,} bytes; cross-validated 交叉验证, ± over folds 各折标准差")
        show_quality(found.families)
        pairs = zip([f.corpus for f in found.families] + ["mean"], (*found.spread, found.mean_spread), strict=True)
        say("± " + "  ".join(f"{corpus} {spread:.4f}" for corpus, spread in pairs if spread is not None) + "\n")
    note(f"{report.seconds:.0f} s")
