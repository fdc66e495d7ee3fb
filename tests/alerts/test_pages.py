"""The mails in a browser: nothing sticks out at the width of a phone, everything is legible by day and by night."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.blind import BlindNow
from alerts.digest import Period
from alerts.render import preview_html, render_alert, render_digest, render_freshness, render_hot
from tests.alerts.hot_samples import make_hot, make_left, make_standing, make_visit
from tests.alerts.samples import (
    HOUR,
    NOW,
    SHANGHAI,
    make_alert,
    make_brand_facts,
    make_digest,
    make_freshness,
    make_posts,
    make_resolved,
)
from tests.support import browser
from tingfeng.model import Reason

WIDTHS = (320, 390, 1280)
BLIND_NOW = (
    BlindNow(source="weibo", since=NOW - 18 * HOUR, cause="cookie_expired"),
    BlindNow(source="W" * 80, since=NOW - HOUR, cause="c" * 60),
)
DOUBTS = ({"query": "W" * 60, "expected": 14.2, "seen": 0, "since": NOW.isoformat()},)
ENDLESS = "啊" * 300 + "W" * 400


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    browser.chromium()  # nothing to render where nobody looks
    alert = make_alert()
    hostile_posts = make_posts((ENDLESS, "W" * 150), url="https://example.com/" + "x" * 1_500, title="M" * 90)
    hostile = replace(
        alert, posts=hostile_posts, brand="W" * 60, by_source={"W" * 80: 123_456_789}, to_do=("W" * 200,), chart=()
    )
    weekly = make_brand_facts(Period.WEEKLY)
    crowded = replace(
        weekly, days=(), weeks=weekly.weeks[-1:], voices=tuple(replace(v, brand="W" * 30) for v in weekly.voices)
    )
    wild = make_visit(title=ENDLESS, board="hot:" + "W" * 60, url="https://example.com/" + "x" * 1_500)
    wild_places = make_standing(on=(wild,), left=(wild,))
    listed = {"hot": (make_visit(), wild), "hot_boards": ("hot:weibo",)}
    facts = {
        "alert": render_alert(alert, zone=SHANGHAI),
        "blind": render_alert(replace(alert, chart=(), blind_now=BLIND_NOW), zone=SHANGHAI),
        "silent": render_freshness(make_freshness(cause="suspicious_silence", doubts=DOUBTS), zone=SHANGHAI),
        "blind daily": render_digest(
            make_digest(brands=(make_brand_facts(days=()),), blind_now=BLIND_NOW), zone=SHANGHAI
        ),
        "resolved": render_alert(replace(make_resolved(), chart=()), zone=SHANGHAI),
        "hostile": render_alert(hostile, zone=SHANGHAI),
        "freshness": render_freshness(make_freshness(detail="W" * 500), zone=SHANGHAI),
        "recovered": render_freshness(make_freshness(reason=Reason.RESOLVED, missing=alert.blind), zone=SHANGHAI),
        "hot": render_hot(make_hot(), zone=SHANGHAI),
        "left": render_hot(make_left(), zone=SHANGHAI),
        "hostile hot": render_hot(make_hot(brand="W" * 60, standing=wild_places), zone=SHANGHAI),
        "daily": render_digest(make_digest(brands=(make_brand_facts(days=(), **listed),)), zone=SHANGHAI),
        "weekly": render_digest(make_digest(Period.WEEKLY), zone=SHANGHAI),
        "crowded": render_digest(make_digest(Period.WEEKLY, brands=(crowded,)), zone=SHANGHAI),
    }
    return {name: preview_html(mail) for name, mail in facts.items()}


# The ruler itself: a page that sticks out and whispers must be found out.
BROKEN = (
    '<html><head><meta name="color-scheme" content="light dark"></head><body style="background:#888;color:#777">'
    '<div style="width:1500px">x</div></body></html>'
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_fit_and_are_legible(dark: bool, pages: dict[str, str], tmp_path: Path) -> None:
    found = browser.measure(pages | {"broken": BROKEN}, WIDTHS, tmp_path, dark=dark)
    assert set(found) == {(name, width) for name in [*pages, "broken"] for width in WIDTHS}, "all were measured"
    assert all(found["broken", w].wide > 1500 and found["broken", w].out and found["broken", w].faint for w in WIDTHS)
    for (name, width), page in found.items():
        if name != "broken":
            assert page.wide <= width, f"{name} scrolls sideways at {width} px"
            assert not page.out, f"{name} at {width} px: {page.out[:5]} stick out"
            assert not page.faint, f"{name}: {page.faint[:5]} are hard to read"
