"""A tea brand, its rival, two sources and a fortnight of posts, in a real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from store.database import Session
from tests.support.factories import (
    make_mention,
    make_verdict,
    stored_run,
    stored_scored,
)
from tingfeng.config import QueryConfig, RecipientConfig, SourceConfig
from tingfeng.model import Brand, Label

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)  # Thursday 09:00 in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2025, 11, 19, 16, 0, tzinfo=UTC)  # where Wednesday ends in Shanghai
TEA, COFFEE = Brand(name="云杉奶茶", aliases=("云杉",)), Brand(name="拾光咖啡", competitor_of=("云杉奶茶",))
BRANDS = (TEA, COFFEE)
LI = RecipientConfig(name="李", email="li@example.com")
WANG = RecipientConfig(name="王", email="wang@example.com")


def source(name: str, *brands: str) -> SourceConfig:
    return SourceConfig(name=name, kind="feed", queries=tuple(QueryConfig(brand=b, text=b) for b in brands))


WEIBO, ZHIHU = source("weibo"), source("zhihu")


def say(s: Session, label: Label, n: int, *, at: datetime, brand: str = TEA.name, **overrides: Any) -> None:
    """`n` posts of that label, counted."""
    terms = overrides.pop("terms", ("好喝",))
    posts = [make_mention(brands=(brand,), published_at=at, **overrides) for _ in range(n)]
    stored_scored(s, posts, make_verdict(label), terms=terms)


def seen(s: Session, name: str, since: datetime, until: datetime) -> None:
    stored_run(s, name, since=since, until=until)


def a_week(s: Session) -> None:
    """Both sources seen for two weeks up to now; Wednesday 12 posts, Tuesday 8, each with a rival's."""
    for name in ("weibo", "zhihu"):
        seen(s, name, NOW - 14 * DAY, NOW)
    noon = MIDNIGHT - 12 * HOUR
    say(s, Label.NEGATIVE, 6, at=noon, terms=("吸管", "塑料", "云杉"))
    say(s, Label.POSITIVE, 3, at=noon)
    say(s, Label.NEUTRAL, 3, at=noon, source="zhihu")
    say(s, Label.POSITIVE, 6, at=noon, brand=COFFEE.name)
    say(s, Label.NEGATIVE, 1, at=noon - DAY)
    say(s, Label.POSITIVE, 7, at=noon - DAY)
    say(s, Label.POSITIVE, 24, at=noon - DAY, brand=COFFEE.name)
