"""`tingfeng incidents list` and `tingfeng incidents show ID`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

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
    say,
    say_json,
    say_table,
)
from tingfeng.clock import utc_now

if TYPE_CHECKING:
    from tingfeng.model import Incident

app = typer.Typer(no_args_is_help=True, help="What happened, with its steps. 事件", pretty_exceptions_enable=False)

_KINDS = {
    "negative_spike": "negative spike 负面突增",
    "hot_list": "hot list 热榜",
    "freshness": "blind source 数据源失灵",
}


@app.command("list")
def list_(
    since: Annotated[str, typer.Option(help="A day, a time, or an age such as 30d. 起始时间")] = "30d",
    brand: Annotated[str | None, typer.Option(help="Only this brand. 品牌")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those still going on. 仅未结束")] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Incidents, newest first.

    事件列表，最新在前。
    """
    from alerts.jobs_desk import find_incidents

    config, now = load(path), utc_now()
    zone = config.report_zone
    begin = parse_moment(since, "--since", zone=zone, now=now)
    subject = brand_named(config, brand).name if brand else None
    with opened(config) as db:
        found = find_incidents(db, begin, now + timedelta(minutes=1), subject=subject)
    shown = [i for i in found if not only_open or i.resolved_at is None]
    if as_json:
        say_json(shown)
        return
    say_table(
        ("ID", "KIND 类型", "SUBJECT 对象", "OPENED 开始", "RESOLVED 结束", "OBSERVED/EXPECTED 实际/预期", "TOLD 通知"),
        [_row(incident, zone) for incident in shown],
    )


def _row(i: Incident, zone: ZoneInfo) -> tuple[object, ...]:
    counts = f"{i.peak_observed} / {i.expected:.1f}" if i.kind == "negative_spike" else "-"
    return (i.id, _KINDS[i.kind], i.subject, local(i.opened_at, zone), local(i.resolved_at, zone), counts, i.told)


@app.command()
def show(
    incident_id: Annotated[int, typer.Argument(metavar="ID")],
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """One incident and what happened to it, step by step.

    单个事件及其经过。
    """
    from alerts.jobs_desk import incident_story

    config = load(path)
    with opened(config) as db:
        story = incident_story(db, incident_id)
    if as_json:
        say_json(story)
        return
    i, zone = story.incident, config.report_zone
    say(f"{i.id}  {_KINDS[i.kind]}  {i.subject}")
    began, opened_at, ended = (local(at, zone) for at in (i.since, i.opened_at, i.resolved_at))
    say(f"began 起始 {began}, opened 发现 {opened_at}, resolved 结束 {ended}")
    if i.kind == "hot_list":
        say(f"best rank 最高名次 {i.evidence.get('best', '-')}, lists 榜单 {_listed(i)}, told 通知 {i.told}")
    if i.kind == "negative_spike":
        say(f"peak 峰值 {i.peak_observed}, expected 预期 {i.expected:.1f}, p = {i.p_value:.1e}, told 通知 {i.told}")
    say_table(
        ("AT 时间", "STEP 步骤", "OBSERVED 实际", "EXPECTED 预期", "P"),
        [(local(s.at, zone), s.reason.value, s.observed, f"{s.expected:.1f}", f"{s.p_value:.1e}") for s in story.steps],
    )


def _listed(i: Incident) -> str:
    """The hot lists on which the brand was seen."""
    from alerts.wording import board

    listed = i.evidence.get("listed")
    return "、".join(board(str(name)) for name in listed) if isinstance(listed, list) and listed else "-"
