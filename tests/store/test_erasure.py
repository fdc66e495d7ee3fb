"""A person who asks to be erased is: no words left, no way back, counts as they were, and a receipt."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from store import corrections, erasure, mentions, outbox, reach, relevance, reports
from store.database import Database
from store.erasure import REDACTED
from store.jobs import erase, erasures
from store.mentions import LINK, MENTION, SCORE
from store.outbox import OUTBOX
from store.reach import Seen
from tests.support.factories import NOW, make_mention, make_message, make_verdict, stored_scored
from tingfeng.model import Label

WHO, OTHER = "a" * 32, "b" * 32
DAY = timedelta(days=1)


def fill(db: Database) -> None:
    with db.write() as s:
        stored_scored(
            s,
            [
                make_mention(native_id="1", text="只有我说过", author_key=WHO, url="https://m.weibo.cn/detail/1"),
                make_mention(native_id="2", text="大家都说", author_key=WHO),
                make_mention(native_id="3", text="大家都说", author_key=OTHER),
            ],
            make_verdict(Label.NEGATIVE),
        )
        corrections.add(s, 1, Label.POSITIVE, author="李", now=NOW)
        reach.record(s, [Seen(platform="weibo", native_id="1", likes=3)], now=NOW)
        outbox.put(s, [make_message(text="见 https://m.weibo.cn/detail/1 。"), make_message(text="别的")], now=NOW)


def rows(db: Database) -> dict[str, int]:
    with db.read() as s:
        return {t.name: s.execute(select(func.count()).select_from(t)).scalar_one() for t in (MENTION, LINK, SCORE)}


def test_everything_a_person_said_goes_and_counts_stay(db: Database) -> None:
    fill(db)
    with db.write() as s:
        before = reports.totals(s, ["云雀"], NOW - DAY, NOW + DAY)
        s.execute(OUTBOX.update().values(sent_at=NOW))
    receipt = erase(db, WHO, by="法务", reason="本人来信", now=NOW)
    assert receipt.mentions == 2
    assert receipt.removed["mention"] == receipt.removed["mention_brand"] == 2
    assert receipt.removed["outbox"] == receipt.removed["reach"] == receipt.removed["correction"] == 1
    assert rows(db) == {"mention": 1, "mention_brand": 1, "score": 1}, "the score of a text others said too stays"
    with db.read() as s:
        assert reports.totals(s, ["云雀"], NOW - DAY, NOW + DAY) == before
        texts = list(s.execute(select(OUTBOX.c.text).order_by(OUTBOX.c.id)).scalars())
        assert mentions.by_ids(s, [3])[0].mention.text == "大家都说"
    assert texts == [REDACTED, "别的"]
    assert erasures(db) == [receipt]


def test_marks_of_what_the_person_said_go_too(db: Database) -> None:
    """They hold the text: the marked post's, and that of a file whose text only the person said."""
    fill(db)
    who = {"author": "李", "now": NOW}
    with db.write() as s:
        relevance.mark(s, 1, "云雀", False, **who)
        relevance.mark_text(s, "只有我说过", "云雀", True, **who)
        kept = relevance.mark(s, 3, "云雀", False, **who)
    receipt = erase(db, WHO, by="法务", reason="本人来信", now=NOW)
    assert receipt.removed["relevance_mark"] == receipt.removed["labels of its texts"] == 1
    with db.read() as s:
        assert [m.id for m in relevance.listing(s)] == [kept.id]


def test_the_posts_cannot_come_back(db: Database) -> None:
    erase(db, WHO, by="法务", reason="本人来信", now=NOW)
    with db.write() as s:
        assert mentions.add(s, [make_mention(author_key=WHO), make_mention(author_key=OTHER), make_mention()]) == 2
    assert erase(db, WHO, by="法务", reason="再次来信", now=NOW).mentions == 0
    assert [r.reason for r in erasures(db)] == ["再次来信", "本人来信"]


def test_a_message_that_waits_is_left_to_be_sent(db: Database) -> None:
    fill(db)
    assert "outbox" not in erase(db, WHO, by="法务", reason="-", now=NOW).removed


def test_the_words_do_not_stay_in_the_file(tmp_path: Path, sqlite_migrated: Path) -> None:
    path = tmp_path / "t.db"
    path.write_bytes(sqlite_migrated.read_bytes())
    db = Database(f"sqlite:///{path}")
    secret = "独一无二的一句话"
    with db.write() as s:
        mentions.add(s, [make_mention(text=secret, author_key=WHO)])
    with db.write() as s:
        erasure.erase(s, WHO, by="-", reason="-", now=NOW)
    db.close()  # the last connection writes the log back into the file
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())
