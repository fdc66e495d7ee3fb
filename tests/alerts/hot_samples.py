"""Invented places on hot lists to render."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alerts import advice
from alerts.facts import BlindSpan
from alerts.hot_lists import HotFacts, Standing
from store.hot import HotVisit
from tests.alerts.samples import BRAND, HOUR, NOW, spike_incident
from tingfeng.model import IncidentKind, Label, Reason


def make_visit(**overrides: Any) -> HotVisit:
    fields: dict[str, Any] = {
        "brand": BRAND,
        "board": "hot:weibo",
        "entry_id": "云杉奶茶喝出吸管皮",
        "source": "weibo_hot",
        "title": "云杉奶茶喝出吸管皮",
        "url": "https://s.weibo.com/weibo?q=%23%E4%BA%91%E6%9D%89%E5%A5%B6%E8%8C%B6%E5%96%9D%E5%87%BA%E5%90%B8%E7%AE%A1%E7%9A%AE%23",
        "first_seen": NOW - timedelta(minutes=65),
        "last_seen": NOW,
        "best_rank": 2,
        "last_rank": 3,
        "peak_heat": 983_412,
        "seen": 13,
        "label": Label.NEGATIVE,
    }
    return HotVisit(**fields | overrides)


def make_standing(**overrides: Any) -> Standing:
    baidu = make_visit(
        board="hot:baidu",
        title="云杉奶茶回应塑料异物",
        url="https://www.baidu.com/s?wd=%E4%BA%91%E6%9D%89%E5%A5%B6%E8%8C%B6",
        first_seen=NOW - timedelta(minutes=20),
        best_rank=18,
        last_rank=18,
        peak_heat=5_123_456,
    )
    fields: dict[str, Any] = {
        "on": (make_visit(), baidu),
        "left": (
            make_visit(title="云杉奶茶 12315", last_rank=41, best_rank=33, peak_heat=None, last_seen=NOW - HOUR / 2),
        ),
        "unseen": (),
        "blind": (BlindSpan(source="hot:toutiao", since=NOW - 2 * HOUR, until=NOW),),
        "looks": (("hot:weibo", NOW), ("hot:baidu", NOW), ("hot:toutiao", NOW - 2 * HOUR)),
    }
    return Standing(**fields | overrides)


def make_hot(reason: Reason = Reason.OPENED, **overrides: Any) -> HotFacts:
    incident = spike_incident(kind=IncidentKind.HOT_LIST, since=NOW - timedelta(minutes=65), told=1)
    fields: dict[str, Any] = {
        "reason": reason,
        "ref": "h251120131000-1f3a9c",
        "brand": BRAND,
        "now": NOW,
        "incident": incident,
        "standing": make_standing(),
        "entered": ("hot:weibo",),
        "climbed": False,
        "total_mentions": 66,
        "negative_mentions": 41,
        "to_do": advice.hot_steps(reason),
    }
    return HotFacts(**fields | overrides)


def make_left(**overrides: Any) -> HotFacts:
    """RESOLVED: off all lists."""
    gone = make_standing(on=(), left=make_standing().on, blind=())
    incident = spike_incident(
        kind=IncidentKind.HOT_LIST, since=NOW - 5 * HOUR, told=3, resolved_at=NOW - 2 * HOUR - timedelta(minutes=11)
    )
    return make_hot(Reason.RESOLVED, **{"standing": gone, "incident": incident, "entered": ()} | overrides)
