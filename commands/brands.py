"""`tingfeng brands mark|marks|unmark|review|learn|quality|test|rejudge`: whether a mention means the brand."""

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
    from collections.abc import Mapping

    from sentiment.jobs_relevance import WantedMark
    from sentiment.naming import Found
    from sentiment.relevance import Judge
    from sentiment.relevance_learn import FilterReport
    from tingfeng.config import Config

app = typer.Typer(
    help="Whether a mention means the brand: mark, learn, explain. 品牌相关性：标记、学习、解释",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
BrandName = Annotated[str, typer.Option("--brand", help="Which brand. 品牌")]
TEXT = 60  # columns of a text in a table
PARTS = 12  # of a filter's reasons


@app.command()
def mark(
    brand: BrandName,
    mention_ids: Annotated[
        list[int] | None, typer.Argument(metavar="MENTION_ID…", help="See `review`. 帖子编号")
    ] = None,
    us: Annotated[bool | None, typer.Option("--us/--not-us", help="It means the brand, or not. 相关／无关")] = None,
    author: Annotated[str | None, typer.Option(help="Who says so; default the user of this shell. 操作人")] = None,
    note_: Annotated[str, typer.Option("--note", help="Why. 说明")] = "",
    file: Annotated[
        Path | None, typer.Option(help='Many at once: .csv or .jsonl with "id" or "text", and "mark". 批量文件')
    ] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say whether a text means the brand: wins over words and filter, for all its copies, now and later.

    标记帖子与品牌相关或无关：优先于规则和过滤器，对相同文本的所有帖子立即生效；批量文件要么全部生效，要么全不生效。
    """
    from sentiment.jobs_relevance import mark as store

    config = load(path)
    name = brand_named(config, brand).name
    wanted = _wanted(mention_ids or [], us, note_, file)
    with opened(config) as db:
        made = store(db, wanted, brand=name, author=author or getpass.getuser(), now=utc_now())
    if as_json:
        say_json(made)
        return
    for m in made:
        mention = "-" if m.mention_id is None else m.mention_id
        say(f"mark 标记 {m.id}: mention 帖子 {mention} → {_said(m.relevant)} ({m.brand})  {cut(m.text, TEXT)}")


def _wanted(mention_ids: list[int], us: bool | None, note_: str, file: Path | None) -> list[WantedMark]:
    from sentiment.jobs_relevance import WantedMark, read_marks

    if file is not None:
        if mention_ids or us is not None:
            raise typer.BadParameter("give either MENTION_ID… or a file that says them", param_hint="--file")
        return read_marks(file)
    if not mention_ids or us is None:
        raise typer.BadParameter("give MENTION_ID… and --us or --not-us, or --file FILE", param_hint="MENTION_ID…")
    return [WantedMark(relevant=us, mention_id=number, note=note_) for number in mention_ids]


@app.command()
def unmark(
    mark_id: Annotated[int, typer.Argument(metavar="ID", help="See `marks`. 标记编号")],
    path: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take a mark back: its texts wait to be judged again. Exit code 1 if that was done before. 撤回一条标记"""
    from sentiment.jobs_relevance import unmark as take_back

    config = load(path)
    with opened(config) as db:
        done = take_back(db, mark_id, now=utc_now())
    say(f"mark 标记 {mark_id}: {'revoked 已撤回' if done else 'was revoked before 此前已撤回'}")
    raise typer.Exit(0 if done else 1)


@app.command()
def marks(
    brand: Annotated[str | None, typer.Option(help="Only this brand. 品牌")] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Every mark, newest first: in force, superseded by a newer one, or revoked. 所有标记，最新在前"""
    from sentiment.jobs_relevance import find_marks

    config = load(path)
    name = brand_named(config, brand).name if brand else None
    with opened(config) as db:
        found = find_marks(db, name)
    if as_json:
        say_json(found)
        return
    states = {"in force": "in force 生效", "superseded": "superseded 被取代", "revoked": "revoked 已撤回"}
    head = ("ID", "MENTION 帖子", "BRAND 品牌", "MARK 标记", "STATE 状态", "AT 时间", "AUTHOR 操作人", "TEXT 原文")
    rows = []
    for one in found:
        m = one.mark
        mention, at = "-" if m.mention_id is None else m.mention_id, local(m.at, config.report_zone)
        rows.append((m.id, mention, m.brand, _said(m.relevant), states[one.state], at, m.author, cut(m.text, TEXT)))
    say_table(head, rows)


@app.command()
def review(
    brand: BrandName,
    since: Annotated[str, typer.Option(help="From when, such as 7d or 2026-11-02. 起始时间")] = "30d",
    limit: Annotated[int, typer.Option(min=1, max=400, help="At most so many. 条数")] = 20,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """What to mark next: texts the judge is least sure of, no two alike.

    最值得标记的帖子：最拿不准的在前，彼此尽量不同。
    """
    from sentiment.jobs_relevance import find_worth_marking

    config, now = load(path), utc_now()
    name = brand_named(config, brand).name
    start = parse_moment(since, "--since", zone=config.report_zone, now=now)
    with opened(config) as db:
        found = find_worth_marking(db, _judge(config), name, start, now, limit=limit)
    if as_json:
        say_json(found)
        return
    rows = [(c.mention_id, f"{c.relevance.p:.2f}", _said(c.relevance.relevant), cut(c.text, TEXT)) for c in found]
    say_table(("MENTION 帖子", "P 概率", "NOW 目前", "TEXT 原文"), rows)
    note(f"mark with 标记: tingfeng brands mark MENTION_ID… --brand {name} --us|--not-us")


@app.command()
def learn(
    brand: BrandName,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try, install nothing. 只试不装")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the filters there are. 列出各版本")] = False,
    use: Annotated[
        str | None, typer.Option(metavar="VERSION", help='Go back to a filter, or to "none". 切换版本')
    ] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Learn a filter from the brand's marks; refused (exit code 1) if it is no better than its words alone.

    从标记中学习该品牌的相关性过滤器：在未见过的标记上与关键词对比，不更好则拒绝安装；守护进程无须重启。
    """
    from sentiment.jobs_relevance import learn_filter
    from sentiment.relevance_filter import folder_of
    from sentiment.relevance_filter import use as make_current

    config = load(path)
    name, folder = brand_named(config, brand).name, folder_of(config.data_dir)
    if list_:
        _say_filters(config, folder, name, as_json=as_json)
        return
    if use is not None:
        make_current(folder, name, use)
        say(f"{name}: now 当前: {use}")
        return
    with opened(config) as db:
        report = learn_filter(db, _judge(config), name, None if dry_run else folder, now=utc_now())
    _say_report(report, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(1 if report.refused else 0)


def _say_filters(config: Config, folder: Path, brand: str, *, as_json: bool) -> None:
    from datetime import datetime

    from sentiment.relevance_filter import NONE, current, listing

    found, now = listing(folder, brand), current(folder, brand)
    if as_json:
        told = [{"digest": f.digest, "problem": f.problem, "about": f.filter and dict(f.filter.about)} for f in found]
        say_json({"current": now, "filters": told})
        return
    rows: list[tuple[object, ...]] = [("→" if now == NONE else "", NONE, "-", "-", "-", "-")]
    for one in found:
        arrow = "→" if one.current else ""
        if one.filter is None:
            rows.append((arrow, one.digest, "-", "-", "-", one.problem))
            continue
        about = one.filter.about
        at = local(datetime.fromisoformat(about["created_at"]), config.report_zone)
        learnt = about["learnt"]
        rows.append((arrow, one.digest, at, about["marks"], _share(learnt, "precision"), _share(learnt, "recall")))
    say_table(("", "VERSION 版本", "AT 时间", "N 标记", "PRECISION 精确率", "RECALL 召回率"), rows)


def _say_report(report: FilterReport, *, dry_run: bool, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        say_json(report)
        return
    say(f"{report.brand}: marks 标记 {report.marks}, of them us 相关 {report.ours}")
    kinds = (
        ("plain words 关键词", report.plain),
        ("word bounds 词界规则", report.rules),
        ("filter 过滤器", report.learnt),
    )
    rows = [(name, *_figures(asdict(k))) for name, k in kinds if k]
    if rows:
        say_table(_FIGURES, rows)
    if report.refused:
        note(f"refused 拒绝: {report.refused}")
    elif dry_run:
        say(f"filter 过滤器 {report.filter}: tried only 仅试算，未安装")
    else:
        say(f"filter 过滤器 {report.filter}: installed and current 已安装并启用; go back 回退: learn --use none")
        note(f"mentions judged before 此前的帖子: tingfeng brands rejudge --brand {report.brand}")


_FIGURES = ("", "KEPT 保留", "PRECISION 精确率", "95 %", "RECALL 召回率", "95 %")


def _figures(k: Mapping[str, object]) -> tuple[object, ...]:
    spans = [f"{_share(k, f'{n}_from')}–{_share(k, f'{n}_to')}" for n in ("precision", "recall")]
    return (f"{k['kept']}/{k['marks']}", _share(k, "precision"), spans[0], _share(k, "recall"), spans[1])


def _share(k: Mapping[str, object], name: str) -> str:
    value = k.get(name)
    return f"{value:.3f}" if isinstance(value, float | int) else "–"


@app.command()
def quality(path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """How right the filter in force is, beside plain words, by the marks there are.

    各品牌的过滤器与关键词：精确率和召回率。
    """
    from dataclasses import asdict

    from sentiment.jobs_relevance import quality as ask

    config = load(path)
    with opened(config) as db:
        found = ask(db, _judge(config), config.brands)
    if as_json:
        say_json(found)
        return
    rows: list[tuple[object, ...]] = []
    for q in found:
        if not q.marks and not q.filter:
            rows.append((q.brand, "no marks 无标记", "–", "–", "–", "–", "–"))
            continue
        rows.append((q.brand, "plain words 关键词", *_figures(asdict(q.plain))))
        rows.append(("", "word bounds 词界规则", *_figures(asdict(q.rules))))
        if q.filter:
            rows.append(("", f"filter 过滤器 {q.filter}", *_figures(q.learnt or {})) if q.learnt else ("", q.filter))
        if q.since:
            rows.append(("", "  on later marks 其后的标记", *_figures(asdict(q.since))))
    say_table(("BRAND 品牌", *_FIGURES[:1], *_FIGURES[1:]), rows)


@app.command()
def test(
    brand: BrandName,
    text: Annotated[str, typer.Argument(help="What somebody wrote. 文本")],
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Explain why a text means the brand or not: words and their bounds, and the filter's weights.

    解释一段文本为何算作（或不算作）该品牌：词及词界、过滤器各项权重。
    """
    config = load(path)
    name = brand_named(config, brand).name
    found = _judge(config).reasons(text, name)
    if as_json:
        say_json(found)
        return
    told = found.relevance
    say(f"{name}: {_said(told.relevant)}  p = {told.p:.2f}  ({told.by})")
    if found.ruling.why:
        say(f"ruled out by 被规则排除: {_WHY[found.ruling.why]}")
    places = [*found.ruling.names, *found.ruling.words]
    if places:
        say_table(("WORD 词", "PLACE 位置", "BOUND 词界"), [_place_row(f) for f in places])
    elif not found.ruling.why:
        note("the text does not hold the name 文本中没有品牌名: it counts only where a search for the brand found it")
    if found.threshold is not None:
        rows = [(feature, f"{weight:+.2f}") for feature, weight in found.parts[:PARTS]]
        say_table(("FEATURE 特征", f"LOG-ODDS (p ≥ {found.threshold:.2f} counts 计入)"), rows)


_WHY = {
    "inside": "the name is only part of longer words 品牌名只是更长的词的一部分",
    "must": "a word of `must` is missing 缺少必须词",
    "any": "no word of `any` is there 没有任何可选词",
    "none": "a word of `none` is there 出现排除词",
}


def _place_row(f: Found) -> tuple[object, ...]:
    return (f.word, f.start, "stands alone 独立成词" if f.stands else f"inside 属于 “{f.inside}”")


@app.command()
def rejudge(
    brand: BrandName,
    since: Annotated[str, typer.Option(help="From when, such as 30d or 2026-11-02. 起始时间")] = "30d",
    path: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let the next scoring judge the brand's mentions again, by today's words and filter. Marks stay.

    按现行规则和过滤器重新判断已有帖子；人工标记不变。
    """
    from sentiment.jobs_relevance import rejudge as ask

    config, now = load(path), utc_now()
    name = brand_named(config, brand).name
    start = parse_moment(since, "--since", zone=config.report_zone, now=now)
    with opened(config) as db:
        waiting = ask(db, _judge(config), name, start, now)
    say(f"{name}: mentions that wait to be judged again 等待重新判断的帖子: {waiting}")
    note("done by the daemon, or by: tingfeng once score 由守护进程完成，或执行该命令")


def _judge(config: Config) -> Judge:
    from sentiment.brands import BrandWords
    from sentiment.relevance_filter import folder_of

    return BrandWords(config.brands, config.whole_words, filters=folder_of(config.data_dir)).relevance


def _said(relevant: bool) -> str:
    return "us 相关" if relevant else "not us 无关"
