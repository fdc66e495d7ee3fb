"""`tingfeng hot`: what is and what was on hot lists, for each brand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    opened,
    parse_moment,
    say,
    say_json,
    say_table,
)
from tingfeng.clock import utc_now

if TYPE_CHECKING:
    from store.hot import HotBoard, HotVisit
    from tingfeng.config import Config

STATES = {"on": "on 在榜", "left": "left 已离开", "unseen": "unseen 读不到"}
TITLE_COLUMNS = 48
Key = tuple[str, str]  # a list and the source that looks at it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One visit of an entry to a list. `state`: on, left, or unseen when the list was not looked at lately."""

    brand: str
    board: str
    name: str  # the list, as people call it
    state: str
    title: str
    url: str
    rank: int  # when seen last
    best_rank: int
    peak_heat: int | None
    first_seen: datetime
    last_seen: datetime


def hot(
    since: Annotated[str, typer.Option(help="A day, a time, or an age such as 7d. 起始时间")] = "7d",
    brand: Annotated[str | None, typer.Option(help="Only this brand. 品牌")] = None,
    only_on: Annotated[bool, typer.Option("--on", help="Only what is there now. 仅现在在榜")] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """What is and was on hot lists for each brand: list, rank, heat, since when; and when each list was read.

    各品牌在热榜上的情况：榜单、名次、热度、起止时间，以及各榜单最近一次读取时间。
    """
    from alerts.jobs_desk import hot_lists

    config, now = load(path), utc_now()
    begin = parse_moment(since, "--since", zone=config.report_zone, now=now)
    brands = [brand_named(config, brand).name] if brand else [b.name for b in config.brands]
    with opened(config) as db:
        desk = hot_lists(db, brands, begin, now + timedelta(minutes=1))
    looks = {(look.board, look.source): look for look in desk.boards}
    states = {key: state_of(look, config, now=now) for key, look in looks.items()}
    lines = [line_of(visit, looks, states) for visit in desk.visits]
    shown = [one for one in lines if one.state == "on" or not only_on]
    if as_json:
        say_json({"entries": shown, "lists": desk.boards})
        return
    _say(shown, desk.boards, states, config)


def state_of(board: HotBoard, config: Config, *, now: datetime) -> str:
    """Whether the list can be seen: "seen", or "unseen" when its source is gone, off or late."""
    source = next((s for s in config.sources if s.name == board.source and s.enabled), None)
    return "seen" if source is not None and now - board.looked_at <= source.stale_after else "unseen"


def line_of(visit: HotVisit, looks: Mapping[Key, HotBoard], states: Mapping[Key, str]) -> Line:
    from alerts.wording import board as name_of

    key = (visit.board, visit.source)
    there = visit.last_seen >= looks[key].looked_at
    return Line(
        brand=visit.brand,
        board=visit.board,
        name=name_of(visit.board),
        state="left" if not there else "on" if states[key] == "seen" else "unseen",
        title=visit.title,
        url=visit.url,
        rank=visit.last_rank,
        best_rank=visit.best_rank,
        peak_heat=visit.peak_heat,
        first_seen=visit.first_seen,
        last_seen=visit.last_seen,
    )


def _say(lines: list[Line], boards: Sequence[HotBoard], states: Mapping[Key, str], config: Config) -> None:
    from alerts.wording import board as name_of

    zone = config.report_zone
    if not boards:
        say("no hot list was read yet; sources of kind weibo_hot and hot_boards read them. 还没有读过热榜")
        return
    say_table(
        (
            "BRAND 品牌",
            "LIST 榜单",
            "STATE",
            "RANK/BEST 名次/最高",
            "HEAT 热度",
            "FIRST 首见",
            "LAST 末见",
            "TITLE 词条",
        ),
        [
            (
                *(one.brand, one.name, STATES[one.state], f"{one.rank} / {one.best_rank}"),
                "-" if one.peak_heat is None else f"{one.peak_heat:,}",
                *(local(one.first_seen, zone), local(one.last_seen, zone), cut(one.title, TITLE_COLUMNS)),
            )
            for one in lines
        ],
    )
    say()
    say_table(
        ("LIST 榜单", "SOURCE 数据源", "READ 最近读取", "ENTRIES 词条数", "STATE"),
        [(name_of(b.board), b.source, local(b.looked_at, zone), b.entries, states[b.board, b.source]) for b in boards],
    )
