"""Copied texts in mails: what counts as a wave, and how posts, stories and authors are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.render import render_alert, render_digest
from alerts.waves import AUTHORS, COPIES, wave
from sentiment.jobs_stories import group_pending
from store.database import Database
from store.stories import Copy
from tests.alerts.samples import SHANGHAI, make_alert, make_brand_facts, make_copied, make_digest
from tests.alerts.test_watch import WEIBO, ZHIHU
from tests.alerts.world import HOUR, MINUTE, World
from tests.support.factories import NOW, make_mention, stored_scored
from tingfeng.model import Reason

TEXT = "云雀的电池起火了，客服让我自己处理，求扩散！"


def posts(
    n: int,
    *,
    start: timedelta = timedelta(0),
    every: timedelta = timedelta(minutes=5),
    authors: int = 1000,
    **fields: Any,
) -> list[Copy]:
    defaults: dict[str, Any] = {"is_repost": False, "kind": "post"}
    return [Copy(published_at=NOW + start + i * every, author=f"a{i % authors}", **defaults | fields) for i in range(n)]


@pytest.mark.parametrize(
    ("why", "copies", "text", "is_one"),
    [
        ("many people, one wording, in an hour", posts(12), TEXT, True),
        ("just enough", posts(COPIES, authors=AUTHORS), TEXT, True),
        ("too few", posts(COPIES - 1), TEXT, False),
        ("one person who posts it again and again", posts(30, authors=2), TEXT, False),
        ("over days", posts(30, every=timedelta(hours=1)), TEXT, False),
        ("a dense stretch after a long tail", [*posts(5, start=-timedelta(days=2)), *posts(15)], TEXT, True),
        ("reposts", posts(50, is_repost=True), TEXT, False),
        ("what papers print of an agency", posts(50, kind="article"), TEXT, False),
        ("what people say anyway", posts(50), "太好喝了吧", False),
        ("nothing", [], TEXT, False),
    ],
)  # fmt: skip
def test_what_is_a_wave(why: str, copies: list[Copy], text: str, is_one: bool) -> None:
    assert (wave(copies, text) is not None) == is_one, why


def test_a_wave_tells_its_densest_stretch() -> None:
    found = wave([*posts(20), *posts(40, is_repost=True)], TEXT)
    assert found is not None
    assert (found.copies, found.authors, found.densest, found.since) == (20, 20, 20, NOW)
    assert found.until == NOW + timedelta(minutes=95)


def test_an_alert_counts_stories_and_authors_and_names_the_wave(db: Database) -> None:
    """Forty posts: thirty copies by thirty authors, one of them first and elsewhere, and ten of their own."""
    world, at = World(db), NOW + 10 * MINUTE
    world.history("weibo", "zhihu")
    world.crawl(at, "weibo", posts=10)
    first = make_mention(platform="zhihu", source="zhihu", text=TEXT, published_at=NOW - HOUR, author_key="z")
    copies = []
    for i in range(30):
        text = f"{'【求扩散】' * (i % 2)}{TEXT} http://t.example/{i}"
        copies.append(make_mention(text=text, published_at=at - 9 * MINUTE, author_key=f"a{i}", likes=999))
    with world.db.write() as s:
        stored_scored(s, [first, *copies])
    world.crawl(at, "zhihu")
    group_pending(world.db, now=at)
    world.look(at, sources=(WEIBO, ZHIHU))
    (facts,) = world.notes.alerts
    assert facts.observed >= 40, "the detector counts posts"
    assert facts.spread.posts == facts.negative_mentions
    assert facts.spread.stories == facts.spread.posts - facts.copied.story.copies + 1
    assert facts.copied.story.first.platform == "zhihu"
    assert facts.copied.story.first.published_at == NOW - HOUR
    assert facts.copied.wave is not None
    assert facts.copied.wave.authors in (30, 31)
    assert any("疑似复制扩散" in step for step in facts.to_do)
    assert sum(TEXT in post.mention.text for post in facts.posts) == 1, "one post of each story"


def test_the_mails_say_it() -> None:
    mail = render_alert(make_alert(), zone=SHANGHAI)
    for said in (mail.text, mail.html):
        assert "来自 37 位作者，14 个不同内容；其中同一段文字出现 26 次（首发：微博" in said
        assert "疑似复制扩散" in said
        assert "24 条几乎相同的帖子，来自 23 位作者，不是转发" in said
        assert "https://m.weibo.cn/detail/5200000000000001" in said
    digest = render_digest(make_digest(brands=(make_brand_facts(),)), zone=SHANGHAI)
    for said in (digest.text, digest.html):
        assert "共 1,204 条帖子，来自 902 位作者，386 个不同内容" in said
        assert "疑似复制扩散" in said


def test_no_wave_is_named_where_there_is_none() -> None:
    for copied in (None, make_copied(wave=False)):
        mail = render_alert(make_alert(copied=copied, to_do=()), zone=SHANGHAI)
        assert "复制扩散" not in mail.text + mail.html
    assert "其中同一段文字出现 26 次" in mail.text


def test_a_hostile_copy_is_shown_harmlessly() -> None:
    copied = make_copied(text="<script>alert(1)</script>\u202e" + TEXT, url="javascript:alert(1)")
    mail = render_alert(make_alert(copied=copied, reason=Reason.REPEAT), zone=SHANGHAI)
    assert "<script" not in mail.html
    assert "javascript:" not in mail.html
    assert "\u202e" not in mail.text
