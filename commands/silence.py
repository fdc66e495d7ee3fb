"""`tingfeng silence add|list|end`: be quiet on purpose, with an author and a reason."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from commands.shared import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    brand_named,
    load,
    local,
    opened,
    parse_moment,
    parse_span,
    say,
    say_json,
    say_table,
)
from tingfeng.clock import utc_now

app = typer.Typer(no_args_is_help=True, help="Be quiet on purpose. 静默", pretty_exceptions_enable=False)


@app.command()
def add(
    reason: Annotated[str, typer.Option(help="Why. 原因")],
    brand: Annotated[str | None, typer.Option(help="The brand to be quiet about. 品牌")] = None,
    every: Annotated[bool, typer.Option("--all-brands", help="Be quiet about every brand. 全部品牌")] = False,
    for_: Annotated[str | None, typer.Option("--for", help="How long, such as 2h. 时长")] = None,
    until: Annotated[str | None, typer.Option(help="Or until when. 结束时间")] = None,
    begin: Annotated[str | None, typer.Option("--from", help="From when; default now. 开始时间")] = None,
    author: Annotated[str | None, typer.Option(help="Who says so; default the user of this shell. 操作人")] = None,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """No alert for a brand for a while; counting goes on.

    在一段时间内不发预警，计数照常。
    """
    from alerts.jobs_desk import add_silence
    from tingfeng.model import Silence

    config, now = load(path), utc_now()
    if (brand is None) != every:
        raise typer.BadParameter("give either --brand NAME or --all-brands", param_hint="--brand")
    if (for_ is None) == (until is None):
        raise typer.BadParameter("give either --for 2h or --until '2026-11-20 18:00'", param_hint="--for")
    if not reason.strip():
        raise typer.BadParameter("must not be empty", param_hint="--reason")
    starts = parse_moment(begin, "--from", zone=config.report_zone, now=now) if begin else now
    if for_ is not None:
        ends = starts + parse_span(for_, "--for")
    else:
        ends = parse_moment(str(until), "--until", zone=config.report_zone, now=now)
    if ends <= max(starts, now):
        raise typer.BadParameter("a silence must end after it begins, and after now", param_hint="--until")
    silence = Silence(
        brand=brand_named(config, brand).name if brand else None,
        author=(author or getpass.getuser())[:120],
        reason=reason.strip(),
        starts_at=starts,
        ends_at=ends,
    )
    with opened(config) as db:
        silence = add_silence(db, silence)
    if as_json:
        say_json(silence)
        return
    until_text = local(silence.ends_at, config.report_zone)
    say(
        f"silence 静默 {silence.id}: {silence.brand or 'all brands 全部品牌'}, until 至 {until_text} ({silence.reason})"
    )


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Those that have ended too. 包括已结束")] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Silences in force or to come.

    生效中和将生效的静默。
    """
    from alerts.jobs_desk import find_silences

    config, now = load(path), utc_now()
    with opened(config) as db:
        found = [s for s in find_silences(db) if every or s.ends_at > now]
    if as_json:
        say_json(found)
        return
    zone = config.report_zone
    say_table(
        ("ID", "BRAND 品牌", "FROM 开始", "UNTIL 结束", "AUTHOR 操作人", "REASON 原因"),
        [(s.id, s.brand or "*", local(s.starts_at, zone), local(s.ends_at, zone), s.author, s.reason) for s in found],
    )


@app.command()
def end(silence_id: Annotated[int, typer.Argument(metavar="ID")], path: ConfigPath = DEFAULT_CONFIG) -> None:
    """Lift a silence now. Exit code 1 if there is none of that id in force or to come.

    立即结束静默。
    """
    from alerts.jobs_desk import end_silence

    config = load(path)
    with opened(config) as db:
        done = end_silence(db, silence_id, now=utc_now())
    say(f"silence 静默 {silence_id}: {'ended 已结束' if done else 'not in force 未在生效'}")
    raise typer.Exit(0 if done else 1)
