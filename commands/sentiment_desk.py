"""`tingfeng sentiment correct|uncorrect|corrections|review|learn`: what people know better than the scorer."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    brand_named,
    cut,
    load,
    local,
    note,
    opened,
    parse_moment,
    say,
    say_json,
    say_table,
)
from tingfeng.clock import utc_now

if TYPE_CHECKING:
    from sentiment.label_files import Wanted
    from sentiment.layers import Installed
    from sentiment.learn import Change, LearnReport
    from tingfeng.config import Config
    from tingfeng.model import Label, Verdict

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
TEXT = 60  # columns of a text in a table
_CHINESE = {"NEGATIVE": "负面", "NEUTRAL": "中性", "POSITIVE": "正面"}


@app.command()
def correct(
    mention_id: Annotated[int | None, typer.Argument(metavar="MENTION_ID", help="See `review`. 帖子编号")] = None,
    label: Annotated[str | None, typer.Argument(help="negative, neutral or positive. 负面、中性、正面")] = None,
    brand: Annotated[str | None, typer.Option(help="Only for this brand of it. 仅对该品牌")] = None,
    author: Annotated[str | None, typer.Option(help="Who says so; default the user of this shell. 操作人")] = None,
    note_: Annotated[str, typer.Option("--note", help="Why. 说明")] = "",
    file: Annotated[
        Path | None, typer.Option(help='Many at once: .jsonl or .csv with "id" and "label". 批量文件')
    ] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say what a text really is: wins over every scorer, for all its copies, now and later. A file: all or nothing.

    人工修正情感判断：优先于模型，对相同文本的所有帖子立即生效；批量文件要么全部生效，要么全不生效。
    """
    from sentiment.jobs_desk import correct as store

    config = load(path)
    wanted = _wanted(config, mention_id, label, brand, note_, file)
    with opened(config) as db:
        made = store(db, wanted, author=author or getpass.getuser(), now=utc_now())
    if as_json:
        say_json(made)
        return
    for c in made:
        say(
            f"correction 修正 {c.id}: mention 帖子 {c.mention_id} → {_label(c.label)} "
            f"({c.brand or 'every brand 全部品牌'})  {cut(c.text, TEXT)}"
        )


def _wanted(
    config: Config, mention_id: int | None, label: str | None, brand: str | None, note_: str, file: Path | None
) -> list[Wanted]:
    from sentiment.corpora import label_of
    from sentiment.label_files import Wanted, read_wanted

    if file is not None:
        if mention_id is not None or brand is not None:
            raise typer.BadParameter("give either MENTION_ID LABEL or a file that says them", param_hint="--file")
        return read_wanted(file)
    if mention_id is None or label is None:
        raise typer.BadParameter("give MENTION_ID and LABEL, or --file FILE", param_hint="MENTION_ID")
    try:
        kind = label_of(label)
    except ValueError as e:
        raise typer.BadParameter(str(e), param_hint="LABEL") from None
    name = brand_named(config, brand).name if brand else None
    return [Wanted(mention_id=mention_id, label=kind, brand=name, note=note_)]


@app.command()
def uncorrect(
    correction_id: Annotated[int, typer.Argument(metavar="ID", help="See `corrections`. 修正编号")],
    path: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take a correction back: the model's verdict counts again. Exit code 1 if that was done before.

    撤回一条修正，恢复模型的判断。
    """
    from sentiment.jobs_desk import uncorrect as take_back

    config = load(path)
    with opened(config) as db:
        done = take_back(db, correction_id, now=utc_now())
    say(f"correction 修正 {correction_id}: {'revoked 已撤回' if done else 'was revoked before 此前已撤回'}")
    raise typer.Exit(0 if done else 1)


@app.command()
def corrections(path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every correction, newest first: in force, superseded by a newer one, or revoked.

    所有人工修正，最新在前。
    """
    from sentiment.jobs_desk import find_corrections

    config = load(path)
    with opened(config) as db:
        found = find_corrections(db)
    if as_json:
        say_json(found)
        return
    states = {"in force": "in force 生效", "superseded": "superseded 被取代", "revoked": "revoked 已撤回"}
    head = ("ID", "MENTION 帖子", "BRAND 品牌", "LABEL 判断", "STATE 状态", "AT 时间", "AUTHOR 操作人", "TEXT 原文")
    rows = []
    for one in found:
        c = one.correction
        at = local(c.at, config.report_zone)
        mention = "-" if c.mention_id is None else c.mention_id
        row = (c.id, mention, c.brand or "*", _label(c.label), states[one.state], at, c.author, cut(c.text, TEXT))
        rows.append(row)
    say_table(head, rows)


@app.command()
def review(
    brand: Annotated[str | None, typer.Option(help="Only this brand. 品牌")] = None,
    since: Annotated[str, typer.Option(help="From when, such as 7d or 2026-11-02. 起始时间")] = "7d",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many. 条数")] = 20,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """What to label next: recent texts whose verdict is least sure, those that carry far first.

    最值得人工判断的帖子：模型最没把握、传播最广的在前。
    """
    from sentiment.jobs_desk import find_doubts

    config, now = load(path), utc_now()
    brands = [brand_named(config, brand).name] if brand else [b.name for b in config.brands]
    start = parse_moment(since, "--since", zone=config.report_zone, now=now)
    with opened(config) as db:
        found = find_doubts(db, brands, start, now, limit=limit)
    if as_json:
        say_json(found)
        return
    rows = []
    for doubt in found:
        m = doubt.shown.mention
        sure = _sure(doubt.shown.verdict)
        rows.append((doubt.shown.id, ", ".join(m.brands), sure, f"{doubt.shown.weight:.1f}", cut(m.text, TEXT)))
    say_table(("MENTION 帖子", "BRAND 品牌", "VERDICT 判断", "WEIGHT 份量", "TEXT 原文"), rows)
    note("label one with 修正: tingfeng sentiment correct MENTION_ID negative|neutral|positive")


@app.command()
def learn(
    file: Annotated[
        list[Path] | None, typer.Option(help='More corrections: JSON lines {"text", "label"}. 另加修正文件')
    ] = None,
    public: Annotated[
        list[Path] | None, typer.Option(help="Judge by these texts, not by the shipped ones. 公开文本")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try, install nothing. 只试不装")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the layers there are. 列出各版本")] = False,
    use: Annotated[
        str | None, typer.Option(metavar="VERSION", help='Go back to a layer, or to "base". 切换版本')
    ] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Learn from the corrections; refused (exit code 1) if it gets worse, here or on public texts. Old scores stay.

    从人工修正中学习：在留出的修正和公开文本上前后对比，变差则拒绝安装；旧版本与旧得分保留。
    """
    from sentiment.layers import folder_of

    config = load(path)
    folder = folder_of(config.data_dir)
    if list_:
        _say_layers(config, folder, as_json=as_json)
    elif use is not None:
        _switch(folder, use)
    else:
        report = _learn(config, folder, file or [], public or [], dry_run=dry_run)
        _say_report(report, dry_run=dry_run, as_json=as_json)
        raise typer.Exit(1 if report.refused else 0)


def _learn(config: Config, folder: Path, files: list[Path], public: list[Path], *, dry_run: bool) -> LearnReport:
    from sentiment.brands import BrandWords
    from sentiment.jobs_desk import learn_layer, training_rows
    from sentiment.label_files import read_texts
    from sentiment.learn import public_rows

    extra = [row for path in files for row in read_texts(path)]
    with opened(config) as db:
        rows = training_rows(db, extra)
    name, _, pinned = config.scorer.partition("@")
    scorer = BrandWords(config.brands, config.whole_words).scorer(name)
    report = learn_layer(scorer, rows, public_rows(public), None if dry_run else folder, now=utc_now())
    if pinned and report.layer and not dry_run:
        note(f"the configuration asks for '{config.scorer}', so the new layer is not used 配置固定了版本，新版本未启用")
    return report


def _switch(folder: Path, version: str) -> None:
    from sentiment.layers import use as make_current

    make_current(folder, version)
    say(f"now 当前: {version}")


def _say_layers(config: Config, folder: Path, *, as_json: bool) -> None:
    from sentiment.layers import BASE, current, listing

    found, now = listing(folder), current(folder)
    if as_json:
        say_json({"current": now, "layers": found})
        return
    rows: list[tuple[object, ...]] = [("→" if now == BASE else "", BASE, "-", "-", "-", "-", "-")]
    rows += [_layer_row(config, layer) for layer in found]
    head = ("", "VERSION 版本", "AT 时间", "N 修正", "HELD BACK 留出", "PUBLIC 公开", "FOR 适用于")
    say_table(head, rows)


def _layer_row(config: Config, layer: Installed) -> tuple[object, ...]:
    from datetime import datetime

    mark, about = "→" if layer.current else "", layer.about
    if about is None:
        return (mark, layer.digest, "-", "-", "-", "-", layer.problem)
    at = local(datetime.fromisoformat(about["created_at"]), config.report_zone)
    gains = [
        f"{about[k]['before']['macro_f1']:.3f} → {about[k]['after']['macro_f1']:.3f}" for k in ("held_back", "public")
    ]
    return (mark, layer.digest, at, about["corrections"], *gains, layer.base)


def _say_report(report: LearnReport, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        say_json(report)
        return
    say(f"{report.scorer} {report.base_version}: corrections 修正 {report.corrections}")
    changes = (("corrections held back 留出的修正", report.held_back), ("public texts 公开文本", report.public))
    head = ("", "N", "ACCURACY 准确率", "MACRO-F1", "NEGATIVE 负面 F1", "NEUTRAL 中性 F1", "POSITIVE 正面 F1")
    rows = [_change_row(name, change) for name, change in changes if change]
    if rows:
        say_table(head, rows)
    if report.refused:
        note(f"refused 拒绝: {report.refused}")
    elif dry_run:
        say(f"layer 层 {report.layer}: tried only 仅试算，未安装")
    else:
        say(f"layer 层 {report.layer}: installed and current 已安装并启用; go back 回退: learn --use base")


def _change_row(name: str, change: Change) -> tuple[object, ...]:
    before, after = change.before, change.after
    kinds = ("negative", "neutral", "positive")
    each = [f"{before.f1[k]:.3f} → {after.f1[k]:.3f}" if k in before.f1 else "–" for k in kinds]
    overall = [f"{getattr(before, k):.3f} → {getattr(after, k):.3f}" for k in ("accuracy", "macro_f1")]
    return (name, before.texts, *overall, *each)


def _label(label: Label) -> str:
    return f"{label.name.lower()} {_CHINESE[label.name]}"


def _sure(verdict: Verdict | None) -> str:
    if verdict is None:
        return "–"
    return f"{_label(verdict.label)} {100 * max(verdict.negative, verdict.neutral, verdict.positive):.0f} %"
