"""`tingfeng outbox list|retry`: what waits to be sent, and what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, cut, load, local, note, opened, say, say_json, say_table
from tingfeng.clock import utc_now

if TYPE_CHECKING:
    from store.outbox import Waiting

app = typer.Typer(
    no_args_is_help=True, help="What waits to be sent or was refused. 待发消息", pretty_exceptions_enable=False
)


@app.command("list")
def list_(path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Messages that were not sent: waiting for their turn, or parked until a person looks.

    未发出的消息：等待发送，或已搁置待人工处理。
    """
    from alerts.jobs_desk import outbox_state

    config = load(path)
    with opened(config) as db:
        state = outbox_state(db)
    if as_json:
        say_json(state)
        return
    zone = config.report_zone
    say_table(
        ("ID", "STATE 状态", "TO 收件人", "SUBJECT 主题", "DUE 计划", "TRIES 次数", "LAST ERROR 最近错误"),
        [_row(w, zone) for w in (*state.parked, *state.waiting)],
    )


def _row(w: Waiting, zone: ZoneInfo) -> tuple[object, ...]:
    state = "parked 搁置" if w.parked_at else "waiting 等待"
    at = local(w.parked_at or w.due_at, zone)
    return (w.id, state, w.recipient, cut(w.subject, 40), at, w.attempts, cut(w.last_error, 100) or "-")


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID", help="Parked messages. 消息编号")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every parked message. 全部搁置消息")] = False,
    path: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take parked messages up again; the daemon sends them at its next turn. Exit code 1 if one was not parked.

    重新发送已搁置的消息。
    """
    from alerts.jobs_desk import retry_parked

    if bool(ids) == every:
        raise typer.BadParameter("give either ids or --all", param_hint="ID")
    config = load(path)
    with opened(config) as db:
        taken = retry_parked(db, None if every else ids, now=utc_now())
    say(f"retried 重新发送: {len(taken)}")
    missed = [i for i in ids or () if i not in taken]
    if missed:
        note(f"not parked 未搁置: {', '.join(map(str, missed))}")
    raise typer.Exit(1 if missed else 0)
