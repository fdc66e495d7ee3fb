"""What to label next."""

from __future__ import annotations

from datetime import timedelta

from store import corrections, mentions, review
from store.database import Database
from tests.support.factories import NOW, make_mention, make_verdict, stored_scored
from tingfeng.model import Label

DAY = timedelta(days=1)


def test_the_least_sure_and_weightiest_come_first_and_once(db: Database) -> None:
    torn = make_verdict(Label.NEUTRAL, negative=0.33, neutral=0.34, positive=0.33, polarity=0.0)
    with db.write() as s:
        stored_scored(s, [make_mention(text="拿不准"), make_mention(text="拿不准", likes=500)], torn)
        stored_scored(s, [make_mention(text="也拿不准", brands=("夜莺",), likes=9)], torn)
        stored_scored(s, [make_mention(text="很有把握"), make_mention(text="修正过的")])
        stored_scored(s, [make_mention(text="太旧", published_at=NOW - 9 * DAY), make_mention(text=" ")], torn)
        corrections.add(s, 5, Label.POSITIVE, author="李", now=NOW)
        mentions.add(s, [make_mention(text="还没评")])
        every = review.doubts(s, ["云雀", "夜莺"], NOW - DAY, NOW + DAY, limit=9)
        one = review.doubts(s, ["夜莺"], NOW - DAY, NOW + DAY, limit=9)
        first = review.doubts(s, ["云雀", "夜莺"], NOW - DAY, NOW + DAY, limit=1)
    assert [(d.shown.id, round(d.unsure, 2)) for d in every][:2] == [(2, 0.66), (3, 0.66)]
    assert "修正过的" not in {d.shown.mention.text for d in every}
    assert [d.shown.mention.text for d in every][-1] == "很有把握"
    assert [d.shown.id for d in one] == [3]
    assert [d.shown.id for d in first] == [2]
    assert all(d.shown.verdict for d in every)
