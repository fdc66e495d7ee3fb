"""The scoring job judges entries of hot lists: how they read, and whose they are. They are counted nowhere."""

from __future__ import annotations

from sentiment.brands import BrandWords
from sentiment.jobs import score_pending
from store import hot, scores
from tests.support.factories import NOW
from tingfeng.model import Brand, HotEntry, HotPage, Label

BRAND = Brand(name="小米")
WORDS = ("小米手机屏幕碎了客服不管太气人", "小米粥养胃的做法")


def test_entries_get_a_label_and_those_about_something_else_leave(db):
    words = BrandWords((BRAND,))
    entries = tuple(
        HotEntry(entry_id=w, title=w, url="", rank=n, brands=("小米", "已删除")) for n, w in enumerate(WORDS, 1)
    )
    with db.write() as s:
        hot.add(s, HotPage(board="hot:weibo", source="w", seen_at=NOW, length=50, entries=entries))
    report = score_pending(db, words.scorer("tingfeng"), words=words)
    assert (report.entries, report.mentions, report.texts) == (4, 0, 0)
    with db.read() as s:
        [ours] = hot.visits(s, NOW, NOW.replace(hour=5), brands=["小米"])
        gone = hot.visits(s, NOW, NOW.replace(hour=5), brands=["已删除"])
        assert scores.pending(s, limit=10) == []
    assert (ours.title, ours.label) == (WORDS[0], Label.NEGATIVE)
    assert len(gone) == 2, "of a brand that is no longer configured nobody can say whose it is"
    assert score_pending(db, words.scorer("tingfeng"), words=words).entries == 0
