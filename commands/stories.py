"""`tingfeng stories`: which texts were copied most, by how many, and where each was seen first."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

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
    say_json,
    say_table,
)
from tingfeng.clock import utc_now

TEXT_COLUMNS = 60


def stories(
    brand: Annotated[str | None, typer.Option(help="Only this brand. 品牌")] = None,
    since: Annotated[str, typer.Option(help="A day, a time, or an age such as 7d. 起始时间")] = "7d",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most. 最多条数")] = 20,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """The largest stories: a text with its near-copies, whoever posted them.

    传播最广的内容：同一段文字及其近似副本。
    """
    from sentiment.jobs_stories import find_stories

    config, now = load(path), utc_now()
    zone = config.report_zone
    begin = parse_moment(since, "--since", zone=zone, now=now)
    name = brand_named(config, brand).name if brand else None
    with opened(config) as db:
        found = find_stories(db, begin, now + timedelta(minutes=1), brand=name, limit=limit)
    if as_json:
        say_json(found)
        return
    say_table(
        ("COPIES 条数", "AUTHORS 作者", "FIRST SEEN 首发", "WHERE 来源", "TEXT 内容"),
        [
            (
                one.copies,
                one.authors,
                local(one.first.published_at, zone),
                one.first.platform if one.first.platform != "web" else one.first.source,
                cut(one.text, TEXT_COLUMNS),
            )
            for one in found
        ],
    )
